//! Goal: `ruvector bench --url --grpc` measures the same server to the same figures as by REST, over connections of its
//! own, and says what is wrong where it cannot. Method: the real server, a collection loaded each way, each measured
//! both ways beside neighbours found by brute force; a relay that counts connections; refusals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use harness::bench::{Bench, DIM, K, QUERIES, ROWS, load_and_measure, nearest, number, write_lines};
use harness::{Server, write_npy};
use serde_json::{Value, json};

const BY_GRPC: [&str; 3] = ["--grpc", "--collection", "by_grpc"];

/// What must not depend on the interface.
fn agreed(report: &Value) -> Value {
    let of = |figures: &Value, keys: &[&str]| -> Vec<Value> {
        let figures = figures.as_array().unwrap().iter();
        figures
            .map(|one| keys.iter().map(|key| one[*key].clone()).collect())
            .collect()
    };
    let numbers = ["n", "dim", "k", "threads", "replaced_points", "m", "ef_construct"];
    let numbers = numbers.map(|key| &report[key]);
    let server = ["title", "version", "indexed_vectors_count", "connections"];
    let server = server.map(|key| &report["server"][key]);
    json!({
        "points": of(&report["points"], &["params", "recall", "calls"]),
        "filters": of(&report["filters"], &["group", "searches", "matching_share", "recall"]),
        "indexes": of(&report["indexes"], &["field", "points"]),
        "numbers": numbers,
        "server": server,
    })
}

#[test]
fn both_interfaces_agree() {
    let bench = Bench::new(ROWS, QUERIES, DIM);
    let server = Server::start(&bench.folder.path().join("storage"));
    let by_rest = load_and_measure(&bench, &server.url, &[]);
    let by_grpc = load_and_measure(&bench, &server.grpc, &BY_GRPC);
    assert_eq!(agreed(&by_rest), agreed(&by_grpc));
    assert_eq!(number(&by_grpc["points"][0], "recall"), 1.0);
    assert_eq!(number(&by_grpc["filters"][0], "recall"), 1.0);
    let told = (&by_grpc["server"]["interface"], &by_grpc["server"]["route"]);
    assert_eq!(told, (&json!("gRPC"), &json!("Points/Search")));
    for key in ["p50_us", "p99_us", "qps"] {
        assert!(number(&by_grpc["points"][0], key) > 0.0, "{by_grpc}");
    }

    // A filter beside a truth that does not know it: the recall is what the filter leaves, and not 0 or 1.
    let truth = bench.file("truth.npy");
    let neighbours: Vec<usize> = (0..QUERIES).flat_map(|of| nearest(of, None)).collect();
    // The bits of an integer, as the writer of floats would write them.
    write_npy(Path::new(&truth), QUERIES, K, |at| {
        f32::from_bits(neighbours[at] as u32)
    });
    let text = std::fs::read(&truth).unwrap();
    let at = text.windows(3).position(|three| three == b"<f4").unwrap();
    let text = [&text[..at], b"<i4", &text[at + 3..]].concat();
    std::fs::write(&truth, text).unwrap();
    let even: usize = neighbours.iter().filter(|row| *row % 2 == 0).count();
    let filter = r#"{"must": [{"key": "even", "match": {"value": true}}]}"#;
    let again = [
        "--reuse", "--sweep", "ef=300", "--truth", &truth, "--filter", filter, "--rate", "4000",
    ];
    let runs = [
        (&server.url, &["--collection", "by_grpc"][..]),
        (&server.url, &["--query-route"]),
        (&server.grpc, &["--grpc"]),
        (
            &server.grpc,
            &["--grpc", "--query-route", "--api-key", "secret-1"],
        ),
        (&server.grpc, &["--grpc", "--collection", "by_grpc"]),
    ];
    for (url, flags) in runs {
        let report = bench.report(url, &[&again[..], flags].concat());
        let point = &report["points"][0];
        let share = even as f64 / neighbours.len() as f64;
        assert_eq!(
            (number(point, "recall"), &report["n"]),
            (share, &json!(ROWS)),
            "{flags:?}"
        );
        assert!(
            number(point, "qps") < 4100.0 && !report.to_string().contains("secret-1"),
            "{report}"
        );
    }

    bench.refused(&server.grpc, &["--grpc"], "has a collection bench already");
    let elsewhere = ["--grpc", "--reuse", "--collection", "a b"];
    let says = format!("the server at {} refused (NotFound): ", server.grpc);
    bench.refused(&server.grpc, &elsewhere, &says);
    let says = format!(
        "the connection to {} failed: it answers 404 Not Found and no gRPC; --grpc takes the port of gRPC",
        server.url
    );
    bench.refused(&server.url, &["--grpc"], &says);
    let says = "a port of gRPC is measured with --grpc";
    bench.refused(&server.grpc, &[], says);
}

/// Passes on what comes, and counts connections.
fn relay(to: &str) -> (String, Arc<AtomicUsize>) {
    let to = to.strip_prefix("http://").unwrap().to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = connections.clone();
    std::thread::spawn(move || {
        for near in listener.incoming().map(Result::unwrap) {
            counted.fetch_add(1, Ordering::SeqCst);
            let far = TcpStream::connect(&to).unwrap();
            let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
            std::thread::spawn(move || pass(near, far));
            std::thread::spawn(move || pass(far_too, near_too));
        }
    });
    (url, connections)
}

fn pass(mut from: TcpStream, mut to: TcpStream) {
    to.set_nodelay(true).unwrap();
    let mut bytes = [0; 16 << 10];
    while let Ok(length @ 1..) = from.read(&mut bytes) {
        if to.write_all(&bytes[..length]).is_err() {
            break;
        }
    }
    let _ = to.shutdown(Shutdown::Both);
}

#[test]
fn each_connection_is_one_of_http2_that_stays_open() {
    let bench = Bench::new(ROWS, QUERIES, DIM);
    let server = Server::start(&bench.folder.path().join("storage"));
    let (url, connections) = relay(&server.grpc);
    let report = bench.report(&url, &["--grpc", "--sweep", "ef=16,32", "--connections", "3"]);
    assert_eq!(report["points"][1]["calls"], 10_000);
    // One for whatever is not timed, and three for each breadth.
    assert_eq!(connections.load(Ordering::SeqCst), 1 + 2 * 3);
}

/// Answers every connection with some bytes and closes it.
fn saying(answer: &'static [u8]) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map(Result::unwrap) {
            let _ = stream.read(&mut [0; 1024]);
            let _ = stream.write_all(answer);
            let _ = stream.shutdown(Shutdown::Write);
            let _ = stream.read_to_end(&mut Vec::new());
        }
    });
    url
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let bench = Bench::new(3, 1, 2);
    let refused = |url: &str, flags: &[&str], says: &str| {
        bench.refused(url, &[&["--grpc"], flags].concat(), says);
    };
    let nobody = "http://127.0.0.1:1";
    refused(
        nobody,
        &[],
        "no server answers at http://127.0.0.1:1: Connection refused",
    );
    for url in [
        "http://127.0.0.1",
        "http://127.0.0.1:0",
        "http://127.0.0.1:1/base",
        "http://127.0.0.1:1?a",
    ] {
        refused(url, &[], "--url: takes http://HOST:PORT with --grpc");
    }
    refused("https://127.0.0.1:1", &[], "neither TLS");
    refused(nobody, &["--api-key", "a\nb"], "--api-key: takes printable ASCII");
    refused(
        nobody,
        &["--index", "a:null"],
        "--index: takes no kind null with --grpc",
    );
    let filter = r#"{"must": [{"key": "a", "match": {"value": 18446744073709551615}}]}"#;
    let server = Server::start(&bench.folder.path().join("storage"));
    let says = "a filter as a message of gRPC: ";
    refused(&server.grpc, &["--filter", filter], says);
    refused(&server.grpc, &["--filter", r#"{"must": 5}"#], says);
    // Nor is anything loaded before a line is refused.
    let filters = bench.file("filters.jsonl");
    let line = |filter: Value| json!({"group": "g", "query": 0, "filter": filter, "truth": []});
    let good = line(json!({"must": [{"key": "a", "match": {"value": 1}}]}));
    let bad = line(serde_json::from_str(filter).unwrap());
    write_lines(Path::new(&filters), [good, bad].into_iter());
    refused(
        &server.grpc,
        &["--filters", &filters],
        "filters.jsonl: line 2: Not supported: filter.must[0].match: ",
    );
    refused(&server.grpc, &["--reuse"], "(NotFound): ");
    for answer in [&b""[..], b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n"] {
        let url = saying(answer);
        refused(&url, &[], &format!("the connection to {url} failed: "));
        refused(&url, &[], "; --grpc takes the port of gRPC");
    }
}
