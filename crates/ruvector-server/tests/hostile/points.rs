//! Writes that must be refused, each as a whole. Method: as in `hostile.rs`.

use crate::{Case, POINTS, case, check, server};

/// An upsert of one good point and one bad one: nothing of it may stay.
fn upsert(bad: &str, says: &'static str) -> Case {
    let body = format!(r#"{{"points": [{{"id": 77, "vector": [1, 1]}}, {bad}]}}"#);
    case("PUT", format!("{POINTS}?wait=true"), body, says)
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn points() {
    let long = "x".repeat(513);
    let deep = format!("{}1{}", "[".repeat(100), "]".repeat(100));
    let deeper = format!("{}1{}", "[".repeat(10_000), "]".repeat(10_000));
    let cases = vec![
        upsert(r#"{"id": 2, "vector": [1]}"#, "points[1].vector"),
        upsert(r#"{"id": 2, "vector": [1, 2, 3]}"#, "3 dimensions, expected 2"),
        upsert(r#"{"id": 2, "vector": []}"#, "points[1].vector"),
        upsert(
            r#"{"id": 2, "vector": {"title": [1, 2]}}"#,
            "no vector named \"title\"",
        ),
        upsert(r#"{"id": 2, "vector": [1, NaN]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, Infinity]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, -Infinity]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, 1e999]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, -1e300]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, "2"]}"#, "points[1].vector[1]"),
        upsert(r#"{"id": 2, "vector": [1, null]}"#, "points[1].vector[1]"),
        upsert(
            r#"{"id": 2, "vector": [[1, 2]]}"#,
            "points[1].vector: a multi-vector",
        ),
        upsert(
            r#"{"id": 2, "vector": {"indices": [1], "values": [1]}}"#,
            "no vector named \"indices\"",
        ),
        upsert(
            r#"{"id": 2, "vector": {"t": {"indices": [1], "values": [1]}}}"#,
            "no vector named \"t\"",
        ),
        upsert(
            r#"{"id": 2, "vector": {"text": "x", "model": "y"}}"#,
            "points[1].vector.text",
        ),
        upsert(r#"{"id": 2, "vector": "x"}"#, "points[1].vector"),
        upsert(r#"{"id": 2, "vector": null}"#, "points[1].vector"),
        upsert(r#"{"id": 2}"#, "missing field `vector`"),
        upsert(r#"{"vector": [1, 2]}"#, "missing field `id`"),
        upsert(r#"{"id": -1, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": 1.5, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": 1.0, "vector": [1, 2]}"#, "points[1].id"),
        upsert(
            r#"{"id": 18446744073709551616, "vector": [1, 2]}"#,
            "points[1].id",
        ),
        upsert(r#"{"id": null, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": true, "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": [1], "vector": [1, 2]}"#, "points[1].id"),
        upsert(r#"{"id": "", "vector": [1, 2]}"#, "points[1].id"),
        upsert(
            &format!(r#"{{"id": "{long}", "vector": [1, 2]}}"#),
            "at most 512 bytes, this one has 513",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": []}"#,
            "points[1].payload",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": "x"}"#,
            "points[1].payload",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "payload": {"a": 1e999}}"#,
            "points[1].payload",
        ),
        upsert(
            &format!(r#"{{"id": 2, "vector": [1, 2], "payload": {{"a": {deep}}}}}"#),
            "64 (payload_depth_max)",
        ),
        upsert(
            &format!(r#"{{"id": 2, "vector": [1, 2], "payload": {{"a": {deeper}}}}}"#),
            "recursion limit",
        ),
        upsert(
            r#"{"id": 2, "vector": [1, 2], "paylaod": {}}"#,
            "unknown field `paylaod`",
        ),
        upsert(r#"{"id": 2, "vector": [1, 2], "id": 3}"#, "duplicate field `id`"),
        upsert("7", "points[1]"),
        case("PUT", POINTS, "", "EOF"),
        case("PUT", POINTS, "{", "line 1 column 1"),
        case("PUT", POINTS, "[]", "JSON body"),
        case("PUT", POINTS, "null", "JSON body"),
        case("PUT", POINTS, "{}", "points"),
        case("PUT", POINTS, r#"{"points": []}"#, "points: must not be empty"),
        case("PUT", POINTS, r#"{"points": [] } x"#, "trailing characters"),
        case(
            "PUT",
            POINTS,
            r#"{"points": [], "batch": {"ids": [], "vectors": []}}"#,
            "either points or batch",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8, 9], "vectors": [[1, 2]]}}"#,
            "batch.vectors",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8], "vectors": [[1, 2]], "payloads": []}}"#,
            "batch.payloads",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"batch": {"ids": [8], "vectors": {"t": [[1, 2]]}}}"#,
            "named \"t\"",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "update_mode": "x"}"#,
            "update_mode",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "shard_key": "x"}"#,
            "shard_key",
        ),
        case(
            "PUT",
            POINTS,
            r#"{"points": [{"id": 8, "vector": [1, 2]}], "update_filter": {"a": []}}"#,
            "update_filter",
        ),
        case(
            "PUT",
            POINTS,
            &b"{\"points\": [{\"id\": \"\xff\xfe\", \"vector\": [1, 2]}]}"[..],
            "JSON body",
        ),
        case("PUT", POINTS, &b"\x00\x01\x02"[..], "JSON body"),
        case("PUT", POINTS, deeper.as_bytes(), "JSON body"),
        case(
            "PUT",
            format!("{POINTS}?wait=yes"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"wait\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?wiat=true"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"wiat\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?timeout=0"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"timeout\"",
        ),
        case(
            "PUT",
            format!("{POINTS}?ordering=x"),
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "\"ordering\"",
        ),
        case(
            "PUT",
            "/collections/z/points",
            r#"{"points": [{"id": 8, "vector": [1, 2]}]}"#,
            "`z`",
        ),
        case("DELETE", format!("{POINTS}/{long}"), "", "at most 512 bytes"),
        case("DELETE", format!("{POINTS}/%ff"), "", "UTF-8"),
        case("POST", format!("{POINTS}/delete"), "{}", "points (ids) or filter"),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": []}"#,
            "points: must not be empty",
        ),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": [1, -1]}"#,
            "points[1]",
        ),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"points": [1], "filter": {}}"#,
            "points",
        ),
        case("POST", format!("{POINTS}/delete"), r#"[1]"#, "JSON body"),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"filter": {"a": {"b": 1}}}"#,
            "filter",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": {"a": 2}}"#,
            "points",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"points": [1]}"#,
            "missing field `payload`",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": 5, "points": [1]}"#,
            "payload",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            r#"{"payload": {"a": 2}, "points": [1], "key": "a..b"}"#,
            "key",
        ),
        case(
            "POST",
            format!("{POINTS}/payload"),
            format!(r#"{{"payload": {{"a": {deep}}}, "points": [1]}}"#),
            "payload_depth_max",
        ),
        case(
            "PUT",
            format!("{POINTS}/payload"),
            r#"{"payload": {}, "points": [1], "key": "a"}"#,
            "key",
        ),
        case(
            "POST",
            format!("{POINTS}/payload/delete"),
            r#"{"keys": [], "points": [1]}"#,
            "keys",
        ),
        case(
            "POST",
            format!("{POINTS}/payload/delete"),
            r#"{"keys": ["a["], "points": [1]}"#,
            "keys[0]",
        ),
        case(
            "POST",
            format!("{POINTS}/payload/delete"),
            format!(r#"{{"keys": [{}"a"], "points": [1]}}"#, r#""a","#.repeat(1024)),
            "keys: 1025 is above the limit 1024",
        ),
        case(
            "POST",
            format!("{POINTS}/delete"),
            r#"{"filter": {"must": [{"a": 2}], "must": [{"a": 1}]}}"#,
            "filter: the name \"must\" is given twice",
        ),
        case("POST", format!("{POINTS}/payload/clear"), "{}", "points"),
    ];
    check(&server(), cases);
}
