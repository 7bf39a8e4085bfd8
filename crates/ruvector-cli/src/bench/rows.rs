//! The rows of the base with their payloads, in batches for whoever writes them: all of them, then a share again. Never
//! holds more than two batches of vectors.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};
use ruvector_api::from_json;
use ruvector_types::PointId;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::at;
use crate::commands::BenchArguments;
use crate::error::CliError;
use crate::npy::Npy;

/// A point to be: its id is its number in the base.
#[derive(Serialize)]
pub(crate) struct Row<P> {
    pub(crate) id: u64,
    pub(crate) vector: Vec<f32>,
    pub(crate) payload: P,
}

/// What writing took.
pub(crate) struct Written {
    pub(crate) load_s: f64,
    pub(crate) replaced: u64,
}

/// Hands every row to `write`, in batches, then a share of them again.
pub(crate) fn write_all<P: DeserializeOwned + Default>(
    arguments: &BenchArguments,
    mut write: impl FnMut(Vec<Row<P>>) -> Result<(), CliError>,
) -> Result<Written, CliError> {
    let started = Instant::now();
    write_some(arguments, "Loading  ", |_| true, &mut write)?;
    let mut replaced = 0;
    if arguments.replace > 0.0 {
        let (seed, share) = (arguments.seed, arguments.replace);
        let chosen = |row| chosen(seed, row, share);
        replaced = write_some(arguments, "Replacing", chosen, &mut write)?;
    }
    Ok(Written {
        load_s: started.elapsed().as_secs_f64(),
        replaced,
    })
}

/// Whether a row belongs to the replaced share: a hash of seed and row below the share of its range.
fn chosen(seed: u64, row: usize, share: f64) -> bool {
    let hash = PointId::Num(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ row as u64).stable_hash();
    (hash >> 11) as f64 / (1u64 << 53) as f64 <= share
}

fn write_some<P: DeserializeOwned + Default>(
    arguments: &BenchArguments,
    title: &'static str,
    wanted: impl Fn(usize) -> bool,
    write: &mut impl FnMut(Vec<Row<P>>) -> Result<(), CliError>,
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
            if wanted(row) {
                let id = row as u64;
                batch.push(Row { id, vector, payload });
            }
        }
        if !batch.is_empty() && (batch.len() >= arguments.batch || end == base.rows) {
            written += batch.len() as u64;
            write(std::mem::take(&mut batch))?;
        }
        bar.set_position(end as u64);
    }
    bar.finish_and_clear();
    eprintln!("{title} {written} points in {:.1} s", bar.elapsed().as_secs_f64());
    Ok(written)
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
    fn next<P: DeserializeOwned + Default>(&mut self, wanted: bool) -> Result<P, CliError> {
        let Some((path, lines)) = &mut self.lines else {
            return Ok(P::default());
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
            return Ok(P::default());
        }
        from_json(text.as_bytes()).map_err(|source| CliError::Line {
            path: path.clone(),
            line: self.line,
            source,
        })
    }
}
