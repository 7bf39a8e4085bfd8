//! Goal: nothing that a request says twice is dropped silently, but where the interface says so (payloads). Method: bodies
//! in which a name of the caller's own, or of an option, comes twice; the same without the second are read.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use ruvector_api::{
    CreateCollection, CreateNamedCollection, QueryPoints, SearchPoints, UpdateCollection, UpdateVectors,
    UpsertPoints, from_json,
};
use serde::de::DeserializeOwned;

/// What is said of a body; empty if it is read.
fn refusal<T: DeserializeOwned>(body: &str) -> String {
    from_json::<T>(body.as_bytes()).map_or_else(|error| error.to_string(), |_| String::new())
}

fn of(kind: &str, body: &str) -> String {
    match kind {
        "create" => refusal::<CreateCollection>(body),
        "native" => refusal::<CreateNamedCollection>(body),
        "update" => refusal::<UpdateCollection>(body),
        "upsert" => refusal::<UpsertPoints>(body),
        "vectors" => refusal::<UpdateVectors>(body),
        "search" => refusal::<SearchPoints>(body),
        "query" => refusal::<QueryPoints>(body),
        other => panic!("{other}"),
    }
}

/// `@` stands where an entry comes a second time.
const CASES: [(&str, &str, &str, &str); 13] = [
    (
        "create",
        r#"{"vectors": {"size": 2, "distance": "Dot"@}}"#,
        r#", "size": 3"#,
        "vectors",
    ),
    (
        "create",
        r#"{"vectors": {"t": {"size": 2, "distance": "Dot"}@}}"#,
        r#", "t": {"size": 3, "distance": "Dot"}"#,
        "vectors",
    ),
    (
        "create",
        r#"{"vectors": {"t": {"size": 2, "distance": "Dot"@}}}"#,
        r#", "distance": "Cosine""#,
        "vectors",
    ),
    (
        "create",
        r#"{"sparse_vectors": {"t": {}@}}"#,
        r#", "t": {"modifier": "idf"}"#,
        "sparse_vectors",
    ),
    (
        "native",
        r#"{"name": "n", "sparse_vectors": {"t": {}@}}"#,
        r#", "t": {}"#,
        "sparse_vectors",
    ),
    (
        "update",
        r#"{"vectors": {"": {"on_disk": true}@}}"#,
        r#", "": {"on_disk": false}"#,
        "vectors",
    ),
    (
        "upsert",
        r#"{"points": [{"id": 1, "vector": {"t": [1]@}}]}"#,
        r#", "t": [2]"#,
        "points[0].vector",
    ),
    (
        "upsert",
        r#"{"batch": {"ids": [1], "vectors": {"t": [[1]]@}}}"#,
        r#", "t": [[2]]"#,
        "batch.vectors",
    ),
    (
        "vectors",
        r#"{"points": [{"id": 1, "vector": {"t": [1]@}}]}"#,
        r#", "t": [2]"#,
        "points[0].vector",
    ),
    (
        "search",
        r#"{"vector": [1], "params": {"exact": true@}}"#,
        r#", "exact": false"#,
        "params",
    ),
    (
        "query",
        r#"{"query": {"indices": [1], "values": [1]@}}"#,
        r#", "values": [2]"#,
        "query",
    ),
    (
        "query",
        r#"{"query": {"nearest": [1], "mmr": {}@}}"#,
        r#", "mmr": {"diversity": 1}"#,
        "query",
    ),
    (
        "query",
        r#"{"query": {"nearest": 1@}}"#,
        r#", "nearest": 2"#,
        "query",
    ),
];

#[test]
fn a_name_given_twice_is_refused() {
    for (kind, body, again, place) in CASES {
        assert_eq!(of(kind, &body.replace('@', "")), "", "{body}");
        let said = of(kind, &body.replace('@', again));
        assert!(
            said.starts_with(&format!("Format error in JSON body: {place}")),
            "{body}: {said:?}"
        );
        assert!(
            ["twice", "duplicate", "of one kind"]
                .iter()
                .any(|word| said.contains(word)),
            "{body}: {said}"
        );
    }
}
