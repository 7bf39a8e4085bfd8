//! Goal: three spellings give one tree, the order of rules holds, and what is unknown is refused by its place.
//! Method: tables of JSON texts against trees and messages.

use ruvector_types::{Condition, FieldCondition, FieldTest, Filter, Limits, Match, PayloadPath, PointId};
use serde_json::json;

use super::WireFilter;

fn read(text: &serde_json::Value) -> Result<Filter, String> {
    let wire: WireFilter = serde_json::from_value(text.clone()).unwrap();
    wire.into_filter("filter", &Limits::default())
        .map_err(|error| error.to_string())
}

/// Unwraps the levels that hold nothing but one condition.
fn plain(condition: Condition) -> Condition {
    match condition {
        Condition::Filter(filter) => {
            let mut filter = *filter;
            for list in [&mut filter.must, &mut filter.should, &mut filter.must_not] {
                *list = std::mem::take(list).into_iter().map(plain).collect();
            }
            let alone = filter.should.is_empty() && filter.must_not.is_empty() && filter.min_should.is_none();
            if alone && filter.must.len() == 1 {
                return filter.must.remove(0);
            }
            Condition::Filter(Box::new(filter))
        }
        other => other,
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn spellings_agree() {
    let groups = [
        vec![
            json!({"type": "doc"}),
            json!({"Eq": {"field": "type", "value": "doc"}}),
            json!({"key": "type", "match": {"value": "doc"}}),
            json!({"must": {"key": "type", "match": {"value": "doc"}}}),
            json!({"must": [{"type": "doc"}], "should": null, "must_not": []}),
            json!({"And": [{"type": "doc"}]}),
        ],
        vec![
            json!({"must_not": [{"key": "a.b[]", "match": {"value": 3}}]}),
            json!({"Ne": {"field": "a.b[]", "value": 3.0}}),
            json!({"Not": {"a.b[]": 3}}),
        ],
        vec![
            json!({"key": "n", "range": {"gte": 1, "lt": 2.5, "gt": null}}),
            json!({"Range": {"field": "n", "gte": 1.0, "lt": 2.5}}),
        ],
        vec![
            json!({"key": "n", "range": {}}),
            json!({"key": "n", "range": {"gt": null, "lte": null}}),
            json!({"Range": {"field": "n"}}),
        ],
        vec![
            json!({"key": "t", "range": {"gt": "2024-01-01"}}),
            json!({"key": "t", "range": {"gt": "2024-01-01 00:00:00", "lt": null}}),
            json!({"Gt": {"field": "t", "value": "2024-01-01T00:00:00Z"}}),
            json!({"Range": {"field": "t", "gt": "2024-01-01T02:00+02:00"}}),
        ],
        vec![
            json!({"should": [{"a": true}, {"b": null}]}),
            json!({"Or": [{"Eq": {"field": "a", "value": true}}, {"is_null": {"key": "b"}}]}),
        ],
        vec![
            json!({"key": "g", "geo_radius": {"center": {"lon": 1.5, "lat": 2}, "radius": 10}}),
            json!({"GeoRadius": {"field": "g", "center": {"lon": 1.5, "lat": 2}, "radius_m": 10}}),
        ],
        vec![
            json!({"key": "x", "match": {"text": "a b"}}),
            json!({"Match": {"field": "x", "text": "a b"}}),
        ],
        vec![
            json!({"x": u64::MAX}),
            json!({"key": "x", "match": {"value": u64::MAX}}),
            json!({"key": "x", "match": {"integer": u64::MAX}}),
        ],
        vec![
            json!({"key": "n", "range": {"gte": 9_007_199_254_740_993_u64, "lt": u64::MAX}}),
            json!({"Range": {"field": "n", "gte": 9_007_199_254_740_993_u64, "lt": u64::MAX}}),
        ],
        vec![
            json!({"key": "n", "range": {"lte": i64::MIN + 1}}),
            json!({"Lte": {"field": "n", "value": i64::MIN + 1}}),
        ],
        vec![
            json!({"key": "n", "range": {"gt": 9_007_199_254_740_994_u64}}),
            json!({"Gt": {"field": "n", "value": 9_007_199_254_740_994.0}}),
        ],
        vec![json!({"x": "1"}), json!({"key": "x", "match": {"keyword": "1"}})],
        vec![
            json!({"x": 0.5}),
            json!({"key": "x", "range": {"gte": 0.5, "lte": 0.5}}),
        ],
    ];
    for group in groups {
        let trees: Vec<Condition> = group
            .iter()
            .map(|text| plain(Condition::Filter(Box::new(read(text).unwrap()))))
            .collect();
        for (tree, text) in trees.iter().zip(&group) {
            assert_eq!(tree, &trees[0], "{text}");
        }
    }
}

#[test]
fn trees() {
    let path = |text: &str| PayloadPath::parse(text).unwrap();
    assert_eq!(read(&json!({})).unwrap(), Filter::default());
    let ids = read(&json!({"must": [{"has_id": [1, "2", "x"]}]})).unwrap();
    let expected = vec![PointId::Num(1), PointId::Num(2), PointId::parse("x").unwrap()];
    assert_eq!(ids, Filter::must(Condition::HasId(expected)));
    let any = read(&json!({"must": [{"key": "k", "match": {"any": ["a", 1, true]}}]})).unwrap();
    let list = vec![Match::Keyword("a".into()), Match::Integer(1), Match::Bool(true)];
    let field = FieldCondition {
        path: path("k"),
        test: FieldTest::MatchAny(list),
    };
    assert_eq!(any, Filter::must(Condition::Field(field)));
    let nested = read(&json!({"must": {"nested": {"key": "a[]", "filter": {"b": 1}}}})).unwrap();
    assert!(
        matches!(&nested.must[0], Condition::Nested { path: p, filter } if *p == path("a[]") && filter.must.len() == 1)
    );
    let min = read(&json!({"min_should": {"conditions": [{"a": 1}, {"has_vector": "v"}], "min_count": 2}}));
    assert_eq!(min.unwrap().min_should.unwrap().min_count, 2);
    let not_empty = read(&json!({"key": "k", "is_empty": false})).unwrap();
    assert_eq!(not_empty.must_not.len(), 1);
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn refusals_name_their_place() {
    let deep = (0..60).fold(json!({"a": 1}), |inner, _| json!({"must": [inner]}));
    let wide: Vec<_> = (0..10_000).map(|n| json!({"a": n})).collect();
    let table = [
        (json!([]), "filter: expected an object, found a list"),
        (json!("x"), "filter: expected an object, found a string"),
        (
            json!({"must": [{"key": "a", "foo": 1}]}),
            "filter.must[0]: unknown name \"foo\"",
        ),
        (json!({"must": [{"key": "a"}]}), "filter.must[0]: missing"),
        (
            json!({"must": {"key": "a", "match": {"foo": 1}}}),
            "filter.must.match: unknown name \"foo\"",
        ),
        (
            json!({"must": [], "type": "doc"}),
            "filter: unknown name \"type\"",
        ),
        (json!({"Foo": {"field": "a"}}), "filter: unknown name \"Foo\""),
        (json!({"a": [1]}), "filter: unknown name \"a\""),
        (json!({"Eq": 5}), "filter.Eq: expected an object, found a number"),
        (json!({"Eq": {"field": "a"}}), "filter.Eq: missing value"),
        (
            json!({"Eq": {"field": "a", "value": 1}, "b": 1}),
            "filter: unknown name \"b\"",
        ),
        (json!({"Or": []}), "filter.Or: must not be empty"),
        (
            json!({"And": [{"Not": {"Gt": {"field": "a", "value": true}}}]}),
            "filter.And[0].Not.Gt.value: expected a number",
        ),
        (json!({"a..b": 1}), "filter.a..b: a key is missing"),
        (
            json!({"key": "a", "match": {"value": 1.5}}),
            "filter.match.value: expected a string, an integer",
        ),
        (
            json!({"key": "a", "match": {"any": [1, 1e300]}}),
            "filter.match.any[1]: expected a string, an integer",
        ),
        (
            json!({"key": "a", "match": {"integer": "1"}}),
            "filter.match.integer: expected an integer",
        ),
        (
            json!({"min_should": {"conditions": [{"a": 1}], "min_count": 0}}),
            "filter.min_should.min_count: 0 is below",
        ),
        (
            json!({"must": [{"a": 1}, {"nested": {"key": "a", "filter": {"must": {"has_id": [1]}}}}]}),
            "filter.must[1].nested.filter.must[0].has_id: asks for a point",
        ),
        (
            json!({"must": {"key": "a", "match": {"phrase": "a ".repeat(500_000)}}}),
            "filter.must[0].match.phrase: 1000000 is above the limit",
        ),
        (
            json!({"key": "a", "geo_radius": {"center": {"lon": 0, "lat": 0}, "radius": -1}}),
            "filter.geo_radius.radius: must be",
        ),
        (
            json!({"And": [{"GeoRadius": {"field": "a", "center": {"lon": 0, "lat": 91}, "radius_m": 1}}]}),
            "filter.And[0].GeoRadius.center.lat: must lie",
        ),
        (
            json!({"Range": {"field": "a", "gte": 1, "to": 2}}),
            "filter.Range: unknown name \"to\"",
        ),
        (
            json!({"key": "a", "match": {"value": 1, "any": [1]}}),
            "filter.match: missing one of",
        ),
        (
            json!({"key": "a", "match": {"value": 1}, "range": {"gt": 1}}),
            "filter: a condition holds one test",
        ),
        (
            json!({"key": "a", "range": {"gt": 1, "lt": "2024-01-01"}}),
            "filter.range.gt: expected a string",
        ),
        (
            json!({"key": "a", "range": {"gt": "yesterday"}}),
            "filter.range.gt: \"yesterday\" is not",
        ),
        (
            json!({"key": "a", "values_count": {"gt": -1}}),
            "filter.values_count.gt: expected an unsigned",
        ),
        (
            json!({"key": "a", "geo_radius": {"center": {"lon": 181, "lat": 0}, "radius": 1}}),
            "filter.geo_radius.center.lon: must lie",
        ),
        (
            json!({"key": "a", "geo_polygon": {"exterior": {"points": []}}}),
            "filter.geo_polygon.exterior.points: a ring",
        ),
        (json!({"must": [{"has_id": [-1]}]}), "filter.must[0].has_id: "),
        (
            json!({"must": [{"has_id": 1}]}),
            "filter.must[0].has_id: expected a list",
        ),
        (json!({"must": [{"slice": {}}]}), "filter.must[0].slice: slices"),
        (
            json!({"must": {"key": "a", "match": {"any": vec![1; 100_003]}}}),
            "filter.must.match.any: 100003 is above the limit 100000 (filter_values_max)",
        ),
        (
            json!({"And": [{"Or": vec![json!({"a": 1}); 4_095]}, {"b": 1}]}),
            "filter.And[1]: 4097 is above the limit 4096 (filter_conditions_max)",
        ),
        (
            json!({"must": [{"key": "a", "match": {"value": 1}, "foo": null}]}),
            "filter.must[0]: unknown name \"foo\"",
        ),
        (
            json!({"key": "a", "match": {"value": 1, "foo": null}}),
            "filter.match: unknown name \"foo\"",
        ),
        (
            json!({"must": [(0..5_000).map(|n| (format!("f{n}"), json!(1))).collect::<serde_json::Map<_, _>>()]}),
            "filter.must[0]: 4097 is above the limit 4096 (filter_conditions_max)",
        ),
        (deep, "filter.must[0].must[0].must[0].must[0]"),
        (
            json!({"should": wide}),
            "filter.should[4096]: 4097 is above the limit 4096 (filter_conditions_max)",
        ),
    ];
    for (text, message) in table {
        let error = read(&text).unwrap_err();
        assert!(
            error.contains(message),
            "{text}\n  gave {error}\n  wants {message}"
        );
    }
}

/// Goal: of two entries of one name none is dropped. Method: texts, for a tree of JSON has room for one alone.
#[test]
fn a_name_given_twice_is_refused() {
    for (text, place) in [
        (r#"{"must": [{"a": 1}], "must": [{"b": 2}]}"#, "filter"),
        (
            r#"{"must": [{"key": "a", "key": "b", "is_null": true}]}"#,
            "filter.must[0]",
        ),
        (r#"{"must_not": {"a": 1, "b": 2, "a": 3}}"#, "filter.must_not"),
        (r#"{"Range": {"field": "a", "gt": 1, "gt": 2}}"#, "filter.Range"),
        (
            r#"{"must": [{"has_id": [1]}, {"has_id": [2], "has_id": [3]}]}"#,
            "filter.must[1]",
        ),
    ] {
        let wire: WireFilter = serde_json::from_str(text).unwrap();
        let error = wire.into_filter("filter", &Limits::default()).unwrap_err();
        let says = format!("body: {place}: the name \"");
        assert!(error.to_string().contains(&says), "{text}: {error}");
        assert!(error.to_string().ends_with("is given twice"), "{text}: {error}");
        assert_eq!(error.status(), 400);
    }
}
