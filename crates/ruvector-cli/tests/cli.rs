//! Goal: the command does what its help says and its refusals are clear. Method: the real binary, its output and
//! its exit status.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use harness::{Server, agent, command, request, ruvector, write_npy};
use serde_json::{Value, json};

fn out(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    text
}

fn refusal(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

#[test]
fn serve_refuses_clearly() {
    let folder = tempfile::tempdir().unwrap();
    let storage = folder.path().join("data");
    let mut server = Server::start(&storage);
    let same = [
        "serve",
        "--http-port",
        "0",
        "--grpc-port",
        "0",
        "--storage",
        storage.to_str().unwrap(),
    ];
    assert!(refusal(&ruvector(&same)).contains("is in use by another ruvector process"));
    let port = server.url.rsplit(':').next().unwrap().to_owned();
    let other = folder.path().join("other");
    let taken = [
        "serve",
        "--http-port",
        &port,
        "--storage",
        other.to_str().unwrap(),
    ];
    assert!(refusal(&ruvector(&taken)).contains(&format!("port {port} of 127.0.0.1 is in use")));

    let file = folder.path().join("ruvector.toml");
    std::fs::write(&file, format!("[service]\nhttp_port = {port}\n")).unwrap();
    let with_file = |environment: &[(&str, &str)], flags: &[&str]| {
        let mut command = command(&["serve", "--config", file.to_str().unwrap()]);
        command.args(["--storage", other.to_str().unwrap()]).args(flags);
        command.envs(environment.iter().copied());
        refusal(&command.output().unwrap())
    };
    assert!(with_file(&[], &[]).contains(&format!("port {port} of")));
    let bad = [("RUVECTOR__SERVICE__HTTP_PORT", "x")];
    assert!(with_file(&bad, &[]).contains("RUVECTOR__SERVICE__HTTP_PORT: \"x\""));
    assert!(with_file(&bad, &["--http-port", &port]).contains(&format!("port {port} of")));
    assert!(with_file(&[("RUVECTOR__SERVICE__PORT", "1")], &[]).contains("RUVECTOR__SERVICE__PORT"));
    std::fs::write(&file, "[service]\nprot = 1\n").unwrap();
    assert!(with_file(&[], &[]).contains("service.prot"));

    assert!(server.terminate().success());
    let mut again = Server::start(&storage);
    again.kill();
    Server::start(&storage);
}

#[test]
fn collections_are_worked_on() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let run = |arguments: &[&str]| ruvector(&[&["collection"], arguments, &["--url", &server.url]].concat());
    assert!(out(&run(&["list"])).contains("no collections"));
    out(&run(&[
        "create",
        "a b",
        "--dimensions",
        "4",
        "--distance",
        "dot",
        "--m",
        "8",
    ]));
    assert!(refusal(&run(&["create", "a b", "--dimensions", "4"])).contains("409"));
    let list = out(&run(&["list"]));
    assert!(list.contains("a b") && list.contains("4 Dot"), "{list}");
    assert!(out(&run(&["describe", "a b"])).contains("m 8, ef_construct 200"));
    assert!(out(&run(&["delete", "a b"])).contains("Deleted"));
    assert!(refusal(&run(&["describe", "a b"])).contains("a b"));
    let nobody = ruvector(&["collection", "list", "--url", "http://127.0.0.1:1"]);
    assert!(refusal(&nobody).contains("start one with: cargo run --release -- serve"));
}

#[test]
fn reads_are_explained() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(&folder.path().join("storage"));
    let collection = [
        "collection",
        "create",
        "c",
        "--dimensions",
        "2",
        "--distance",
        "dot",
    ];
    out(&ruvector(&[&collection[..], &["--url", &server.url]].concat()));
    let points =
        json!({"points": [{"id": 1, "vector": [1, 0], "payload": {"a": 1}}, {"id": 2, "vector": [0, 1]}]});
    let put = |path: &str, body: &Value| {
        let url = format!("{}/collections/c/{path}?wait=true", server.url);
        request(&agent(), "PUT", &url, body).unwrap()
    };
    put("points", &points);
    put("index/a", &json!("integer"));
    let body = folder.path().join("body.json");
    let explain = |operation: &str, text: &str| {
        std::fs::write(&body, text).unwrap();
        let file = body.to_str().unwrap();
        let arguments = ["explain", "--collection", "c", "--operation", operation, file];
        ruvector(&[&arguments[..], &["--url", &server.url]].concat())
    };
    let text = out(&explain("search", r#"{"vector": [1, 0], "filter": {"a": 1}}"#));
    assert!(text.starts_with("1 results\n"), "{text}");
    for word in ["segment", "active", "points scored", "search µs", "all"] {
        assert!(text.contains(word), "{text}");
    }
    assert!(out(&explain("query", r#"{"query": [1, 0]}"#)).starts_with("2 results"));
    assert!(out(&explain("scroll", r#"{"order_by": "a"}"#)).contains("rows"));
    assert!(out(&explain("facet", r#"{"key": "a"}"#)).starts_with("1 values"));
    assert!(out(&explain("count", "{}")).contains("No segment was visited"));
    assert!(refusal(&explain("count", "[]")).contains("a JSON object"));
    assert!(refusal(&explain("count", "{")).contains("body.json"));
    assert!(refusal(&explain("search", "{}")).contains("400"));
    let mut stdin = command(&[
        "explain",
        "--collection",
        "c",
        "--operation",
        "count",
        "--url",
        &server.url,
    ]);
    stdin
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = stdin.spawn().unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(br#"{"filter": {"a": 1}}"#)
        .unwrap();
    assert!(out(&child.wait_with_output().unwrap()).starts_with("1 points counted"));
    let described = out(&ruvector(&["collection", "describe", "c", "--url", &server.url]));
    assert!(described.contains("index  type"), "{described}");
}

#[test]
fn quickstart_answers() {
    let folder = tempfile::tempdir().unwrap();
    let server = Server::start(folder.path());
    let first = out(&ruvector(&["quickstart", "--url", &server.url]));
    for expected in [
        "created",
        "5000 points are on the disk",
        "1. What lies near \"war\"?",
        "combat (noun) — an engagement fought between two military forces",
        "2. The same, but only verbs.",
        "rival (verb)",
        "3. What is like \"wind\" and \"rain\" together?",
        "raindrop (noun) — a drop of rain",
        "POST /collections/wordnet/points/search",
    ] {
        assert!(first.contains(expected), "{expected} is missing in:\n{first}");
    }
    let second = out(&ruvector(&["quickstart", "--url", &server.url]));
    assert!(second.contains("exists already, with 5000 points"));
    let answers = |text: &str| {
        text.lines()
            .filter(|line| line.contains(" — "))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(answers(&first).len(), 15);
    assert_eq!(answers(&first), answers(&second));
    let count = request(
        &agent(),
        "POST",
        &format!("{}/collections/wordnet/points/count", server.url),
        &json!({"filter": {"pos": "verb"}}),
    );
    assert!(count.unwrap()["count"].as_u64().unwrap() > 100);
    let nobody = ruvector(&["quickstart", "--url", "http://127.0.0.1:1"]);
    assert!(refusal(&nobody).contains("start one with"));
}

#[test]
fn bench_measures() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let noise = |at: usize| ((at.wrapping_mul(2_654_435_761) >> 7) % 1009) as f32 - 504.0;
    write_npy(&folder.path().join("base.npy"), 600, 8, noise);
    write_npy(&folder.path().join("queries.npy"), 20, 8, |at| noise(at + 99_991));
    let payloads: Vec<String> = (0..600)
        .map(|row| json!({"even": row % 2 == 0}).to_string())
        .collect();
    std::fs::write(folder.path().join("p.jsonl"), payloads.join("\n")).unwrap();
    let (base, queries, payload, report) = (
        file("base.npy"),
        file("queries.npy"),
        file("p.jsonl"),
        file("out.json"),
    );
    let arguments = [
        "bench",
        "--base",
        &base,
        "--queries",
        &queries,
        "--payload",
        &payload,
        "--filter",
        "{\"even\": true}",
        "--sweep",
        "ef=16,64",
        "--threads",
        "2",
        "--batch",
        "100",
        "--json",
        &report,
    ];
    let table = out(&ruvector(&arguments));
    assert!(table.contains("recall@10"), "{table}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    for key in [
        "build_s",
        "promote_s",
        "ram_bytes",
        "promoted_bytes",
        "rss_bytes",
        "disk_bytes",
        "cpu",
        "threads",
        "n",
        "dim",
        "version",
        "command",
    ] {
        assert!(!report[key].is_null(), "{key} is missing");
    }
    assert_eq!((&report["n"], &report["dim"]), (&json!(600), &json!(8)));
    assert!((30..=90).contains(&report["replaced_points"].as_u64().unwrap()));
    let points = report["points"].as_array().unwrap();
    assert_eq!(points.len(), 2);
    for point in points {
        assert!(
            point["calls"].as_u64().unwrap() >= 10_000 && point["recall"].as_f64().unwrap() > 0.9,
            "{point}"
        );
        let times = ["p50_us", "p95_us", "p99_us"].map(|key| point[key].as_f64().unwrap());
        assert!(times.is_sorted() && point["qps"].as_f64().unwrap() > 0.0);
    }
    assert_eq!(points[1]["params"], json!({"ef": 64}));
    let wrong = ruvector(&["bench", "--base", &base, "--queries", &payload]);
    assert!(refusal(&wrong).contains("is not a .npy file"));
    let few = ruvector(&["bench", "--base", &base, "--queries", &queries, "--calls", "10"]);
    assert!(refusal(&few).contains("--calls"));
}

/// Runs a workload on a tiny set; the JSON it writes.
fn workload(folder: &Path, arguments: &[&str]) -> Value {
    let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
    let (base, queries, report) = (file("base.npy"), file("queries.npy"), file("out.json"));
    let files = ["--base", &base, "--queries", &queries, "--json", &report];
    let table = out(&ruvector(&[&["workload"], arguments, &files].concat()));
    assert!(table.contains("target"), "{table}");
    let report: Value = serde_json::from_str(&std::fs::read_to_string(report).unwrap()).unwrap();
    assert_eq!((&report["dim"], &report["queries"]), (&json!(8), &json!(30)));
    assert!(report["targets"].as_array().unwrap().len() > 3);
    report
}

#[test]
fn workloads_measure() {
    let folder = tempfile::tempdir().unwrap();
    let noise = |at: usize| ((at.wrapping_mul(2_654_435_761) >> 7) % 1009) as f32 - 504.0;
    write_npy(&folder.path().join("base.npy"), 900, 8, noise);
    write_npy(&folder.path().join("queries.npy"), 30, 8, |at| noise(at + 99_991));
    let measured = ["--sweep", "ef=16,64", "--timed-rounds", "2", "--calls", "50"];
    let rounds = ["--points", "600", "--rounds", "3"];
    let workloads: [(&[&str], u64); 3] = [
        (&["churn", "--mode", "replace"], 600),
        (&["churn", "--mode", "delete-insert", "--settle", "optimize"], 600),
        (&["merges", "--merges", "5"], 900),
    ];
    for (arguments, points) in workloads {
        let churn: &[&str] = if arguments[0] == "churn" { &rounds } else { &[] };
        let report = workload(folder.path(), &[arguments, churn, &measured].concat());
        assert_eq!(report["workload"], arguments[0]);
        assert_eq!(report["exact_differs"], 0, "{report}");
        for side in ["lived", "fresh"] {
            assert_eq!(report[side]["points"], points, "{side}");
            assert!(report[side]["disk_bytes"].as_u64().unwrap() > points * 32);
        }
        let efs = report["efs"].as_array().unwrap();
        assert_eq!(efs.len(), 2);
        for figures in efs {
            let number = |key: &str| figures[key].as_f64().unwrap();
            let (lived, fresh) = (number("recall_lived"), number("recall_fresh"));
            assert!(
                (0.8..=1.0).contains(&lived) && (0.8..=1.0).contains(&fresh),
                "{figures}"
            );
            assert!((number("recall_difference") - (lived - fresh)).abs() < 1e-9);
            assert!(number("qps_ratio") > 0.0 && number("recall_standard_error") < 0.1);
        }
    }
    let live = workload(
        folder.path(),
        &[
            "live",
            "--points",
            "600",
            "--idle-seconds",
            "1",
            "--seconds",
            "3",
            "--searches-per-second",
            "50",
            "--writes-per-second",
            "200",
            "--new-share",
            "0.1",
        ],
    );
    for phase in ["idle", "loaded", "write_lag"] {
        let times = ["p50_us", "p99_us", "p999_us"].map(|key| live[phase][key].as_f64().unwrap());
        assert!(times.is_sorted() && times[0] > 0.0, "{phase}: {live}");
    }
    let checked = &live["checked_at_the_end"];
    assert!(checked["checked"].as_u64().unwrap() > 20, "{live}");
    assert_eq!((&checked["lost"], &checked["unfindable"]), (&json!(0), &json!(0)));
    assert!(live["backlog"].as_array().unwrap().len() >= 3);
}
