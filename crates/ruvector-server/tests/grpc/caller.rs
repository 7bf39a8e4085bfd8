//! Calls over one HTTP/2 connection; also with bytes that are no message. Never checks anything itself.

use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2::{self, SendRequest};
use hyper::{HeaderMap, Request};
use hyper_util::rt::{TokioExecutor, TokioIo};
use prost::Message;
use ruvector_server::ServerConfig;
use tokio::runtime::Runtime;

use crate::harness::Server;

pub(crate) const OK: i32 = 0;
pub(crate) const INVALID: i32 = 3;
pub(crate) const DEADLINE: i32 = 4;
pub(crate) const NOT_FOUND: i32 = 5;
pub(crate) const EXISTS: i32 = 6;
pub(crate) const EXHAUSTED: i32 = 8;
pub(crate) const UNIMPLEMENTED: i32 = 12;

/// What came back: the code, its text, headers and trailers together, the message's bytes.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) text: String,
    pub(crate) headers: HeaderMap,
    pub(crate) bytes: Vec<u8>,
}

pub(crate) struct Caller {
    pub(crate) server: Server,
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl Caller {
    pub(crate) fn new() -> Caller {
        Caller::with(ServerConfig::default())
    }

    pub(crate) fn with(config: ServerConfig) -> Caller {
        Caller::of(Server::start(config))
    }

    /// A caller of a server that runs already.
    pub(crate) fn of(server: Server) -> Caller {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let sender = runtime.block_on(async {
            let stream = tokio::net::TcpStream::connect(server.grpc_address).await.unwrap();
            let (sender, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
            tokio::spawn(connection);
            sender
        });
        Caller {
            server,
            runtime,
            sender,
        }
    }

    /// Sends any body to a path, with headers beside those that every call has; `None` takes one away.
    pub(crate) fn raw(&self, path: &str, headers: &[(&str, Option<&str>)], body: Vec<u8>) -> Answer {
        let mut request = Request::post(format!("http://x{path}"));
        let all = [
            ("content-type", Some("application/grpc")),
            ("te", Some("trailers")),
        ];
        for (name, value) in all
            .iter()
            .filter(|(name, _)| !headers.iter().any(|(other, _)| other == name))
        {
            request = request.header(*name, value.unwrap());
        }
        for (name, value) in headers.iter().filter_map(|(name, value)| Some((name, (*value)?))) {
            request = request.header(*name, value);
        }
        let request = request.body(Full::new(Bytes::from(body))).unwrap();
        let mut sender = self.sender.clone();
        self.runtime.block_on(async move {
            let response = sender.send_request(request).await.unwrap();
            assert_eq!(response.status(), 200, "the status of gRPC is in the trailers");
            let mut headers = response.headers().clone();
            let body = response.into_body().collect().await.unwrap();
            headers.extend(body.trailers().cloned().unwrap_or_default());
            let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
            let code = text("grpc-status").expect("a status").parse().unwrap();
            let text = text("grpc-message").unwrap_or_default();
            Answer {
                code,
                text: percent_decoded(&text),
                headers,
                bytes: body.to_bytes().to_vec(),
            }
        })
    }

    /// Sends bytes as a message.
    pub(crate) fn bytes(&self, path: &str, message: &[u8]) -> Answer {
        self.raw(path, &[], framed(0, message))
    }

    /// The answer to a message that must be served.
    pub(crate) fn ok<A: Message + Default>(
        &self,
        path: &str,
        message: &(impl Message + std::fmt::Debug),
    ) -> A {
        let answer = self.bytes(path, &message.encode_to_vec());
        assert_eq!(
            (answer.code, answer.text.as_str()),
            (OK, ""),
            "{path}: {message:?}"
        );
        assert_eq!(answer.bytes[0], 0);
        A::decode(&answer.bytes[5..]).unwrap()
    }

    /// Code and text of the answer to a message that must be refused.
    pub(crate) fn refused(&self, path: &str, message: &(impl Message + std::fmt::Debug)) -> (i32, String) {
        let answer = self.bytes(path, &message.encode_to_vec());
        assert_ne!(answer.code, OK, "{path}: {message:?}");
        (answer.code, answer.text)
    }
}

/// A message in its frame.
pub(crate) fn framed(packed: u8, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    [&[packed][..], &length, message].concat()
}

fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let hex = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = hex.and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        decoded.push(value.unwrap_or(bytes[at]));
        at += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8(decoded).unwrap()
}
