//! Routes of vector fields: added to a collection in use, removed from it. Never touches a point.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{ApiError, CreateVectorField, ErrorEnvelope, UpdateView};

use crate::app::App;
use crate::call::{Call, Job, NameAndVector};
use crate::docs::Answer;

/// Adds a field to a collection; nothing happens if it is there.
pub(crate) fn declare(
    job: &Job,
    (name, vector): (&str, &str),
    field: CreateVectorField,
) -> Result<(), ApiError> {
    let config = job.database.collection(name)?.config();
    let field = field.into_field(&config)?;
    job.database.add_vector_field(name, vector, &field)?;
    Ok(())
}

/// Add a vector to a collection that is in use; its points lack it until it is written
#[utoipa::path(put, path = "/collections/{name}/vectors/{vector_name}", tag = "collections",
    params(("name" = String, Path), ("vector_name" = String, Path, description = "Percent-encoded"), ("wait" = Option<bool>, Query)),
    request_body(content = CreateVectorField, example = json!({"dense": {"size": 256, "distance": "Cosine"}})),
    responses((status = 200, body = Answer<UpdateView>, example = json!({"result": {"operation_id": null, "status": "completed"}, "status": "ok", "time": 0.004})),
        (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn add(
    State(app): State<App>,
    NameAndVector(name, vector): NameAndVector,
    call: Call,
) -> Response {
    call.write(app, move |job| {
        declare(job, (&name, &vector), job.body()?)?;
        Ok(UpdateView::of_collection(job.wait))
    })
    .await
}

/// Remove a vector from a collection and from all its points; nothing happens if there is none
#[utoipa::path(delete, path = "/collections/{name}/vectors/{vector_name}", tag = "collections",
    params(("name" = String, Path), ("vector_name" = String, Path, description = "Percent-encoded"), ("wait" = Option<bool>, Query)),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn remove(
    State(app): State<App>,
    NameAndVector(name, vector): NameAndVector,
    call: Call,
) -> Response {
    call.write(app, move |job| {
        job.database.remove_vector_field(&name, &vector)?;
        Ok(UpdateView::of_collection(job.wait))
    })
    .await
}
