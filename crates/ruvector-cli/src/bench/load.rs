//! Loads the base through the public write path, replaces a share of it, and optimizes. Never holds more than a
//! batch of vectors.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use ruvector_api::{WirePayload, from_json};
use ruvector_core::{Collection, Ctx, Database, Wait};
use ruvector_types::{Map, NamedVectors, Point, PointId, Upsert, WriteOp};

use super::{COLLECTION, Plan, at};
use crate::commands::BenchArguments;
use crate::error::CliError;
use crate::npy::Npy;

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
    let started = Instant::now();
    upsert(arguments, &collection, "Loading  ", |_| true)?;
    let mut replaced = 0;
    if arguments.replace > 0.0 {
        let (seed, share) = (arguments.seed, arguments.replace);
        replaced = upsert(arguments, &collection, "Replacing", |row| {
            chosen(seed, row, share)
        })?;
    }
    let load_s = started.elapsed().as_secs_f64();
    eprintln!("Optimizing");
    let started = Instant::now();
    collection.optimize()?;
    Ok(Loaded {
        load_s,
        optimize_s: started.elapsed().as_secs_f64(),
        replaced,
    })
}

/// Whether a row belongs to the replaced share: a hash of seed and row below the share of its range.
fn chosen(seed: u64, row: usize, share: f64) -> bool {
    let hash = PointId::Num(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ row as u64).stable_hash();
    (hash >> 11) as f64 / (1u64 << 53) as f64 <= share
}

fn upsert(
    arguments: &BenchArguments,
    collection: &Collection,
    title: &'static str,
    wanted: impl Fn(usize) -> bool,
) -> Result<u64, CliError> {
    let mut base = at(&arguments.base, Npy::open(&arguments.base))?;
    let mut payloads = Payloads::open(arguments.payload.as_ref())?;
    let bar = ProgressBar::new(base.rows as u64);
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len} rows  {per_sec}  {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(title);
    let mut batch = Vec::new();
    let mut written = 0;
    for start in (0..base.rows).step_by(arguments.batch) {
        let vectors = at(&arguments.base, base.vectors(start, arguments.batch))?;
        let end = start + vectors.len();
        for (row, vector) in (start..end).zip(vectors) {
            let payload = payloads.next(wanted(row))?;
            if !wanted(row) {
                continue;
            }
            batch.push(Point {
                id: PointId::Num(row as u64),
                vectors: NamedVectors::from([(String::new(), vector)]),
                payload,
            });
        }
        if batch.len() >= arguments.batch || end == base.rows {
            written += write(collection, std::mem::take(&mut batch))?;
        }
        bar.set_position(end as u64);
    }
    bar.finish_and_clear();
    eprintln!("{title} {written} points in {:.1} s", bar.elapsed().as_secs_f64());
    Ok(written)
}

fn write(collection: &Collection, points: Vec<Point>) -> Result<u64, CliError> {
    let count = points.len() as u64;
    if count > 0 {
        let upsert = Upsert {
            points,
            ..Upsert::default()
        };
        collection.write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)?;
    }
    Ok(count)
}

/// The lines of the payload file, in step with the rows.
struct Payloads {
    lines: Option<(PathBuf, std::io::Lines<BufReader<File>>)>,
    line: usize,
}

impl Payloads {
    fn open(path: Option<&PathBuf>) -> Result<Payloads, CliError> {
        let lines = path.map(|path| {
            let file = File::open(path).map_err(|source| CliError::File {
                path: path.clone(),
                source,
            })?;
            Ok::<_, CliError>((path.clone(), BufReader::new(file).lines()))
        });
        Ok(Payloads {
            lines: lines.transpose()?,
            line: 0,
        })
    }

    /// The next row's payload, read only where it is wanted.
    fn next(&mut self, wanted: bool) -> Result<Map, CliError> {
        let Some((path, lines)) = &mut self.lines else {
            return Ok(Map::new());
        };
        self.line += 1;
        let text = lines.next().ok_or_else(|| CliError::Shape {
            path: path.clone(),
            what: format!("ends before line {}", self.line),
        })?;
        let text = text.map_err(|source| CliError::File {
            path: path.clone(),
            source,
        })?;
        if !wanted {
            return Ok(Map::new());
        }
        let payload = from_json::<WirePayload>(text.as_bytes());
        let payload = payload.map_err(|source| CliError::Line {
            path: path.clone(),
            line: self.line,
            source,
        })?;
        Ok(payload.0)
    }
}
