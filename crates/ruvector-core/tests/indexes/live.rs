//! Goal: an answer is that of the points as they are, wherever the indexes stand: before the optimizer laid changes into
//! the segment, while, and after. Method: one sealed segment with indexes, then deletes and payload updates, and every
//! kind of read compared with the model after each step; pages by value end amid points of equal values.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx};
use ruvector_io::MemIo;
use ruvector_testkit::{Generator, Model};

use crate::answers::are_right;
use crate::{index, integer, open, path, write};

fn check(collection: &Collection, model: &Model, random: &mut Generator) {
    are_right(collection, model, random, 12);
    for exact in [true, false] {
        for below in [2.0, 4.0] {
            let bounds = Bounds {
                lt: Some(below),
                ..Bounds::default()
            };
            let test = FieldTest::Range(bounds);
            let field = FieldCondition {
                path: path("n"),
                test,
            };
            let mut request = SearchRequest::nearest(random.vector(""), 12);
            request.filter = Some(Filter::must(Condition::Field(field)));
            request.params.exact = exact;
            let found = collection.search(&Ctx::default(), &request).unwrap();
            let found: Vec<PointId> = found.into_iter().map(|hit| hit.id).collect();
            let expected = model.nearest(&request).into_iter().map(|ranked| ranked.id);
            assert_eq!(found, expected.collect::<Vec<_>>(), "{request:?}");
        }
    }
    ties(collection, model);
}

/// Pages of every length over the five values of `n`, which many points share.
fn ties(collection: &Collection, model: &Model) {
    for limit in 1..60 {
        let order = OrderBy {
            path: path("n"),
            descending: limit % 2 == 0,
            start_from: Some(OrderValue::Int(limit as i64 % 4)),
        };
        let request = ScrollRequest {
            from: None,
            order_by: Some(order.clone()),
            limit,
            filter: None,
            with_payload: PayloadSelector::None,
            with_vectors: VectorSelector::None,
        };
        let page = collection.scroll(&Ctx::default(), &request).unwrap();
        let found: Vec<PointId> = page.points.into_iter().map(|record| record.id).collect();
        let expected = model.ordered(&order, false, None, limit);
        let expected: Vec<PointId> = expected.into_iter().map(|point| point.id).collect();
        assert_eq!(found, expected, "{request:?}");
    }
}

#[test]
fn answers_hold_while_points_change() {
    // Fewer than a search walks a graph for: every search is exact.
    let config = CollectionConfig::single(4, Distance::Euclid);
    let database = open(Arc::new(MemIo::new())).unwrap();
    database.create_collection("c", config.clone()).unwrap();
    let collection = database.collection("c").unwrap();
    let mut random = Generator::new(21, &config);
    random.ids_max = 240;
    let mut model = Model::new(config);
    let apply = |model: &mut Model, op: WriteOp| {
        model.apply(&op);
        write(&collection, op).unwrap();
    };
    let points = |random: &mut Generator| {
        WriteOp::Upsert(Upsert {
            points: (0..60).map(|_| random.point()).collect(),
            ..Upsert::default()
        })
    };
    (0..6).for_each(|_| apply(&mut model, points(&mut random)));
    for (name, kind) in [
        ("u", IndexKind::Float),
        ("tag", IndexKind::Keyword { prefix: false }),
        ("flag", IndexKind::Bool),
        ("when", IndexKind::Datetime),
        ("place", IndexKind::Geo),
        ("text", IndexKind::Text(TextOptions::default())),
    ] {
        database.create_index("c", &path(name), index(kind)).unwrap();
    }
    for name in ["n", "a.b[].c", "list[].a"] {
        database.create_index("c", &path(name), integer()).unwrap();
    }
    collection.optimize().unwrap();
    check(&collection, &model, &mut random);
    for round in 0..4 {
        for _ in 0..4 {
            let edit = random.edit();
            apply(&mut model, edit);
            check(&collection, &model, &mut random);
        }
        let gone = WriteOp::Delete(PointSelector::Ids(random.ids(6)));
        apply(&mut model, gone);
        check(&collection, &model, &mut random);
        match round {
            // Laid over the segment, then written into it.
            0 | 2 => while database.step().unwrap() {},
            1 => apply(&mut model, points(&mut random)),
            _ => {}
        }
        check(&collection, &model, &mut random);
        collection.optimize().unwrap();
        check(&collection, &model, &mut random);
        // Payloads alone are written again.
        let edit = WriteOp::SetPayload {
            payload: Map::from([("n".to_owned(), Value::Int(1 + round))]),
            path: None,
            points: PointSelector::Ids(random.ids(20)),
        };
        apply(&mut model, edit);
        collection.optimize().unwrap();
        check(&collection, &model, &mut random);
    }
}
