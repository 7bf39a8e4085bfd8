//! Goal: a data directory written by an earlier version opens, and holds what was written. Method: `tests/golden/vN`
//! is never rewritten; it is copied, opened, compared with what `write` below put there, and written to again.
//! A new format version adds a directory: run with RUVECTOR_WRITE_GOLDEN=path to make one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::Path;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Status, Wait};
use ruvector_io::RealIo;

const POINTS: u64 = 90;
/// The directory that `write` makes.
const VERSION: u32 = 6;

fn open(root: &Path) -> Database {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(Arc::new(RealIo::open(root).unwrap()), options).unwrap()
}

fn id(number: u64) -> PointId {
    match number % 3 {
        0 => PointId::Num(number),
        1 => PointId::Uuid(u128::from(number) << 64 | 7),
        _ => PointId::parse(&format!("point {number}")).unwrap(),
    }
}

/// As directories of `version` have it: from the fourth on with vectors that are not dense, from the fifth on with dense
/// ones of every type.
fn point(number: u64, version: u32) -> Point {
    let numbers = |dim: u64, phase: u64| -> Vec<f32> {
        (0..dim)
            .map(|at| ((number * 7 + at * phase) % 23) as f32 - 11.0)
            .collect()
    };
    let mut vectors = NamedVectors::from([("text".to_owned(), numbers(5, 3).into())]);
    if !number.is_multiple_of(4) {
        vectors.insert("image".to_owned(), numbers(9, 5).into());
    }
    if version >= 4 && !number.is_multiple_of(3) {
        let indices: Vec<u32> = (0..number as u32 % 9).map(|at| at * (at + 1) * 7).collect();
        let values = numbers(indices.len() as u64, 2);
        vectors.insert("words".to_owned(), SparseVector { indices, values }.into());
    }
    if version >= 4 && number.is_multiple_of(2) {
        let (dim, numbers) = (3, numbers(3 * (number % 4 + 1), 4));
        vectors.insert("late".to_owned(), MultiVector { dim, numbers }.into());
    }
    if version >= 5 {
        let tenths = numbers(4, 3).into_iter().map(|x| x / 10.0).collect::<Vec<f32>>();
        vectors.insert("half".to_owned(), tenths.into());
    }
    if version >= 5 && !number.is_multiple_of(5) {
        let bytes = numbers(7, 6).into_iter().map(|x| x + 11.5).collect::<Vec<f32>>();
        vectors.insert("bytes".to_owned(), bytes.into());
    }
    if version >= 5 && number.is_multiple_of(3) {
        let (dim, numbers) = (7, numbers(14, 6).into_iter().map(|x| x + 11.0).collect());
        vectors.insert("tokens".to_owned(), MultiVector { dim, numbers }.into());
    }
    let nested = Map::from([(
        "deep".to_owned(),
        Value::Array(vec![Value::Null, Value::Float(0.5)]),
    )]);
    let payload = Map::from([
        ("number".to_owned(), Value::Int(number as i64)),
        ("word".to_owned(), Value::String(format!("wört {number}"))),
        ("big".to_owned(), Value::UInt(u64::MAX)),
        ("nested".to_owned(), Value::Object(nested)),
    ]);
    Point {
        id: id(number),
        vectors,
        payload,
    }
}

fn upsert(collection: &Collection, numbers: std::ops::Range<u64>, version: u32) {
    let upsert = Upsert {
        points: numbers.map(|number| point(number, version)).collect(),
        ..Upsert::default()
    };
    collection
        .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
        .unwrap();
}

fn config(version: u32) -> CollectionConfig {
    let mut config = dense_config();
    if version >= 5 {
        let half = VectorConfig {
            datatype: VectorDatatype::Float16,
            ..VectorConfig::new(4, Distance::Euclid)
        };
        let bytes = VectorConfig {
            datatype: VectorDatatype::Uint8,
            ..VectorConfig::new(7, Distance::Cosine)
        };
        let tokens = VectorConfig {
            multivector: Some(MultiVectorComparator::MaxSim),
            ..bytes
        };
        config.vectors.insert("tokens".to_owned(), tokens);
        config.vectors.insert("half".to_owned(), half);
        config.vectors.insert("bytes".to_owned(), bytes);
    }
    if version >= 4 {
        let late = VectorConfig {
            multivector: Some(MultiVectorComparator::MaxSim),
            ..VectorConfig::new(3, Distance::Dot)
        };
        config.vectors.insert("late".to_owned(), late);
        let words = SparseVectorConfig {
            full_scan_threshold: Some(3),
            datatype: SparseDatatype::Float16,
            modifier: Modifier::Idf,
            ..SparseVectorConfig::default()
        };
        config.sparse_vectors.insert("words".to_owned(), words);
        config.settings.metadata = Map::from([("owner".to_owned(), Value::Int(4))]);
    }
    config
}

fn dense_config() -> CollectionConfig {
    CollectionConfig {
        sparse_vectors: Default::default(),
        settings: Default::default(),
        vectors: [
            ("text", VectorConfig::new(5, Distance::Euclid)),
            ("image", VectorConfig::new(9, Distance::Cosine)),
        ]
        .map(|(name, vector)| (name.to_owned(), vector))
        .into(),
        shards: 2,
        optimizer: OptimizerConfig {
            active_rows_max: 20,
            segments_max: 3,
            ..OptimizerConfig::default()
        },
    }
}

/// The payload indexes of directories from the third version on.
fn indexes() -> [(PayloadPath, FieldIndex); 4] {
    let integer = IndexKind::Integer {
        lookup: true,
        range: true,
    };
    let text = IndexKind::Text(TextOptions {
        stop_languages: [Language::German].into(),
        ..TextOptions::default()
    });
    [
        ("number", integer),
        ("word", IndexKind::Keyword { prefix: false }),
        ("nested.deep[]", text),
        ("nested", IndexKind::Geo),
    ]
    .map(|(path, kind)| {
        let index = FieldIndex {
            kind,
            on_disk: path == "word",
            is_principal: path == "number",
        };
        (PayloadPath::parse(path).unwrap(), index)
    })
}

/// Points with a vector of a field that is added for them and removed again.
fn upsert_with_gone(database: &Database, numbers: std::ops::Range<u64>) {
    let gone = VectorField::Vectors(VectorConfig::new(6, Distance::Dot));
    assert!(database.add_vector_field("golden", "gone", &gone).unwrap());
    let of = |number| {
        let mut point = point(number, VERSION);
        point.vectors.insert("gone".to_owned(), vec![1.0; 6].into());
        point
    };
    let upsert = Upsert {
        points: numbers.map(of).collect(),
        ..Upsert::default()
    };
    let collection = database.collection("golden").unwrap();
    collection
        .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
        .unwrap();
    assert!(database.remove_vector_field("golden", "gone").unwrap());
}

/// Sealed segments, indexes, deletes and payload updates beside them, and a tail in the log; fields that came and went.
fn write(root: &Path) {
    let database = open(root);
    database.create_collection("golden", config(VERSION)).unwrap();
    upsert_with_gone(&database, 0..25);
    assert!(database.remove_vector_field("golden", "image").unwrap());
    let image = VectorField::Vectors(config(VERSION).vectors["image"]);
    assert!(database.add_vector_field("golden", "image", &image).unwrap());
    let alias = AliasAction::Create {
        alias: "gold".to_owned(),
        collection: "golden".to_owned(),
    };
    database.change_aliases(&[alias]).unwrap();
    let collection = database.collection("golden").unwrap();
    for (path, index) in indexes() {
        database.create_index("golden", &path, index).unwrap();
    }
    upsert(&collection, 0..60, VERSION);
    collection.optimize().unwrap();
    let ctx = Ctx::default();
    let delete = WriteOp::Delete(PointSelector::Ids((0..4).map(id).collect()));
    collection.write(&ctx, delete, Wait::Durable).unwrap();
    let payload = Map::from([("seen".to_owned(), Value::Bool(true))]);
    let points = PointSelector::Ids((10..20).map(id).collect());
    collection
        .write(
            &ctx,
            WriteOp::SetPayload {
                payload,
                path: None,
                points,
            },
            Wait::Durable,
        )
        .unwrap();
    upsert(&collection, 60..80, VERSION);
    while database.step().unwrap() {}
    upsert(&collection, 80..85, VERSION);
    upsert_with_gone(&database, 85..POINTS);
    database.close().unwrap();
}

fn check(database: &Database, version: u32) {
    let collection = database.collection("golden").unwrap();
    assert_eq!(collection.config(), config(version));
    let info = collection.info();
    assert_ne!(info.status, Status::Red, "{:?}", info.damages);
    assert_eq!(info.points, POINTS - 4);
    let ids: Vec<PointId> = (0..POINTS).map(id).collect();
    let found = collection
        .get(&Ctx::default(), &ids, &PayloadSelector::All, &VectorSelector::All)
        .unwrap();
    assert_eq!(found.len() as u64, POINTS - 4);
    for (record, number) in found.iter().zip(4..) {
        let mut expected = point(number, version);
        if (10..20).contains(&number) {
            expected.payload.insert("seen".to_owned(), Value::Bool(true));
        }
        assert_eq!(
            (&record.id, record.payload.as_ref()),
            (&expected.id, Some(&expected.payload))
        );
        let vectors = record.vectors.as_ref().unwrap();
        assert_eq!(vectors["text"], expected.vectors["text"]);
        assert_eq!(vectors.contains_key("image"), number % 4 != 0);
        assert!(!vectors.contains_key("gone"));
        for name in ["words", "late", "tokens"] {
            assert_eq!(vectors.get(name), expected.vectors.get(name), "{name}");
        }
        for name in ["half", "bytes"] {
            let given = expected.vectors.get(name).and_then(Vector::dense);
            // Tenths up to 1.1 are rounded by less than a two-thousandth; of bytes the halves are cut off.
            let near = |(kept, given): (&f32, &f32)| match name {
                "half" => {
                    let is_held = (given * 2.0).fract() == 0.0;
                    (kept == given) == is_held && (kept - given).abs() < 0.000_5
                }
                _ => *kept == given.floor(),
            };
            let kept = vectors.get(name).and_then(Vector::dense);
            assert_eq!(kept.is_some(), given.is_some(), "{name}");
            let mut pairs = kept.into_iter().flatten().zip(given.into_iter().flatten());
            assert!(pairs.all(near), "{name}: {kept:?}, {given:?}");
        }
    }
    let mut request = SearchRequest::nearest(point(42, 1).vectors["text"].clone(), 1);
    request.using = "text".to_owned();
    assert_eq!(
        collection.search(&Ctx::default(), &request).unwrap()[0].score,
        0.0
    );
}

/// Searches of what is not dense find what was written.
fn check_kinds(database: &Database) {
    let collection = database.collection("gold").unwrap();
    for (name, number) in [("words", 44), ("words", 8), ("late", 42)] {
        let mut request = SearchRequest::nearest(point(number, 4).vectors[name].clone(), 200);
        request.using = name.to_owned();
        let found = collection.search(&Ctx::default(), &request).unwrap();
        assert!(found.iter().any(|hit| hit.id == id(number)), "{name}");
        assert!(
            found.windows(2).all(|pair| pair[0].score >= pair[1].score),
            "{name}"
        );
    }
}

/// Searches compare with what was kept.
fn check_types(database: &Database) {
    let collection = database.collection("golden").unwrap();
    for name in ["half", "bytes"] {
        let ids = [id(42)];
        let (payload, vectors) = (PayloadSelector::None, VectorSelector::All);
        let records = collection.get(&Ctx::default(), &ids, &payload, &vectors).unwrap();
        let kept = records[0].vectors.as_ref().unwrap()[name].clone();
        let mut request = SearchRequest::nearest(kept, 200);
        request.using = name.to_owned();
        let found = collection.search(&Ctx::default(), &request).unwrap();
        let best = if name == "half" { 0.0 } else { 1.0 };
        assert!((found[0].score - best).abs() < 1e-6, "{name}: {:?}", found[0]);
        assert!(found.iter().any(|hit| hit.id == id(42)), "{name}");
    }
}

/// The indexes are declared, and filters and pages by value are answered.
fn check_indexes(database: &Database) {
    let collection = database.collection("golden").unwrap();
    let found = collection.indexes();
    let found: Vec<_> = found.into_iter().map(|(path, info)| (path, info.index)).collect();
    let mut expected = indexes().to_vec();
    expected.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(found, expected);
    let path = PayloadPath::parse("word").unwrap();
    let test = FieldTest::Match(Match::Keyword("wört 42".to_owned()));
    let filter = Some(Filter::must(Condition::Field(FieldCondition { path, test })));
    assert_eq!(
        collection
            .count(&Ctx::default(), &CountRequest { filter })
            .unwrap(),
        1
    );
    let request = ScrollRequest {
        from: None,
        order_by: Some(OrderBy {
            path: PayloadPath::parse("number").unwrap(),
            descending: true,
            start_from: Some(OrderValue::Int(70)),
        }),
        limit: 1_000,
        filter: None,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    };
    let page = collection.scroll(&Ctx::default(), &request).unwrap();
    let ids: Vec<PointId> = page.points.into_iter().map(|record| record.id).collect();
    assert_eq!(ids, (4..=70).rev().map(id).collect::<Vec<_>>());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => std::fs::copy(entry.path(), target).map(drop).unwrap(),
        }
    }
}

#[test]
fn directories_of_every_version_open() {
    if let Some(path) = std::env::var_os("RUVECTOR_WRITE_GOLDEN") {
        return write(Path::new(&path));
    }
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let mut versions = 0;
    for version in std::fs::read_dir(golden).unwrap().map(Result::unwrap) {
        let folder = tempfile::tempdir().unwrap();
        copy(&version.path(), folder.path());
        let database = open(folder.path());
        let name = version.file_name().into_string().unwrap();
        let version: u32 = name.trim_start_matches('v').parse().unwrap();
        let (indexed, kinds) = (version >= 3, version >= 4);
        check(&database, version);
        if indexed {
            check_indexes(&database);
        }
        if kinds {
            check_kinds(&database);
        }
        if version >= 5 {
            check_types(&database);
        }
        let collection = database.collection("golden").unwrap();
        upsert(&collection, 4..POINTS, version);
        collection.optimize().unwrap();
        assert_eq!(collection.info().points, POINTS - 4);
        if indexed {
            check_indexes(&database);
        }
        if kinds {
            check_kinds(&database);
        }
        if version >= 5 {
            check_types(&database);
        }
        versions += 1;
    }
    assert_eq!(versions, VERSION);
}
