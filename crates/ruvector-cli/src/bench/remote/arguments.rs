//! The flags of `ruvector bench --url`, and which of them are refused. Never measures.

use clap::Args;

use super::grpc;
use crate::error::CliError;

/// Seconds that a connection may be idle at a rate: a ping of the server is answered with the next search.
const IDLE_S_MAX: f64 = 20.0;

#[derive(Clone, Debug, Args)]
pub(crate) struct RemoteArguments {
    /// Measure the server here, instead of the embedded engine: ours, or any that speaks Qdrant's REST interface, or with
    /// --grpc its gRPC interface
    #[arg(long, value_name = "URL", group = "place", conflicts_with_all = [
        "threads", "shards", "quantization", "query_bits", "profile", "no_graph", "on_disk", "rescore", "oversampling",
    ])]
    pub(crate) url: Option<String>,
    /// Connections that search at the same time, each kept open, one query at a time
    #[arg(long, default_value_t = 1, requires = "url")]
    pub(crate) connections: usize,
    /// Searches a second over all connections, as evenly apart as they were sent by strangers; latencies count from the
    /// moment at which a search was due. Without it each connection searches as fast as it is answered
    #[arg(long, value_name = "R", requires = "url")]
    pub(crate) rate: Option<f64>,
    /// The collection on the server; it stays there
    #[arg(long, value_name = "NAME", default_value = "bench", requires = "url")]
    pub(crate) collection: String,
    /// Search by points/query (Points/Query) instead of points/search (Points/Search)
    #[arg(long, requires = "url")]
    pub(crate) query_route: bool,
    /// Key that every request or call carries as api-key
    #[arg(long, value_name = "KEY", requires = "url")]
    pub(crate) api_key: Option<String>,
    /// How long the collection may take until its status is green
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "url")]
    pub(crate) green_within: u32,
    /// Load and measure by gRPC; the port of --url is then that of gRPC: http://127.0.0.1:6334
    #[arg(long, requires = "url")]
    pub(crate) grpc: bool,
}

impl RemoteArguments {
    /// Refuses flags that make no sense.
    pub(super) fn check(&self) -> Result<(), CliError> {
        let flag = |flag, rule| Err(CliError::Flag { flag, rule });
        if !(1..=1024).contains(&self.connections) {
            return flag("connections", "takes 1 to 1,024");
        }
        if self.rate.is_some_and(|rate| !(1.0..=1e6).contains(&rate)) {
            return flag("rate", "takes 1 to 1,000,000 searches a second");
        }
        if self
            .rate
            .is_some_and(|rate| self.connections as f64 / rate > IDLE_S_MAX)
        {
            let rule = "leaves each connection idle for over 20 seconds, and servers close such; take fewer connections";
            return flag("rate", rule);
        }
        if !(1..=3600).contains(&self.green_within) {
            return flag("green-within", "takes 1 to 3,600 seconds");
        }
        self.checked_url().map(drop)
    }

    /// Refuses a payload index that the interface cannot declare.
    pub(super) fn check_index(&self, index: &str) -> Result<(), CliError> {
        let kind = index.rsplit_once(':').map_or("", |(_, kind)| kind);
        match self.grpc && grpc::field_type(kind).is_none() {
            true => Err(CliError::Flag {
                flag: "index",
                rule: "takes no kind null with --grpc: no message declares it",
            }),
            false => Ok(()),
        }
    }

    /// The server's address.
    pub(super) fn checked_url(&self) -> Result<&str, CliError> {
        match self.url.as_deref() {
            Some(url) if url.starts_with("http://") && !url.contains('@') => Ok(url),
            _ => Err(CliError::Flag {
                flag: "url",
                rule: "takes http://HOST:PORT; neither TLS nor a password is spoken",
            }),
        }
    }

    /// The last part of the route of searches, or their call.
    pub(super) fn route(&self) -> &'static str {
        match (self.grpc, self.query_route) {
            (false, false) => "search",
            (false, true) => "query",
            (true, false) => "Points/Search",
            (true, true) => "Points/Query",
        }
    }
}
