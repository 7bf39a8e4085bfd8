//! A seeded script of everything a client and the optimizer do, run until the power goes off, with the history
//! it leaves. The same seed gives the same script and the same calls.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Ctx, Database, DatabaseOptions, Error, Wait};
use ruvector_io::sim::SimDisk;

use super::check::n_below;
use super::history::History;
use super::random::{Random, id, with_more_fields};

/// Vector fields and their dimensions.
pub(crate) const DIMS: [(&str, usize); 2] = [("", 4), ("side", 3)];
/// Ids of a collection.
const IDS: u64 = 40;

/// Whether a collection must be there.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Fate {
    /// It was created and that is acknowledged.
    There,
    /// It is being created or deleted: either is right.
    Open,
    /// It was deleted and that is acknowledged.
    Gone,
}

/// What was done up to the loss of power.
#[derive(Clone, Debug, Default)]
pub(crate) struct World {
    pub(crate) collections: BTreeMap<String, (Fate, History)>,
}

#[derive(Clone, Debug)]
enum Action {
    Create(&'static str),
    Delete(&'static str),
    Write(&'static str, WriteOp, Wait),
    Flush(&'static str),
    Optimize(&'static str),
    Step,
    Reopen,
}

/// A script.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    shards: u32,
    actions: Vec<Action>,
}

pub(crate) fn options() -> DatabaseOptions {
    let limits = Limits {
        batch_points_max: 64,
        ..Limits::default()
    };
    DatabaseOptions {
        limits,
        maintenance_threads: 0,
        ..DatabaseOptions::default()
    }
}

pub(crate) fn open(disk: &SimDisk) -> Result<Database, Error> {
    Database::open(Arc::new(disk.clone()), options())
}

pub(crate) fn config(shards: u32) -> CollectionConfig {
    let hnsw = HnswConfig {
        m: 4,
        ef_construct: 8,
        ..HnswConfig::default()
    };
    let distances = [Distance::Euclid, Distance::Dot];
    let field = |((name, dim), distance): ((&str, usize), Distance)| {
        (
            name.to_owned(),
            VectorConfig {
                hnsw,
                ..VectorConfig::new(dim as u32, distance)
            },
        )
    };
    let optimizer = OptimizerConfig {
        active_rows_max: 12,
        segments_max: 2,
        deleted_share_max: 0.3,
        log_bytes_max: 4096,
        ..OptimizerConfig::default()
    };
    with_more_fields(CollectionConfig {
        sparse_vectors: Default::default(),
        settings: Default::default(),
        vectors: DIMS.into_iter().zip(distances).map(field).collect(),
        shards,
        optimizer,
    })
}

impl Workload {
    /// About `writes` writes into two collections, with all that may come between them.
    pub(crate) fn new(seed: u64, shards: u32, writes: usize) -> Workload {
        let mut random = Random::new(seed);
        let mut actions = vec![Action::Create("main")];
        for at in 0..writes {
            let between = match at {
                _ if at == writes / 4 => Action::Create("second"),
                _ if at == writes / 2 => Action::Reopen,
                _ if at == writes * 2 / 3 => {
                    actions.extend(payload_rewrite());
                    Action::Step
                }
                _ if at == writes * 3 / 4 => Action::Delete("second"),
                _ if random.chance(8) => Action::Flush("main"),
                _ => Action::Step,
            };
            actions.push(between);
            let second = (writes / 4..writes * 3 / 4).contains(&at) && random.chance(20);
            let wait = if random.chance(45) {
                Wait::Accepted
            } else {
                Wait::Durable
            };
            let name = if second { "second" } else { "main" };
            actions.push(Action::Write(name, random.write(), wait));
            (0..random.below(6)).for_each(|_| actions.push(Action::Step));
        }
        Workload { shards, actions }
    }

    /// Runs the script until the first error, which only a loss of power may cause. `after` sees every action done.
    pub(crate) fn run(&self, disk: &SimDisk, mut after: impl FnMut()) -> World {
        let mut world = World::default();
        let Ok(mut database) = open(disk) else {
            assert!(disk.is_stopped());
            return world;
        };
        for action in &self.actions {
            if let Err(error) = world.carry_out(action, self.shards, disk, &mut database) {
                assert!(disk.is_stopped(), "{action:?}: {error}");
                break;
            }
            after();
        }
        world
    }
}

impl World {
    fn carry_out(
        &mut self,
        action: &Action,
        shards: u32,
        disk: &SimDisk,
        database: &mut Database,
    ) -> Result<(), Error> {
        match action {
            Action::Create(name) => {
                let slot = self.collections.entry((*name).to_owned());
                let (fate, _) = slot.insert_entry((Fate::Open, History::new(shards))).into_mut();
                database.create_collection(name, config(shards))?;
                *fate = Fate::There;
            }
            Action::Delete(name) => {
                let (fate, _) = self.collections.get_mut(*name).unwrap();
                *fate = Fate::Open;
                assert!(database.delete_collection(name)?);
                *fate = Fate::Gone;
            }
            Action::Write(name, operation, wait) => {
                let (_, history) = self.collections.get_mut(*name).unwrap();
                let parts = history.begin(operation);
                let collection = database.collection(name)?;
                collection.write(&Ctx::default(), operation.clone(), *wait)?;
                history.promise(&parts, *wait == Wait::Durable);
            }
            Action::Flush(name) => {
                database.collection(name)?.flush()?;
                self.collections.get_mut(*name).unwrap().1.promise_all();
            }
            Action::Optimize(name) => database.collection(name)?.optimize()?,
            Action::Step => drop(database.step()?),
            Action::Reopen => {
                database.close()?;
                self.collections
                    .values_mut()
                    .for_each(|(_, history)| history.promise_all());
                *database = open(disk)?;
            }
        }
        Ok(())
    }

    /// Collections that are there, or may be.
    pub(crate) fn alive(&self) -> impl Iterator<Item = (&String, &(Fate, History))> {
        self.collections
            .iter()
            .filter(|(_, (fate, _))| *fate != Fate::Gone)
    }
}

impl Random {
    /// A write of any kind, mostly over several shards if there are several.
    pub(crate) fn write(&mut self) -> WriteOp {
        let count = 1 + self.below(7);
        let ids: BTreeSet<PointId> = (0..count).map(|_| self.id(IDS)).collect();
        let targets = match self.chance(25) {
            true => PointSelector::Filter(n_below(self.below(40) as i64)),
            false => PointSelector::Ids(ids.iter().cloned().collect()),
        };
        match self.below(100) {
            0..60 => {
                let points = ids.into_iter().map(|id| self.point(id, &DIMS)).collect();
                let mode = if self.chance(20) {
                    UpdateMode::InsertOnly
                } else {
                    UpdateMode::Upsert
                };
                WriteOp::Upsert(Upsert {
                    points,
                    mode,
                    condition: None,
                })
            }
            60..74 => WriteOp::Delete(targets),
            74..88 => WriteOp::SetPayload {
                payload: self.payload(),
                path: None,
                points: targets,
            },
            88..95 => WriteOp::OverwritePayload {
                payload: self.payload(),
                points: targets,
            },
            _ => WriteOp::ClearPayload { points: targets },
        }
    }
}

/// What makes the optimizer write payloads again without touching anything else: one segment, an update of it
/// that fills the log, a seal of that state, and full effort.
fn payload_rewrite() -> [Action; 5] {
    let payload = Map::from([("text".to_owned(), Value::String("long ".repeat(900)))]);
    let points = PointSelector::Ids((0..IDS).map(id).collect());
    let update = WriteOp::SetPayload {
        payload,
        path: None,
        points,
    };
    [
        Action::Optimize("main"),
        Action::Write("main", update, Wait::Durable),
        Action::Step,
        Action::Step,
        Action::Optimize("main"),
    ]
}

/// An upsert of these points, their contents by `seed`.
pub(crate) fn upsert(seed: u64, numbers: impl IntoIterator<Item = u64>) -> WriteOp {
    let mut random = Random::new(seed);
    let points = numbers
        .into_iter()
        .map(|number| random.point(id(number), &DIMS))
        .collect();
    WriteOp::Upsert(Upsert {
        points,
        ..Upsert::default()
    })
}
