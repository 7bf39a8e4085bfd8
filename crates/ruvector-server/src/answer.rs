//! Turns results and errors into HTTP responses. Never chooses a status: `ruvector-api` does.

use std::io::Write;
use std::time::Instant;

use axum::body::Body;
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, RETRY_AFTER, VARY};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use ruvector_api::ApiError;

/// Bytes from which an answer is worth packing.
const GZIP_BYTES_MIN: usize = 8 << 10;

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

/// The body of a success, packed if that was asked for and is worth it.
#[derive(Debug)]
pub(crate) struct Reply {
    body: Vec<u8>,
    is_gzip: bool,
}

impl Reply {
    /// Cost: packing, where it is done, some 100 MB/s.
    pub(crate) fn new(body: Vec<u8>, gzip: bool) -> Reply {
        if gzip && body.len() >= GZIP_BYTES_MIN {
            let mut packed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
            let written = packed.write_all(&body);
            if let Ok(body) = written.and_then(|()| packed.finish()) {
                return Reply { body, is_gzip: true };
            }
        }
        Reply { body, is_gzip: false }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let mut response = json(self.body);
        if self.is_gzip {
            let headers = response.headers_mut();
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
            headers.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        response
    }
}

/// Whether a caller takes answers packed by gzip (RFC 9110, section 12.5.3).
pub(crate) fn wants_gzip(headers: &HeaderMap) -> bool {
    let values = headers.get_all(ACCEPT_ENCODING).into_iter();
    let (mut gzip, mut any) = (None, None);
    for item in values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','))
    {
        let mut parts = item.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let weight = parts.next().and_then(|weight| weight.strip_prefix("q="));
        let is_wanted = weight.is_none_or(|weight| weight.parse().is_ok_and(|weight: f32| weight > 0.0));
        if name.eq_ignore_ascii_case("gzip") || name.eq_ignore_ascii_case("x-gzip") {
            gzip = Some(is_wanted);
        } else if name == "*" {
            any = Some(is_wanted);
        }
    }
    gzip.or(any).unwrap_or(false)
}

/// The envelope of an error, timed from `started`. Failures of the server itself are logged.
pub(crate) fn failure(error: &ApiError, started: Instant) -> Response {
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if status.is_server_error() {
        tracing::error!(%error, status = status.as_u16(), "request failed");
    }
    let mut response = json(ruvector_api::failure(error, started.elapsed().as_secs_f64()));
    *response.status_mut() = status;
    if matches!(error, ApiError::ContentEncoding { .. }) {
        response
            .headers_mut()
            .insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    }
    if let Some(seconds) = error.retry_after_s() {
        response
            .headers_mut()
            .insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}
