//! Goal: payload indexes change how fast an answer is and never which: after losses of power, under damage, for every
//! spelling of a filter; and they cost what they hold. Method: each file states its own.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod answers;
mod crash;
mod damage;
mod live;
#[path = "../support/power.rs"]
mod power;
mod repeated;
mod same;
mod sifted;
mod space;
mod time;

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, Error, Wait};
use ruvector_io::Io;

/// What is declared.
type Declared = BTreeMap<PayloadPath, FieldIndex>;

fn open(io: Arc<dyn Io>) -> Result<Database, Error> {
    let options = DatabaseOptions {
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    };
    Database::open(io, options)
}

fn path(text: &str) -> PayloadPath {
    PayloadPath::parse(text).unwrap()
}

fn index(kind: IndexKind) -> FieldIndex {
    FieldIndex {
        kind,
        on_disk: false,
        is_principal: false,
    }
}

fn integer() -> FieldIndex {
    index(IndexKind::Integer {
        lookup: true,
        range: true,
    })
}

fn write(collection: &Collection, write: WriteOp) -> Result<(), Error> {
    collection.write(&Ctx::default(), write, Wait::Durable).map(drop)
}

fn declared(collection: &Collection) -> Declared {
    let infos = collection.indexes().into_iter();
    infos.map(|(path, info)| (path, info.index)).collect()
}
