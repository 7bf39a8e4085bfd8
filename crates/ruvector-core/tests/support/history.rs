//! The model: what a collection holds after each operation of each shard, and how much of that was promised.
//! An independent, naive reading of the operations; never asks the engine.

use std::collections::BTreeMap;

use ruvector_core::types::{
    Condition, FieldTest, Filter, Map, NamedVectors, PointId, PointSelector, UpdateMode, Value, WriteOp,
};

/// A point as it must be read back.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) version: u64,
    pub(crate) payload: Map,
    pub(crate) vectors: NamedVectors,
}

pub(crate) type Points = BTreeMap<PointId, Stored>;

/// One shard: its points after operation 0, 1, 2, …, and how many operations were promised.
#[derive(Clone, Debug)]
pub(crate) struct ShardHistory {
    pub(crate) states: Vec<Points>,
    /// Operations up to this one are fsynced, the caller was told.
    pub(crate) acknowledged: u64,
    /// Operations up to this one are in the log, the caller was told.
    pub(crate) accepted: u64,
}

impl ShardHistory {
    pub(crate) fn last(&self) -> u64 {
        self.states.len() as u64 - 1
    }
}

/// A collection's history.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) shards: Vec<ShardHistory>,
    /// Writes over several shards, each as `(shard, operation)` of its parts.
    pub(crate) batches: Vec<Vec<(usize, u64)>>,
}

impl History {
    pub(crate) fn new(shards: u32) -> History {
        let empty = ShardHistory {
            states: vec![Points::new()],
            acknowledged: 0,
            accepted: 0,
        };
        History {
            shards: vec![empty; shards as usize],
            batches: Vec::new(),
        }
    }

    /// Where a point lives: the rule that files depend on, so it is stated here again (Lemire 2016).
    pub(crate) fn shard_of(&self, id: &PointId) -> usize {
        ((u128::from(id.stable_hash()) * self.shards.len() as u128) >> 64) as usize
    }

    /// Adds a write, in flight until told otherwise; returns the shards whose logs it enters.
    pub(crate) fn begin(&mut self, operation: &WriteOp) -> Vec<(usize, u64)> {
        let mut parts = Vec::new();
        for at in 0..self.shards.len() {
            let seq = self.shards[at].last() + 1;
            let mut next = self.shards[at].states[seq as usize - 1].clone();
            if self.apply(at, seq, operation, &mut next) {
                self.shards[at].states.push(next);
                parts.push((at, seq));
            }
        }
        if parts.len() > 1 {
            self.batches.push(parts.clone());
        }
        parts
    }

    /// The caller was told that the write is in the log, or fsynced.
    pub(crate) fn promise(&mut self, parts: &[(usize, u64)], durable: bool) {
        for (shard, seq) in parts {
            self.shards[*shard].accepted = *seq;
            if durable {
                self.shards[*shard].acknowledged = *seq;
            }
        }
    }

    /// The caller was told that the last write was refused: nothing of it may ever be seen.
    pub(crate) fn abandon(&mut self, parts: &[(usize, u64)]) {
        parts
            .iter()
            .for_each(|(shard, seq)| self.shards[*shard].states.truncate(*seq as usize));
        self.batches.retain(|batch| batch != parts);
    }

    /// The caller was told that everything is fsynced.
    pub(crate) fn promise_all(&mut self) {
        for shard in &mut self.shards {
            shard.accepted = shard.last();
            shard.acknowledged = shard.last();
        }
    }

    /// What was recovered is what there is from here on, and it stays.
    pub(crate) fn settle(&mut self, recovered: &[u64]) {
        for (shard, seq) in self.shards.iter_mut().zip(recovered) {
            shard.states.truncate(*seq as usize + 1);
        }
        self.batches
            .retain(|parts| parts.iter().all(|(shard, seq)| *seq <= recovered[*shard]));
        self.promise_all();
    }

    /// The points after so many operations of each shard.
    pub(crate) fn points(&self, seqs: &[u64]) -> Points {
        let states = self
            .shards
            .iter()
            .zip(seqs)
            .map(|(shard, seq)| &shard.states[*seq as usize]);
        states
            .flatten()
            .map(|(id, stored)| (id.clone(), stored.clone()))
            .collect()
    }

    /// The points after everything, in flight included.
    pub(crate) fn latest(&self) -> Points {
        let seqs: Vec<u64> = self.shards.iter().map(ShardHistory::last).collect();
        self.points(&seqs)
    }

    /// Applies the part of an operation that concerns a shard; false if there is none.
    fn apply(&self, shard: usize, seq: u64, operation: &WriteOp, points: &mut Points) -> bool {
        match operation {
            WriteOp::Upsert(upsert) => {
                let here = upsert
                    .points
                    .iter()
                    .filter(|point| self.shard_of(&point.id) == shard);
                let insert_only = upsert.mode == UpdateMode::InsertOnly;
                let written: Vec<_> = here
                    .filter(|point| !insert_only || !points.contains_key(&point.id))
                    .cloned()
                    .collect();
                for point in &written {
                    let (payload, vectors) = (point.payload.clone(), point.vectors.clone());
                    points.insert(
                        point.id.clone(),
                        Stored {
                            version: seq,
                            payload,
                            vectors,
                        },
                    );
                }
                !written.is_empty()
            }
            WriteOp::Delete(target) => {
                let ids = named(target, points);
                ids.iter().for_each(|id| drop(points.remove(id)));
                !ids.is_empty()
            }
            WriteOp::SetPayload {
                payload,
                points: target,
                ..
            } => edit(target, seq, points, |old| old.extend(payload.clone())),
            WriteOp::OverwritePayload {
                payload,
                points: target,
            } => edit(target, seq, points, |old| *old = payload.clone()),
            WriteOp::ClearPayload { points: target } => edit(target, seq, points, Map::clear),
            WriteOp::DeletePayload { .. } | WriteOp::UpdateVectors { .. } | WriteOp::DeleteVectors { .. } => {
                unreachable!("not in these workloads")
            }
        }
    }
}

fn edit(target: &PointSelector, seq: u64, points: &mut Points, change: impl Fn(&mut Map)) -> bool {
    let ids = named(target, points);
    for id in &ids {
        if let Some(stored) = points.get_mut(id) {
            change(&mut stored.payload);
            stored.version = seq;
        }
    }
    !ids.is_empty()
}

/// The points of a shard that a selector names. Points of other shards are not in `points`.
fn named(target: &PointSelector, points: &Points) -> Vec<PointId> {
    match target {
        PointSelector::Ids(ids) => ids.iter().filter(|id| points.contains_key(id)).cloned().collect(),
        PointSelector::Filter(filter) => {
            let matching = points
                .iter()
                .filter(|(_, stored)| matches(filter, &stored.payload));
            matching.map(|(id, _)| id.clone()).collect()
        }
    }
}

/// The one filter of these workloads: `n` within bounds.
pub(crate) fn matches(filter: &Filter, payload: &Map) -> bool {
    let [Condition::Field(field)] = &filter.must[..] else {
        unreachable!("not in these workloads")
    };
    let FieldTest::Range(range) = &field.test else {
        unreachable!("not in these workloads")
    };
    matches!(payload.get("n"), Some(Value::Int(n)) if range.contain(&(*n as f64)))
}
