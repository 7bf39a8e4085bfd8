//! Routes that search. Never writes.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{
    ErrorEnvelope, QueryBatch, QueryPoints, QueryPointsBatch, QueryView, ScoredPointSchema, ScoredView,
    SearchPoints, SearchPointsBatch, SearchText,
};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::{Answer, Explained};

/// Find the points nearest to a vector
#[utoipa::path(post, path = "/collections/{name}/points/search", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchPoints, example = json!({"vector": [0.1, 0.2, 0.3], "limit": 5, "filter": {"type": "doc"}, "with_payload": true})),
    responses((status = 200, body = Explained<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn search(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<SearchPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.collection(&name)?.search(&ctx, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}

/// Find points by vectors, examples, values or chance, in one stage or several
#[utoipa::path(post, path = "/collections/{name}/points/query", tag = "search", params(("name" = String, Path)),
    request_body(content = QueryPoints, examples(
        ("nearest" = (value = json!({"query": [0.1, 0.2, 0.3], "limit": 5, "with_payload": true}))),
        ("by id" = (value = json!({"query": 1, "limit": 5}))),
        ("recommend" = (value = json!({"query": {"recommend": {"positive": [1], "negative": [[0.3, 0.2, 0.1]], "strategy": "best_score"}}, "limit": 5}))),
        ("fusion" = (value = json!({"prefetch": [{"query": [0.1, 0.2, 0.3], "limit": 20}, {"query": 2, "limit": 20}], "query": {"rrf": {"k": 60}}, "limit": 5}))),
        ("diverse" = (value = json!({"query": {"nearest": [0.1, 0.2, 0.3], "mmr": {"diversity": 0.3, "candidates_limit": 50}}, "limit": 5}))),
        ("sample" = (value = json!({"query": {"sample": "random"}, "limit": 5}))))),
    responses((status = 200, body = Explained<QueryView>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn query(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<QueryPoints>()?;
        let ctx = job.explained(body.explain);
        let found = match body.into_request(job.limits())?.into_search() {
            Ok(search) => job.database.collection(&name)?.search(&ctx, &search)?,
            Err(query) => job.database.query(&ctx, &name, &query)?,
        };
        Ok(QueryView::new(found))
    })
    .await
}

/// Search several times at once: a list of results for each, in order
#[utoipa::path(post, path = "/collections/{name}/points/search/batch", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchPointsBatch, example = json!({"searches": [{"vector": [0.1, 0.2, 0.3], "limit": 5}, {"vector": [0.3, 0.2, 0.1], "filter": {"type": "doc"}}]})),
    responses((status = 200, body = Answer<Vec<Vec<ScoredPointSchema>>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn search_batch(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let requests = job.body::<SearchPointsBatch>()?.into_requests(job.limits())?;
        let found = job
            .database
            .collection(&name)?
            .search_batch(&job.ctx, &requests)?;
        let views = found
            .into_iter()
            .map(|points| points.into_iter().map(ScoredView).collect::<Vec<_>>());
        Ok(views.collect::<Vec<_>>())
    })
    .await
}

/// Query several times at once: a list of results for each, in order
#[utoipa::path(post, path = "/collections/{name}/points/query/batch", tag = "search", params(("name" = String, Path)),
    request_body(content = QueryPointsBatch, example = json!({"searches": [{"query": [0.1, 0.2, 0.3], "limit": 5}, {"query": [0.3, 0.2, 0.1], "with_payload": true}]})),
    responses((status = 200, body = Answer<Vec<QueryView>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn query_batch(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let found = match job.body::<QueryPointsBatch>()?.into_requests(job.limits())? {
            QueryBatch::Searches(searches) => job
                .database
                .collection(&name)?
                .search_batch(&job.ctx, &searches)?,
            QueryBatch::Queries(queries) => job.database.query_batch(&job.ctx, &name, &queries)?,
        };
        Ok(found.into_iter().map(QueryView::new).collect::<Vec<_>>())
    })
    .await
}

/// Find the points most relevant to some words, by BM25 (native)
#[utoipa::path(post, path = "/collections/{name}/points/search/text", tag = "search", params(("name" = String, Path)),
    request_body(content = SearchText, example = json!({"key": "gloss", "text": "a swift animal", "limit": 5, "filter": {"pos": "noun"}, "with_payload": true})),
    responses((status = 200, body = Explained<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn text(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<SearchText>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.collection(&name)?.search_text(&ctx, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}
