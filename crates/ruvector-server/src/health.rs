//! Is it alive, is it ready, what is it. Never waits for the engine.

use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::answer;
use crate::app::App;

/// The version of Qdrant whose REST shapes are followed. Clients compare it with their own and warn if the minor
/// versions are more than one apart.
pub(crate) const QDRANT_VERSION: &str = "1.19.0";

/// The server's name for people.
pub(crate) const TITLE: &str = "ruvector - vector database";
/// The commit the server was built from, if the build was told.
pub(crate) const COMMIT: Option<&str> = option_env!("RUVECTOR_COMMIT");

/// What answers here.
#[derive(Serialize, ToSchema)]
pub(crate) struct Version {
    title: &'static str,
    /// The version of Qdrant whose shapes are followed; clients of it check this one.
    #[schema(example = "1.19.0")]
    version: &'static str,
    /// The commit the server was built from, if the build was told (`RUVECTOR_COMMIT`).
    commit: Option<&'static str>,
    /// The server's own version.
    ruvector_version: &'static str,
}

/// Whether it is alive.
#[derive(Serialize, ToSchema)]
pub(crate) struct Health {
    status: &'static str,
}

/// Whether it is ready.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ready {
    status: &'static str,
    collections: usize,
}

fn json<T: Serialize>(value: &T) -> Response {
    answer::json(serde_json::to_vec(value).unwrap_or_default())
}

/// Name and version of the server
#[utoipa::path(get, path = "/", tag = "service", responses((status = 200, body = Version)))]
pub(crate) async fn version() -> Response {
    json(&Version {
        title: TITLE,
        version: QDRANT_VERSION,
        commit: COMMIT,
        ruvector_version: env!("CARGO_PKG_VERSION"),
    })
}

/// Whether the server is alive
#[utoipa::path(get, path = "/health", tag = "service", responses((status = 200, body = Health)))]
pub(crate) async fn health() -> Response {
    json(&Health { status: "ok" })
}

/// Whether the server takes requests, and how many collections it has
#[utoipa::path(get, path = "/ready", tag = "service", responses((status = 200, body = Ready)))]
pub(crate) async fn ready(State(app): State<App>) -> Response {
    json(&Ready {
        status: "ready",
        collections: app.database.collection_names().len(),
    })
}

/// Whether the server is alive (text)
#[utoipa::path(get, path = "/healthz", tag = "service", responses((status = 200, body = str)))]
pub(crate) async fn healthz() -> &'static str {
    "healthz check passed"
}

/// Whether the server is alive (text)
#[utoipa::path(get, path = "/livez", tag = "service", responses((status = 200, body = str)))]
pub(crate) async fn livez() -> &'static str {
    "healthz check passed"
}

/// Whether the server takes requests (text)
#[utoipa::path(get, path = "/readyz", tag = "service", responses((status = 200, body = str)))]
pub(crate) async fn readyz() -> &'static str {
    "all shards are ready"
}
