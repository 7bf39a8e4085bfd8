//! Routes that search. Never writes.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{ErrorEnvelope, QueryPoints, QueryView, ScoredPointSchema, ScoredView, SearchPoints};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::Answer;

/// Find the points nearest to a vector
#[utoipa::path(post, path = "/collections/{name}/points/search", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchPoints, example = json!({"vector": [0.1, 0.2, 0.3], "limit": 5, "filter": {"type": "doc"}, "with_payload": true})),
    responses((status = 200, body = Answer<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn search(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let request = job.body::<SearchPoints>()?.into_request(job.limits())?;
        let collection = job.database.collection(&name)?;
        let found = collection.search(&job.ctx, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}

/// Find the points nearest to a vector (universal query form)
#[utoipa::path(post, path = "/collections/{name}/points/query", tag = "search", params(("name" = String, Path)),
    request_body(content = QueryPoints, example = json!({"query": [0.1, 0.2, 0.3], "limit": 5, "with_payload": true})),
    responses((status = 200, body = Answer<QueryView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn query(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let request = job.body::<QueryPoints>()?.into_request(job.limits())?;
        let collection = job.database.collection(&name)?;
        Ok(QueryView::new(collection.search(&job.ctx, &request)?))
    })
    .await
}
