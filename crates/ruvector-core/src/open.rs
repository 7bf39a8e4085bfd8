//! Brings a collection up from its files: manifests, sealed segments, then the tail of every log, replayed.
//! Damage is isolated here: a bad segment is set aside, a bad log or manifest closes its collection only.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use arc_swap::ArcSwap;
use ruvector_io::{Io, ResidentBudget};
use ruvector_storage::{
    CatalogEntry, FieldNumbers, Log, LogRecord, Manifest, SealedSegment, SegmentEntry, load_deletes,
    load_delta, remove_orphans,
};
use ruvector_types::{CollectionConfig, Limits, QuantizationConfig};

use crate::collection::Core;
use crate::maintenance::Signal;
use crate::optimize::Jobs;
use crate::read::KeptFilters;
use crate::schema::Schema;
use crate::shard::{Sequencer, Shard};
use crate::view::{CollectionView, SegmentView, ShardView, Source};
use crate::{Error, ErrorKind};

/// What a database hands to its collections.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    pub(crate) io: Arc<dyn Io>,
    pub(crate) limits: Arc<Limits>,
    pub(crate) signal: Arc<Signal>,
    pub(crate) promoted_budget: ResidentBudget,
    pub(crate) build_threads_max: u32,
    pub(crate) filter_cache_bytes_max: u64,
}

/// A shard read from disk, its log not applied yet.
struct Loaded {
    dir: String,
    manifest: Manifest,
    persisted: ShardView,
    quarantined: Vec<(SegmentEntry, String)>,
    log: Log,
    records: Vec<LogRecord>,
}

impl Core {
    /// Makes the folders of a new collection, durable on return, and opens it.
    pub(crate) fn create(shared: &Shared, entry: &CatalogEntry, dir: String) -> Result<Arc<Core>, Error> {
        let failed = |error| Error::io("making the collection's folders", error);
        let io = shared.io.as_ref();
        io.create_dir(&dir).map_err(failed)?;
        for shard in 0..entry.config.shards {
            io.create_dir(&shard_dir(&dir, shard)).map_err(failed)?;
        }
        io.sync_dir(&dir).map_err(failed)?;
        let parent = dir.rsplit_once('/').map_or("", |(parent, _)| parent);
        io.sync_dir(parent).map_err(failed)?;
        let core = Core::open(shared, entry, dir);
        match &core.broken {
            None => Ok(core),
            Some(text) => Err(Error::corrupt(text.clone())),
        }
    }

    /// Opens a collection. Never fails: one that cannot be read says so from then on.
    pub(crate) fn open(shared: &Shared, entry: &CatalogEntry, dir: String) -> Arc<Core> {
        let batch_points_max = shared.limits.batch_points_max;
        let schema = Schema::of(&entry.config, &entry.fields, batch_points_max, None);
        let loaded = load_all(shared.io.as_ref(), &shared.io, entry, &dir, &schema);
        let replayed = loaded.and_then(|loaded| {
            let parts = loaded.into_iter().zip(0..);
            parts.map(|(part, at)| replay(part, at, &schema)).collect()
        });
        let (shards, broken) = match replayed {
            Ok(shards) => (shards, None),
            Err(error) => (
                Vec::new(),
                Some(format!("collection {:?} cannot be opened: {error}", entry.name)),
            ),
        };
        let published = |shard: &Shard| Arc::new(shard.sequencer.lock().draft.clone());
        let schema = Arc::new(schema);
        let view = CollectionView {
            schema: schema.clone(),
            shards: shards.iter().map(published).collect(),
        };
        Arc::new_cyclic(|me| Core {
            me: me.clone(),
            name: entry.name.clone(),
            config: ArcSwap::from_pointee(entry.config.clone()),
            quantization: ArcSwap::from_pointee(quantization_by_field(&entry.config, &entry.fields)),
            indexes: ArcSwap::from_pointee(entry.indexes.clone()),
            filters: KeptFilters::new(shared.filter_cache_bytes_max),
            schema: ArcSwap::new(schema),
            writes_under_way: Default::default(),
            limits: shared.limits.clone(),
            io: shared.io.clone(),
            dir,
            shards,
            view: ArcSwap::from_pointee(view),
            committer: Default::default(),
            signal: shared.signal.clone(),
            promoted_budget: shared.promoted_budget.clone(),
            build_threads_max: shared.build_threads_max,
            closed: AtomicBool::new(false),
            broken,
        })
    }
}

/// By the number of the dense field.
pub(crate) fn quantization_by_field(
    config: &CollectionConfig,
    numbers: &FieldNumbers,
) -> Vec<Option<QuantizationConfig>> {
    let mut by_field = vec![None; numbers.given().0.into()];
    for (name, vector) in &config.vectors {
        let slot = numbers
            .number(name)
            .and_then(|number| by_field.get_mut(usize::from(number)));
        if let Some(slot) = slot {
            *slot = vector.quantization;
        }
    }
    by_field
}

fn shard_dir(dir: &str, shard: u32) -> String {
    format!("{dir}/shard-{shard:04}")
}

fn load_all(
    io: &dyn Io,
    shared: &Arc<dyn Io>,
    entry: &CatalogEntry,
    dir: &str,
    schema: &Schema,
) -> Result<Vec<Loaded>, Error> {
    let shards = 0..entry.config.shards;
    let mut loaded = shards
        .map(|shard| load(io, shared, shard_dir(dir, shard), shard, schema))
        .collect::<Result<Vec<_>, _>>()?;
    drop_incomplete_batches(&mut loaded)?;
    for part in &mut loaded {
        // What a killed process wrote may still be in the page cache only.
        part.log
            .sync()
            .map_err(|error| Error::io("making the replayed log durable", error))?;
    }
    Ok(loaded)
}

fn load(
    io: &dyn Io,
    shared: &Arc<dyn Io>,
    dir: String,
    shard: u32,
    schema: &Schema,
) -> Result<Loaded, Error> {
    let manifest = Manifest::load(io, &dir)
        .map_err(|error| Error::storage("reading a shard's manifest", error))?
        .unwrap_or_else(|| Manifest::empty(shard));
    remove_orphans(io, &dir, &manifest).map_err(|error| Error::io("removing unfinished files", error))?;
    let mut persisted = ShardView {
        seq: manifest.applied_seq,
        segments: Vec::new(),
    };
    let mut quarantined = Vec::new();
    for entry in &manifest.segments {
        match load_segment(io, &dir, entry, schema) {
            Ok(segment) => persisted.segments.push(segment),
            // Only what is beyond repair is set aside: a segment that opened again later would bring back points
            // that were replaced meanwhile.
            Err(error) if error.kind() != ErrorKind::Corrupt => return Err(error),
            Err(error) => quarantined.push((
                entry.clone(),
                format!("segment {} is set aside: {error}", entry.id),
            )),
        }
    }
    let (log, records) = Log::open(shared.clone(), &format!("{dir}/log"), shard, manifest.applied_seq)
        .map_err(|error| Error::storage("reading a shard's log", error))?;
    Ok(Loaded {
        dir,
        manifest,
        persisted,
        quarantined,
        log,
        records,
    })
}

fn load_segment(io: &dyn Io, dir: &str, entry: &SegmentEntry, schema: &Schema) -> Result<SegmentView, Error> {
    let failed = |error| Error::storage("opening its files", error);
    let sealed = SealedSegment::open(io, dir, entry, schema.dims()).map_err(failed)?;
    let deletes = load_deletes(io, dir, entry).map_err(failed)?;
    let delta = load_delta(io, dir, entry).map_err(failed)?;
    Ok(SegmentView {
        id: entry.id,
        rows: entry.rows,
        source: Source::Sealed(Arc::new(sealed)),
        deletes,
        delta,
    })
}

/// Cuts the logs before the first batch over several shards of which one shard's part is missing: neither it nor
/// anything after it was acknowledged. Repeats until nothing more falls.
fn drop_incomplete_batches(loaded: &mut [Loaded]) -> Result<(), Error> {
    let mut last: Vec<u64> = loaded.iter().map(|part| part.log.last_seq()).collect();
    loop {
        let incomplete = |record: &&LogRecord| {
            record
                .siblings
                .iter()
                .any(|(shard, seq)| last.get(*shard as usize).is_none_or(|last| seq > last))
        };
        let cuts: Vec<(usize, u64)> = loaded
            .iter()
            .enumerate()
            .filter_map(|(at, part)| {
                let first = part
                    .records
                    .iter()
                    .filter(|record| record.seq <= last[at])
                    .find(incomplete)?;
                Some((at, first.seq - 1))
            })
            .collect();
        if cuts.is_empty() {
            break;
        }
        cuts.into_iter().for_each(|(at, seq)| last[at] = seq);
    }
    for (part, last) in loaded.iter_mut().zip(last) {
        if part.log.last_seq() > last {
            part.log
                .truncate_from(last + 1)
                .map_err(|error| Error::storage("cutting an incomplete batch off the log", error))?;
            part.records.retain(|record| record.seq <= last);
        }
    }
    Ok(())
}

/// Applies the log to what the manifest describes.
fn replay(loaded: Loaded, index: u32, schema: &Schema) -> Result<Shard, Error> {
    let Loaded {
        dir,
        manifest,
        persisted,
        quarantined,
        log,
        records,
    } = loaded;
    let mut sequencer = Sequencer {
        log,
        draft: persisted.clone(),
        open: false,
        pending: VecDeque::new(),
        next_segment: manifest.next_segment,
        frozen_seq: manifest.applied_seq,
        frozen_log_bytes: 0,
        siblings_in_flight: false,
        dirty: false,
        poisoned: false,
        closed: false,
    };
    for record in records {
        crate::write::check_logged(&record, schema)?;
        crate::write::apply(&mut sequencer, record, schema);
    }
    sequencer.dirty = false;
    let jobs = Jobs::new(manifest, persisted);
    Ok(Shard::new(index, dir, sequencer, jobs, quarantined))
}
