//! Why a command fails, as the user reads it. Never hides a cause.

use std::path::PathBuf;

use ruvector_api::ApiError;

use crate::npy::NpyError;
use crate::settings::SettingError;

/// A command that fails; ends the process with status 1.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CliError {
    #[error("{0}")]
    Setting(#[from] SettingError),
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: std::io::Error },
    #[error("{place}: {source}")]
    Body {
        place: String,
        source: serde_json::Error,
    },
    #[error("{place}: the body of a request is a JSON object")]
    NoObject { place: String },
    #[error("standard input: {0}")]
    Input(#[source] std::io::Error),
    #[error("{}: {source}", .path.display())]
    Npy { path: PathBuf, source: NpyError },
    #[error("the wordnet data of this program: {0}")]
    Data(#[source] NpyError),
    #[error("{}: line {line}: {source}", .path.display())]
    Line {
        path: PathBuf,
        line: usize,
        source: ApiError,
    },
    #[error("{}: {what}", .path.display())]
    Shape { path: PathBuf, what: String },
    #[error("--{flag}: {rule}")]
    Flag { flag: &'static str, rule: &'static str },
    #[error("--filter: {0}")]
    Filter(#[source] ApiError),
    #[error("storage folder {}: {source}", .path.display())]
    Storage {
        path: PathBuf,
        source: ruvector_io::IoError,
    },
    #[error("storage folder {} is in use by another ruvector process", .path.display())]
    FolderInUse { path: PathBuf },
    #[error("storage folder {}: {source}", .path.display())]
    Open {
        path: PathBuf,
        source: ruvector_core::Error,
    },
    #[error("{0}")]
    Engine(#[from] ruvector_core::Error),
    #[error("the runtime did not start: {0}")]
    Runtime(#[source] std::io::Error),
    #[error("port {port} of {host} is in use; is a server running already? --{flag} chooses another")]
    PortInUse {
        host: String,
        port: u16,
        flag: &'static str,
    },
    #[error("cannot listen on {host}:{port}: {source}")]
    Listen {
        host: String,
        port: u16,
        source: std::io::Error,
    },
    #[error("{0}")]
    Serve(#[from] ruvector_server::ServeError),
    #[error("no server answers at {url}; start one with: cargo run --release -- serve")]
    NoServer { url: String },
    #[error("request to {url}: {source}")]
    Http { url: String, source: Box<ureq::Error> },
    #[error("the server refused ({status}): {message}")]
    Refused { status: u16, message: String },
    #[error("no server answers at {url}: {source}")]
    Unreached { url: String, source: std::io::Error },
    #[error("the connection to {url} failed: {}", causes(.status))]
    Broken { url: String, status: Box<tonic::Status> },
    #[error("the server at {url} refused ({code:?}): {message}")]
    RefusedCall {
        url: String,
        code: tonic::Code,
        message: String,
    },
    #[error("{0}; --grpc takes the port of gRPC, 6334 unless it was changed, not that of REST")]
    NoGrpc(#[source] Box<CliError>),
    #[error("a filter as a message of gRPC: {0}")]
    Message(#[source] ApiError),
    #[error("the server's answer is not understood: {0}")]
    Answer(&'static str),
    #[error(
        "the server has a collection {name} already; --reuse measures it as it is, --collection names another"
    )]
    CollectionExists { name: String },
    #[error("collection {name}: {what}")]
    Collection { name: String, what: String },
    #[error("JSON: {0}")]
    Json(#[source] serde_json::Error),
    #[error("{kind}: {found} where the points themselves say {wanted}")]
    WrongAnswer {
        kind: &'static str,
        found: String,
        wanted: String,
    },
    #[error("a search thread ended abnormally")]
    Thread,
}

impl CliError {
    /// Whether a server says that it does not have what was asked for.
    pub(crate) fn is_not_found(&self) -> bool {
        match self {
            CliError::Refused { status, .. } => *status == 404,
            CliError::RefusedCall { code, .. } => *code == tonic::Code::NotFound,
            _ => false,
        }
    }
}

/// The causes of a failed call, the nearest first.
fn causes(status: &tonic::Status) -> String {
    let first = std::error::Error::source(status);
    let causes = std::iter::successors(first, |cause| cause.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}
