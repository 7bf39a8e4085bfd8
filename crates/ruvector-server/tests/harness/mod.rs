//! A server inside the test process and a client that can send any bytes. Never checks anything itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]
#![allow(dead_code, reason = "each test uses its part")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use ruvector_core::{Database, DatabaseOptions};
use ruvector_io::RealIo;
use ruvector_server::{Listeners, ServerConfig, serve};
use serde_json::Value;
use tokio::sync::oneshot;

pub(crate) struct Server {
    address: SocketAddr,
    pub(crate) grpc_address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

impl Server {
    pub(crate) fn start(config: ServerConfig) -> Server {
        let folder = tempfile::tempdir().unwrap();
        let io = Arc::new(RealIo::open(folder.path()).unwrap());
        let database = Database::open(io, DatabaseOptions::default()).unwrap();
        let mut server = Server::start_on(config, database);
        server._folder = Some(folder);
        server
    }

    /// Starts on a database of the test's own.
    pub(crate) fn start_on(config: ServerConfig, database: Database) -> Server {
        let (stop, stopped) = oneshot::channel();
        let (ready, addresses) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let listen = || tokio::net::TcpListener::bind("127.0.0.1:0");
                let (rest, grpc) = (listen().await.unwrap(), listen().await.unwrap());
                let addresses = (rest.local_addr().unwrap(), grpc.local_addr().unwrap());
                ready.send(addresses).unwrap();
                let listeners = Listeners {
                    rest,
                    grpc: Some(grpc),
                };
                let shutdown = async {
                    let _ = stopped.await;
                };
                serve(config, database, listeners, shutdown).await.unwrap();
            });
        });
        let (address, grpc_address) = addresses.recv().unwrap();
        Server {
            address,
            grpc_address,
            stop: Some(stop),
            thread: Some(thread),
            _folder: None,
        }
    }

    /// A connection on which nothing was sent.
    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Status, head and body of the answer to raw bytes.
    pub(crate) fn raw(&self, request: &[u8]) -> (u16, String, Vec<u8>) {
        let mut stream = self.connect();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(request);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let end = answer.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("no answer to {:?}", String::from_utf8_lossy(request)));
        let head = String::from_utf8(answer[..end].to_vec()).unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, answer[end + 4..].to_vec())
    }

    /// Status and JSON of the answer to a request with any body.
    pub(crate) fn send_bytes(
        &self,
        method: &str,
        path: &str,
        media: Option<&str>,
        body: &[u8],
    ) -> (u16, Value) {
        let media = media.map_or(String::new(), |media| format!("content-type: {media}\r\n"));
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{media}content-length: {}\r\n\r\n",
            body.len()
        );
        let (status, _, answer) = self.raw(&[head.as_bytes(), body].concat());
        let json = serde_json::from_slice(&answer);
        let json = json.unwrap_or_else(|_| panic!("{method} {path}: {}", String::from_utf8_lossy(&answer)));
        (status, json)
    }

    pub(crate) fn send(&self, method: &str, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        self.send_bytes(method, path, Some("application/json"), body.as_bytes())
    }

    /// Returns once the optimizer has nothing left to do for a collection.
    pub(crate) fn settle(&self, collection: &str) {
        let path = format!("/collections/{collection}");
        for _ in 0..600 {
            if self.ok("GET", &path, &Value::Null)["status"] == "green" {
                return;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("{collection} does not become green");
    }

    /// The result of a request that must succeed.
    pub(crate) fn ok(&self, method: &str, path: &str, body: &Value) -> Value {
        let (status, mut answer) = self.send(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        assert_eq!(answer["status"], "ok");
        assert!(answer["time"].as_f64().is_some_and(|time| time >= 0.0));
        assert_eq!(answer.as_object().unwrap().len(), 3);
        answer["result"].take()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
            && !std::thread::panicking()
        {
            panic!("the server did not end well");
        }
    }
}
