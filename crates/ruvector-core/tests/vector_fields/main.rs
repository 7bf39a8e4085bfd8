//! Goal: vector fields come and go while a collection is in use, and what was written for one never shows in another:
//! after losses of power, under writers and readers, in every state of the optimizer. Method: each file states its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;
mod damage;
mod held_up;
mod live;
mod logged;
#[path = "../support/power.rs"]
mod power;
mod threads;

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Error, Wait};
use ruvector_io::Io;

fn open(io: Arc<dyn Io>) -> Result<Database, Error> {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(io, options)
}

fn dense(dim: u32) -> VectorField {
    let mut vector = VectorConfig::new(dim, Distance::Euclid);
    vector.hnsw.m = 4;
    VectorField::Vectors(vector)
}

fn multi(dim: u32) -> VectorField {
    VectorField::Vectors(VectorConfig {
        multivector: Some(MultiVectorComparator::MaxSim),
        ..VectorConfig::new(dim, Distance::Dot)
    })
}

fn sparse() -> VectorField {
    VectorField::Sparse(SparseVectorConfig::default())
}

/// A vector for a field, its numbers made from `seed`.
fn vector(field: &VectorField, seed: u64) -> Vector {
    let numbers = |count: u32| -> Vec<f32> { (0..count).map(|at| (seed % 97) as f32 + at as f32).collect() };
    match field {
        VectorField::Sparse(_) => {
            let indices = vec![seed as u32 % 13, 20];
            Vector::Sparse(SparseVector {
                values: numbers(2).into_iter().map(|number| number + 1.0).collect(),
                indices,
            })
        }
        VectorField::Vectors(config) if config.multivector.is_some() => {
            let dim = config.dim;
            let numbers = numbers(dim * 2);
            Vector::Multi(MultiVector { dim, numbers })
        }
        VectorField::Vectors(config) => Vector::Dense(numbers(config.dim)),
    }
}

/// A point of some vectors.
fn point(id: u64, vectors: impl IntoIterator<Item = (&'static str, Vector)>) -> Point {
    let vectors = vectors
        .into_iter()
        .map(|(name, vector)| (name.to_owned(), vector));
    Point {
        id: PointId::Num(id),
        vectors: vectors.collect(),
        payload: Map::new(),
    }
}

fn upsert(collection: &Collection, points: Vec<Point>, wait: Wait) -> Result<(), Error> {
    let upsert = Upsert {
        points,
        ..Upsert::default()
    };
    let written = collection.write(&Ctx::default(), WriteOp::Upsert(upsert), wait);
    written.map(drop)
}

/// Every point with its vectors.
fn all_points(collection: &Collection) -> Vec<PointRecord> {
    let request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 10_000,
        filter: None,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::All,
    };
    let page = collection.scroll(&Ctx::default(), &request).unwrap();
    page.points
}

/// How many points have a field, by a filter and by an exact search.
fn having(collection: &Collection, name: &str, field: &VectorField) -> (u64, usize) {
    let ctx = Ctx::default();
    let filter = Some(Filter::must(Condition::HasVector(name.to_owned())));
    let count = collection.count(&ctx, &CountRequest { filter }).unwrap();
    let mut request = SearchRequest::nearest(vector(field, 7), 10_000);
    request.using = name.to_owned();
    request.params.exact = true;
    (count, collection.search(&ctx, &request).unwrap().len())
}
