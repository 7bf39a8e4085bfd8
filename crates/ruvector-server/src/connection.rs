//! One connection: which protocol it speaks, HTTP/1.1 or HTTP/2 without TLS, and how long it may take. Never accepts one
//! and never reads a request's body.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::time::Duration;

use axum::Router;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Uri};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::Service;
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use hyper_util::server::graceful::Watcher;
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::patience::Patient;

/// Time for a request's head, and for the next request on an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Bytes of a request's head, and of what is read of a body at once.
const HEAD_BYTES_MAX: usize = 64 << 10;
/// What an HTTP/2 connection begins with (RFC 9113, section 3.4): no method of HTTP/1.1 begins so.
const PREFACE: &[u8] = b"PRI";
/// Between two looks for the rest of a beginning that came in pieces.
const PREFACE_PAUSE: Duration = Duration::from_millis(10);
/// Requests at once on one HTTP/2 connection.
const STREAMS_MAX: u32 = 128;
/// Bytes of an HTTP/2 request's headers.
const HEADERS_BYTES_MAX: u32 = 16 << 10;
/// An HTTP/2 connection is asked whether it lives, and how long it may take to say so.
const PING: Duration = Duration::from_secs(30);
/// Longest pause of a caller who reads an answer.
const READ_PAUSE_MAX: Duration = Duration::from_secs(60);
/// Time for a caller who is turned away to read why.
const FAREWELL: Duration = Duration::from_secs(1);
/// Bytes of a request that are read and dropped meanwhile: closing on unread bytes would lose the answer.
const FAREWELL_BYTES: usize = 16 << 10;

/// What connections share.
#[derive(Clone)]
pub(crate) struct Connections {
    service: Routes,
    closing: watch::Receiver<bool>,
}

impl Connections {
    /// `closing` becomes true when the server stops accepting.
    pub(crate) fn new(router: Router, closing: watch::Receiver<bool>) -> Connections {
        Connections {
            service: Routes(TowerToHyperService::new(router)),
            closing,
        }
    }

    /// Serves one until it ends.
    pub(crate) async fn serve(mut self, stream: TcpStream, watcher: Watcher) {
        let first = tokio::select! {
            first = timeout(HEAD_TIMEOUT, speaks_http2(&stream)) => first,
            _ = self.closing.wait_for(|closing| *closing) => return,
        };
        let Ok(Ok(is_http2)) = first else {
            return;
        };
        let io = TokioIo::new(Patient::new(stream, READ_PAUSE_MAX));
        let ended = if is_http2 {
            let connection = http2::Builder::new(TokioExecutor::new())
                .timer(TokioTimer::new())
                .max_concurrent_streams(STREAMS_MAX)
                .max_header_list_size(HEADERS_BYTES_MAX)
                .keep_alive_interval(PING)
                .keep_alive_timeout(PING)
                .serve_connection(io, self.service);
            watcher.watch(connection).await
        } else {
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(HEAD_TIMEOUT)
                .max_buf_size(HEAD_BYTES_MAX)
                .serve_connection(io, self.service);
            watcher.watch(connection).await
        };
        if let Err(error) = ended {
            tracing::debug!(%error, "connection ended");
        }
    }
}

/// Waits for the first bytes and looks at them, without taking them.
async fn speaks_http2(stream: &TcpStream) -> std::io::Result<bool> {
    let mut first = [0; PREFACE.len()];
    loop {
        let length = stream.peek(&mut first).await?;
        if length == 0 {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        if first[..length] != PREFACE[..length] {
            return Ok(false);
        }
        if length == PREFACE.len() {
            return Ok(true);
        }
        sleep(PREFACE_PAUSE).await;
    }
}

/// Says `answer` to a caller whom there is no room for, and closes.
pub(crate) async fn turn_away(mut stream: TcpStream, answer: &[u8]) {
    let farewell = async {
        stream.write_all(answer).await?;
        stream.shutdown().await?;
        let (mut dropped, mut bytes) = (0, [0; 1024]);
        while dropped < FAREWELL_BYTES {
            match stream.read(&mut bytes).await? {
                0 => break,
                length => dropped += length,
            }
        }
        std::io::Result::Ok(())
    };
    let _ = timeout(FAREWELL, farewell).await;
}

/// The routes, for paths with or without a slash at their end.
#[derive(Clone)]
struct Routes(TowerToHyperService<Router>);

impl Service<Request<Incoming>> for Routes {
    type Response = Response;
    type Error = Infallible;
    type Future = <TowerToHyperService<Router> as Service<Request<Incoming>>>::Future;

    fn call(&self, mut request: Request<Incoming>) -> Self::Future {
        if let Some(uri) = without_last_slash(request.uri()) {
            *request.uri_mut() = uri;
        }
        self.0.call(request)
    }
}

/// A URI of an API route without the slash at its end; `None` if it has none. Pages for people keep theirs: what they
/// link to is relative to it.
fn without_last_slash(uri: &Uri) -> Option<Uri> {
    let path = uri.path();
    let short = path.strip_suffix('/').filter(|short| !short.is_empty())?;
    if ["/docs", "/dashboard"].iter().any(|page| path.starts_with(page)) {
        return None;
    }
    let path_and_query = match uri.query() {
        Some(query) => PathAndQuery::try_from(format!("{short}?{query}")),
        None => PathAndQuery::try_from(short),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
mod tests {
    use super::*;

    /// Goal: one slash at the end of a path is nothing; all else of the URI stays.
    #[test]
    fn a_slash_at_the_end_is_dropped() {
        let short = |uri: &str| {
            let uri: Uri = uri.parse().unwrap();
            without_last_slash(&uri).map(|uri| uri.to_string())
        };
        assert_eq!(short("/collections/").as_deref(), Some("/collections"));
        assert_eq!(short("/a/?wait=true/").as_deref(), Some("/a?wait=true/"));
        assert_eq!(short("http://h:1/a/%2F/").as_deref(), Some("http://h:1/a/%2F"));
        assert_eq!(short("/a//").as_deref(), Some("/a/"));
        for kept in ["/", "/a", "/a/%2F", "/a?b=/", "/docs/", "/dashboard/", "*"] {
            assert_eq!(short(kept), None, "{kept}");
        }
    }
}
