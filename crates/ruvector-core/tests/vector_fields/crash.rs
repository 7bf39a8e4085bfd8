//! Goal: whenever the power goes off while fields come and go, the fields are those acknowledged, or also the change in
//! flight; the points are those of a moment that may be, with the vectors written for these very fields and for none of
//! the same name; and nothing is left of the others. Method: one script on the simulated disk, stopped at every sync point,
//! against a model in which a field that comes back is another one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, Error, Wait};
use ruvector_io::sim::{PowerLoss, SimDisk};
use ruvector_testkit::Random;

use crate::power;
use crate::{all_points, dense, having, multi, open, point, sparse, upsert, vector};

/// By name: which field it is, of all that ever were, and what it holds.
type Fields = BTreeMap<&'static str, (u64, VectorField)>;

/// Points with their vectors, by the fields that they were written for.
type State = BTreeMap<u64, BTreeMap<u64, Vector>>;

/// What was promised up to the loss of power, and what was asked for.
struct Script {
    random: Random,
    fields: Fields,
    /// The fields if the change that was never answered had its effect.
    in_flight: Option<Fields>,
    ever: u64,
    /// After each write.
    states: Vec<State>,
    acknowledged: usize,
}

fn config() -> CollectionConfig {
    let mut config = CollectionConfig::single(3, Distance::Euclid);
    config.vectors.values_mut().for_each(|vector| vector.hnsw.m = 4);
    config.shards = 2;
    config.optimizer.active_rows_max = 9;
    config.optimizer.segments_max = 2;
    config
}

impl Script {
    fn add(&mut self, database: &Database, name: &'static str, field: VectorField) -> Result<(), Error> {
        let mut next = self.fields.clone();
        next.insert(name, (self.ever, field));
        self.ever += 1;
        self.in_flight = Some(next.clone());
        assert!(database.add_vector_field("c", name, &field)?);
        (self.fields, self.in_flight) = (next, None);
        Ok(())
    }

    fn remove(&mut self, database: &Database, name: &'static str) -> Result<(), Error> {
        let mut next = self.fields.clone();
        next.remove(name);
        self.in_flight = Some(next.clone());
        assert!(database.remove_vector_field("c", name)?);
        (self.fields, self.in_flight) = (next, None);
        Ok(())
    }

    /// Writes of whole points, of single vectors, and deletions; only the last is waited for, if `wait` says so.
    fn writes(&mut self, collection: &Collection, count: usize, wait: Wait) -> Result<(), Error> {
        for left in (0..count).rev() {
            let mut state = self.states[self.states.len() - 1].clone();
            let ids: BTreeSet<u64> = (0..4).map(|_| self.random.below(30) as u64).collect();
            let of_point = |random: &mut Random, fields: &Fields| {
                let some = fields.iter().filter(|_| !random.one_in(4));
                let some: Vec<_> = some
                    .map(|(name, (which, field))| (*name, *which, *field))
                    .collect();
                let seeds: Vec<u64> = some.iter().map(|_| random.below(90) as u64).collect();
                let pairs = some.into_iter().zip(seeds);
                pairs
                    .map(|((name, which, field), seed)| (name, which, vector(&field, seed)))
                    .collect::<Vec<_>>()
            };
            let op = match self.random.below(5) {
                0 => {
                    ids.iter().for_each(|id| drop(state.remove(id)));
                    WriteOp::Delete(PointSelector::Ids(ids.into_iter().map(PointId::Num).collect()))
                }
                1 if !state.is_empty() => {
                    let at = self.random.below(state.len());
                    let (id, stored) = state.iter_mut().nth(at).unwrap();
                    let given = of_point(&mut self.random, &self.fields);
                    if given.is_empty() {
                        continue;
                    }
                    let vectors = given
                        .iter()
                        .map(|(name, _, vector)| ((*name).to_owned(), vector.clone()));
                    let vectors = vectors.collect();
                    let points = vec![PointVectors {
                        id: PointId::Num(*id),
                        vectors,
                    }];
                    stored.extend(given.into_iter().map(|(_, which, vector)| (which, vector)));
                    WriteOp::UpdateVectors {
                        points,
                        condition: None,
                    }
                }
                _ => {
                    let mut points = Vec::new();
                    for id in ids {
                        let given = of_point(&mut self.random, &self.fields);
                        let vectors = given.iter().map(|(name, _, vector)| (*name, vector.clone()));
                        points.push(point(id, vectors));
                        let stored = given.into_iter().map(|(_, which, vector)| (which, vector));
                        state.insert(id, stored.collect());
                    }
                    WriteOp::Upsert(Upsert {
                        points,
                        ..Upsert::default()
                    })
                }
            };
            self.states.push(state);
            let wait = if left == 0 { wait } else { Wait::Accepted };
            collection.write(&Ctx::default(), op, wait)?;
            if wait == Wait::Durable {
                self.acknowledged = self.states.len() - 1;
            }
        }
        Ok(())
    }
}

impl power::Script for Script {
    fn new() -> Self {
        Script {
            random: Random::new(7),
            fields: Fields::from([("", (0, VectorField::Vectors(config().vectors[""])))]),
            in_flight: None,
            ever: 1,
            states: vec![State::new()],
            acknowledged: 0,
        }
    }

    /// Everything that syncs in the life of fields.
    fn run(&mut self, disk: &SimDisk) -> Result<(), Error> {
        let database = open(Arc::new(disk.clone()))?;
        database.create_collection("c", config())?;
        let collection = database.collection("c")?;
        self.writes(&collection, 4, Wait::Durable)?;
        self.add(&database, "x", dense(4))?;
        self.add(&database, "s", sparse())?;
        self.writes(&collection, 5, Wait::Accepted)?;
        // Writes in the log alone when the field goes.
        self.remove(&database, "x")?;
        self.writes(&collection, 3, Wait::Durable)?;
        self.add(&database, "x", dense(6))?;
        self.writes(&collection, 6, Wait::Durable)?;
        collection.optimize()?;
        self.writes(&collection, 4, Wait::Accepted)?;
        // Sealed and in the log, and back as another kind before the optimizer looked.
        self.remove(&database, "s")?;
        self.add(&database, "s", multi(2))?;
        self.writes(&collection, 5, Wait::Durable)?;
        for _ in 0..3 {
            database.step()?;
        }
        self.remove(&database, "")?;
        database.step()?;
        self.writes(&collection, 4, Wait::Durable)?;
        while database.step()? {}
        self.remove(&database, "x")?;
        self.add(&database, "x", sparse())?;
        self.writes(&collection, 3, Wait::Accepted)?;
        database.close()?;
        self.acknowledged = self.states.len() - 1;
        Ok(())
    }

    /// What is on the disk is one of the states that may be, and stays so.
    fn survives(&self, disk: &SimDisk, what: &str) {
        let database = open(Arc::new(disk.clone())).unwrap();
        let Ok(collection) = database.collection("c") else {
            assert!(
                self.acknowledged == 0 && self.ever == 1,
                "{what}: the collection is lost"
            );
            return;
        };
        let config = collection.config();
        let same = |fields: &&Fields| {
            let holds = |(name, (_, field)): (&&str, &(u64, VectorField))| match field {
                VectorField::Vectors(vector) => config.vectors.get(*name) == Some(vector),
                VectorField::Sparse(sparse) => config.sparse_vectors.get(*name) == Some(sparse),
            };
            fields.len() == config.vectors.len() + config.sparse_vectors.len() && fields.iter().all(holds)
        };
        let mut expected = std::iter::once(&self.fields).chain(&self.in_flight);
        let fields = expected.find(same);
        let fields = fields.unwrap_or_else(|| panic!("{what}: {config:?}, expected {:?}", self.fields));
        let mut states = self.states[self.acknowledged..].iter();
        let state = states.find(|state| is_state(&collection, state, fields));
        let state = state.unwrap_or_else(|| panic!("{what}: no state that may be, of {fields:?}"));
        check(&collection, state, fields, what);
        while database.step().unwrap() {}
        check(&collection, state, fields, what);
        check_files(disk, fields, what);
        // A name that comes back has nothing, and takes other vectors.
        let name = "x";
        database.remove_vector_field("c", name).unwrap();
        let again = dense(9);
        assert!(database.add_vector_field("c", name, &again).unwrap());
        assert_eq!(having(&collection, name, &again), (0, 0), "{what}");
        upsert(
            &collection,
            vec![point(77, [(name, vector(&again, 5))])],
            Wait::Durable,
        )
        .unwrap();
        let disk = disk.power_loss(3, PowerLoss::DurableOnly);
        let database = open(Arc::new(disk)).unwrap();
        let collection = database.collection("c").unwrap();
        assert_eq!(
            having(&collection, name, &again),
            (1, 1),
            "{what}, then once more"
        );
    }
}

/// Whether the collection holds these points with the vectors of these fields.
fn is_state(collection: &Collection, state: &State, fields: &Fields) -> bool {
    let found = all_points(collection);
    let same = |(record, (id, stored)): (&PointRecord, (&u64, &BTreeMap<u64, Vector>))| {
        let vectors = record.vectors.clone().unwrap_or_default();
        let expected = fields.iter().filter_map(|(name, (which, _))| {
            let vector = stored.get(which)?;
            Some(((*name).to_owned(), vector.clone()))
        });
        record.id == PointId::Num(*id) && vectors == expected.collect()
    };
    found.len() == state.len() && found.iter().zip(state).all(same)
}

fn check(collection: &Collection, state: &State, fields: &Fields, what: &str) {
    assert!(
        is_state(collection, state, fields),
        "{what}: {:?}",
        all_points(collection)
    );
    let info = collection.info();
    assert!(info.damages.is_empty(), "{what}: {info:?}");
    for (name, (which, field)) in fields {
        let expected = state.values().filter(|stored| stored.contains_key(which)).count();
        let found = having(collection, name, field);
        assert_eq!(found, (expected as u64, expected), "{what}: {name:?}");
    }
}

/// No file holds vectors of another field.
fn check_files(disk: &SimDisk, fields: &Fields, what: &str) {
    let numbers = |kinds: &[&str]| {
        let files = disk.files().into_iter().map(|(path, _)| path);
        let of_kind = files.filter(|path| kinds.iter().any(|kind| path.contains(kind)));
        let number = |path: String| {
            path.split(".f")
                .nth(1)
                .unwrap()
                .split('.')
                .next()
                .unwrap()
                .to_owned()
        };
        of_kind.map(number).collect::<BTreeSet<_>>()
    };
    let is_dense =
        |field: &VectorField| matches!(field, VectorField::Vectors(vector) if vector.multivector.is_none());
    let count = |dense| {
        fields
            .values()
            .filter(|(_, field)| is_dense(field) == dense)
            .count()
    };
    let dense = numbers(&[".vectors.", ".graph.", ".fast.", ".codes."]);
    let ragged = numbers(&[".ragged.", ".sparse."]);
    assert!(dense.len() <= count(true), "{what}: {dense:?} of {fields:?}");
    assert!(ragged.len() <= count(false), "{what}: {ragged:?} of {fields:?}");
}

#[test]
fn power_may_go_off_at_every_sync() {
    power::goes_off_at_every_sync::<Script>(80);
}
