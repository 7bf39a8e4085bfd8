//! Goal: who sends slowly, too much, or nothing holds up nobody else, and is told why. Method: connections that stay open
//! with a part of a request, against small limits, beside requests that must be answered.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const LIST: &[u8] = b"GET /collections HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

/// The beginning of a write whose body has `sent` of its `length` bytes.
fn begun(server: &Server, length: usize, sent: usize) -> TcpStream {
    let mut stream = server.connect();
    let head = format!(
        "PUT /collections/c/points HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(&vec![b' '; sent]).unwrap();
    stream
}

fn answer(mut stream: TcpStream) -> String {
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn slow_bodies_hold_no_place() {
    let server = Server::start(ServerConfig {
        in_flight_max: 1,
        request_timeout: Duration::from_millis(1_500),
        ..ServerConfig::default()
    });
    let slow: Vec<_> = (0..30).map(|_| begun(&server, 1 << 20, 10)).collect();
    for _ in 0..20 {
        assert_eq!(server.raw(LIST).0, 200);
    }
    for stream in slow {
        let answer = answer(stream);
        assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
        assert!(answer.contains("1500 ms (request_timeout_ms"), "{answer}");
    }
}

#[test]
fn requests_beyond_the_places_are_refused_and_do_nothing() {
    let server = Server::start(ServerConfig {
        in_flight_max: 1,
        ..ServerConfig::default()
    });
    server.ok(
        "PUT",
        "/collections/c",
        &json!({"vectors": {"size": 2, "distance": "Dot"}}),
    );
    // Each waits for the disk, so that others come meanwhile.
    let writer = &|writer: u64| {
        let write = |at: u64| {
            let id = writer * 1000 + at;
            let points = json!({"points": [{"id": id, "vector": [1, 2]}]}).to_string();
            let head = format!(
                "PUT /collections/c/points?wait=true HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: \
                 {}\r\n\r\n{points}",
                points.len()
            );
            let (status, head, body) = server.raw(head.as_bytes());
            let body = String::from_utf8(body).unwrap();
            match status {
                200 => Some(id),
                429 => {
                    assert!(head.contains("retry-after: 1"), "{head}");
                    assert!(body.contains("1 (in_flight_max)"), "{body}");
                    None
                }
                _ => panic!("{status} {body}"),
            }
        };
        (0..100).filter_map(write).collect::<Vec<_>>()
    };
    let mut written: Vec<u64> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..8).map(|at| scope.spawn(move || writer(at))).collect();
        writers
            .into_iter()
            .flat_map(|writer| writer.join().unwrap())
            .collect()
    });
    written.sort_unstable();
    assert!(!written.is_empty() && written.len() < 800, "{}", written.len());
    let page = server.ok("POST", "/collections/c/points/scroll", &json!({"limit": 1000}));
    let points = page["points"].as_array().unwrap().iter();
    let stored: Vec<u64> = points.map(|point| point["id"].as_u64().unwrap()).collect();
    assert_eq!(stored, written);
}

#[test]
fn bodies_count_by_what_came_and_are_bounded_together() {
    let server = Server::start(ServerConfig {
        body_bytes_max: 256 << 10,
        bodies_bytes_max: 512 << 10,
        request_timeout: Duration::from_secs(20),
        ..ServerConfig::default()
    });
    server.ok(
        "PUT",
        "/collections/c",
        &json!({"vectors": {"size": 2, "distance": "Dot"}}),
    );
    // What bodies promise is not counted, or these alone would be far above the bound.
    let promised: Vec<_> = (0..20).map(|_| begun(&server, 256 << 10, 100)).collect();
    let ok = json!({"points": [{"id": 1, "vector": [1, 2]}]});
    server.ok("PUT", "/collections/c/points?wait=true", &ok);
    // Two that hold most of the bound, and any number more that want to: these are told to wait.
    // One after the other: of two that come at once, each might hold what the other wants.
    let hold = |_| {
        let stream = begun(&server, 256 << 10, 240 << 10);
        std::thread::sleep(Duration::from_millis(100));
        stream
    };
    let held: Vec<_> = (0..6).map(hold).collect();
    let refused = held.into_iter().map(|mut stream| {
        stream.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
        let mut bytes = [0; 1024];
        let length = stream.read(&mut bytes).unwrap_or(0);
        (String::from_utf8_lossy(&bytes[..length]).into_owned(), stream)
    });
    let refused: Vec<_> = refused.collect();
    let told = refused
        .iter()
        .filter(|(answer, _)| answer.starts_with("HTTP/1.1 429 "));
    let told: Vec<_> = told.collect();
    assert_eq!(told.len(), 4, "{refused:?}");
    for (answer, _) in told {
        assert!(answer.contains("retry-after: 1\r\n") && answer.contains("524288 (bodies_bytes_max)"));
    }
    drop((promised, refused));
    server.ok("PUT", "/collections/c/points?wait=true", &ok);
}

/// Goal: a body within its limit that would take many times as much memory is refused, over REST as over gRPC. Method:
/// bodies of a MiB at most, beside one of vectors that is taken.
#[test]
fn what_takes_too_much_memory_is_refused() {
    let server = Server::start(ServerConfig {
        body_bytes_max: 1 << 20,
        bodies_bytes_max: 4 << 20,
        ..ServerConfig::default()
    });
    let create = json!({"vectors": {"size": 64, "distance": "Dot"}});
    server.ok("PUT", "/collections/c", &create);
    let put = |body: &str| {
        let path = "/collections/c/points?wait=true";
        server.send_bytes("PUT", path, Some("application/json"), body.as_bytes())
    };
    let point = |payload: &str| {
        format!(r#"{{"points": [{{"id": 1, "vector": {{}}, "payload": {{"a": {payload}}}}}]}}"#)
    };
    let objects = point(&format!("[{}0]", r#"{"a":0},"#.repeat(100_000)));
    let numbers = point(&format!("[{}0]", "0,".repeat(400_000)));
    let names: Vec<String> = (0..70_000).map(|n| format!(r#""{n:x}":0"#)).collect();
    let names = point(&format!("{{{}}}", names.join(",")));
    let points = format!(
        r#"{{"points": [{}0]}}"#,
        r#"{"id":1,"vector":{}},"#.repeat(40_000)
    );
    for body in [objects, numbers, names, points] {
        let (status, answer) = put(&body);
        let message = answer["status"]["error"].as_str().unwrap();
        assert_eq!(status, 413, "{message}");
        assert!(
            message.contains("4194304 bytes of memory (bodies_bytes_max)"),
            "{message}"
        );
    }
    let vector = vec!["0.123456789"; 64].join(",");
    let many: Vec<String> = (0..1_000)
        .map(|id| format!(r#"{{"id":{id},"vector":[{vector}]}}"#))
        .collect();
    let many = format!(r#"{{"points": [{}]}}"#, many.join(","));
    assert!(many.len() > 700_000);
    assert_eq!(put(&many).0, 200);
    assert_eq!(put(&many).0, 200, "what was counted is given back");
}

#[test]
fn too_much_is_refused_before_it_is_read() {
    let server = Server::start(ServerConfig::default());
    // A GiB is announced and never sent: an answer that waited for it would not come.
    let answer = answer(begun(&server, 1 << 30, 0));
    assert!(
        answer.starts_with("HTTP/1.1 413 ") && answer.contains("33554432 bytes (body_bytes_max)"),
        "{answer}"
    );
    // Chunks without end are refused once they are above the limit; what is written after that fails.
    let mut endless = server.connect();
    let head = b"PUT /collections/c/points HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n";
    endless.write_all(head).unwrap();
    let chunk = [b"100000\r\n", &vec![b' '; 1 << 20][..], b"\r\n"].concat();
    let written = (0..1024)
        .take_while(|_| endless.write_all(&chunk).is_ok())
        .count();
    assert!(written < 100, "{written} MiB were taken");
    assert_eq!(server.raw(LIST).0, 200);
}

#[test]
fn a_connection_too_many_is_told() {
    let server = Server::start(ServerConfig {
        connections_max: 3,
        ..ServerConfig::default()
    });
    let mut idle: Vec<_> = (0..3).map(|_| server.connect()).collect();
    // They are accepted in order, so these are counted when the fourth is.
    let (status, head, body) = server.raw(LIST);
    let body: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(status, 503, "{body}");
    assert!(
        head.contains("retry-after: 1") && head.contains("connection: close"),
        "{head}"
    );
    assert!(
        body["status"]["error"]
            .as_str()
            .unwrap()
            .contains("3 open connections (connections_max)")
    );
    // Those within the limit are served; and one that ends makes room.
    idle[0].write_all(LIST).unwrap();
    assert!(answer(idle.remove(0)).starts_with("HTTP/1.1 200 "));
    let again = (0..200).find(|_| {
        std::thread::sleep(Duration::from_millis(20));
        server.raw(LIST).0 == 200
    });
    assert!(again.is_some());
}
