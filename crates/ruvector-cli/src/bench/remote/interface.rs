//! What a bench asks of a server, in whatever language: REST or gRPC. Never measures and never decides.

use prost::bytes::Bytes;
use serde_json::Value;

use super::super::Plan;
use super::super::rows::Written;
use crate::commands::BenchArguments;
use crate::error::CliError;

/// One collection of a server, and the language in which it is spoken of.
pub(super) trait Interface {
    /// The server's title and version.
    fn identity(&self) -> Result<(Value, Value), CliError>;

    /// The collection as the server tells it.
    fn describe(&self) -> Result<Described, CliError>;

    /// Creates the collection.
    fn create(&self, arguments: &BenchArguments, plan: &Plan) -> Result<(), CliError>;

    /// Upserts every row in batches that are waited for, then a share of them again.
    fn load(&self, arguments: &BenchArguments) -> Result<Written, CliError>;

    /// Points that match, counted exactly.
    fn count(&self, filter: Option<&Value>) -> Result<u64, CliError>;

    /// Declares a payload index, and waits for it as long as the server lets one wait.
    fn declare(&self, field: &str, kind: &str) -> Result<(), CliError>;

    /// Sends the collection a change that changes nothing.
    fn wake(&self) -> Result<(), CliError>;

    /// A search as the body or message that asks for it.
    fn search(&self, vector: &[f32], ask: Ask) -> Result<Vec<u8>, CliError>;

    /// Carries out a search, and reads the ids that it finds.
    fn ids(&self, search: &[u8]) -> Result<Vec<u64>, CliError>;

    /// A search as a connection sends it.
    fn request(&self, search: &[u8]) -> Bytes;

    /// A connection for searches that are timed.
    fn open(&self) -> Result<Box<dyn Wire>, CliError>;
}

/// A connection that is kept open.
pub(super) trait Wire: Send {
    /// Sends a search and reads its whole answer, which must be a success.
    fn exchange(&mut self, request: &Bytes) -> Result<(), CliError>;
}

/// A collection as its server tells it; null is what it does not tell.
pub(super) struct Described {
    pub(super) status: String,
    pub(super) optimizer: Value,
    /// Size and distance of the unnamed vector.
    pub(super) size: Value,
    pub(super) distance: Value,
    pub(super) indexed_vectors: Value,
    /// Payload indexes, with what is told of each.
    pub(super) fields: Vec<Value>,
}

/// What a search asks for beside its vector.
#[derive(Clone, Copy)]
pub(super) struct Ask<'a> {
    pub(super) k: usize,
    pub(super) filter: Option<&'a Value>,
    pub(super) breadth: Breadth,
}

#[derive(Clone, Copy)]
pub(super) enum Breadth {
    Exact,
    Default,
    Ef(u32),
}

impl Breadth {
    pub(super) fn ef(self) -> Option<u32> {
        match self {
            Breadth::Ef(ef) => Some(ef),
            Breadth::Exact | Breadth::Default => None,
        }
    }

    pub(super) fn is_exact(self) -> bool {
        matches!(self, Breadth::Exact)
    }
}
