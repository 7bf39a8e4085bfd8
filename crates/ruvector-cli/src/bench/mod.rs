//! `ruvector bench`: recall, speed and size of the embedded engine on a set of vectors, through the public calls
//! that everyone uses; or, with `--url`, of a server (`remote`). Never reaches into the engine and never averages a
//! failure away.

mod build;
pub(crate) mod codes;
mod embedded;
mod filters;
mod indexes;
mod load;
mod measure;
pub(crate) mod remote;
mod report;
mod rows;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use ruvector_api::{WireFilter, from_json};
use ruvector_core::{Collection, Ctx, Database, DatabaseOptions};
use ruvector_io::{Io, RealIo};
use ruvector_types::{
    CollectionConfig, Distance, Filter, Limits, QuantizationSearch, SearchRequest, VectorConfig,
};

use crate::commands::BenchArguments;
use crate::error::CliError;
use crate::npy::Npy;
use build::Build;
use embedded::{Embedded, Size};
use report::Report;
pub(crate) use report::cpu;

const COLLECTION: &str = "bench";
const CALLS_MIN: usize = 10_000;

/// Loads, optimizes, reopens, measures and reports.
pub(crate) fn run(arguments: &BenchArguments) -> Result<(), CliError> {
    if arguments.remote.url.is_some() {
        return remote::run(arguments);
    }
    let plan = Plan::new(arguments)?;
    // Whatever can be refused is, before anything is loaded.
    let breadths = plan.filter_breadths(arguments)?;
    for index in &arguments.index {
        indexes::parse(index)?;
    }
    let truth = plan.truth_file(arguments)?;
    let filters = arguments.filters.as_deref();
    let groups = filters
        .map(|path| filters::Groups::read(&plan, path))
        .transpose()?;
    let folder = Folder::new(arguments.engine_dir.as_ref())?;
    let loaded = match arguments.reuse {
        true => None,
        false => {
            let (database, _io) = open(&folder.path)?;
            let loaded = load::load(arguments, &plan, &database)?;
            database.close()?;
            Some(loaded)
        }
    };
    eprintln!("Reopening");
    let started = Instant::now();
    let (database, io) = open_with(&folder.path, options(arguments))?;
    if arguments.reuse {
        arguments.codes.change(&database, COLLECTION)?;
    }
    let collection = database.collection(COLLECTION)?;
    let reopen_s = started.elapsed().as_secs_f64();
    check_same_size(arguments, &plan, &collection)?;
    let vector = vector(&collection.config());
    arguments.codes.check_searched(&vector)?;
    // Until the status is green: components promoted, and whatever else the optimizer would do beside the searches.
    while collection.step()? {}
    let promote_s = started.elapsed().as_secs_f64() - reopen_s;
    let built = indexes::build(&database, COLLECTION, &arguments.index)?;
    let (truth, truth_source) = match truth {
        Some(truth) => (truth, "file"),
        None => (measure::exact(&plan, &collection)?, "exact search of the engine"),
    };
    let size = size_after_a_pass(&plan, &collection, io.as_ref())?;
    let mut points = Vec::new();
    for ef in &plan.sweep {
        points.push(measure::measure(&plan, &collection, &truth, *ef)?);
    }
    let filtered = match groups {
        Some(groups) => groups.measure(&collection, &breadths)?,
        None => Vec::new(),
    };
    let build = loaded.map(|loaded| Build::new(arguments, (vector.hnsw.m, Some(arguments.shards)), &loaded));
    let mut report = Report::new(arguments, &plan, size.points, build, (truth_source, points));
    report.embedded = Some(Embedded::new(&vector, (reopen_s, promote_s), size));
    report.add_filters(built, filtered);
    database.close()?;
    report.finish(arguments)
}

/// What is measured, checked before anything is loaded.
pub(crate) struct Plan {
    pub(crate) queries: Vec<Vec<f32>>,
    pub(crate) rows: usize,
    pub(crate) dim: usize,
    pub(crate) distance: Distance,
    pub(crate) filter: Option<Filter>,
    pub(crate) sweep: Vec<u32>,
    pub(crate) k: usize,
    pub(crate) threads: usize,
    pub(crate) calls: usize,
    pub(crate) quantization: QuantizationSearch,
}

impl Plan {
    fn new(arguments: &BenchArguments) -> Result<Plan, CliError> {
        let base = at(&arguments.base, Npy::open(&arguments.base))?;
        let mut queries = at(&arguments.queries, Npy::open(&arguments.queries))?;
        let (rows, dim) = (base.rows, base.columns);
        if queries.columns != dim || queries.rows == 0 || rows == 0 || dim == 0 {
            let what = format!(
                "{} rows of {} numbers do not go with a base of {rows} rows of {dim}",
                queries.rows, queries.columns
            );
            let path = arguments.queries.clone();
            return Err(CliError::Shape { path, what });
        }
        let flag = |flag, rule| Err(CliError::Flag { flag, rule });
        if arguments.calls < CALLS_MIN {
            return flag("calls", "takes at least 10,000, or the figures would be noise");
        }
        if arguments.k == 0 || arguments.threads == 0 || arguments.batch == 0 {
            return flag("k, --threads, --batch", "take at least 1");
        }
        if !(0.0..=1.0).contains(&arguments.replace) {
            return flag("replace", "takes a share from 0 to 1");
        }
        arguments.codes.check()?;
        let count = queries.rows;
        let plan = Plan {
            queries: at(&arguments.queries, queries.vectors(0, count))?,
            rows,
            dim,
            distance: distance(&arguments.metric)?,
            filter: match arguments.remote.url {
                // A server understands its filters itself.
                Some(_) => None,
                None => filter(arguments.filter.as_deref())?,
            },
            sweep: sweep(&arguments.sweep)?,
            k: arguments.k,
            threads: match arguments.remote.url {
                Some(_) => arguments.remote.connections,
                None => arguments.threads,
            },
            calls: arguments.calls,
            quantization: arguments.codes.search(),
        };
        if !arguments.reuse {
            let planned = vector(&plan.config(arguments)?);
            arguments.codes.check_searched(&planned)?;
        }
        Ok(plan)
    }

    /// The collection's configuration.
    pub(crate) fn config(&self, arguments: &BenchArguments) -> Result<CollectionConfig, CliError> {
        let mut config = CollectionConfig::single(self.dim as u32, self.distance);
        for vector in config.vectors.values_mut() {
            vector.hnsw.m = arguments.m;
            vector.hnsw.ef_construct = arguments.ef_construct;
            arguments.codes.configure(vector)?;
        }
        config.shards = arguments.shards;
        Ok(config)
    }

    /// One search for each query, at a breadth; exact if there is none.
    pub(crate) fn requests(&self, ef: Option<u32>) -> Vec<SearchRequest> {
        let request = |query: &Vec<f32>| {
            let mut request = SearchRequest::nearest(query.clone(), self.k);
            request.filter.clone_from(&self.filter);
            request.params.hnsw_ef = ef;
            request.params.exact = ef.is_none();
            request.params.quantization = self.quantization;
            request
        };
        self.queries.iter().map(request).collect()
    }

    /// Breadths of the filtered searches; the default one unless others are named.
    fn filter_breadths(&self, arguments: &BenchArguments) -> Result<Vec<Option<u32>>, CliError> {
        let Some(text) = &arguments.filter_sweep else {
            return Ok(vec![None]);
        };
        Ok(sweep(text)?.into_iter().map(Some).collect())
    }

    /// The true neighbours of every query, if a file has them.
    fn truth_file(&self, arguments: &BenchArguments) -> Result<Option<Vec<Vec<u64>>>, CliError> {
        let Some(path) = &arguments.truth else {
            return Ok(None);
        };
        let mut npy = at(path, Npy::open(path))?;
        if npy.rows != self.queries.len() || npy.columns < self.k {
            let what = format!(
                "{} rows of {} neighbours do not go with {} queries and k = {}",
                npy.rows,
                npy.columns,
                self.queries.len(),
                self.k
            );
            let path = path.clone();
            return Err(CliError::Shape { path, what });
        }
        Ok(Some(at(path, npy.row_numbers(self.k, self.rows))?))
    }
}

pub(crate) fn at<T>(path: &Path, result: Result<T, crate::npy::NpyError>) -> Result<T, CliError> {
    result.map_err(|source| CliError::Npy {
        path: path.to_owned(),
        source,
    })
}

pub(crate) fn distance(name: &str) -> Result<Distance, CliError> {
    match name {
        "cosine" => Ok(Distance::Cosine),
        "dot" => Ok(Distance::Dot),
        "euclid" => Ok(Distance::Euclid),
        "manhattan" => Ok(Distance::Manhattan),
        _ => Err(CliError::Flag {
            flag: "metric",
            rule: "takes cosine, dot, euclid or manhattan",
        }),
    }
}

fn filter(text: Option<&str>) -> Result<Option<Filter>, CliError> {
    let Some(text) = text else {
        return Ok(None);
    };
    let wire: WireFilter = from_json(text.as_bytes()).map_err(CliError::Filter)?;
    let filter = wire.into_filter("filter", &Limits::default());
    filter.map(Some).map_err(CliError::Filter)
}

pub(crate) fn sweep(text: &str) -> Result<Vec<u32>, CliError> {
    let values = text.strip_prefix("ef=").unwrap_or("").split(',');
    let values: Option<Vec<u32>> = values
        .map(|value| value.trim().parse().ok().filter(|ef| *ef > 0))
        .collect();
    values.ok_or(CliError::Flag {
        flag: "sweep",
        rule: "takes ef=N,N,… with N above 0",
    })
}

fn options(arguments: &BenchArguments) -> DatabaseOptions {
    let mut options = DatabaseOptions::default();
    if let Some(bytes) = arguments.filter_cache_bytes_max {
        options.filter_cache_bytes_max = bytes;
    }
    options
}

pub(crate) fn open(path: &Path) -> Result<(Database, Arc<RealIo>), CliError> {
    open_with(path, DatabaseOptions::default())
}

fn open_with(path: &Path, options: DatabaseOptions) -> Result<(Database, Arc<RealIo>), CliError> {
    let io = RealIo::open(path).map_err(|source| CliError::Storage {
        path: path.to_owned(),
        source,
    })?;
    let io = Arc::new(io);
    let opened = Database::open(io.clone(), options);
    let database = opened.map_err(|source| CliError::Open {
        path: path.to_owned(),
        source,
    })?;
    Ok((database, io))
}

/// The configuration of a collection's one vector field.
fn vector(config: &CollectionConfig) -> VectorConfig {
    let unnamed = config.vectors.get("").copied();
    unnamed.unwrap_or_else(|| VectorConfig::new(1, Distance::Cosine))
}

/// A collection that is reused must be one of these vectors.
fn check_same_size(arguments: &BenchArguments, plan: &Plan, collection: &Collection) -> Result<(), CliError> {
    let points = collection.info().points;
    if points == plan.rows as u64 {
        return Ok(());
    }
    let (path, rows) = (arguments.base.clone(), plan.rows);
    let what = format!("{rows} rows do not go with the {points} points of the collection");
    Err(CliError::Shape { path, what })
}

/// Sizes once every query has run, so that what a search touches is in memory.
fn size_after_a_pass(plan: &Plan, collection: &Collection, io: &dyn Io) -> Result<Size, CliError> {
    let widest = plan.sweep.iter().max().copied();
    measure::pass(collection, &plan.requests(widest), &Ctx::default())?;
    let info = collection.info();
    Ok(Size {
        ram_bytes: info.ram_bytes,
        promoted_bytes: info.promoted_bytes,
        rss_bytes: io.memory().resident_bytes,
        disk_bytes: info.disk_bytes,
        points: info.points,
        segments: info.segments,
    })
}

/// Where the collection is built; removed at the end unless it was named.
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
    keep: bool,
}

impl Folder {
    pub(crate) fn new(named: Option<&PathBuf>) -> Result<Folder, CliError> {
        match named {
            Some(path) => Ok(Folder {
                path: path.clone(),
                keep: true,
            }),
            None => {
                let path = std::env::temp_dir().join(format!("ruvector-bench-{}", std::process::id()));
                std::fs::create_dir(&path).map_err(|source| CliError::File {
                    path: path.clone(),
                    source,
                })?;
                Ok(Folder { path, keep: false })
            }
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = std::fs::remove_dir_all(&self.path)
        {
            eprintln!("{}: {error}", self.path.display());
        }
    }
}
