//! The flags of `ruvector workload`. Never acts.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Subcommand)]
pub(crate) enum WorkloadCommand {
    /// Replace a share of the points, round after round, and compare with a collection built afresh
    Churn(ChurnArguments),
    /// Grow a collection by many merges and compare with one built at once
    Merges(MergesArguments),
    /// Search at a fixed rate, alone and then beside a writer
    Live(LiveArguments),
    /// Count synthetic points by their payload indexes, a share of them deleted
    Counts(CountsArguments),
}

#[derive(Clone, Debug, Args)]
pub(crate) struct DataArguments {
    /// Vectors: .npy, float32 or float16, two dimensions
    #[arg(long, value_name = "NPY")]
    pub(crate) base: PathBuf,
    /// Query vectors: .npy of the same width; with 1,000 or more, small differences of recall can be told
    #[arg(long, value_name = "NPY")]
    pub(crate) queries: PathBuf,
    /// cosine, dot, euclid or manhattan
    #[arg(long, default_value = "cosine")]
    pub(crate) metric: String,
    /// Neighbours asked for
    #[arg(long, default_value_t = 10)]
    pub(crate) k: usize,
    /// Rows of the base that are live at a time; the others are held back as new vectors
    #[arg(long)]
    pub(crate) points: Option<usize>,
    /// Links of a graph node
    #[arg(long, default_value_t = 16)]
    pub(crate) m: u32,
    /// Breadth of the search for a new node's neighbours
    #[arg(long, default_value_t = 200)]
    pub(crate) ef_construct: u32,
    /// Points of one write while loading
    #[arg(long, default_value_t = 500)]
    pub(crate) batch: usize,
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Build here and keep the collections
    #[arg(long, value_name = "DIR")]
    pub(crate) engine_dir: Option<PathBuf>,
    /// Write the figures here
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CompareArguments {
    /// Search breadths to measure
    #[arg(long, value_name = "ef=N,N,…", default_value = "ef=16,32,64,128,256")]
    pub(crate) sweep: String,
    /// Rounds in which the two collections are timed in turn
    #[arg(long, default_value_t = 7)]
    pub(crate) timed_rounds: usize,
    /// Timed calls of each collection in each of them
    #[arg(long, default_value_t = 2_000)]
    pub(crate) calls: usize,
}

/// How points are renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ChurnMode {
    /// The same ids, upserted with other vectors
    Replace,
    /// Old ids deleted, new ones inserted
    DeleteInsert,
}

/// What ends a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Settle {
    /// The optimizer comes to rest by itself, within its thresholds
    Background,
    /// One segment, without deleted rows
    Optimize,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct ChurnArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(flatten)]
    pub(crate) compare: CompareArguments,
    /// Rounds of renewal
    #[arg(long, default_value_t = 10)]
    pub(crate) rounds: usize,
    /// Share of the points renewed in each
    #[arg(long, default_value_t = 0.2)]
    pub(crate) share: f64,
    /// How points are renewed
    #[arg(long, value_enum, default_value = "replace")]
    pub(crate) mode: ChurnMode,
    /// What ends a round
    #[arg(long, value_enum, default_value = "background")]
    pub(crate) settle: Settle,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct MergesArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    #[command(flatten)]
    pub(crate) compare: CompareArguments,
    /// Merges
    #[arg(long, default_value_t = 50)]
    pub(crate) merges: usize,
    /// True neighbours, as rows of the base: .npy of int32, int64 or uint32, where all of its rows are loaded.
    /// Without it the engine's exact search is the truth
    #[arg(long, value_name = "NPY")]
    pub(crate) truth: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct LiveArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,
    /// Search breadth
    #[arg(long, default_value_t = 64)]
    pub(crate) ef: u32,
    /// Searches that are due in a second, whether or not the one before has returned
    #[arg(long, default_value_t = 200)]
    pub(crate) searches_per_second: u32,
    /// Points that are due to be upserted in a second
    #[arg(long, default_value_t = 1_000)]
    pub(crate) writes_per_second: u32,
    /// Points of one upsert; each waits until it is durable and visible
    #[arg(long, default_value_t = 20)]
    pub(crate) write_batch: usize,
    /// Share of the upserted points that have new ids; the others replace points
    #[arg(long, default_value_t = 0.0)]
    pub(crate) new_share: f64,
    /// Seconds of searching alone
    #[arg(long, default_value_t = 20)]
    pub(crate) idle_seconds: u32,
    /// Seconds of searching beside the writer
    #[arg(long, default_value_t = 120)]
    pub(crate) seconds: u32,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct CountsArguments {
    /// Points, each with an integer, a float, a place and one of 100 keywords
    #[arg(long, default_value_t = 1_000_000)]
    pub(crate) points: usize,
    /// Share of the points deleted before the measurement
    #[arg(long, default_value_t = 0.1)]
    pub(crate) deleted: f64,
    /// Timed requests of each kind
    #[arg(long, default_value_t = 500)]
    pub(crate) calls: usize,
    /// How many of them are checked against the points themselves
    #[arg(long, default_value_t = 10)]
    pub(crate) checks: usize,
    /// Points of one write while loading
    #[arg(long, default_value_t = 2_000)]
    pub(crate) batch: usize,
    /// Seed of every choice
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Build here and keep the collection
    #[arg(long, value_name = "DIR", alias = "folder")]
    pub(crate) engine_dir: Option<PathBuf>,
    /// Write the figures here
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
}
