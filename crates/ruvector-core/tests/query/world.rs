//! Random collections and random queries of several stages. Never checks an answer.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::MemIo;
use ruvector_testkit::{Model, Random};

const POINTS: u64 = 90;
const FIELDS: [(&str, u32); 2] = [("a", 6), ("b", 4)];

/// A collection, its model, and the model of the one that lends vectors.
pub(crate) struct World {
    pub(crate) database: Database,
    pub(crate) model: Model,
    pub(crate) lender: Model,
}

fn numbers(random: &mut Random, dim: u32) -> Vec<f32> {
    (0..dim).map(|_| random.normal() as f32).collect()
}

fn config(distances: [Distance; 2]) -> CollectionConfig {
    let mut config = CollectionConfig::single(1, distances[0]);
    let field = config.vectors.remove("").unwrap();
    for ((name, dim), distance) in FIELDS.into_iter().zip(distances) {
        let field = VectorConfig {
            dim,
            distance,
            ..field
        };
        config.vectors.insert(name.to_owned(), field);
    }
    config.shards = 2;
    config.optimizer.active_rows_max = 64;
    config
}

fn points(random: &mut Random) -> WriteOp {
    let point = |id: u64| {
        let mut vectors = NamedVectors::new();
        for (name, dim) in FIELDS {
            if id % 11 != 3 || name == "a" {
                vectors.insert(name.to_owned(), numbers(random, dim).into());
            }
        }
        let n = Value::Int(random.below(20) as i64);
        let payload = match id % 7 {
            0 => Map::new(),
            _ => Map::from([("n".to_owned(), n)]),
        };
        Point {
            id: PointId::Num(id),
            vectors,
            payload,
        }
    };
    WriteOp::Upsert(Upsert {
        points: (1..=POINTS).map(point).collect(),
        ..Upsert::default()
    })
}

/// Two collections of random points, some of the first deleted.
pub(crate) fn world(random: &mut Random) -> World {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    let all = [
        Distance::Cosine,
        Distance::Dot,
        Distance::Euclid,
        Distance::Manhattan,
    ];
    let mut models = ["c", "lender"].map(|name| {
        let config = config([random.of(&all), random.of(&all)]);
        database.create_collection(name, config.clone()).unwrap();
        let (write, mut model) = (points(random), Model::new(config));
        model.apply(&write);
        let collection = database.collection(name).unwrap();
        collection.write(&Ctx::default(), write, Wait::Durable).unwrap();
        model
    });
    let gone = WriteOp::Delete(PointSelector::Ids(
        (1..=POINTS).step_by(9).map(PointId::Num).collect(),
    ));
    models[0].apply(&gone);
    let collection = database.collection("c").unwrap();
    collection.write(&Ctx::default(), gone, Wait::Durable).unwrap();
    let index = FieldIndex {
        kind: IndexKind::Integer {
            lookup: true,
            range: true,
        },
        on_disk: false,
        is_principal: false,
    };
    database.create_index("c", &PayloadPath::key("n"), index).unwrap();
    let [model, lender] = models;
    World {
        database,
        model,
        lender,
    }
}

/// A point that has both vectors.
pub(crate) fn id(random: &mut Random) -> VectorInput {
    loop {
        let id = random.within(1..=POINTS as usize) as u64;
        if id % 9 != 1 && id % 11 != 3 {
            return VectorInput::Id(PointId::Num(id));
        }
    }
}

fn input(random: &mut Random, dim: u32) -> VectorInput {
    match random.one_in(2) {
        true => id(random),
        false => VectorInput::Vector(numbers(random, dim).into()),
    }
}

fn filter(random: &mut Random) -> Filter {
    let n = |number: usize| {
        Condition::Field(FieldCondition {
            path: PayloadPath::key("n"),
            test: FieldTest::Match(Match::Integer(number as i64)),
        })
    };
    let mut filter = Filter::default();
    match random.below(3) {
        0 => filter.must_not = vec![n(random.below(20)), n(random.below(20))],
        1 => filter.should = (0..14).map(|_| n(random.below(20))).collect(),
        _ => {
            let conditions = (0..16).map(|_| n(random.below(20))).collect();
            filter.min_should = Some(MinShould {
                conditions,
                min_count: 1,
            });
        }
    }
    filter
}

fn query(random: &mut Random, dim: u32, stages: usize) -> Query {
    let inputs = |random: &mut Random, least: usize| -> Vec<VectorInput> {
        let count = random.within(least..=3);
        (0..count).map(|_| input(random, dim)).collect()
    };
    match random.below(if stages == 0 { 6 } else { 8 }) {
        0 | 1 => Query::Nearest(input(random, dim)),
        2 => Query::Diverse {
            nearest: input(random, dim),
            diversity: random.unit() as f32,
            candidates: random.one_in(2).then(|| random.within(1..=30)),
        },
        3 => Query::Recommend {
            positive: inputs(random, 1),
            negative: inputs(random, 0),
            strategy: RecommendStrategy::AverageVector,
        },
        4 => Query::Recommend {
            positive: inputs(random, 0),
            negative: inputs(random, 1),
            strategy: random.of(&[RecommendStrategy::BestScore, RecommendStrategy::SumScores]),
        },
        5 => Query::OrderBy(OrderBy {
            path: PayloadPath::key("n"),
            descending: random.one_in(2),
            start_from: None,
        }),
        6 => Query::Fusion(Fusion::Dbsf),
        _ => Query::Fusion(Fusion::Rrf {
            k: random.within(1..=60) as u32,
            weights: random
                .one_in(2)
                .then(|| (0..stages).map(|_| random.below(4) as f32).collect()),
        }),
    }
}

/// A stage with up to `depth` levels of others before it.
pub(crate) fn stage(random: &mut Random, depth: usize) -> QueryStage {
    let stages = if depth == 0 { 0 } else { random.below(4) };
    let prefetch: Vec<QueryStage> = (0..stages).map(|_| stage(random, depth - 1)).collect();
    let (using, dim) = random.of(&FIELDS);
    let query = match stages == 0 && random.one_in(8) {
        true => None,
        false => Some(query(random, dim, stages)),
    };
    QueryStage {
        prefetch,
        query,
        using: using.to_owned(),
        filter: random.one_in(3).then(|| filter(random)),
        score_threshold: random.one_in(5).then(|| random.normal() as f32),
        params: SearchParams {
            exact: true,
            ..SearchParams::default()
        },
        limit: random.within(1..=40),
        lookup_from: random.one_in(5).then(|| LookupFrom {
            collection: "lender".to_owned(),
            vector: None,
        }),
    }
}
