//! Goal: a vector that does not fit its field is refused, place and limit named, and nothing is written; one that fits
//! comes back in the form that is promised. Method: a collection with a field of every kind, in one shape after another.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, ErrorKind, Wait};
use ruvector_io::MemIo;

fn collection() -> (Database, Collection) {
    let mut config = CollectionConfig::single(2, Distance::Dot);
    let late = VectorConfig {
        multivector: Some(MultiVectorComparator::MaxSim),
        ..VectorConfig::new(2, Distance::Cosine)
    };
    config.vectors.insert("late".to_owned(), late);
    let half = SparseVectorConfig {
        datatype: SparseDatatype::Float16,
        ..SparseVectorConfig::default()
    };
    config.sparse_vectors.insert("half".to_owned(), half);
    config
        .sparse_vectors
        .insert("words".to_owned(), SparseVectorConfig::default());
    let mut options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    (
        options.limits.sparse_values_max,
        options.limits.multivector_rows_max,
    ) = (4, 3);
    options.limits.multivector_numbers_max = 5;
    let database = Database::open(Arc::new(MemIo::new()), options).unwrap();
    database.create_collection("c", config).unwrap();
    let collection = database.collection("c").unwrap();
    (database, collection)
}

fn sparse(indices: &[u32], values: &[f32]) -> Vector {
    let (indices, values) = (indices.to_vec(), values.to_vec());
    SparseVector { indices, values }.into()
}

fn multi(dim: u32, numbers: &[f32]) -> Vector {
    let numbers = numbers.to_vec();
    MultiVector { dim, numbers }.into()
}

fn upsert(name: &str, vector: Vector) -> WriteOp {
    let point = Point {
        id: PointId::Num(1),
        vectors: [(name.to_owned(), vector)].into(),
        payload: Map::new(),
    };
    WriteOp::Upsert(Upsert {
        points: vec![point],
        ..Upsert::default()
    })
}

#[test]
fn what_does_not_fit_is_refused() {
    let (_database, collection) = collection();
    let ctx = Ctx::default();
    let cases = [
        (
            "words",
            sparse(&[1, 2], &[1.0]),
            "indices and values differ in number",
        ),
        ("words", sparse(&[1, 2, 1], &[1.0; 3]), "an index is given twice"),
        ("words", sparse(&[1], &[f32::NAN]), "position 0 is NaN"),
        (
            "words",
            sparse(&[1, 2, 3, 4, 5], &[1.0; 5]),
            "4 (sparse_values_max)",
        ),
        (
            "words",
            vec![1.0, 2.0].into(),
            "a dense vector is given, expected a sparse vector",
        ),
        ("words", multi(2, &[1.0, 2.0]), "expected a sparse vector"),
        ("late", sparse(&[1], &[1.0]), "expected a multi-vector"),
        ("late", multi(3, &[1.0; 3]), "3 dimensions, expected 2"),
        ("late", multi(2, &[]), "dimensions, expected 2"),
        ("late", vec![1.0].into(), "1 dimensions, expected 2"),
        ("late", multi(2, &[1.0, f32::INFINITY]), "position 1 is NaN"),
        ("late", multi(2, &[1.0; 8]), "3 (multivector_rows_max)"),
        ("late", multi(2, &[1.0; 6]), "5 (multivector_numbers_max)"),
        (
            "",
            sparse(&[1], &[1.0]),
            "a sparse vector is given, expected a dense vector",
        ),
        (
            "",
            multi(2, &[1.0, 2.0]),
            "a multi-vector is given, expected a dense vector",
        ),
    ];
    for (name, vector, says) in cases {
        let error = collection
            .write(&ctx, upsert(name, vector.clone()), Wait::Durable)
            .unwrap_err();
        assert!(error.to_string().contains(says), "{error}, not {says:?}");
        let mut request = SearchRequest::nearest(vector, 3);
        request.using = name.to_owned();
        for error in [
            collection.search(&ctx, &request).unwrap_err(),
            collection.search_batch(&ctx, &[request]).unwrap_err(),
        ] {
            assert!(error.to_string().contains(says), "{error}, not {says:?}");
            assert!(
                matches!(error.kind(), ErrorKind::Invalid | ErrorKind::LimitExceeded),
                "{error}"
            );
        }
    }
    assert_eq!(collection.count(&ctx, &CountRequest::default()).unwrap(), 0);
}

#[test]
fn what_fits_comes_back_as_promised() {
    let (_database, collection) = collection();
    let cases = [
        // Dimensions ascend.
        (
            "words",
            sparse(&[9, 1], &[2.0, -1.0]),
            sparse(&[1, 9], &[-1.0, 2.0]),
        ),
        ("words", sparse(&[], &[]), sparse(&[], &[])),
        // Rounded to 16 bits, and to the largest of them.
        (
            "half",
            sparse(&[1, 2], &[0.1, 1e30]),
            sparse(&[1, 2], &[0.099_975_586, 65_504.0]),
        ),
        // One vector is a multi-vector; each has length 1.
        ("late", vec![3.0, 4.0].into(), multi(2, &[0.6, 0.8])),
        (
            "late",
            multi(2, &[0.0, 2.0, -5.0, 0.0]),
            multi(2, &[0.0, 1.0, -1.0, 0.0]),
        ),
    ];
    let ctx = Ctx::default();
    for (name, given, expected) in cases {
        collection
            .write(&ctx, upsert(name, given), Wait::Durable)
            .unwrap();
        for sealed in [false, true] {
            if sealed {
                collection.optimize().unwrap();
            }
            let (payload, vectors) = (PayloadSelector::None, VectorSelector::All);
            let found = collection
                .get(&ctx, &[PointId::Num(1)], &payload, &vectors)
                .unwrap();
            let found = found[0].vectors.as_ref().unwrap();
            assert_eq!(
                (found.len(), &found[name]),
                (1, &expected),
                "{name}, sealed: {sealed}"
            );
        }
    }
}
