//! The command line: subcommands and their flags. `serve`'s flags come from the table of settings. Never acts.

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand, ValueEnum};

use crate::bench::codes::CodesArguments;
use crate::bench::remote::arguments::RemoteArguments;
use crate::settings;
use crate::workload::arguments::WorkloadCommand;

/// A durable vector database.
#[derive(Debug, Parser)]
#[command(name = "ruvector", version, arg_required_else_help = true)]
pub(crate) struct CommandLine {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start the server
    Serve(ServeArguments),
    /// Load 5,000 word meanings into a running server and ask it three questions
    Quickstart(QuickstartArguments),
    /// Work on the collections of a running server
    #[command(subcommand)]
    Collection(CollectionCommand),
    /// Show how a running server carries out a search (by vector or by words), scroll, count or facet: segment by segment
    Explain(ExplainArguments),
    /// Measure recall, speed and size on your own vectors: embedded, or of a server (--url)
    Bench(Box<BenchArguments>),
    /// Measure what a static index does not have to bear, on your own vectors, embedded: churn, merges, live writes
    #[command(subcommand)]
    Workload(WorkloadCommand),
    /// Print generated documents
    #[command(subcommand)]
    Config(ConfigCommand),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArguments {
    /// Settings in TOML; flags and environment variables go before it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct Server {
    /// The server
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:6333")]
    pub(crate) url: String,
}

#[derive(Debug, Args)]
pub(crate) struct QuickstartArguments {
    #[command(flatten)]
    pub(crate) server: Server,
    /// Folder with vectors.npy and payload.jsonl to load instead of the built-in data
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CollectionCommand {
    /// List the collections
    List(Server),
    /// Create a collection
    Create(CreateArguments),
    /// Show a collection's configuration and figures
    Describe(OneCollection),
    /// Delete a collection with all its points
    Delete(OneCollection),
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The collection
    #[arg(long, value_name = "NAME")]
    pub(crate) collection: String,
    /// What the body asks for
    #[arg(long, value_enum, default_value_t = Operation::Search)]
    pub(crate) operation: Operation,
    /// The request's body in JSON, as in the REST interface; - or nothing: standard input
    #[arg(value_name = "FILE")]
    pub(crate) body: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) server: Server,
}

/// A read that can be explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Operation {
    Search,
    Query,
    Text,
    Scroll,
    Count,
    Facet,
}

#[derive(Debug, Args)]
pub(crate) struct OneCollection {
    /// The collection
    pub(crate) name: String,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Args)]
pub(crate) struct CreateArguments {
    /// The collection
    pub(crate) name: String,
    /// Dimensions of its vectors
    #[arg(long)]
    pub(crate) dimensions: u32,
    /// cosine, dot, euclid or manhattan
    #[arg(long, default_value = "cosine")]
    pub(crate) distance: String,
    /// Shards
    #[arg(long)]
    pub(crate) shards: Option<u32>,
    /// Links of a graph node
    #[arg(long)]
    pub(crate) m: Option<u32>,
    /// Breadth of the search for a new node's neighbours
    #[arg(long)]
    pub(crate) ef_construct: Option<u32>,
    #[command(flatten)]
    pub(crate) server: Server,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print docs/config.md
    Docs,
    /// Print the OpenAPI document
    #[command(name = "openapi")]
    OpenApi,
}

#[derive(Clone, Debug, Args)]
pub(crate) struct BenchArguments {
    /// Vectors to load: .npy, float32 or float16, two dimensions
    #[arg(long, value_name = "NPY")]
    pub(crate) base: PathBuf,
    /// Query vectors: .npy of the same width
    #[arg(long, value_name = "NPY")]
    pub(crate) queries: PathBuf,
    /// True neighbours, as rows of the base, best first: .npy of int32, int64 or uint32. Fitting --filter, if
    /// that is given. Without it the engine's (or the server's) exact search is the truth
    #[arg(long, value_name = "NPY")]
    pub(crate) truth: Option<PathBuf>,
    /// cosine, dot, euclid or manhattan
    #[arg(long, default_value = "cosine")]
    pub(crate) metric: String,
    /// Neighbours asked for
    #[arg(long, default_value_t = 10)]
    pub(crate) k: usize,
    /// Payloads to load, one JSON object a line
    #[arg(long, value_name = "JSONL")]
    pub(crate) payload: Option<PathBuf>,
    /// Filter of every search, as in the REST interface
    #[arg(long, value_name = "JSON")]
    pub(crate) filter: Option<String>,
    /// Payload index to declare once the collection is loaded and reopened: a field and integer, float, datetime,
    /// keyword, uuid, bool, geo, text or null; may be given again
    #[arg(long, value_name = "PATH:KIND")]
    pub(crate) index: Vec<String>,
    /// Filtered searches to measure too, one a line: {"group", "query" (row of --queries), "filter" (null: none), "truth"
    /// (ids)}
    #[arg(long, value_name = "JSONL")]
    pub(crate) filters: Option<PathBuf>,
    /// Breadths of the filtered searches, if not the default one
    #[arg(long, value_name = "ef=N,N,…", requires = "filters")]
    pub(crate) filter_sweep: Option<String>,
    /// Bytes of memory for filters that come again and their answers; 0: each is answered anew
    #[arg(long, value_name = "BYTES", conflicts_with = "url")]
    pub(crate) filter_cache_bytes_max: Option<u64>,
    /// Threads that search at the same time, one query each
    #[arg(long, default_value_t = 1)]
    pub(crate) threads: usize,
    /// Search breadths to measure
    #[arg(long, value_name = "ef=N,N,…", default_value = "ef=16,32,64,128,256")]
    pub(crate) sweep: String,
    /// Timed calls for each breadth, at least 10,000
    #[arg(long, default_value_t = 10_000)]
    pub(crate) calls: usize,
    /// Write the figures here
    #[arg(long, value_name = "FILE")]
    pub(crate) json: Option<PathBuf>,
    /// Build here and keep the collection
    #[arg(long, value_name = "DIR", group = "place")]
    pub(crate) engine_dir: Option<PathBuf>,
    /// Measure the collection that an earlier run has kept in --engine-dir, or that is on the server, instead of
    /// loading; --quantization then changes its codes first, as an update of the collection does
    #[arg(long, requires = "place", conflicts_with_all = [
        "m", "ef_construct", "batch", "shards", "replace", "seed", "payload",
        "profile", "no_graph", "on_disk",
    ])]
    pub(crate) reuse: bool,
    /// Links of a graph node
    #[arg(long, default_value_t = 16)]
    pub(crate) m: u32,
    /// Breadth of the search for a new node's neighbours
    #[arg(long, default_value_t = 200)]
    pub(crate) ef_construct: u32,
    /// Points of one write
    #[arg(long, default_value_t = 500)]
    pub(crate) batch: usize,
    /// Shards
    #[arg(long, default_value_t = 1)]
    pub(crate) shards: u32,
    /// Share of the points that is upserted again after the load, so that the figures hold for a collection
    /// that has lived
    #[arg(long, default_value_t = 0.1)]
    pub(crate) replace: f64,
    /// Seed of the choice of replaced points
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) codes: CodesArguments,
    #[command(flatten)]
    pub(crate) remote: RemoteArguments,
}

/// The whole command line, with `serve`'s flags from the table of settings.
pub(crate) fn command() -> clap::Command {
    CommandLine::command().mut_subcommand("serve", |serve| serve.args(settings::arguments()))
}
