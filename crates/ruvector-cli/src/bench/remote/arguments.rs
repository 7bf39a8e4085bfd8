//! The flags of `ruvector bench --url`, and which of them are refused. Never measures.

use clap::Args;

use crate::error::CliError;

#[derive(Clone, Debug, Args)]
pub(crate) struct RemoteArguments {
    /// Measure the server here, instead of the embedded engine: ours, or any that speaks Qdrant's REST interface
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
    /// Search by POST points/query instead of points/search
    #[arg(long, requires = "url")]
    pub(crate) query_route: bool,
    /// Key that every request carries in its header api-key
    #[arg(long, value_name = "KEY", requires = "url")]
    pub(crate) api_key: Option<String>,
    /// How long the collection may take until its status is green
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, requires = "url")]
    pub(crate) green_within: u32,
    /// Measure gRPC (refused: it is not spoken here yet)
    #[arg(long, requires = "url")]
    pub(crate) grpc: bool,
}

impl RemoteArguments {
    /// The server's address, if all flags make sense.
    pub(super) fn checked_url(&self) -> Result<&str, CliError> {
        let flag = |flag, rule| Err(CliError::Flag { flag, rule });
        if self.grpc {
            return flag("grpc", "is not supported yet; without it REST is measured");
        }
        if !(1..=1024).contains(&self.connections) {
            return flag("connections", "takes 1 to 1,024");
        }
        if self.rate.is_some_and(|rate| !(1.0..=1e6).contains(&rate)) {
            return flag("rate", "takes 1 to 1,000,000 searches a second");
        }
        if !(1..=3600).contains(&self.green_within) {
            return flag("green-within", "takes 1 to 3,600 seconds");
        }
        match self.url.as_deref() {
            Some(url) if url.starts_with("http://") && !url.contains('@') => Ok(url),
            _ => flag(
                "url",
                "takes http://HOST:PORT; neither TLS nor a password is spoken",
            ),
        }
    }

    /// The last part of the route of searches.
    pub(super) fn route(&self) -> &'static str {
        if self.query_route { "query" } else { "search" }
    }
}
