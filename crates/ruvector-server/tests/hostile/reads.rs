//! Searches and other reads that must be refused. Method: as in `hostile.rs`.

use crate::{POINTS, case, check, server};

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn reads() {
    let search = |body: &str, says| case("POST", format!("{POINTS}/search"), body.to_owned(), says);
    let query = |body: &str, says| case("POST", format!("{POINTS}/query"), body.to_owned(), says);
    let batch = |route: &str, body: &str, says| {
        case("POST", format!("{POINTS}/{route}/batch"), body.to_owned(), says)
    };
    let nested = (0..40).fold("{\"a\": 1}".to_owned(), |inner, _| {
        format!("{{\"must\": [{inner}]}}")
    });
    let very = (0..5_000).fold("{\"a\": 1}".to_owned(), |inner, _| {
        format!("{{\"must\": [{inner}]}}")
    });
    let wide = vec!["{\"a\": 1}"; 10_000].join(",");
    let cases = vec![
        search("{}", "missing field `vector`"),
        search(r#"{"vector": []}"#, "0 dimensions, expected 2"),
        search(r#"{"vector": [1, 2, 3]}"#, "3 dimensions, expected 2"),
        search(r#"{"vector": [1, 1e40]}"#, "vector[1]"),
        search(r#"{"vector": {"name": "t", "vector": [1, 2]}}"#, "named \"t\""),
        search(
            r#"{"vector": {"nam": "t", "vector": [1, 2]}}"#,
            "unknown field `nam`",
        ),
        search(r#"{"vector": [1, 2], "limit": 0}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": -1}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": 1.5}"#, "limit"),
        search(r#"{"vector": [1, 2], "limit": 100001}"#, "100000 (limit_max)"),
        search(
            r#"{"vector": [1, 2], "limit": 18446744073709551615}"#,
            "limit_max",
        ),
        search(r#"{"vector": [1, 2], "limit": 1e30}"#, "limit"),
        search(r#"{"vector": [1, 2], "offset": 1000001}"#, "offset_max"),
        search(r#"{"vector": [1, 2], "offset": -1}"#, "offset"),
        batch(
            "search",
            r#"{"searches": {}}"#,
            "searches: invalid type: map, expected a list of searches",
        ),
        batch("search", "{}", "missing field `searches`"),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {}]}"#,
            "searches[1]: missing field `vector`",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {"vector": [1, 2]}, {"vector": [1]}]}"#,
            "searches[2].vector: vector has 1 dimensions, expected 2",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2]}, {"vector": [1, 2], "limit": 0}]}"#,
            "searches[1].limit",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2], "filter": {"a..": 1}}]}"#,
            "searches[0].filter.a..",
        ),
        batch(
            "search",
            r#"{"searches": [{"vector": [1, 2], "limit": 60000}, {"vector": [1, 2], "limit": 60000}]}"#,
            "searches[0..=1].limit, together: 120000 is above the limit 100000 (limit_max)",
        ),
        batch(
            "query",
            r#"{"searches": [{"query": [1, 2]}, {"query": [1, 2], "explain": true}]}"#,
            "searches[1].explain",
        ),
        batch(
            "query",
            r#"{"searches": [{"query": [1, 2]}, {"query": {"fusion": "rrf"}}]}"#,
            "searches[1].query",
        ),
        batch(
            "query",
            &format!(r#"{{"searches": [{}{{}}]}}"#, "{},".repeat(100_000)),
            "searches",
        ),
        search(
            r#"{"vector": [1, 2], "score_threshold": 1e300}"#,
            "score_threshold",
        ),
        search(r#"{"vector": [1, 2], "score_threshold": "x"}"#, "score_threshold"),
        search(r#"{"vector": [1, 2], "params": {"hnsw_ef": 0}}"#, "hnsw_ef"),
        search(
            r#"{"vector": [1, 2], "params": {"hnsw_ef": 16385}}"#,
            "hnsw_ef_max",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"oversampling": 0.5}}}"#,
            "params.quantization.oversampling: must be at least 1 and at most 1,000",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"oversampling": 1e300}}}"#,
            "params.quantization.oversampling",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"rescore": 1}}}"#,
            "params.quantization.rescore",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": {"resocre": true}}}"#,
            "params.quantization.resocre: unknown field `resocre`",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"quantization": true}}"#,
            "params.quantization",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"indexed_only": true}}"#,
            "params.indexed_only",
        ),
        search(
            r#"{"vector": [1, 2], "params": {"idf": {}}}"#,
            "params.idf: a sparse field says",
        ),
        search(r#"{"vector": [1, 2], "params": {"ef": 3}}"#, "unknown field `ef`"),
        search(r#"{"vector": [1, 2], "with_payload": 3}"#, "with_payload"),
        search(r#"{"vector": [1, 2], "with_payload": ["a["]}"#, "with_payload[0]"),
        search(
            r#"{"vector": [1, 2], "with_payload": {"include": [], "exclude": []}}"#,
            "with_payload",
        ),
        search(
            &format!(
                r#"{{"vector": [1, 2], "with_payload": [{}"a"]}}"#,
                r#""a","#.repeat(1024)
            ),
            "with_payload: 1025 is above the limit 1024",
        ),
        search(r#"{"vector": [1, 2], "with_vector": ["nope"]}"#, "nope"),
        search(
            r#"{"vector": [1, 2], "with_vector": true, "with_vectors": true}"#,
            "with_vectors",
        ),
        search(r#"{"vector": [1, 2], "top": 3}"#, "unknown field `top`"),
        search(r#"{"vector": [1, 2], "filter": []}"#, "filter"),
        search(
            r#"{"vector": [1, 2], "filter": {"Eqq": {"field": "a", "value": 1}}}"#,
            "\"Eqq\"",
        ),
        search(
            r#"{"vector": [1, 2], "filter": {"must": [{"key": "a", "matches": {}}]}}"#,
            "filter.must[0]",
        ),
        search(
            r#"{"vector": [1, 2], "filter": {"must": [{"has_vector": 3}]}}"#,
            "filter.must[0].has_vector",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {nested}}}"#),
            "32 (filter_depth_max)",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {very}}}"#),
            "recursion limit",
        ),
        search(
            &format!(r#"{{"vector": [1, 2], "filter": {{"should": [{wide}]}}}}"#),
            "4096 (filter_conditions_max)",
        ),
        query(r#"{"query": 7}"#, "No point with id 7"),
        query(
            r#"{"query": "936da01f-9abd-4d9d-80c7-02af85c822a8"}"#,
            "No point with id 936da01f",
        ),
        query(r#"{"query": -1}"#, "query"),
        query(
            r#"{"query": {"nearest": [1, 2], "defaults": {"a": 1}}}"#,
            "query.defaults: scores are not computed",
        ),
        query(
            r#"{"query": {"formula": "a", "defaults": {"a": 1}}}"#,
            "query.formula: scores are not computed",
        ),
        query(r#"{"query": {}}"#, "query"),
        query(r#"{"query": [[1, 2]]}"#, "a multi-vector is given"),
        query(r#"{"query": [1, 2], "using": "t"}"#, "named \"t\""),
        case("POST", format!("{POINTS}/scroll"), r#"{"limit": 0}"#, "limit"),
        case(
            "POST",
            format!("{POINTS}/scroll"),
            r#"{"limit": 100001}"#,
            "limit_max",
        ),
        case("POST", format!("{POINTS}/scroll"), r#"{"offset": -1}"#, "offset"),
        case(
            "POST",
            format!("{POINTS}/scroll"),
            r#"{"order_by": "a"}"#,
            "order_by",
        ),
        case("POST", format!("{POINTS}/count"), r#"{"exact": 1}"#, "exact"),
        case(
            "POST",
            format!("{POINTS}/count"),
            r#"{"filter": {"a..": 1}}"#,
            "filter.a..",
        ),
        case("POST", POINTS, "{}", "missing field `ids`"),
        case("POST", POINTS, r#"{"ids": [1.5]}"#, "ids[0]"),
        case("GET", format!("{POINTS}/404"), "", "404"),
    ];
    check(&server(), cases);
}
