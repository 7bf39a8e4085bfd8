//! The vectors of a workload and the writes made of them. Never holds more of the base than a batch.

use std::fs::File;
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressStyle};
use ruvector_core::{Collection, Ctx, Wait};
use ruvector_types::{
    CollectionConfig, Distance, NamedVectors, Point, PointId, PointSelector, SearchRequest, Upsert, WriteOp,
};

use super::arguments::DataArguments;
use super::population::Holding;
use crate::bench::{at, distance};
use crate::error::CliError;
use crate::npy::Npy;

/// The base and the queries.
pub(crate) struct Data {
    path: PathBuf,
    base: Npy<File>,
    pub(crate) queries: Vec<Vec<f32>>,
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    distance: Distance,
    pub(crate) k: usize,
    batch: usize,
    hnsw: (u32, u32),
}

impl Data {
    pub(crate) fn open(arguments: &DataArguments) -> Result<Data, CliError> {
        let base = at(&arguments.base, Npy::open(&arguments.base))?;
        let mut queries = at(&arguments.queries, Npy::open(&arguments.queries))?;
        let (rows, dim) = (base.rows, base.columns);
        if queries.columns != dim || queries.rows < 2 || rows == 0 || dim == 0 {
            let what = format!(
                "{} rows of {} numbers do not go with a base of {rows} rows of {dim}",
                queries.rows, queries.columns
            );
            let path = arguments.queries.clone();
            return Err(CliError::Shape { path, what });
        }
        if arguments.k == 0 || arguments.batch == 0 {
            return Err(CliError::Flag {
                flag: "k, --batch",
                rule: "take at least 1",
            });
        }
        let count = queries.rows;
        Ok(Data {
            path: arguments.base.clone(),
            base,
            queries: at(&arguments.queries, queries.vectors(0, count))?,
            rows,
            dim,
            distance: distance(&arguments.metric)?,
            k: arguments.k,
            batch: arguments.batch,
            hnsw: (arguments.m, arguments.ef_construct),
        })
    }

    /// How many rows are live at a time: as asked for, or `default`.
    pub(crate) fn points(&self, asked: Option<usize>, default: usize) -> Result<usize, CliError> {
        let points = asked.unwrap_or(default);
        if points > self.k && points <= self.rows {
            return Ok(points);
        }
        Err(CliError::Flag {
            flag: "points",
            rule: "takes more than k and no more than the base has rows",
        })
    }

    /// The configuration of every collection.
    pub(crate) fn config(&self) -> CollectionConfig {
        let mut config = CollectionConfig::single(self.dim as u32, self.distance);
        for vector in config.vectors.values_mut() {
            (vector.hnsw.m, vector.hnsw.ef_construct) = self.hnsw;
        }
        config
    }

    pub(crate) fn vector(&mut self, row: usize) -> Result<Vec<f32>, CliError> {
        let found = at(&self.path, self.base.vectors(row, 1))?.pop();
        found.ok_or_else(|| CliError::Shape {
            path: self.path.clone(),
            what: format!("ends before row {row}"),
        })
    }

    /// One durable upsert of these points.
    pub(crate) fn upsert(&mut self, collection: &Collection, holdings: &[Holding]) -> Result<(), CliError> {
        let mut points = Vec::with_capacity(holdings.len());
        for (id, row) in holdings {
            points.push(Point {
                id: PointId::Num(*id),
                vectors: NamedVectors::from([(String::new(), self.vector(*row)?.into())]),
                payload: Default::default(),
            });
        }
        let upsert = Upsert {
            points,
            ..Upsert::default()
        };
        collection.write(&Ctx::default(), WriteOp::Upsert(upsert), Wait::Durable)?;
        Ok(())
    }

    /// Upserts in batches.
    pub(crate) fn load(
        &mut self,
        collection: &Collection,
        holdings: &[Holding],
        bar: &ProgressBar,
    ) -> Result<(), CliError> {
        for part in holdings.chunks(self.batch) {
            self.upsert(collection, part)?;
            bar.inc(part.len() as u64);
        }
        Ok(())
    }

    /// Deletes in batches.
    pub(crate) fn delete(&self, collection: &Collection, ids: &[u64]) -> Result<(), CliError> {
        for part in ids.chunks(self.batch) {
            let ids = part.iter().map(|id| PointId::Num(*id)).collect();
            let delete = WriteOp::Delete(PointSelector::Ids(ids));
            collection.write(&Ctx::default(), delete, Wait::Durable)?;
        }
        Ok(())
    }

    /// One search for each query, at a breadth; exact if there is none.
    pub(crate) fn requests(&self, ef: Option<u32>) -> Vec<SearchRequest> {
        let request = |query: &Vec<f32>| {
            let mut request = SearchRequest::nearest(query.clone(), self.k);
            request.params.hnsw_ef = ef;
            request.params.exact = ef.is_none();
            request
        };
        self.queries.iter().map(request).collect()
    }
}

/// A bar over so many things.
pub(crate) fn bar(title: &'static str, len: usize) -> ProgressBar {
    let bar = ProgressBar::new(len as u64);
    let style = ProgressStyle::with_template("{msg} {bar:40} {pos}/{len}  {per_sec}  {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(title);
    bar
}
