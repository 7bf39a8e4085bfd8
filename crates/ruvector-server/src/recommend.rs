//! Routes that recommend: the older form of such queries. Never writes.

use axum::extract::State;
use axum::response::Response;
use ruvector_api::{ErrorEnvelope, RecommendPoints, RecommendPointsBatch, ScoredPointSchema, ScoredView};

use crate::app::App;
use crate::call::{Call, Name};
use crate::docs::{Answer, Explained};

/// Find the points like some examples and unlike others
#[utoipa::path(post, path = "/collections/{name}/points/recommend", tag = "search", params(("name" = String, Path)),
    request_body(content = RecommendPoints, example = json!({"positive": [1, 2], "negative": [3], "limit": 5, "with_payload": true})),
    responses((status = 200, body = Explained<Vec<ScoredPointSchema>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn recommend(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let body = job.body::<RecommendPoints>()?;
        let ctx = job.explained(body.explain);
        let request = body.into_request(job.limits())?;
        let found = job.database.query(&ctx, &name, &request)?;
        Ok(found.into_iter().map(ScoredView).collect::<Vec<_>>())
    })
    .await
}

/// Recommend several times at once: a list of results for each, in order
#[utoipa::path(post, path = "/collections/{name}/points/recommend/batch", tag = "search", params(("name" = String, Path)),
    request_body(content = RecommendPointsBatch, example = json!({"searches": [{"positive": [1], "limit": 5}, {"positive": [2], "negative": [[0.3, 0.2, 0.1]]}]})),
    responses((status = 200, body = Answer<Vec<Vec<ScoredPointSchema>>>), (status = 400, body = ErrorEnvelope), (status = 404, body = ErrorEnvelope)))]
pub(crate) async fn recommend_batch(State(app): State<App>, Name(name): Name, call: Call) -> Response {
    call.quick_read(app, move |job| {
        let requests = job.body::<RecommendPointsBatch>()?.into_requests(job.limits())?;
        let found = job.database.query_batch(&job.ctx, &name, &requests)?;
        let views = found
            .into_iter()
            .map(|points| points.into_iter().map(ScoredView).collect::<Vec<_>>());
        Ok(views.collect::<Vec<_>>())
    })
    .await
}
