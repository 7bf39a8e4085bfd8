//! Runs the real binary, as a server or as a command, and speaks REST with it. Never checks anything itself.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]
#![allow(dead_code, reason = "each test uses its part")]

pub(crate) mod bench;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Output, Stdio};

use serde_json::Value;

pub(crate) fn ruvector(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ruvector"));
    command.args(arguments);
    command
}

/// A running server.
pub(crate) struct Server {
    child: Child,
    pub(crate) url: String,
    /// Where it speaks gRPC.
    pub(crate) grpc: String,
}

impl Server {
    /// Starts on a free port and waits until it says that it is ready.
    pub(crate) fn start(storage: &Path) -> Server {
        let storage = storage.to_str().unwrap();
        let mut child = command(&[
            "serve",
            "--http-port",
            "0",
            "--grpc-port",
            "0",
            "--storage",
            storage,
            "--log-level",
            "warn",
        ])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told = |what: &str| {
            let url = lines.find_map(|line| Some(line.unwrap().trim().strip_prefix(what)?.trim().to_owned()));
            url.expect("the server ended before it was ready")
        };
        let (url, grpc) = (told("REST "), told("gRPC "));
        // Nothing more to read, but the pipe must not fill or close.
        std::thread::spawn(move || lines.for_each(drop));
        Server { child, url, grpc }
    }

    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop and waits.
    pub(crate) fn terminate(&mut self) -> ExitStatus {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        self.child.wait().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The result of a request; `None` if the server went away, or refused with a 5xx because it was going.
pub(crate) fn request(agent: &ureq::Agent, method: &str, url: &str, body: &Value) -> Option<Value> {
    let request = ureq::http::Request::builder()
        .method(method)
        .uri(url)
        .header("content-type", "application/json")
        .body(body.to_string())
        .unwrap();
    let mut response = agent.run(request).ok()?;
    let status = response.status();
    let text = response.body_mut().read_to_string().ok()?;
    assert_eq!(status, 200, "{method} {url}: {text}");
    let mut answer: Value = serde_json::from_str(&text).unwrap();
    Some(answer["result"].take())
}

pub(crate) fn agent() -> ureq::Agent {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .timeout_global(Some(std::time::Duration::from_secs(30)))
        .build()
        .into()
}

/// A `.npy` file of float32.
pub(crate) fn write_npy(path: &Path, rows: usize, columns: usize, number: impl Fn(usize) -> f32) {
    let header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {columns}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    (0..rows * columns).for_each(|at| bytes.extend(number(at).to_le_bytes()));
    std::fs::write(path, bytes).unwrap();
}
