//! One HTTP/2 connection without TLS, and calls on it one after the other: a message's bytes out, those of its answer in.
//! Never reads a message, never reconnects, never retries: what is timed is the server.

use std::future::Future;
use std::net::ToSocketAddrs;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::body::Incoming;
use hyper::client::conn::http2::{self, SendRequest};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::bytes::Bytes;
use tokio::time::timeout;
use tonic::body::Body;
use tonic::codegen::Service;
use tonic::codegen::http::header::{CONTENT_TYPE, HeaderValue};
use tonic::codegen::http::uri::{PathAndQuery, Uri};
use tonic::codegen::http::{Request, Response, StatusCode};
use tonic::{Code, Status};

use super::verbatim::Verbatim;
use crate::error::CliError;

const CONNECT: Duration = Duration::from_secs(10);
const ANSWER_BYTES_MAX: usize = 256 << 20;

/// Where a server is, and the key that every call carries.
#[derive(Clone)]
pub(super) struct Address {
    url: String,
    uri: Uri,
    api_key: Option<HeaderValue>,
}

impl Address {
    /// `http://HOST:PORT`: gRPC has no port that goes without saying, and no path before its own.
    pub(super) fn new(url: &str, api_key: Option<&str>) -> Result<Address, CliError> {
        let rule = "takes http://HOST:PORT with --grpc, the port that of gRPC (6334 unless it was changed)";
        let wrong = || CliError::Flag { flag: "url", rule };
        let uri: Uri = url.parse().map_err(|_| wrong())?;
        let has_port = uri.port_u16().is_some_and(|port| port > 0);
        if !has_port || uri.host().is_none() || uri.path_and_query().is_some_and(|path| path != "/") {
            return Err(wrong());
        }
        let key = api_key.map(HeaderValue::from_str).transpose();
        let mut key = key.map_err(|_| CliError::Flag {
            flag: "api-key",
            rule: "takes printable ASCII",
        })?;
        key.iter_mut().for_each(|key| key.set_sensitive(true));
        Ok(Address {
            url: url.to_owned(),
            uri,
            api_key: key,
        })
    }

    fn unreached(&self, source: std::io::Error) -> CliError {
        CliError::Unreached {
            url: self.url.clone(),
            source,
        }
    }

    /// Why a call was not answered well: the server's own words, or how the connection ended.
    fn failed(&self, status: Status) -> CliError {
        let url = self.url.clone();
        match std::error::Error::source(&status) {
            Some(_) => CliError::Broken {
                url,
                status: Box::new(status),
            },
            None => CliError::RefusedCall {
                url,
                code: status.code(),
                message: status.message().to_owned(),
            },
        }
    }
}

/// An open connection.
#[derive(Clone)]
pub(super) struct Channel {
    address: Address,
    calls: tonic::client::Grpc<Sender>,
}

impl Channel {
    /// Opens one. What drives it runs on the runtime that this is called on.
    pub(super) async fn open(address: &Address) -> Result<Channel, CliError> {
        let late = |_| address.unreached(std::io::ErrorKind::TimedOut.into());
        let stream = timeout(CONNECT, connect(&address.uri)).await.map_err(late)?;
        let stream = stream.map_err(|source| address.unreached(source))?;
        let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
        let shaken = timeout(CONNECT, handshake).await.map_err(late)?;
        let (sender, connection) = shaken.map_err(|error| address.failed(status(error)))?;
        // How it ends is told to the call that it fails.
        tokio::spawn(async move { drop(connection.await) });
        let sender = Sender {
            sender,
            api_key: address.api_key.clone(),
        };
        let calls = tonic::client::Grpc::with_origin(sender, address.uri.clone());
        Ok(Channel {
            address: address.clone(),
            calls: calls.max_decoding_message_size(ANSWER_BYTES_MAX),
        })
    }

    /// The message that answers one, if the call succeeds.
    pub(super) async fn call(
        &mut self,
        path: &'static str,
        message: Bytes,
        patience: Duration,
    ) -> Result<Bytes, CliError> {
        let path = PathAndQuery::from_static(path);
        let calls = &mut self.calls;
        let answer = timeout(patience, async {
            calls.ready().await.map_err(status)?;
            calls.unary(tonic::Request::new(message), path, Verbatim).await
        });
        match answer.await {
            Ok(Ok(answer)) => Ok(answer.into_inner()),
            Ok(Err(status)) => Err(self.address.failed(status)),
            Err(_) => Err(CliError::Answer("it did not come in time")),
        }
    }
}

async fn connect(uri: &Uri) -> std::io::Result<tokio::net::TcpStream> {
    let host = uri.host().unwrap_or_default();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let port = uri.port_u16().unwrap_or_default();
    // Looked up before anything is timed, on this thread.
    let places: Vec<_> = (host, port).to_socket_addrs()?.collect();
    let stream = tokio::net::TcpStream::connect(&places[..]).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// A failure of the connection, with its cause.
fn status(error: impl Into<NoAnswer>) -> Status {
    let mut status = Status::new(Code::Unavailable, "");
    status.set_source(std::sync::Arc::new(error.into()));
    status
}

/// Why there is no answer of gRPC.
#[derive(Debug, thiserror::Error)]
enum NoAnswer {
    #[error(transparent)]
    Http(#[from] hyper::Error),
    #[error("it answers {0} and no gRPC")]
    Other(StatusCode),
}

/// Requests of HTTP/2 with the caller's key.
#[derive(Clone)]
struct Sender {
    sender: SendRequest<Body>,
    api_key: Option<HeaderValue>,
}

impl Service<Request<Body>> for Sender {
    type Response = Response<Incoming>;
    type Error = NoAnswer;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Incoming>, NoAnswer>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), NoAnswer>> {
        self.sender.poll_ready(context).map_err(NoAnswer::Http)
    }

    fn call(&mut self, mut request: Request<Body>) -> Self::Future {
        if let Some(key) = &self.api_key {
            request.headers_mut().insert("api-key", key.clone());
        }
        let answer = self.sender.send_request(request);
        Box::pin(async move {
            let answer = answer.await?;
            let media = answer.headers().get(CONTENT_TYPE);
            match media.is_some_and(|media| media.as_bytes().starts_with(b"application/grpc")) {
                true => Ok(answer),
                false => Err(NoAnswer::Other(answer.status())),
            }
        })
    }
}
