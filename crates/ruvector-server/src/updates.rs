//! Routes that change parts of points, and the one that carries several writes. Never resolves a filter.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    ClearPayload, DeletePayload, DeleteVectors, ErrorEnvelope, OverwritePayload, SetPayload, UpdateVectors,
    UpdateView, WriteBatch,
};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::Answer;
use crate::points::write;

/// Set keys of the payload, leaving the others
#[utoipa::path(post, path = "/collections/{name}/points/payload", tag = "payload",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = SetPayload, example = json!({"payload": {"read": true}, "points": [1]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn set(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<SetPayload>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Replace the whole payload
#[utoipa::path(put, path = "/collections/{name}/points/payload", tag = "payload",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = OverwritePayload, example = json!({"payload": {"type": "doc"}, "points": [1]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn overwrite(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<OverwritePayload>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Remove keys of the payload
#[utoipa::path(post, path = "/collections/{name}/points/payload/delete", tag = "payload",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = DeletePayload, example = json!({"keys": ["read"], "points": [1]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn delete(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<DeletePayload>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Remove the whole payload
#[utoipa::path(post, path = "/collections/{name}/points/payload/clear", tag = "payload",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = ClearPayload, example = json!({"points": [1]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn clear(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<ClearPayload>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Set vectors of points, leaving their others
#[utoipa::path(put, path = "/collections/{name}/points/vectors", tag = "points",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = UpdateVectors, example = json!({"points": [{"id": 1, "vector": [0.1, 0.2, 0.3]}]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn set_vectors(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<UpdateVectors>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Remove vectors of points, leaving their others
#[utoipa::path(post, path = "/collections/{name}/points/vectors/delete", tag = "points",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = DeleteVectors, example = json!({"vector": ["title"], "points": [1]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn delete_vectors(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<DeleteVectors>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Several writes, carried out in order
///
/// Nothing is written if one of them is not well formed. One that the data refuses is the answer: those before it
/// stand, those after it are not carried out.
#[utoipa::path(post, path = "/collections/{name}/points/batch", tag = "points",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = WriteBatch, example = json!({"operations": [
        {"upsert": {"points": [{"id": 1, "vector": [0.1, 0.2, 0.3]}]}},
        {"set_payload": {"payload": {"read": true}, "points": [1]}}]})),
    responses((status = 200, body = Answer<Vec<UpdateView>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn batch(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let operations = job.body::<WriteBatch>()?.into_ops(job.limits())?;
        let collection = job.database.collection(&name)?;
        let outcomes = collection.write_batch(&job.ctx, operations, job.wait)?;
        let views = outcomes.iter().map(|outcome| UpdateView::new(outcome, job.wait));
        Ok(views.collect::<Vec<_>>())
    })
    .await
}
