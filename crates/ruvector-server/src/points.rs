//! Routes that write and read whole points. Never searches.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    ApiError, CountPoints, CountView, DeletePoints, ErrorEnvelope, RecordSchema, RecordView, RetrievePoints,
    ScrollPoints, ScrollView, UpdateView, UpsertPoints,
};
use ruvector_types::{PointSelector, WriteOp};

use crate::app::App;
use crate::call::{Call, Job, Name, NameAndId};
use crate::docs::{Answer, Explained};

/// Hands a write to the engine.
pub(crate) fn write(job: &Job, name: &str, op: WriteOp) -> Result<UpdateView, ApiError> {
    let collection = job.database.collection(name)?;
    let outcome = collection.write(&job.ctx, op, job.wait)?;
    Ok(UpdateView::new(&outcome, job.wait))
}

/// Insert or replace points
#[utoipa::path(put, path = "/collections/{name}/points", tag = "points",
    params(("name" = String, Path), ("wait" = Option<bool>, Query, description = "Answer once the write is on the disk and visible")),
    request_body(content = UpsertPoints, example = json!({"points": [{"id": 1, "vector": [0.1, 0.2, 0.3], "payload": {"type": "doc"}}]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn upsert(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<UpsertPoints>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Delete points, by id or by filter
#[utoipa::path(post, path = "/collections/{name}/points/delete", tag = "points",
    params(("name" = String, Path), ("wait" = Option<bool>, Query)),
    request_body(content = DeletePoints, example = json!({"points": [1, 2]})),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn delete(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let op = job.body::<DeletePoints>()?.into_op(job.limits())?;
        write(job, &name, op)
    })
    .await
}

/// Delete one point
#[utoipa::path(delete, path = "/collections/{name}/points/{id}", tag = "points",
    params(("name" = String, Path), ("id" = String, Path), ("wait" = Option<bool>, Query)),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn delete_one(
    State(app): State<App>,
    NameAndId(name, id): NameAndId,
    call: Call,
) -> Response {
    call.write(app, move |job| {
        write(job, &name, WriteOp::Delete(PointSelector::Ids(vec![id])))
    })
    .await
}

/// Read one point with its payload and vectors
#[utoipa::path(get, path = "/collections/{name}/points/{id}", tag = "points",
    params(("name" = String, Path), ("id" = String, Path)),
    responses((status = 200, body = Answer<RecordSchema>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn get_one(State(app): State<App>, NameAndId(name, id): NameAndId, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let collection = job.database.collection(&name)?;
        let (payload, vectors) = ruvector_api::retrieve_one();
        let found = collection.get(&job.ctx, std::slice::from_ref(&id), &payload, &vectors)?;
        let point = found.into_iter().next();
        point.map(RecordView).ok_or_else(|| ApiError::NoPoint {
            collection: name.clone(),
            id: id.to_string(),
        })
    })
    .await
}

/// Read points by id, in the order asked for
#[utoipa::path(post, path = "/collections/{name}/points", tag = "points", params(("name" = String, Path)),
    request_body(content = RetrievePoints, example = json!({"ids": [1, 2], "with_payload": true})),
    responses((status = 200, body = Answer<Vec<RecordSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn retrieve(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let (ids, payload, vectors) = job.body::<RetrievePoints>()?.into_parts(job.limits())?;
        let collection = job.database.collection(&name)?;
        let found = collection.get(&job.ctx, &ids, &payload, &vectors)?;
        Ok(found.into_iter().map(RecordView).collect::<Vec<_>>())
    })
    .await
}

/// Page through points in the order of their ids, or of a field's values
#[utoipa::path(post, path = "/collections/{name}/points/scroll", tag = "points", params(("name" = String, Path)),
    request_body(content = ScrollPoints, example = json!({"limit": 10, "filter": {"type": "doc"}})),
    responses((status = 200, body = Explained<ScrollView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn scroll(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<ScrollPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let page = job.database.collection(&name)?.scroll(&ctx, &request)?;
        Ok(ScrollView::new(page))
    })
    .await
}

/// Count the points that match
#[utoipa::path(post, path = "/collections/{name}/points/count", tag = "points", params(("name" = String, Path)),
    request_body(content = CountPoints, example = json!({"filter": {"type": "doc"}})),
    responses((status = 200, body = Explained<CountView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn count(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<CountPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let count = job.database.collection(&name)?.count(&ctx, &request)?;
        Ok(CountView { count })
    })
    .await
}
