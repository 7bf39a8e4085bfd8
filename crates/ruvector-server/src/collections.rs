//! Routes of collections: create, list, describe, change, delete. Never touches points.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    CollectionExists, CollectionNames, CollectionView, CreateCollection, CreateNamedCollection,
    ErrorEnvelope, UpdateCollection,
};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::Answer;

/// List all collections
#[utoipa::path(get, path = "/collections", tag = "collections",
    responses((status = 200, body = Answer<CollectionNames>), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn list(State(app): State<App>, call: Call) -> Response {
    call.read(app, |job| {
        Ok(CollectionNames::new(job.database.collection_names()))
    })
    .await
}

/// Create a collection (native form)
#[utoipa::path(post, path = "/collections", tag = "collections",
    request_body(content = CreateNamedCollection, example = json!({"name": "glosses", "dimensions": 384, "distance": "cosine"})),
    responses((status = 200, body = Answer<bool>), (status = 400, body = ErrorEnvelope), (status = 409, body = ErrorEnvelope)))]
pub(crate) async fn create_native(State(app): State<App>, call: Call) -> Response {
    call.write(app, |job| {
        let request: CreateNamedCollection = job.body()?;
        let name = request.name.clone();
        let config = request.into_config(job.limits())?;
        job.database.create_collection(&name, config)?;
        Ok(true)
    })
    .await
}

/// Create a collection
#[utoipa::path(put, path = "/collections/{name}", tag = "collections", params(("name" = String, Path)),
    request_body(content = CreateCollection, example = json!({"vectors": {"size": 384, "distance": "Cosine"},
        "quantization_config": {"scalar": {"type": "int8", "quantile": 0.99, "always_ram": true}}})),
    responses((status = 200, body = Answer<bool>), (status = 400, body = ErrorEnvelope), (status = 409, body = ErrorEnvelope)))]
pub(crate) async fn create(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let request: CreateCollection = job.body()?;
        let config = request.into_config(job.limits())?;
        job.database.create_collection(&name, config)?;
        Ok(true)
    })
    .await
}

/// Describe a collection: its configuration and figures
#[utoipa::path(get, path = "/collections/{name}", tag = "collections", params(("name" = String, Path)),
    responses((status = 200, body = Answer<CollectionView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn describe(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let collection = job.database.collection(&name)?;
        let (config, info) = (collection.config(), collection.info());
        Ok(CollectionView::new(&config, info, collection.indexes()))
    })
    .await
}

/// Change a collection in use; components that are to be different are made in the background
#[utoipa::path(patch, path = "/collections/{name}", tag = "collections", params(("name" = String, Path)),
    request_body(content = UpdateCollection, example = json!({"vectors": {"": {"quantization_config": {"rotated": {"bits": 2}}}}})),
    responses((status = 200, body = Answer<bool>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn update(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let request: UpdateCollection = job.body()?;
        let limits = job.limits();
        job.database
            .update_config(&name, |config| request.apply(config, limits))?;
        Ok(true)
    })
    .await
}

/// Delete a collection; false if there was none
#[utoipa::path(delete, path = "/collections/{name}", tag = "collections", params(("name" = String, Path)),
    responses((status = 200, body = Answer<bool>), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn delete(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| Ok(job.database.delete_collection(&name)?))
        .await
}

/// Tell whether a collection exists
#[utoipa::path(get, path = "/collections/{name}/exists", tag = "collections", params(("name" = String, Path)),
    responses((status = 200, body = Answer<CollectionExists>), (status = 400, body = ErrorEnvelope)))]
pub(crate) async fn exists(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let exists = match job.database.collection(&name) {
            Ok(_) => true,
            Err(error) if error.kind() == ruvector_core::ErrorKind::NotFound => false,
            Err(error) => return Err(error.into()),
        };
        Ok(CollectionExists { exists })
    })
    .await
}
