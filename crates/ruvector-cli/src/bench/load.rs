//! Loads the base through the public write path, replaces a share of it, and optimizes. Never holds more than two
//! batches of vectors.

use std::time::Instant;

use ruvector_api::WirePayload;
use ruvector_core::{Collection, Ctx, Database, Wait};
use ruvector_types::{NamedVectors, Point, PointId, Upsert, WriteOp};

use super::rows::{self, Row};
use super::{COLLECTION, Plan};
use crate::commands::BenchArguments;
use crate::error::CliError;

/// What the load took.
pub(crate) struct Loaded {
    pub(crate) load_s: f64,
    pub(crate) optimize_s: f64,
    pub(crate) replaced: u64,
}

/// Upserts every row (its number is its id) in durable batches, then a share of them again, then optimizes.
pub(crate) fn load(arguments: &BenchArguments, plan: &Plan, database: &Database) -> Result<Loaded, CliError> {
    database.create_collection(COLLECTION, plan.config(arguments)?)?;
    let collection = database.collection(COLLECTION)?;
    let written = rows::write_all(arguments, |rows| write(&collection, rows))?;
    eprintln!("Optimizing");
    let started = Instant::now();
    collection.optimize()?;
    Ok(Loaded {
        load_s: written.load_s,
        optimize_s: started.elapsed().as_secs_f64(),
        replaced: written.replaced,
    })
}

fn write(collection: &Collection, rows: Vec<Row<WirePayload>>) -> Result<(), CliError> {
    let point = |row: Row<WirePayload>| Point {
        id: PointId::Num(row.id),
        vectors: NamedVectors::from([(String::new(), row.vector.into())]),
        payload: row.payload.0,
    };
    let upsert = Upsert {
        points: rows.into_iter().map(point).collect(),
        ..Upsert::default()
    };
    collection.write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)?;
    Ok(())
}
