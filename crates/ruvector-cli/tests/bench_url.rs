//! Goal: `ruvector bench --url` measures what a server really does: true recall, connections that stay open, latencies
//! that no stall hides; and never touches a collection that was there. Method: the real server beside neighbours found
//! by brute force; a server of the test's own that counts connections and stalls once; refusals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use harness::bench::{Bench, DIM, QUERIES, ROWS, load_and_measure, number};
use harness::{Server, ruvector};
use serde_json::{Value, json};

fn check_figures(built: &Value) {
    let points = built["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    for point in points {
        assert_eq!(
            (number(point, "recall"), &point["calls"]),
            (1.0, &json!(10_000)),
            "{point}"
        );
        let times = ["p50_us", "p95_us", "p99_us"].map(|key| number(point, key));
        assert!(times.is_sorted() && times[0] > 0.0 && number(point, "qps") > 0.0);
        assert!(point.get("nodes_visited").is_none() && point.get("batch_qps").is_none());
    }
    let groups = built["filters"].as_array().unwrap();
    assert_eq!(groups.len(), 3);
    for group in groups {
        let share = if group["group"] == "all" { 1.0 } else { 0.5 };
        assert_eq!(
            (number(group, "recall"), number(group, "matching_share")),
            (1.0, share),
            "{group}"
        );
        assert_eq!(group["searches"], json!(QUERIES));
    }
}

#[test]
fn a_server_is_measured() {
    let bench = Bench::new(ROWS, QUERIES, DIM);
    let server = Server::start(&bench.folder.path().join("storage"));
    let built = load_and_measure(&bench, &server.url, &[]);
    let told = json!({
        "collection": "bench", "interface": "REST", "route": "search", "connections": 3, "rate": null,
    });
    for (key, value) in told.as_object().unwrap() {
        assert_eq!(&built["server"][key], value, "{key}");
    }
    assert!(
        built["server"]["title"].as_str().unwrap().contains("ruvector"),
        "{built}"
    );
    assert_eq!(
        (&built["n"], &built["dim"], &built["threads"]),
        (&json!(ROWS), &json!(DIM), &json!(3))
    );
    assert!((40..=120).contains(&built["replaced_points"].as_u64().unwrap()));
    assert!(number(&built, "build_s") > 0.0 && number(&built, "index_s") > 0.0);
    assert_eq!(built["indexes"][0]["field"], "even");
    // What only the embedded engine tells is absent: not null, not zero.
    let unknown = "ram_bytes ram_bytes_per_point promoted_bytes rss_bytes disk_bytes reopen_s promote_s segments \
                   profile quantization_config on_disk shards";
    for key in unknown.split(' ') {
        assert!(built.get(key).is_none(), "{key}");
    }
    check_figures(&built);

    // The collection is there now: left alone, but measured where that is asked for.
    bench.refused(&server.url, &[], "has a collection bench already");
    let again = "--reuse --sweep ef=300 --rate 4000 --connections 2 --query-route --api-key secret-1";
    let again = bench.report(&server.url, &again.split(' ').collect::<Vec<_>>());
    let point = &again["points"][0];
    assert_eq!((&again["n"], number(point, "recall")), (&json!(ROWS), 1.0));
    assert!(number(point, "qps") < 4100.0, "{point}");
    assert!(again.get("build_s").is_none() && again["server"]["route"] == "query");
    assert!(!again.to_string().contains("secret-1"), "{again}");
    let (base, queries) = (bench.file("base.npy"), bench.file("queries.npy"));
    let dot = ["bench", "--base", &base, "--queries", &queries, "--metric", "dot"];
    let output = ruvector(&[&dot[..], &["--reuse", "--url", &server.url]].concat());
    assert!(String::from_utf8(output.stderr).unwrap().contains("has size 8"));
    // What the server says reaches the user, with its status.
    let filter = ["--reuse", "--filter", r#"{"must": 5}"#];
    bench.refused(&server.url, &filter, "the server refused (400): ");
    bench.refused(&server.url, &["--reuse", "--collection", "a b"], "refused (404)");
}

/// A server of one point that counts its connections and stalls once, at the 5,000th search.
struct Stalling {
    url: String,
    connections: Arc<AtomicUsize>,
}

const STALL: Duration = Duration::from_millis(300);

impl Stalling {
    fn start() -> Stalling {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (connections, searches) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = connections.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                counted.fetch_add(1, Ordering::SeqCst);
                let searches = searches.clone();
                std::thread::spawn(move || serve(stream.unwrap(), &searches));
            }
        });
        Stalling { url, connections }
    }
}

fn serve(mut stream: TcpStream, searches: &AtomicUsize) {
    stream.set_nodelay(true).unwrap();
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    loop {
        let (mut first, mut body_bytes, mut line) = (String::new(), 0, String::new());
        if reader.read_line(&mut first).unwrap_or(0) == 0 {
            return;
        }
        while reader.read_line(&mut line).unwrap() > 2 {
            if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                body_bytes = length.trim().parse().unwrap();
            }
            line.clear();
        }
        reader.read_exact(&mut vec![0; body_bytes]).unwrap();
        let result = match first.split(' ').nth(1).unwrap() {
            "/collections/bench/points/search" => {
                if searches.fetch_add(1, Ordering::SeqCst) == 5_000 {
                    std::thread::sleep(STALL);
                }
                json!([{"id": 0, "version": 1, "score": 1.0}])
            }
            "/collections/bench/points/count" => json!({"count": 1}),
            _ => {
                json!({"status": "green", "config": {"params": {"vectors": {"size": 2, "distance": "Euclid"}}}})
            }
        };
        let answer = json!({"result": result, "status": "ok", "time": 0.0}).to_string();
        let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", answer.len());
        stream.write_all((head + &answer).as_bytes()).unwrap();
    }
}

#[test]
fn a_stall_counts_for_all_that_were_due_and_connections_stay_open() {
    let bench = Bench::new(1, 1, 2);
    let measured = |flags: &[&str]| {
        let server = Stalling::start();
        let report = bench.report(
            &server.url,
            &[&["--reuse", "--sweep", "ef=16", "--k", "1"], flags].concat(),
        );
        // One for whatever is not timed, one that is.
        assert_eq!(server.connections.load(Ordering::SeqCst), 2);
        report["points"][0].clone()
    };
    let stall_us = STALL.as_secs_f64() * 1e6;
    let closed = measured(&[]);
    assert!(number(&closed, "p99_us") < stall_us / 4.0, "{closed}");
    // Of 10,000 due every third of a millisecond, 900 and more were due during the stall.
    let open = measured(&["--rate", "3000"]);
    assert!(number(&open, "p99_us") > stall_us / 2.0, "{open}");
    assert!(number(&open, "p50_us") < stall_us / 4.0, "{open}");
    assert_eq!(number(&open, "recall"), 1.0);
}

#[test]
fn what_is_not_measured_is_refused() {
    let bench = Bench::new(3, 1, 2);
    let nobody = "http://127.0.0.1:1";
    bench.refused(nobody, &[], "no server answers at http://127.0.0.1:1");
    bench.refused("https://127.0.0.1:1", &[], "--url: takes http://HOST:PORT");
    bench.refused(nobody, &["--rate", "0"], "--rate: takes 1 to");
    bench.refused(nobody, &["--rate", "NaN"], "--rate: takes 1 to");
    bench.refused(
        nobody,
        &["--rate", "1", "--connections", "21"],
        "idle for over 20 seconds",
    );
    bench.refused(nobody, &["--connections", "0"], "--connections: takes 1 to");
    bench.refused(nobody, &["--index", "a:b"], "--index: takes PATH:KIND");
    for flags in [
        &["--threads", "2"][..],
        &["--quantization", "scalar"],
        &["--engine-dir", "x"],
    ] {
        bench.refused(nobody, flags, "cannot be used with");
    }
    let embedded = ["bench", "--base", "b", "--queries", "q", "--connections", "2"];
    assert_eq!(ruvector(&embedded).status.code(), Some(2));
}
