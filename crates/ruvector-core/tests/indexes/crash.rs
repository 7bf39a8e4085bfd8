//! Goal: whenever the power goes off in the life of indexes, those declared are those acknowledged, or also the one in
//! flight; every answer is right; no file of an index is left that nobody declared. Method: one script that creates,
//! builds, rewrites, replaces and drops indexes on the simulated disk, stopped at every sync point.

use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Database, Error};
use ruvector_io::sim::SimDisk;
use ruvector_testkit::{Generator, Model};

use crate::answers::{are_right, scrolled};
use crate::power;
use crate::{Declared, declared, index, integer, open, path, write};

/// What was promised up to the loss of power, and what was asked for.
struct Script {
    random: Generator,
    /// After each write; the last may be in flight.
    states: Vec<Model>,
    acknowledged: usize,
    declared: Declared,
    /// What is declared if the call that was never answered had its effect.
    in_flight: Option<Declared>,
}

fn config() -> CollectionConfig {
    let mut config = CollectionConfig::single(3, Distance::Euclid);
    config.vectors.values_mut().for_each(|vector| vector.hnsw.m = 4);
    config.optimizer.active_rows_max = 25;
    config.optimizer.segments_max = 2;
    config
}

impl Script {
    fn write(&mut self, collection: &Collection, op: WriteOp) -> Result<(), Error> {
        let mut next = self.states[self.states.len() - 1].clone();
        next.apply(&op);
        self.states.push(next);
        write(collection, op)?;
        self.acknowledged = self.states.len() - 1;
        Ok(())
    }

    fn writes(&mut self, collection: &Collection, count: usize) -> Result<(), Error> {
        for _ in 0..count {
            let op = match self.random.random.one_in(3) {
                true => self.random.edit(),
                false => self.random.write(),
            };
            self.write(collection, op)?;
        }
        Ok(())
    }

    fn create(&mut self, database: &Database, name: &str, index: FieldIndex) -> Result<(), Error> {
        let mut next = self.declared.clone();
        next.insert(path(name), index.clone());
        self.in_flight = Some(next.clone());
        database.create_index("c", &path(name), index)?;
        (self.declared, self.in_flight) = (next, None);
        Ok(())
    }

    fn drop(&mut self, database: &Database, name: &str) -> Result<(), Error> {
        let mut next = self.declared.clone();
        next.remove(&path(name));
        self.in_flight = Some(next.clone());
        assert!(database.drop_index("c", &path(name))?);
        (self.declared, self.in_flight) = (next, None);
        Ok(())
    }
}

impl power::Script for Script {
    fn new() -> Self {
        let mut random = Generator::new(4, &config());
        random.ids_max = 90;
        Script {
            random,
            states: vec![Model::new(config())],
            acknowledged: 0,
            declared: Declared::new(),
            in_flight: None,
        }
    }

    /// Everything that syncs in the life of indexes.
    fn run(&mut self, disk: &SimDisk) -> Result<(), Error> {
        let database = open(Arc::new(disk.clone()))?;
        database.create_collection("c", config())?;
        let collection = database.collection("c")?;
        self.create(&database, "n", integer())?;
        for _ in 0..4 {
            let upsert = WriteOp::Upsert(Upsert {
                points: (0..12).map(|_| self.random.point()).collect(),
                ..Upsert::default()
            });
            self.write(&collection, upsert)?;
        }
        collection.optimize()?;
        self.create(&database, "tag", index(IndexKind::Keyword { prefix: false }))?;
        while database.step()? {}
        // Payloads are written again with both indexes.
        for _ in 0..2 {
            let edit = self.random.edit();
            self.write(&collection, edit)?;
        }
        collection.optimize()?;
        self.drop(&database, "n")?;
        database.step()?;
        // Another kind takes the place of one.
        self.create(&database, "tag", index(IndexKind::Null))?;
        self.writes(&collection, 3)?;
        while database.step()? {}
        self.create(&database, "a.b[].c", index(IndexKind::Float))?;
        self.create(&database, "when", index(IndexKind::Datetime))?;
        self.create(&database, "text", index(IndexKind::Text(TextOptions::default())))?;
        self.create(&database, "place", index(IndexKind::Geo))?;
        database.step()?;
        drop((collection, database));
        let database = open(Arc::new(disk.clone()))?;
        let collection = database.collection("c")?;
        self.writes(&collection, 4)?;
        self.drop(&database, "tag")?;
        collection.optimize()?;
        self.create(&database, "n", integer())?;
        while database.step()? {}
        self.drop(&database, "a.b[].c")?;
        self.drop(&database, "when")?;
        while database.step()? {}
        Ok(())
    }

    /// Opens what the power left and compares.
    fn survives(&self, disk: &SimDisk, what: &str) {
        let database = open(Arc::new(disk.clone())).unwrap();
        let Ok(collection) = database.collection("c") else {
            assert!(self.acknowledged == 0 && self.declared.is_empty(), "{what}");
            return;
        };
        let found = declared(&collection);
        let expected = [Some(&self.declared), self.in_flight.as_ref()];
        assert!(
            expected.contains(&Some(&found)),
            "{what}: {found:?}, expected {expected:?}"
        );
        let points = scrolled(&collection, None);
        let same = |state: &&Model| {
            let expected = state.points();
            points.len() == expected.len()
                && points.iter().all(|point| {
                    let expected = expected.get(&point.id).map(|expected| &expected.payload);
                    expected.is_some() && point.payload.as_ref() == expected
                })
        };
        let state = self.states[self.acknowledged..].iter().find(same);
        let state = state.unwrap_or_else(|| panic!("{what}: no state that may be"));
        let mut random = self.random.clone();
        are_right(&collection, state, &mut random, 6);
        collection.optimize().unwrap();
        are_right(&collection, state, &mut random, 6);
        let files = index_files(disk);
        let wanted = if state.points().is_empty() { 0 } else { found.len() };
        assert_eq!(files.len(), wanted, "{what}: {files:?} for {found:?}");
    }
}

fn index_files(disk: &SimDisk) -> Vec<String> {
    let files = disk.files().into_iter().map(|(name, _)| name);
    files.filter(|name| name.contains(".index.")).collect()
}

#[test]
fn power_may_go_off_at_every_sync() {
    power::goes_off_at_every_sync::<Script>(60);
}
