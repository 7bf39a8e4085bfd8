//! Turns results and errors into HTTP responses. Never chooses a status: `ruvector-api` does.

use std::time::Instant;

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use ruvector_api::ApiError;

/// An error on its way out of an extractor.
#[derive(Debug)]
pub(crate) struct Refusal(pub(crate) ApiError);

impl From<ApiError> for Refusal {
    fn from(error: ApiError) -> Self {
        Refusal(error)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        failure(&self.0, Instant::now())
    }
}

/// A JSON body with status 200.
pub(crate) fn json(body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    response
        .headers_mut()
        .insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The envelope of an error, timed from `started`. Failures of the server itself are logged.
pub(crate) fn failure(error: &ApiError, started: Instant) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(%error, status = status.as_u16(), "request failed");
    }
    let mut response = json(ruvector_api::failure(error, started.elapsed().as_secs_f64()));
    *response.status_mut() = status;
    if let Some(seconds) = error.retry_after_s() {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
