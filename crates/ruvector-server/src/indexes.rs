//! Routes of payload indexes: declare, drop, count values by one. Never builds one: the engine does in the background.

use std::time::Duration;

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    ApiError, CreateFieldIndex, ErrorEnvelope, FacetPoints, FacetView, IndexSchemaSchema, UpdateView,
    WireIndexSchema,
};
use ruvector_core::Wait;
use ruvector_types::{FieldIndex, PayloadPath};

use crate::app::App;
use crate::call::{Call, Job, Name, NameAndField};
use crate::docs::{Answer, Explained};

/// Time between two looks at an index that somebody waits for: at first, and at most; it doubles each time.
const LOOK_FIRST: Duration = Duration::from_millis(1);
const LOOK_MAX: Duration = Duration::from_millis(100);

/// Declares an index, and waits for it if the request does.
pub(crate) fn declare(
    job: &Job,
    name: &str,
    (path, index): (&PayloadPath, &FieldIndex),
    wait: Wait,
) -> Result<(), ApiError> {
    job.database.create_index(name, path, index.clone())?;
    match wait {
        Wait::Durable => wait_until_built(job, name, path, index),
        Wait::Accepted => Ok(()),
    }
}

/// Returns once every sealed segment has the index. The request's own thread bears the wait, as it does that for the disk;
/// it ends with the request's time.
fn wait_until_built(job: &Job, name: &str, path: &PayloadPath, index: &FieldIndex) -> Result<(), ApiError> {
    let collection = job.database.collection(name)?;
    let mut pause = LOOK_FIRST;
    loop {
        // Refused once the database or the collection is gone.
        collection.snapshot()?;
        let found = collection
            .index_built(path)
            .filter(|(declared, _)| declared == index);
        let (_, is_built) = found.ok_or_else(|| ApiError::IndexGone {
            field: path.to_string(),
        })?;
        if is_built {
            return Ok(());
        }
        let left = job.time_left();
        if left.is_zero() {
            return Err(job.timed_out());
        }
        std::thread::sleep(pause.min(left));
        pause = LOOK_MAX.min(pause * 2);
    }
}

/// Declare an index of a payload field; it is built in the background
#[utoipa::path(put, path = "/collections/{name}/index", tag = "indexes",
    params(("name" = String, Path), ("wait" = Option<bool>, Query, description = "Answer once every sealed segment has it")),
    request_body(content = CreateFieldIndex, example = json!({"field_name": "year", "field_schema": {"type": "integer", "is_principal": true}})),
    responses((status = 200, body = Answer<UpdateView>),
        (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope), (status = 409, body = ErrorEnvelope)))]
pub(crate) async fn create(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.write(app, move |job| {
        let (path, index) = job.body::<CreateFieldIndex>()?.into_parts()?;
        declare(job, &name, (&path, &index), job.wait)?;
        Ok(UpdateView::of_collection(job.wait))
    })
    .await
}

/// Declare an index of a payload field (native form)
#[utoipa::path(put, path = "/collections/{name}/index/{field_name}", tag = "indexes",
    params(("name" = String, Path), ("field_name" = String, Path, description = "A path into the payload, percent-encoded"), ("wait" = Option<bool>, Query)),
    request_body(content = IndexSchemaSchema, example = json!("keyword")),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope), (status = 409, body = ErrorEnvelope)))]
pub(crate) async fn create_native(
    State(app): State<App>,
    NameAndField(name, path): NameAndField,
    call: Call,
) -> Response {
    call.write(app, move |job| {
        let index = job.body::<WireIndexSchema>()?.into_index()?;
        declare(job, &name, (&path, &index), job.wait)?;
        Ok(UpdateView::of_collection(job.wait))
    })
    .await
}

/// Drop the index of a payload field; nothing happens if there is none
#[utoipa::path(delete, path = "/collections/{name}/index/{field_name}", tag = "indexes",
    params(("name" = String, Path), ("field_name" = String, Path, description = "A path into the payload, percent-encoded"), ("wait" = Option<bool>, Query)),
    responses((status = 200, body = Answer<UpdateView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn drop_index(
    State(app): State<App>,
    NameAndField(name, path): NameAndField,
    call: Call,
) -> Response {
    call.write(app, move |job| {
        job.database.drop_index(&name, &path)?;
        Ok(UpdateView::of_collection(job.wait))
    })
    .await
}

/// Count the points that have each value of an indexed field
#[utoipa::path(post, path = "/collections/{name}/facet", tag = "indexes", params(("name" = String, Path)),
    request_body(content = FacetPoints, example = json!({"key": "type", "limit": 5, "filter": {"read": true}, "exact": true})),
    responses((status = 200, body = Explained<FacetView>),
        (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn facet(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<FacetPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let hits = job.database.collection(&name)?.facet(&ctx, &request)?;
        Ok(FacetView::new(hits))
    })
    .await
}
