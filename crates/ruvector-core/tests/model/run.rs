//! One seed: a database and its model under the same random operations. Panics at the first difference.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions, ErrorKind, Snapshot, Status, Wait};
use ruvector_io::Io;
use ruvector_testkit::{Generator, Model};

use crate::check::{Check, Recall, differences, same_points, scroll_all};
use crate::indexes::Declared;

/// What a seed's data is like.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Size {
    /// Few points in tiny segments: seals, merges and rewrites all the time.
    Small,
    /// Segments large enough to be walked.
    Graphs,
}

impl Size {
    pub(crate) fn of(seed: u64) -> Size {
        if seed % 8 == 5 { Size::Graphs } else { Size::Small }
    }
}

/// A snapshot and what it must hold.
struct Held {
    snapshot: Snapshot,
    model: Model,
    /// The indexes when its database was closed; those of now while it is open.
    declared: Option<Declared>,
}

/// The state of a run.
pub(crate) struct Run {
    io: Arc<dyn Io>,
    pub(crate) seed: u64,
    threads: u32,
    size: Size,
    pub(crate) database: Database,
    pub(crate) collection: Collection,
    pub(crate) model: Model,
    pub(crate) random: Generator,
    pub(crate) declared: Declared,
    held: Vec<Held>,
    /// Of each point: the model's version and the engine's.
    versions: BTreeMap<PointId, (u64, u64)>,
    pub(crate) recall: Recall,
}

/// A collection of a seed: two fields of dense vectors of any type, one of multi-vectors, one of sparse ones, thresholds so small that the optimizer is always at work.
pub(crate) fn config(seed: u64) -> CollectionConfig {
    let distances = [
        Distance::Euclid,
        Distance::Cosine,
        Distance::Dot,
        Distance::Manhattan,
    ];
    let hnsw = HnswConfig {
        m: 8,
        ef_construct: 40,
        profile: [GraphProfile::Fast, GraphProfile::Compact][seed as usize / 3 % 2],
        ..HnswConfig::default()
    };
    // Every distance has each of these in some seed; only scalar codes serve the Manhattan distance.
    let codes = [
        None,
        Some(Codes::Rotated(CodeWidth::Four)),
        Some(Codes::Scalar { quantile: None }),
        Some(Codes::Rotated(CodeWidth::Two)),
        Some(Codes::Product { compression: 4 }),
    ];
    let datatypes = [
        VectorDatatype::Float32,
        VectorDatatype::Float16,
        VectorDatatype::Uint8,
    ];
    let field = |at: u64, dim| {
        let distance = distances[(seed + at) as usize % 4];
        let codes = codes[(seed / 4 + at) as usize % 5];
        let scalar = matches!(codes, Some(Codes::Scalar { .. }));
        VectorConfig {
            hnsw,
            quantization: codes
                .filter(|_| scalar || distance != Distance::Manhattan)
                .map(QuantizationConfig::of),
            on_disk: seed % 5 == 1,
            datatype: datatypes[(seed / 4 + at) as usize % 3],
            ..VectorConfig::new(dim, distance)
        }
    };
    let mut config = CollectionConfig::single(1, Distance::Dot);
    config.vectors = [
        (String::new(), field(0, 3 + seed as u32 % 9)),
        ("title".to_owned(), field(1 + seed / 4 % 3, 10)),
    ]
    .into();
    let late = VectorConfig {
        hnsw,
        multivector: Some(MultiVectorComparator::MaxSim),
        datatype: datatypes[seed as usize / 8 % 3],
        ..VectorConfig::new(4, distances[(seed / 2) as usize % 4])
    };
    config.vectors.insert("late".to_owned(), late);
    let words = SparseVectorConfig {
        full_scan_threshold: [None, Some(0), Some(10)][seed as usize % 3],
        on_disk: seed % 5 == 1,
        datatype: [SparseDatatype::Float32, SparseDatatype::Float16][seed as usize / 2 % 2],
        modifier: [Modifier::None, Modifier::Idf][seed as usize % 2],
    };
    config.sparse_vectors.insert("words".to_owned(), words);
    config.shards = [2, 2, 1, 3][seed as usize / 2 % 4];
    config.optimizer.active_rows_max = 40;
    config.optimizer.active_bytes_max = 12_000;
    config.optimizer.segments_max = 2;
    if Size::of(seed) == Size::Graphs {
        config.vectors.values_mut().for_each(|field| field.dim += 6);
        config.shards = 1;
        config.optimizer.active_rows_max = 700;
        config.optimizer.active_bytes_max = 1 << 20;
    }
    config
}

fn options(seed: u64, threads: u32) -> DatabaseOptions {
    let mut options = DatabaseOptions {
        maintenance_threads: threads,
        ..DatabaseOptions::default()
    };
    if seed.is_multiple_of(2) {
        options.limits.batch_points_max = 400;
    }
    options
}

impl Run {
    pub(crate) fn new(io: Arc<dyn Io>, seed: u64, threads: u32) -> Run {
        let (config, size) = (config(seed), Size::of(seed));
        let database = Database::open(io.clone(), options(seed, threads)).unwrap();
        database.create_collection("c", config.clone()).unwrap();
        let collection = database.collection("c").unwrap();
        let mut random = Generator::new(seed, &config);
        if size == Size::Graphs {
            (random.ids_max, random.batch_max) = (1_200, 250);
        }
        let (model, held, versions) = (Model::new(config.clone()), Vec::new(), BTreeMap::new());
        let recall = Recall::default();
        Run {
            io,
            seed,
            threads,
            size,
            database,
            collection,
            model,
            random,
            declared: Declared::new(),
            held,
            versions,
            recall,
        }
    }

    pub(crate) fn operations(&mut self) {
        let count = if self.size == Size::Graphs { 120 } else { 300 };
        for number in 0..count {
            let at = At {
                seed: self.seed,
                number,
            };
            let name = self.operation();
            self.check(&format!("{at}, {name}"), number);
        }
        self.collection.optimize().unwrap();
        self.check_optimized();
        self.reopen();
        self.check("at the end", 0);
    }

    fn operation(&mut self) -> &'static str {
        match self.random.random.below(69) {
            0..=24 => {
                self.write();
                "write"
            }
            25..=30 => {
                self.writes_in_flight();
                "writes in flight"
            }
            31..=32 => {
                self.refused();
                "refused write"
            }
            33..=35 => {
                self.reopen();
                "reopen"
            }
            36 => {
                self.collection.optimize().unwrap();
                self.check_optimized();
                "optimize"
            }
            37..=42 => {
                self.hold();
                "hold"
            }
            60..=65 => {
                self.change_indexes();
                "change of indexes"
            }
            66..=68 => {
                self.change_fields();
                "change of fields"
            }
            _ => {
                for _ in 0..self.random.random.within(1..=8) {
                    self.database.step().unwrap();
                }
                "steps"
            }
        }
    }

    fn write(&mut self) {
        let write = self.random.write();
        let outcome = self
            .collection
            .write(&Ctx::default(), write.clone(), Wait::Durable)
            .unwrap();
        let touched = self.model.apply(&write);
        assert_eq!(
            outcome.points_touched, touched,
            "seed {}: touched by {write:?}",
            self.seed
        );
    }

    /// Several writes accepted, none waited for: what is visible meanwhile is the state after one of them, over all
    /// shards, and all of them after a flush.
    fn writes_in_flight(&mut self) {
        let mut states = vec![self.model.clone()];
        let mut least = 0;
        for _ in 0..self.random.random.within(2..=6) {
            let write = self.random.write();
            let outcome = self
                .collection
                .write(&Ctx::default(), write.clone(), Wait::Accepted)
                .unwrap();
            assert_eq!(
                outcome.points_touched,
                self.model.apply(&write),
                "seed {}: {write:?}",
                self.seed
            );
            states.push(self.model.clone());
            if self.random.random.one_in(3) {
                self.database.step().unwrap();
            }
            let seen = scroll_all(&self.collection.snapshot().unwrap(), &mut self.random, None);
            let same = |state: &Model| same_points(&seen, state, state.config());
            let Some(at) = states[least..].iter().position(same) else {
                let differences = states
                    .iter()
                    .map(|state| differences(&seen, state, state.config()));
                let differences: Vec<_> = differences.collect();
                panic!(
                    "seed {}: what is visible is none of the states from {least} on: {differences:#?}",
                    self.seed
                );
            };
            least += at;
        }
        self.counters_are_ordered();
        self.collection.flush().unwrap();
    }

    /// A batch with a fault in its last point changes nothing.
    fn refused(&mut self) {
        let mut upsert = self.random.upsert();
        let mut faulty = self.random.point();
        match self.random.random.below(4) {
            0 => drop(faulty.vectors.insert(String::new(), vec![0.0; 77].into())),
            1 => drop(faulty.vectors.insert("nobody".to_owned(), vec![0.0].into())),
            2 => drop(
                faulty
                    .vectors
                    .insert("title".to_owned(), vec![f32::NAN; 10].into()),
            ),
            _ => drop(faulty.payload.insert("x".to_owned(), Value::Float(f64::INFINITY))),
        }
        upsert.points.push(faulty);
        let error = self
            .collection
            .write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "seed {}: {error}", self.seed);
    }

    /// With or without an orderly close. Snapshots of the former database stay held.
    fn reopen(&mut self) {
        self.database.close().unwrap();
        for held in &mut self.held {
            held.declared.get_or_insert_with(|| self.declared.clone());
        }
        let error = self.collection.snapshot().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unavailable);
        self.database = Database::open(self.io.clone(), options(self.seed, self.threads)).unwrap();
        self.collection = self.database.collection("c").unwrap();
    }

    fn hold(&mut self) {
        if self.held.len() >= 4 {
            let gone = self.random.random.below(self.held.len());
            self.held.swap_remove(gone);
        }
        self.held.push(Held {
            snapshot: self.collection.snapshot().unwrap(),
            model: self.model.clone(),
            declared: None,
        });
    }

    fn check(&mut self, what: &str, number: u32) {
        let snapshot = self.collection.snapshot().unwrap();
        let check = Check {
            snapshot: &snapshot,
            model: &self.model,
            config: self.model.config(),
            what,
        };
        for _ in 0..2 {
            self.recall.add(&check.search(&mut self.random));
        }
        check.filtered(&mut self.random);
        check.by_value(&mut self.random, &self.declared);
        if number.is_multiple_of(5) || self.size == Size::Small {
            let versions = check.points(&mut self.random);
            self.check_versions(&versions, what);
            self.check_info(what);
        }
        if number.is_multiple_of(4) && !self.held.is_empty() {
            let at = self.random.random.below(self.held.len());
            let held = &self.held[at];
            self.random.use_fields(held.model.config());
            let what = format!("{what}, held snapshot");
            let check = Check {
                snapshot: &held.snapshot,
                model: &held.model,
                config: held.model.config(),
                what: &what,
            };
            check.points(&mut self.random);
            check.filtered(&mut self.random);
            check.by_value(&mut self.random, held.declared.as_ref().unwrap_or(&self.declared));
            self.recall.add(&check.search(&mut self.random));
            self.random.use_fields(self.model.config());
        }
    }

    /// A point's version changes when a write touches it, and only then, and grows.
    fn check_versions(&mut self, versions: &BTreeMap<PointId, u64>, what: &str) {
        let mut now = BTreeMap::new();
        for (id, engine) in versions {
            let model = self.model.points()[id].version;
            if let Some((model_before, engine_before)) = self.versions.get(id) {
                let order = (model.cmp(model_before), engine.cmp(engine_before));
                assert_eq!(
                    order.0, order.1,
                    "{what}: version of {id}: {engine_before}, now {engine}"
                );
            }
            now.insert(id.clone(), (model, *engine));
        }
        self.versions = now;
    }

    fn check_info(&self, what: &str) {
        self.check_declared();
        self.check_figures();
        self.counters_are_ordered();
        let info = self.collection.info();
        assert_eq!(info.points, self.model.points().len() as u64, "{what}: {info:?}");
        let vectors: usize = self
            .model
            .points()
            .values()
            .map(|point| point.vectors.len())
            .sum();
        assert_eq!(info.vectors, vectors as u64, "{what}: {info:?}");
        assert!(info.indexed_vectors <= info.vectors, "{what}: {info:?}");
        assert!(
            info.status != Status::Red && info.damages.is_empty(),
            "{what}: {info:?}"
        );
        for shard in &info.shards {
            assert_eq!(
                shard.visible_seq, shard.appended_seq,
                "{what}: everything is visible: {info:?}"
            );
        }
    }

    fn counters_are_ordered(&self) {
        for shard in self.collection.info().shards {
            let seqs = [
                shard.appended_seq,
                shard.durable_seq,
                shard.committed_seq,
                shard.visible_seq,
            ];
            assert!(seqs.is_sorted_by(|a, b| a >= b), "seed {}: {shard:?}", self.seed);
        }
    }

    fn check_optimized(&self) {
        self.check_built();
        let info = self.collection.info();
        let what = format!("seed {}, optimized: {info:?}", self.seed);
        assert!(info.segments <= u64::from(self.model.config().shards), "{what}");
        // Multi-vectors have no index.
        let vectors = &self.model.config().vectors;
        let late = |name: &String| vectors.get(name).is_some_and(|field| field.multivector.is_some());
        let names = self
            .model
            .points()
            .values()
            .flat_map(|point| point.vectors.keys());
        let late = names.filter(|name| late(name)).count() as u64;
        assert_eq!(info.indexed_vectors + late, info.vectors, "{what}");
        assert!(
            info.shards
                .iter()
                .all(|shard| shard.deleted_rows == 0 && shard.active_rows == 0),
            "{what}"
        );
    }
}

/// Where a run stands; says so if it ends in a panic.
struct At {
    seed: u64,
    number: u32,
}

impl Drop for At {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("in {self}");
        }
    }
}

impl std::fmt::Display for At {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "seed {}, operation {}", self.seed, self.number)
    }
}
