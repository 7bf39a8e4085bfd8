//! `ruvector workload counts`: how long it takes to count points by their payload indexes, where some rows are deleted.
//! Answers are held against a plain count. Never reports a time beside an answer that was found wrong.

mod ask;
mod points;
mod question;

use std::time::Instant;

use ruvector_core::{Collection, Ctx, Wait};
use ruvector_types::{
    CollectionConfig, Distance, FieldIndex, IndexKind, PayloadPath, PointSelector, Upsert, WriteOp,
};
use serde_json::{Value, json};

use super::arguments::CountsArguments;
use super::data::bar;
use super::latency::Latencies;
use super::random::Random;
use super::report::{Target, conclude};
use crate::bench::{Folder, open};
use crate::error::CliError;
use crate::table;
use points::{DIM, Points};
use question::{KINDS, Kind, Question};

const COLLECTION: &str = "counts";
/// Fewer calls have no 99th percentile.
const CALLS_MIN: usize = 200;
/// Calls of each kind that are not timed, so that what they touch is in memory.
const WARM_CALLS: usize = 10;

/// What was measured of a kind.
struct Measured {
    kind: &'static Kind,
    times: Latencies,
    /// Mean of the points counted, as a share of the live ones.
    share: f64,
}

pub(crate) fn run(arguments: &CountsArguments) -> Result<(), CliError> {
    check_flags(arguments)?;
    let mut random = Random(arguments.seed);
    let points = Points::new(arguments.points, arguments.deleted, &mut random);
    let folder = Folder::new(arguments.engine_dir.as_ref())?;
    build(arguments, &folder, &points)?;
    let (database, _) = open(&folder.path)?;
    let collection = database.collection(COLLECTION)?;
    // Until the status is green, as beside any server: components are promoted.
    while collection.step()? {}
    let bar = bar("Measuring", KINDS.len());
    let mut measured = Vec::with_capacity(KINDS.len());
    for kind in &KINDS {
        measured.push(measure(arguments, &collection, (kind, &points), &mut random)?);
        bar.inc(1);
    }
    bar.finish_and_clear();
    report(arguments, &collection, &measured)?;
    Ok(database.close()?)
}

fn check_flags(arguments: &CountsArguments) -> Result<(), CliError> {
    let flag = |flag, rule| Err(CliError::Flag { flag, rule });
    if arguments.points == 0 || arguments.batch == 0 {
        return flag("points, --batch", "take at least 1");
    }
    if arguments.calls < CALLS_MIN {
        return flag(
            "calls",
            "takes at least 200, or the 99th percentile would be noise",
        );
    }
    if !(0.0..1.0).contains(&arguments.deleted) {
        return flag("deleted", "takes a share from 0 to below 1");
    }
    Ok(())
}

/// Loads and indexes the points, optimizes, then deletes: the deleted rows stay.
fn build(arguments: &CountsArguments, folder: &Folder, points: &Points) -> Result<(), CliError> {
    let (database, _) = open(&folder.path)?;
    let mut config = CollectionConfig::single(DIM, Distance::Euclid);
    config.vectors.values_mut().for_each(|vector| vector.hnsw.m = 0);
    // Deleted rows are to stay, however many they are.
    config.optimizer.deleted_share_max = 1.0;
    database.create_collection(COLLECTION, config)?;
    let collection = database.collection(COLLECTION)?;
    let write = |operation| collection.write(&Ctx::default(), operation, Wait::Durable);
    let started = Instant::now();
    let bar = bar("Loading", arguments.points);
    for first in (0..arguments.points).step_by(arguments.batch) {
        let points = points.batch(first, arguments.batch);
        bar.inc(points.len() as u64);
        write(WriteOp::Upsert(Upsert {
            points,
            ..Upsert::default()
        }))?;
        // What a server would do beside the writes.
        while collection.step()? {}
    }
    bar.set_message("Optimizing");
    for (field, kind) in indexes() {
        let index = FieldIndex {
            kind,
            on_disk: false,
            is_principal: false,
        };
        database.create_index(COLLECTION, &PayloadPath::key(field), index)?;
    }
    collection.optimize()?;
    for ids in points.deleted().chunks(arguments.batch) {
        write(WriteOp::Delete(PointSelector::Ids(ids.to_vec())))?;
    }
    bar.finish_and_clear();
    eprintln!("Built in {:.1?}", started.elapsed());
    Ok(database.close()?)
}

fn indexes() -> [(&'static str, IndexKind); 4] {
    let integers = IndexKind::Integer {
        lookup: true,
        range: true,
    };
    [
        ("a", integers),
        ("b", IndexKind::Float),
        ("place", IndexKind::Geo),
        ("k", IndexKind::Keyword { prefix: false }),
    ]
}

/// Times questions of one kind, each with bounds of its own, and checks some of the answers.
fn measure(
    arguments: &CountsArguments,
    collection: &Collection,
    (kind, points): (&'static Kind, &Points),
    random: &mut Random,
) -> Result<Measured, CliError> {
    let mut counted = 0;
    let mut times = Vec::with_capacity(arguments.calls);
    for at in 0..WARM_CALLS + arguments.calls {
        let question = Question::new(kind, points, random);
        let request = ask::Request::new(kind.ask, &question);
        let begun = Instant::now();
        let answer = request.ask(collection)?;
        let took = begun.elapsed();
        if at >= WARM_CALLS {
            times.push(took.as_secs_f64() * 1e6);
            counted += answer.points();
        }
        if at < arguments.checks {
            let wanted = ask::Answer::plain(kind.ask, &question, points);
            if answer != wanted {
                return Err(CliError::WrongAnswer {
                    kind: kind.name,
                    found: format!("{answer:?}"),
                    wanted: format!("{wanted:?}"),
                });
            }
        }
    }
    let live = points.live().count().max(1) * arguments.calls;
    Ok(Measured {
        kind,
        times: Latencies(times),
        share: counted as f64 / live as f64,
    })
}

fn report(
    arguments: &CountsArguments,
    collection: &Collection,
    measured: &[Measured],
) -> Result<(), CliError> {
    let info = collection.info();
    let deleted_rows: u64 = info.shards.iter().map(|shard| shard.deleted_rows).sum();
    println!(
        "\n{} points and {deleted_rows} deleted row(s) in {} segment(s), RAM {}, disk {}; {} answer(s) of each kind \
         checked\n",
        info.points,
        info.segments,
        table::bytes(info.ram_bytes),
        table::bytes(info.disk_bytes),
        arguments.checks
    );
    let head = ["µs", "share %", "calls", "p50", "p99", "p99.9", "max"];
    let rows: Vec<Vec<String>> = measured.iter().map(Measured::row).collect();
    print!("{}", table::lines(&head, &rows, &[1, 2, 3, 4, 5, 6]));
    let targets: Vec<Target> = measured.iter().filter_map(Measured::target).collect();
    let figures = json!({
        "points": info.points,
        "deleted_rows": deleted_rows,
        "segments": info.segments,
        "ram_bytes": info.ram_bytes,
        "disk_bytes": info.disk_bytes,
        "checked_of_each": arguments.checks,
        "seed": arguments.seed,
        "kinds": measured.iter().map(Measured::json).collect::<Vec<_>>(),
    });
    conclude(arguments.json.as_deref(), ("counts", figures), &targets)
}

impl Measured {
    fn row(&self) -> Vec<String> {
        let mut row = self.times.row(self.kind.name);
        row.insert(1, format!("{:.2}", self.share * 100.0));
        row
    }

    fn target(&self) -> Option<Target> {
        let limit = self.kind.p50_max_us?;
        Some(Target::at_most(self.kind.name, self.times.percentile(0.5), limit))
    }

    fn json(&self) -> Value {
        let mut json = self.times.json();
        json["kind"] = json!(self.kind.name);
        json["matching_share"] = json!(self.share);
        json
    }
}
