//! Routes that change payloads only. Never touches vectors.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{ClearPayload, DeletePayload, ErrorEnvelope, OverwritePayload, SetPayload, UpdateView};

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
