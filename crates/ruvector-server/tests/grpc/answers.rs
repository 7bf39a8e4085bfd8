//! Goal: each call does what it says, with the defaults of the interface, and refuses by name what is not served.
//! Method: a small collection, every call on it, and a table of refusals with their codes.

use ruvector_api::proto::messages as m;

use crate::caller::{Caller, EXISTS, INVALID, NOT_FOUND, UNIMPLEMENTED};

pub(crate) fn named(name: &str) -> String {
    name.to_owned()
}

pub(crate) fn number(number: u64) -> m::PointId {
    m::PointId {
        point_id_options: Some(m::point_id::PointIdOptions::Num(number)),
    }
}

fn text_id(text: &str) -> m::PointId {
    m::PointId {
        point_id_options: Some(m::point_id::PointIdOptions::Uuid(text.to_owned())),
    }
}

pub(crate) fn dense(numbers: &[f32]) -> m::Vectors {
    let vector = m::Vector {
        vector: Some(m::vector::Vector::Dense(m::DenseVector {
            data: numbers.to_vec(),
        })),
        ..Default::default()
    };
    m::Vectors {
        vectors_options: Some(m::vectors::VectorsOptions::Vector(vector)),
    }
}

pub(crate) fn value(number: i64) -> m::Value {
    m::Value {
        kind: Some(m::value::Kind::IntegerValue(number)),
    }
}

pub(crate) fn creation(name: &str, distance: m::Distance) -> m::CreateCollection {
    let params = m::VectorParams {
        size: 3,
        distance: distance.into(),
        ..Default::default()
    };
    m::CreateCollection {
        collection_name: named(name),
        vectors_config: Some(m::VectorsConfig {
            config: Some(m::vectors_config::Config::Params(params)),
        }),
        ..Default::default()
    }
}

pub(crate) fn ids(list: Vec<m::PointId>) -> Option<m::PointsSelector> {
    Some(m::PointsSelector {
        points_selector_one_of: Some(m::points_selector::PointsSelectorOneOf::Points(
            m::PointsIdsList { ids: list },
        )),
    })
}

pub(crate) fn all() -> Option<m::WithVectorsSelector> {
    Some(m::WithVectorsSelector {
        selector_options: Some(m::with_vectors_selector::SelectorOptions::Enable(true)),
    })
}

/// A collection of three points: 1, 2 and a string.
pub(crate) fn filled(distance: m::Distance) -> Caller {
    let caller = Caller::new();
    let done: m::CollectionOperationResponse =
        caller.ok("/qdrant.Collections/Create", &creation("c", distance));
    assert!(done.result);
    let point = |id, numbers: &[f32], n| m::PointStruct {
        id: Some(id),
        payload: [(named("n"), value(n))].into(),
        vectors: Some(dense(numbers)),
    };
    let points = vec![
        point(number(1), &[1.0, 0.0, 0.0], 1),
        point(number(2), &[0.0, 2.0, 0.0], 2),
        point(text_id("a name"), &[3.0, 4.0, 0.0], 3),
    ];
    let upsert = m::UpsertPoints {
        collection_name: named("c"),
        wait: Some(true),
        points,
        ..Default::default()
    };
    let done: m::PointsOperationResponse = caller.ok("/qdrant.Points/Upsert", &upsert);
    let result = done.result.unwrap();
    assert_eq!(result.status, i32::from(m::UpdateStatus::Completed));
    assert!(result.operation_id.is_some() && done.time > 0.0);
    caller
}

fn search(limit: u64) -> m::SearchPoints {
    m::SearchPoints {
        collection_name: named("c"),
        vector: vec![3.0, 4.0, 0.0],
        limit,
        ..Default::default()
    }
}

fn nearest(numbers: &[f32]) -> Option<m::Query> {
    let input = m::VectorInput {
        variant: Some(m::vector_input::Variant::Dense(m::DenseVector {
            data: numbers.to_vec(),
        })),
    };
    Some(m::Query {
        variant: Some(m::query::Variant::Nearest(input)),
    })
}

#[test]
fn reads_have_their_defaults() {
    let caller = filled(m::Distance::Euclid);
    let found: m::SearchResponse = caller.ok("/qdrant.Points/Search", &search(2));
    assert_eq!(found.result.len(), 2);
    assert_eq!(found.result[0].id, Some(text_id("a name")));
    assert_eq!(found.result[0].score, 0.0);
    assert!(found.result[1].score > 0.0, "a distance is positive");
    assert!(
        found
            .result
            .iter()
            .all(|point| point.payload.is_empty() && point.vectors.is_none())
    );

    let query = m::QueryPoints {
        collection_name: named("c"),
        query: nearest(&[0.0, 2.0, 0.0]),
        with_vectors: all(),
        ..Default::default()
    };
    let found: m::QueryResponse = caller.ok("/qdrant.Points/Query", &query);
    assert_eq!(found.result.len(), 3, "ten results where nothing is said");
    assert!(found.result[0].payload.is_empty());
    #[allow(deprecated, reason = "the field that every client reads")]
    match found.result[0].vectors.clone().unwrap().vectors_options.unwrap() {
        m::vectors_output::VectorsOptions::Vector(vector) => assert_eq!(vector.data, [0.0, 2.0, 0.0]),
        other => panic!("{other:?}"),
    }

    let get = m::GetPoints {
        collection_name: named("c"),
        ids: vec![text_id("2"), number(77), text_id("a name")],
        ..Default::default()
    };
    let got: m::GetResponse = caller.ok("/qdrant.Points/Get", &get);
    let found: Vec<_> = got.result.iter().map(|point| point.id.clone().unwrap()).collect();
    assert_eq!(found, [number(2), text_id("a name")], "\"2\" is the number");
    assert_eq!(
        got.result[0].payload["n"],
        value(2),
        "payload comes where nothing is said"
    );
    assert!(got.result[0].vectors.is_none());

    let scroll = m::ScrollPoints {
        collection_name: named("c"),
        limit: Some(2),
        ..Default::default()
    };
    let page: m::ScrollResponse = caller.ok("/qdrant.Points/Scroll", &scroll);
    assert_eq!(
        (page.result.len(), page.next_page_offset),
        (2, Some(text_id("a name")))
    );
    assert_eq!(page.result[1].payload["n"], value(2));

    let count = m::CountPoints {
        collection_name: named("c"),
        ..Default::default()
    };
    let counted: m::CountResponse = caller.ok("/qdrant.Points/Count", &count);
    assert_eq!(counted.result.unwrap().count, 3);
}

#[test]
fn cosine_vectors_come_back_normalised() {
    let caller = filled(m::Distance::Cosine);
    let mut request = search(1);
    request.with_vectors = all();
    let found: m::SearchResponse = caller.ok("/qdrant.Points/Search", &request);
    assert!((found.result[0].score - 1.0).abs() < 1e-6);
    #[allow(deprecated, reason = "the field that every client reads")]
    match found.result[0].vectors.clone().unwrap().vectors_options.unwrap() {
        m::vectors_output::VectorsOptions::Vector(vector) => {
            assert!(
                vector
                    .data
                    .iter()
                    .zip([0.6, 0.8, 0.0])
                    .all(|(a, b)| (a - b).abs() < 1e-6)
            );
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn writes_change_what_they_name() {
    let caller = filled(m::Distance::Dot);
    let set = |key: &str, n| m::SetPayloadPoints {
        collection_name: named("c"),
        wait: Some(true),
        payload: [(named(key), value(n))].into(),
        points_selector: ids(vec![number(1)]),
        ..Default::default()
    };
    let payload = || {
        let get = m::GetPoints {
            collection_name: named("c"),
            ids: vec![number(1)],
            ..Default::default()
        };
        let got: m::GetResponse = caller.ok("/qdrant.Points/Get", &get);
        let payload = got.result.into_iter().next().unwrap().payload;
        payload.into_keys().collect::<Vec<_>>().join(" ")
    };
    let _: m::PointsOperationResponse = caller.ok("/qdrant.Points/SetPayload", &set("a", 1));
    assert_eq!(payload(), "a n");
    let _: m::PointsOperationResponse = caller.ok("/qdrant.Points/OverwritePayload", &set("b", 1));
    assert_eq!(payload(), "b");
    let without = m::DeletePayloadPoints {
        collection_name: named("c"),
        wait: Some(true),
        keys: vec![named("b")],
        points_selector: ids(vec![number(1)]),
        ..Default::default()
    };
    let _: m::PointsOperationResponse = caller.ok("/qdrant.Points/DeletePayload", &without);
    assert_eq!(payload(), "");
    let delete = m::DeletePoints {
        collection_name: named("c"),
        points: ids(vec![number(1), number(2)]),
        ..Default::default()
    };
    let done: m::PointsOperationResponse = caller.ok("/qdrant.Points/Delete", &delete);
    let status = done.result.unwrap().status;
    assert_eq!(
        status,
        i32::from(m::UpdateStatus::Acknowledged),
        "it did not ask to wait"
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn refusals_have_their_codes_and_texts() {
    let caller = filled(m::Distance::Dot);
    let elsewhere = m::SearchPoints {
        collection_name: named("nowhere"),
        ..search(1)
    };
    let (code, text) = caller.refused("/qdrant.Points/Search", &elsewhere);
    assert_eq!(
        (code, text.as_str()),
        (NOT_FOUND, "Not found: Collection `nowhere` doesn't exist!")
    );
    let (_, rest) = caller
        .server
        .send("GET", "/collections/nowhere", &serde_json::Value::Null);
    assert_eq!(rest["status"]["error"], text.as_str(), "the same over REST");

    let (code, _) = caller.refused("/qdrant.Collections/Create", &creation("c", m::Distance::Dot));
    assert_eq!(code, EXISTS);
    let many = |edit: fn(&mut m::SearchPoints)| {
        let mut request = search(1);
        edit(&mut request);
        request
    };
    let table = [
        (INVALID, "limit: 0 is below", many(|r| r.limit = 0)),
        (INVALID, "limit: 100001 is above", many(|r| r.limit = 100_001)),
        (
            INVALID,
            "vector has 2 dimensions, expected 3",
            many(|r| r.vector = vec![1.0, 2.0]),
        ),
        (
            INVALID,
            "NaN or infinite",
            many(|r| r.vector = vec![1.0, f32::NAN, 2.0]),
        ),
        (
            INVALID,
            "timeout: takes whole seconds",
            many(|r| r.timeout = Some(0)),
        ),
        (
            INVALID,
            "score_threshold: must fit",
            many(|r| r.score_threshold = Some(f32::INFINITY)),
        ),
        (
            INVALID,
            "with_payload: missing enable",
            many(|r| r.with_payload = Some(Default::default())),
        ),
        (
            INVALID,
            "filter.must[0].condition: missing field",
            many(|r| {
                r.filter = Some(m::Filter {
                    must: vec![Default::default()],
                    ..Default::default()
                });
            }),
        ),
        (
            UNIMPLEMENTED,
            "shard_key_selector: points are placed",
            many(|r| {
                r.shard_key_selector = Some(Default::default());
            }),
        ),
        (
            UNIMPLEMENTED,
            "params.indexed_only",
            many(|r| {
                r.params = Some(m::SearchParams {
                    indexed_only: Some(true),
                    ..Default::default()
                });
            }),
        ),
    ];
    for (wanted, says, request) in table {
        let (code, text) = caller.refused("/qdrant.Points/Search", &request);
        assert!(
            code == wanted && text.contains(says),
            "{code} {text}, wanted {wanted} {says}"
        );
        assert!(!text.contains("JSON"), "{text}");
    }
    for path in [
        "/qdrant.Points/Discover",
        "/qdrant.Snapshots/Create",
        "/qdrant.Points/Nothing",
        "/x",
    ] {
        let answer = caller.bytes(path, &[]);
        assert_eq!(
            (answer.code, answer.text.contains(path)),
            (UNIMPLEMENTED, true),
            "{answer:?}"
        );
    }
}
