//! The data that quickstart loads: WordNet glosses with their vectors, from the program itself or from a folder.
//! Never makes up a vector.

use std::io::{Cursor, Read, Seek};
use std::path::Path;

use serde_json::Value;

use crate::error::CliError;
use crate::npy::{Npy, NpyError};

static VECTORS: &[u8] = include_bytes!("../../../../examples/wordnet/vectors.npy");
static PAYLOADS: &str = include_str!("../../../../examples/wordnet/payload.jsonl");

/// Meanings of words: row i of the vectors belongs to payload i.
pub(crate) struct Meanings {
    pub(crate) dim: usize,
    pub(crate) vectors: Vec<Vec<f32>>,
    pub(crate) payloads: Vec<Value>,
}

impl Meanings {
    /// The data inside the program.
    pub(crate) fn built_in() -> Result<Meanings, CliError> {
        let mut npy = Npy::new(Cursor::new(VECTORS)).map_err(CliError::Data)?;
        let vectors = all(&mut npy).map_err(CliError::Data)?;
        Meanings::new(npy.columns, vectors, PAYLOADS, Path::new("payload.jsonl"))
    }

    /// `vectors.npy` and `payload.jsonl` of a folder.
    pub(crate) fn from_folder(folder: &Path) -> Result<Meanings, CliError> {
        let path = folder.join("vectors.npy");
        let npy = |source| CliError::Npy {
            path: path.clone(),
            source,
        };
        let mut file = Npy::open(&path).map_err(npy)?;
        let vectors = all(&mut file).map_err(npy)?;
        let path = folder.join("payload.jsonl");
        let text = std::fs::read_to_string(&path).map_err(|source| CliError::File {
            path: path.clone(),
            source,
        })?;
        Meanings::new(file.columns, vectors, &text, &path)
    }

    fn new(dim: usize, vectors: Vec<Vec<f32>>, text: &str, path: &Path) -> Result<Meanings, CliError> {
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let payloads = lines
            .enumerate()
            .map(|(at, line)| {
                ruvector_api::from_json::<Value>(line.as_bytes()).map_err(|source| CliError::Line {
                    path: path.to_owned(),
                    line: at + 1,
                    source,
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if payloads.len() != vectors.len() {
            let what = format!("{} payloads for {} vectors", payloads.len(), vectors.len());
            let path = path.to_owned();
            return Err(CliError::Shape { path, what });
        }
        Ok(Meanings {
            dim,
            vectors,
            payloads,
        })
    }

    /// The first row of a word of a kind (`lexname`).
    pub(crate) fn row(&self, word: &str, kind: &str) -> Option<usize> {
        self.payloads
            .iter()
            .position(|payload| payload["word"] == word && payload["lexname"] == kind)
    }
}

fn all<R: Read + Seek>(npy: &mut Npy<R>) -> Result<Vec<Vec<f32>>, NpyError> {
    npy.vectors(0, npy.rows)
}
