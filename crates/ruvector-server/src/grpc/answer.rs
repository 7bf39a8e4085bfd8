//! Turns messages and errors into responses: one frame and the trailers, or the trailers alone. Never chooses a code:
//! `ruvector-api` does.

use std::convert::Infallible;
use std::io::Write;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::Response;
use flate2::Compression;
use flate2::write::GzEncoder;
use http_body::{Frame, SizeHint};
use prost::Message;
use ruvector_api::{ApiError, proto};
use tonic::{Code, Status};

use super::frame;

/// Bytes from which a message is worth packing.
const GZIP_BYTES_MIN: usize = 8 << 10;
const GRPC: HeaderValue = HeaderValue::from_static("application/grpc");
const GZIP: HeaderValue = HeaderValue::from_static("gzip");
const OK: HeaderValue = HeaderValue::from_static("0");

/// A message in its frame, packed or not.
#[derive(Debug)]
pub(super) struct Reply {
    bytes: Bytes,
    is_gzip: bool,
}

impl Reply {
    /// Cost: one pass over the message; packing, where it is done, some 100 MB/s.
    pub(super) fn new(message: &impl Message, gzip: bool) -> Reply {
        let length = message.encoded_len();
        if gzip && length >= GZIP_BYTES_MIN {
            let mut packed = GzEncoder::new(Vec::with_capacity(length / 4), Compression::fast());
            let written = packed.write_all(&message.encode_to_vec());
            if let Ok(packed) = written.and_then(|()| packed.finish()) {
                let bytes = frame::close(true, |bytes| bytes.extend_from_slice(&packed), packed.len());
                return Reply { bytes, is_gzip: true };
            }
        }
        let bytes = frame::close(false, |bytes| message.encode_raw(bytes), length);
        Reply {
            bytes,
            is_gzip: false,
        }
    }

    pub(super) fn into_response(self) -> Response {
        let mut response = Response::new(Body::new(OneFrame {
            data: Some(self.bytes),
            has_trailers: true,
        }));
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, GRPC);
        if self.is_gzip {
            headers.insert("grpc-encoding", GZIP);
        }
        response
    }
}

/// The answer to what fails. Failures of the server itself are logged.
pub(super) fn failure(error: &ApiError) -> Response {
    let code = proto::code(error);
    if matches!(code, Code::Internal | Code::DataLoss) {
        tracing::error!(%error, ?code, "request failed");
    }
    let mut response = Status::new(code, proto::message(error)).into_http::<Body>();
    let headers = response.headers_mut();
    if let Some(seconds) = error.retry_after_s() {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if matches!(error, ApiError::ContentEncoding { .. }) {
        headers.insert("grpc-accept-encoding", HeaderValue::from_static("identity,gzip"));
    }
    response
}

/// A body of one piece, and the trailers that say all is well.
struct OneFrame {
    data: Option<Bytes>,
    has_trailers: bool,
}

impl http_body::Body for OneFrame {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(data) = self.data.take() {
            return Poll::Ready(Some(Ok(Frame::data(data))));
        }
        if std::mem::take(&mut self.has_trailers) {
            let mut trailers = HeaderMap::with_capacity(1);
            trailers.insert("grpc-status", OK);
            return Poll::Ready(Some(Ok(Frame::trailers(trailers))));
        }
        Poll::Ready(None)
    }

    fn is_end_stream(&self) -> bool {
        self.data.is_none() && !self.has_trailers
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.data.as_ref().map_or(0, |data| data.len() as u64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Goal: a caller who is too much learns so by the code, and when to come again. Method: the refusal itself.
    #[test]
    fn a_busy_server_says_when_to_come_again() {
        let response = failure(&ApiError::Busy {
            limit: 1,
            limit_name: "in_flight_max",
        });
        assert_eq!(response.headers()["grpc-status"], "8");
        assert_eq!(response.headers()["retry-after"], "1");
        assert_eq!(response.status(), 200);
    }
}
