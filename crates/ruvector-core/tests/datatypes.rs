//! Goal: vectors of f16 and bytes take a half and a quarter of the room, come back as they were rounded when written, and
//! are found by graphs, codes and filters as an exact search finds them, with scores of what is kept and of the query as
//! it was given. Method: clustered points of every type and distance, compared with sums in f64 over what `get` returns,
//! before and after sealing and reopening; lengths of files on a simulated disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Wait};
use ruvector_io::{Io, MemIo};
use ruvector_testkit::Clusters;

const DIM: usize = 48;
const POINTS: u64 = 1_800;
const TYPES: [VectorDatatype; 3] = [
    VectorDatatype::Float32,
    VectorDatatype::Float16,
    VectorDatatype::Uint8,
];

fn open(io: &Arc<dyn Io>) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(io.clone(), options).unwrap()
}

fn config(datatype: VectorDatatype, distance: Distance, codes: Option<Codes>) -> CollectionConfig {
    let mut config = CollectionConfig::single(DIM as u32, distance);
    for vector in config.vectors.values_mut() {
        vector.datatype = datatype;
        vector.quantization = codes.map(QuantizationConfig::of);
    }
    config.optimizer.active_rows_max = 4_000;
    config
}

/// Vectors with fractions that every type can hold rounded, and queries, negative numbers among them.
fn data() -> (Vec<Vec<f32>>, Vec<Vec<f32>>) {
    let mut clusters = Clusters::new(5, 40, DIM, 0.6);
    let mut draw = |offset: f32| -> Vec<f32> {
        let numbers = clusters.draw().0.into_iter();
        numbers
            .map(|x| (x * 30.0 + offset).clamp(offset - 120.0, offset + 120.0))
            .collect()
    };
    let vectors = (0..POINTS).map(|_| draw(125.3)).collect();
    (vectors, (0..30).map(|_| draw(60.7)).collect())
}

fn fill(collection: &Collection, vectors: &[Vec<f32>]) {
    let point = |(number, vector): (i64, &Vec<f32>)| Point {
        id: PointId::Num(number as u64),
        vectors: NamedVectors::from([(String::new(), vector.clone().into())]),
        payload: Map::from([("n".to_owned(), Value::Int(number))]),
    };
    let points: Vec<Point> = (0..).zip(vectors).map(point).collect();
    for part in points.chunks(500) {
        let points = part.to_vec();
        let upsert = WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        });
        collection.write(&Ctx::default(), upsert, Wait::Durable).unwrap();
    }
}

/// The vectors as they come back.
fn kept(collection: &Collection) -> Vec<Vec<f32>> {
    let ids: Vec<PointId> = (0..POINTS).map(PointId::Num).collect();
    let found = collection.get(
        &Ctx::default(),
        &ids,
        &PayloadSelector::None,
        &VectorSelector::All,
    );
    let vectors = found.unwrap().into_iter().map(|record| record.vectors.unwrap());
    vectors.map(|named| named[""].dense().unwrap().to_vec()).collect()
}

fn dot(a: &[f32], b: &[f32]) -> f64 {
    a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum()
}

/// The score that users see, in f64.
fn score(config: &VectorConfig, query: &[f32], kept: &[f32]) -> f64 {
    let differences = || query.iter().zip(kept).map(|(x, y)| f64::from(*x) - f64::from(*y));
    match config.distance {
        Distance::Dot => dot(query, kept),
        Distance::Euclid => differences().map(|x| x * x).sum::<f64>().sqrt(),
        Distance::Manhattan => differences().map(f64::abs).sum(),
        // Bytes keep their lengths; others had length 1 before they were rounded.
        Distance::Cosine if config.datatype == VectorDatatype::Uint8 => {
            dot(query, kept) / (dot(query, query) * dot(kept, kept)).sqrt()
        }
        Distance::Cosine => dot(query, kept) / dot(query, query).sqrt(),
    }
}

fn search(collection: &Collection, query: &[f32], exact: bool, filter: Option<Filter>) -> Vec<ScoredPoint> {
    let mut request = SearchRequest::nearest(query.to_vec(), 10);
    (request.params.exact, request.filter) = (exact, filter);
    collection.search(&Ctx::default(), &request).unwrap()
}

/// Every score is true to what is kept; the share of the ten nearest that searches without `exact` find.
fn recall(collection: &Collection, kept: &[Vec<f32>], queries: &[Vec<f32>], filter: Option<&Filter>) -> f64 {
    let config = collection.config().vectors[""];
    let mut hits = 0;
    for query in queries {
        let expected = search(collection, query, true, filter.cloned());
        let found = search(collection, query, false, filter.cloned());
        for hit in expected.iter().chain(&found) {
            let PointId::Num(number) = hit.id else { panic!() };
            let truth = score(&config, query, &kept[number as usize]);
            let off = (f64::from(hit.score) - truth).abs();
            assert!(
                off <= 3e-6 * truth.abs().max(1.0),
                "{config:?}: {hit:?}, in truth {truth}"
            );
        }
        let ids: Vec<&PointId> = expected.iter().map(|hit| &hit.id).collect();
        hits += found.iter().filter(|hit| ids.contains(&&hit.id)).count();
    }
    hits as f64 / (10 * queries.len()) as f64
}

/// Bytes of the files of vectors.
fn vector_bytes(io: &dyn Io, collection: &Collection) -> u64 {
    let dir = "collections/00000000/shard-0000";
    let files = io.list(dir).unwrap().into_iter();
    let vectors = files.filter(|file| file.name.contains(".vectors."));
    assert_eq!(collection.info().segments, 1, "one, sealed");
    vectors
        .map(|file| io.len(&format!("{dir}/{}", file.name)).unwrap().unwrap())
        .sum()
}

/// Recall in the active segment, in the sealed one, and there with a filter; bytes of the sealed vectors.
fn found(config: CollectionConfig, (vectors, queries): &(Vec<Vec<f32>>, Vec<Vec<f32>>)) -> ([f64; 3], u64) {
    let filter = Filter::must(Condition::Field(FieldCondition {
        path: PayloadPath::parse("n").unwrap(),
        test: FieldTest::Range(Bounds {
            lt: Some(300.0),
            ..Bounds::default()
        }),
    }));
    let (field, io) = (config.vectors[""], Arc::new(MemIo::new()) as Arc<dyn Io>);
    let database = open(&io);
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    fill(&collection, vectors);
    let written = kept(&collection);
    if field.datatype == VectorDatatype::Uint8 {
        let cut = vectors
            .iter()
            .map(|vector| vector.iter().map(|x| x.trunc()).collect());
        assert!(written == cut.collect::<Vec<Vec<f32>>>(), "{field:?}");
    }
    let active = recall(&collection, &written, queries, None);
    collection.optimize().unwrap();
    assert!(
        kept(&collection) == written,
        "{field:?}: sealing changes what is kept"
    );
    let sealed = recall(&collection, &written, queries, None);
    let filtered = recall(&collection, &written, queries, Some(&filter));
    let bytes = vector_bytes(io.as_ref(), &collection);
    drop(collection);
    database.close().unwrap();
    let database = open(&io);
    let collection = database.collection("c").unwrap();
    assert!(
        kept(&collection) == written,
        "{field:?}: opening changes what is kept"
    );
    assert_eq!(recall(&collection, &written, queries, None), sealed, "{field:?}");
    ([active, sealed, filtered], bytes)
}

#[test]
fn every_type_is_found_by_what_it_keeps() {
    let data = data();
    let mut sizes: BTreeMap<&str, u64> = BTreeMap::new();
    let distances = [
        Distance::Cosine,
        Distance::Dot,
        Distance::Euclid,
        Distance::Manhattan,
    ];
    for distance in distances {
        for codes in [None, Some(Codes::Scalar { quantile: None })] {
            let mut least = [0.0; 3];
            for datatype in TYPES {
                let (shares, bytes) = found(config(datatype, distance, codes), &data);
                sizes.insert(datatype.name(), bytes);
                // The first type is single precision: the others are found as well.
                if datatype == VectorDatatype::Float32 {
                    least = shares.map(|share| share - 0.03);
                }
                let pairs = shares.iter().zip(&least);
                assert!(
                    pairs.clone().all(|(share, least)| share >= least) && shares[0].min(shares[1]) > 0.85,
                    "{datatype:?} {distance:?} {codes:?}: {shares:?}, at least {least:?}"
                );
            }
        }
    }
    let numbers = POINTS * DIM as u64;
    for (name, bytes) in [("float32", 4), ("float16", 2), ("uint8", 1)] {
        // The frame has a header and a checksum for every 64 KiB.
        let beside = sizes[name] - numbers * bytes;
        assert!(
            beside < 4_096,
            "{name}: {} bytes of {numbers} numbers",
            sizes[name]
        );
    }
}

/// The refusal of the only vector of a collection, if it is refused.
fn refusal(config: CollectionConfig, vector: Vector) -> Option<String> {
    let database = open(&(Arc::new(MemIo::new()) as Arc<dyn Io>));
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    let point = Point {
        id: PointId::Num(1),
        vectors: NamedVectors::from([(String::new(), vector.clone())]),
        payload: Map::new(),
    };
    let write = WriteOp::Upsert(Upsert {
        points: vec![point],
        ..Upsert::default()
    });
    let outcome = collection.write(&Ctx::default(), write, Wait::Durable);
    // A query may be any vector of numbers.
    let request = SearchRequest::nearest(vector, 1);
    let found = collection.search(&Ctx::default(), &request).unwrap();
    assert_eq!(found.is_empty(), outcome.is_err());
    outcome.err().map(|error| error.to_string())
}

#[test]
fn what_a_type_cannot_hold_is_refused() {
    let (half, byte) = (
        Some("-65504 to 65504, the range of float16"),
        Some("0 to 255, the range of uint8"),
    );
    let cases = [
        (VectorDatatype::Float16, Distance::Dot, 65_505.0, half),
        (VectorDatatype::Float16, Distance::Dot, -65_504.0, None),
        (VectorDatatype::Float16, Distance::Cosine, 1e30, None),
        (VectorDatatype::Float32, Distance::Dot, 1e30, None),
        (VectorDatatype::Uint8, Distance::Dot, 255.5, byte),
        (VectorDatatype::Uint8, Distance::Cosine, -0.5, byte),
        (VectorDatatype::Uint8, Distance::Cosine, 255.0, None),
    ];
    for (datatype, distance, number, expected) in cases {
        let mut vector = vec![1.0; DIM];
        vector[3] = number;
        let mut multi = config(datatype, distance, None);
        multi.vectors.values_mut().for_each(|field| {
            (field.dim, field.multivector) = (2, Some(MultiVectorComparator::MaxSim));
        });
        let rows = Vector::Multi(MultiVector {
            dim: 2,
            numbers: vec![1.0, 1.0, 1.0, number],
        });
        let one = (config(datatype, distance, None), vector.into());
        for (config, vector) in [one, (multi, rows)] {
            let refused = refusal(config, vector);
            let expected =
                expected.map(|range| format!("points[0].vector: number at position 3 is outside {range}"));
            let fits = match (&refused, &expected) {
                (Some(refused), Some(expected)) => refused.contains(expected),
                (refused, expected) => refused == expected,
            };
            assert!(fits, "{datatype:?} {number}: {refused:?}, {expected:?}");
        }
    }
}
