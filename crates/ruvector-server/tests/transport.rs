//! Goal: what carries a request changes nothing of it: packed or not, over HTTP/1.1 or HTTP/2, with a slash at the end of
//! its path, with a key for a server that has none. Method: the same requests over each, answers compared; packed bodies
//! that lie, or grow beyond the limit.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::io::{Read, Write};

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use harness::Server;
use ruvector_server::ServerConfig;
use serde_json::{Value, json};

const BODY_BYTES_MAX: usize = 1 << 20;

fn server() -> Server {
    let server = Server::start(ServerConfig {
        body_bytes_max: BODY_BYTES_MAX,
        ..ServerConfig::default()
    });
    let vectors = json!({"vectors": {"size": 2, "distance": "Dot"}});
    server.ok("PUT", "/collections/c", &vectors);
    let points: Vec<Value> = (0..400)
        .map(|id| json!({"id": id, "vector": [id, 1], "payload": {"text": "many words that repeat"}}))
        .collect();
    server.ok(
        "PUT",
        "/collections/c/points?wait=true",
        &json!({"points": points}),
    );
    server
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(bytes).unwrap();
    packed.finish().unwrap()
}

/// Status, head and body of the answer to a `POST` with more headers.
fn post(server: &Server, path: &str, headers: &str, body: &[u8]) -> (u16, String, Vec<u8>) {
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-type: application/json\r\n{headers}\
         content-length: {}\r\n\r\n",
        body.len()
    );
    server.raw(&[head.as_bytes(), body].concat())
}

fn result(body: &[u8]) -> Value {
    serde_json::from_slice::<Value>(body).unwrap()["result"].take()
}

fn error(body: &[u8]) -> String {
    let answer: Value = serde_json::from_slice(body).unwrap();
    answer["status"]["error"].as_str().unwrap().to_owned()
}

#[test]
fn packed_or_not() {
    let server = server();
    let path = "/collections/c/points/search";
    let ask = json!({"vector": [1, 2], "limit": 300, "with_payload": true}).to_string();
    let (status, head, plain) = post(&server, path, "", ask.as_bytes());
    assert!(status == 200 && !head.contains("content-encoding"), "{head}");

    for encoding in ["gzip", "x-gzip", "GZIP"] {
        let headers = format!("content-encoding: {encoding}\r\n");
        let (status, _, answer) = post(&server, path, &headers, &gzip(ask.as_bytes()));
        assert_eq!((status, result(&answer)), (200, result(&plain)), "{encoding}");
    }
    for (accepted, is_packed) in [
        ("gzip", true),
        ("deflate, gzip;q=0.5", true),
        ("*", true),
        ("gzip;q=0, *", false),
        ("br, deflate", false),
        ("identity", false),
    ] {
        let headers = format!("accept-encoding: {accepted}\r\n");
        let (status, head, answer) = post(&server, path, &headers, ask.as_bytes());
        assert_eq!(status, 200);
        assert_eq!(head.contains("content-encoding: gzip"), is_packed, "{accepted}");
        let mut unpacked = answer.clone();
        if is_packed {
            assert!(answer.len() < plain.len() / 4 && head.contains("vary: accept-encoding"));
            unpacked.clear();
            GzDecoder::new(&answer[..]).read_to_end(&mut unpacked).unwrap();
        }
        assert_eq!(result(&unpacked), result(&plain), "{accepted}");
    }
    // A short answer is not worth it.
    let one = json!({"vector": [1, 2], "limit": 1}).to_string();
    let (_, head, _) = post(&server, path, "accept-encoding: gzip\r\n", one.as_bytes());
    assert!(!head.contains("content-encoding"), "{head}");
}

#[test]
fn packed_bodies_that_lie() {
    let server = server();
    let path = "/collections/c/points/search";
    let packed = "content-encoding: gzip\r\n";
    let ask = br#"{"vector": [1, 2]}"#;
    // 1 MiB and a byte of spaces, and far more: both refused by what comes out, not by what came in.
    let spaces = vec![b' '; BODY_BYTES_MAX + 1];
    let mut bomb = GzEncoder::new(Vec::new(), Compression::fast());
    for _ in 0..256 {
        bomb.write_all(&spaces[..BODY_BYTES_MAX]).unwrap();
    }
    let bomb = bomb.finish().unwrap();
    for (body, status, says) in [
        (gzip(&spaces), 413, "1048576 bytes (body_bytes_max)"),
        (
            bomb[..bomb.len().min(BODY_BYTES_MAX)].to_vec(),
            413,
            "body_bytes_max",
        ),
        (ask.to_vec(), 400, "not gzip"),
        (gzip(ask)[..20].to_vec(), 400, "not gzip"),
        (gzip(&gzip(ask)), 400, "JSON"),
    ] {
        let (given, _, answer) = post(&server, path, packed, &body);
        assert_eq!(given, status, "{}", String::from_utf8_lossy(&answer));
        assert!(error(&answer).contains(says), "{}", error(&answer));
    }
    for encoding in ["br", "deflate", "zstd", "gzip, gzip", "\u{ff}"] {
        let headers = format!("content-encoding: {encoding}\r\n");
        let (status, head, answer) = post(&server, path, &headers, ask);
        assert_eq!(status, 415, "{encoding}");
        assert!(error(&answer).contains("content-encoding") && head.contains("accept-encoding: gzip"));
    }
    assert_eq!(post(&server, path, "content-encoding: identity\r\n", ask).0, 200);
}

#[test]
fn a_slash_at_the_end_and_keys_change_nothing() {
    let server = server();
    let ask = json!({"vector": [1, 2], "limit": 3});
    let found = server.ok("POST", "/collections/c/points/search", &ask);
    assert_eq!(server.ok("POST", "/collections/c/points/search/", &ask), found);
    assert_eq!(
        server.ok("GET", "/collections/c/points/7/", &Value::Null)["id"],
        7
    );
    server.ok(
        "PUT",
        "/collections/d/",
        &json!({"vectors": {"size": 2, "distance": "Dot"}}),
    );
    server.ok("DELETE", "/collections/d/?timeout=9", &Value::Null);
    assert_eq!(server.send("GET", "/collections//", &Value::Null).0, 404);
    let ask = ask.to_string();
    for key in ["api-key: k\r\n", "authorization: Bearer k\r\n"] {
        let (status, _, answer) = post(&server, "/collections/c/points/search", key, ask.as_bytes());
        assert_eq!((status, result(&answer)), (200, found.clone()));
    }
}

/// A frame of HTTP/2 (RFC 9113, section 4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field of a header, by the number of its name, neither packed nor remembered (RFC 7541, section 6.2.2).
fn field(name: u8, value: &str) -> Vec<u8> {
    let mut field = match name {
        0..15 => vec![name],
        _ => vec![15, name - 15],
    };
    field.push(u8::try_from(value.len()).unwrap());
    field.extend(value.as_bytes());
    field
}

#[test]
fn http2_without_tls() {
    let server = server();
    let ask = json!({"vector": [1, 2], "limit": 300, "with_payload": true});
    let wanted = server.ok("POST", "/collections/c/points/search", &ask);

    let mut stream = server.connect();
    // The beginning comes in pieces.
    for piece in [&b"P"[..], b"R", b"I * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        stream.write_all(piece).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let mut head = vec![0x83, 0x86];
    head.extend(field(4, "/collections/c/points/search/"));
    head.extend(field(1, "x"));
    head.extend(field(31, "application/json"));
    let body = ask.to_string();
    let request = [
        frame(4, 0, 0, &[]),
        frame(1, 4, 1, &head),
        frame(0, 1, 1, body.as_bytes()),
    ];
    stream.write_all(&request.concat()).unwrap();
    let mut answer = Vec::new();
    loop {
        let mut header = [0; 9];
        stream.read_exact(&mut header).unwrap();
        let length = u32::from_be_bytes([0, header[0], header[1], header[2]]) as usize;
        let mut payload = vec![0; length];
        stream.read_exact(&mut payload).unwrap();
        let of_the_request = header[5..] == [0, 0, 0, 1];
        match header[3] {
            // 0x88: status 200.
            1 if of_the_request => assert_eq!(payload[0], 0x88),
            0 if of_the_request => answer.extend(payload),
            kind => assert!(matches!(kind, 4 | 6 | 8), "frame {kind}"),
        }
        if of_the_request && header[3] == 0 && header[4] & 1 == 1 {
            break;
        }
    }
    assert_eq!(result(&answer), wanted);
}
