//! Routes that search. Never writes.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    ErrorEnvelope, QueryPoints, QueryView, ScoredPointSchema, ScoredView, SearchPoints, SearchText,
};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::Explained;

/// Find the points nearest to a vector
#[utoipa::path(post, path = "/collections/{name}/points/search", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchPoints, example = json!({"vector": [0.1, 0.2, 0.3], "limit": 5, "filter": {"type": "doc"}, "with_payload": true})),
    responses((status = 200, body = Explained<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn search(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let body = job.body::<SearchPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.collection(&name)?.search(&ctx, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}

/// Find the points nearest to a vector (universal query form)
#[utoipa::path(post, path = "/collections/{name}/points/query", tag = "search", params(("name" = String, Path)),
    request_body(content = QueryPoints, example = json!({"query": [0.1, 0.2, 0.3], "limit": 5, "with_payload": true})),
    responses((status = 200, body = Explained<QueryView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn query(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let body = job.body::<QueryPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.collection(&name)?.search(&ctx, &request)?;
        Ok(QueryView::new(found))
    })
    .await
}

/// Find the points most relevant to some words, by BM25 (native)
#[utoipa::path(post, path = "/collections/{name}/points/search/text", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchText, example = json!({"key": "gloss", "text": "a swift animal", "limit": 5, "filter": {"pos": "noun"}, "with_payload": true})),
    responses((status = 200, body = Explained<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn text(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.read(app, move |job| {
        let body = job.body::<SearchText>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.collection(&name)?.search_text(&ctx, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}
