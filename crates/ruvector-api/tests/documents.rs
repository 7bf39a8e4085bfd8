//! Goal: an object where a vector is expected is a sparse vector or a text for the one model there is; everything else is
//! refused in words that name it. Method: points and queries as JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use ruvector_api::{PointVectors, WireVector};
use ruvector_types::{SparseVector, Vector};

fn stored(vector: &str) -> Result<Vector, String> {
    let json = format!(r#"{{"t": {vector}}}"#);
    let parsed = serde_json::from_str::<PointVectors>(&json).map_err(|error| error.to_string())?;
    Ok(parsed.0.into_values().next().unwrap())
}

fn asked(vector: &str) -> Result<Vector, String> {
    let parsed = serde_json::from_str::<WireVector>(vector).map_err(|error| error.to_string())?;
    Ok(parsed.0)
}

fn sparse(vector: Vector) -> SparseVector {
    match vector {
        Vector::Sparse(sparse) => sparse,
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_become_sparse_vectors() {
    let text = r#"{"text": "Hares, hares and a swift hare", "model": "Qdrant/BM25"}"#;
    let (kept, query) = (sparse(stored(text).unwrap()), sparse(asked(text).unwrap()));
    assert_eq!(kept.indices, query.indices);
    assert_eq!((kept.indices.len(), query.values), (2, vec![1.0, 1.0]));
    let heavy = kept.values.iter().copied().fold(0.0, f32::max);
    let norm = 1.2 * (0.25 + 0.75 * 4.0 / 256.0);
    assert!((heavy - 3.0 * 2.2 / (3.0 + norm)).abs() < 1e-5, "{heavy}");
    let plain = r#"{"text": "Hares hare", "model": "bm25", "options": {"language": "none", "lowercase": false,
        "k": 0, "tokenizer": "whitespace", "stopwords": {"custom": ["hare"]}}}"#;
    let plain = sparse(stored(plain).unwrap());
    assert_eq!((plain.indices.len(), plain.values), (1, vec![1.0]));
}

#[test]
fn what_is_no_vector_is_refused() {
    let cases = [
        (r#"{"text": "x", "model": "openai/large"}"#, "openai/large"),
        (r#"{"text": "x"}"#, "an object is a sparse vector"),
        (r#"{"model": "bm25"}"#, "an object is a sparse vector"),
        (r#"{"indices": [1]}"#, "an object is a sparse vector"),
        (
            r#"{"indices": [1], "values": [1], "text": "x", "model": "bm25"}"#,
            "an object is",
        ),
        (r#"{"image": "x", "model": "clip"}"#, "texts are encoded"),
        (r#"{"object": {}, "model": "m"}"#, "texts are encoded"),
        (
            r#"{"text": "x", "model": "bm25", "options": {"cuda": true}}"#,
            "unknown field `cuda`",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"b": 2}}"#,
            "options.b",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"k": -1}}"#,
            "options.k",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"avg_len": 0}}"#,
            "options.avg_len",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"language": "klingon"}}"#,
            "klingon",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"tokenizer": "x"}}"#,
            "options.tokenizer",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"stemmer": {"type": "snowball", "language": "yiddish"}}}"#,
            "options.stemmer",
        ),
        (
            r#"{"text": "x", "model": "bm25", "options": {"min_token_len": 3, "max_token_len": 2}}"#,
            "options.min_token_len",
        ),
        (r#"{"indices": [-1], "values": [1]}"#, "invalid value"),
        (r#"{"indices": [4294967296], "values": [1]}"#, "invalid value"),
        (r#"{"indices": [1], "values": [1e39]}"#, "32-bit float"),
        (r#"[[1, 2], [3]]"#, "differ in length"),
        (r#"[[]]"#, "are empty"),
    ];
    for (json, says) in cases {
        for error in [stored(json).unwrap_err(), asked(json).unwrap_err()] {
            assert!(error.contains(says), "{json}: {error:?} lacks {says:?}");
        }
    }
}
