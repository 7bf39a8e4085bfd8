//! Goal: `ruvector bench` keeps, searches and reports codes as its flags say, and refuses flags without effect.
//! Method: the real binary on 600 vectors; its JSON report and its refusals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use std::path::PathBuf;
use std::process::Output;

use harness::{ruvector, write_npy};
use serde_json::{Value, json};

struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let noise = |at: usize| ((at.wrapping_mul(2_654_435_761) >> 7) % 1009) as f32 - 504.0;
        write_npy(&folder.path().join("base.npy"), 600, 8, noise);
        write_npy(&folder.path().join("queries.npy"), 20, 8, |at| noise(at + 99_991));
        Bench { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn run(&self, flags: &[&str]) -> Output {
        let (base, queries, kept) = (self.path("base.npy"), self.path("queries.npy"), self.path("kept"));
        let files = [
            "--base",
            base.to_str().unwrap(),
            "--queries",
            queries.to_str().unwrap(),
        ];
        let rest = ["--sweep", "ef=32", "--engine-dir", kept.to_str().unwrap()];
        ruvector(&[&["bench"], &files[..], &rest, flags].concat())
    }

    /// The report and the recall of its one point.
    fn measured(&self, flags: &[&str]) -> (Value, f64) {
        let file = self.path("out.json");
        let output = self.run(&[flags, &["--json", file.to_str().unwrap()]].concat());
        assert!(output.status.success(), "{output:?}");
        let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
        let recall = report["points"][0]["recall"].as_f64().unwrap();
        (report, recall)
    }

    fn refused(&self, flags: &[&str], says: &str) {
        let output = self.run(flags);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && text.contains(says),
            "{flags:?}: {text}"
        );
    }
}

#[test]
fn codes_are_kept_and_reported() {
    let bench = Bench::new();
    let kept = "--quantization rotated2 --query-bits 8 --no-graph --on-disk --rescore true --oversampling 4";
    let (built, sharp) = bench.measured(&kept.split(' ').collect::<Vec<_>>());
    let codes = json!({"rotated": {"bits": 2, "query_bits": 8, "always_ram": false}});
    assert_eq!(built["quantization_config"], codes);
    assert_eq!((&built["profile"], &built["m"]), (&json!("none"), &json!(0)));
    assert_eq!(built["on_disk"], true);
    assert!(built["ram_bytes_per_point"].as_f64().unwrap() > 0.0);
    let params = |report: &Value| report["points"][0]["params"].clone();
    assert_eq!(
        params(&built),
        json!({"ef": 32, "rescore": true, "oversampling": 4.0})
    );
    let (again, blunt) = bench.measured(&["--reuse", "--rescore", "false"]);
    assert_eq!(
        (&again["quantization_config"], &again["m"]),
        (&codes, &Value::Null)
    );
    assert_eq!(params(&again), json!({"ef": 32, "rescore": false}));
    assert!(sharp > 0.95 && blunt < sharp, "{sharp} {blunt}");
    // Codes change where they are, and go.
    let (other, _) = bench.measured(&["--reuse", "--quantization", "scalar"]);
    assert!(other["quantization_config"]["scalar"].is_object(), "{other}");
    let (gone, exact) = bench.measured(&["--reuse", "--quantization", "none"]);
    assert!(gone["quantization_config"].is_null() && exact == 1.0, "{gone}");
}

#[test]
fn flags_without_effect_are_refused() {
    let bench = Bench::new();
    for flags in [
        &["--reuse", "--profile", "fast"][..],
        &["--reuse", "--no-graph"],
        &["--reuse", "--on-disk"],
        &["--no-graph", "--m", "8"],
    ] {
        bench.refused(flags, "cannot be used with");
    }
    bench.refused(&["--quantization", "rotated3"], "--quantization: takes none");
    bench.refused(&["--query-bits", "4"], "--query-bits: goes with --quantization");
    let reused = ["--reuse", "--query-bits", "4"];
    bench.refused(&reused, "--query-bits: goes with --quantization");
    bench.refused(&["--rescore", "true"], "--rescore, --oversampling: go with");
    let few = ["--quantization", "scalar", "--oversampling", "0.5"];
    bench.refused(&few, "--oversampling: takes 1 to 1,000");
    bench.refused(&["--quantization", "product5"], "compression must be x4");
    bench.refused(&["--quantization", "neural:many"], "--quantization: takes none");
}

/// Goal: what cannot be measured is refused before a point is loaded. Method: a bad line, index, breadth, truth, each
/// last of all that is measured; no folder is made.
#[test]
fn what_cannot_be_measured_is_refused_before_the_load() {
    let bench = Bench::new();
    let filters = bench.path("filters.jsonl");
    let line = |filter: Value| json!({"group": "g", "query": 0, "filter": filter, "truth": []}).to_string();
    let lines = [line(json!({"a": 1})), line(json!({"must": 5}))];
    std::fs::write(&filters, lines.join("\n")).unwrap();
    let (filters, queries) = (filters.to_str().unwrap(), bench.path("queries.npy"));
    for (flags, says) in [
        (
            &["--filters", filters][..],
            "line 2: Format error in JSON body: filter.must",
        ),
        (
            &["--filters", filters, "--filter-sweep", "ef=0"],
            "--sweep: takes",
        ),
        (&["--index", "a:words"], "--index: takes PATH:KIND"),
        (&["--truth", queries.to_str().unwrap()], "queries.npy"),
    ] {
        bench.refused(flags, says);
        assert!(!bench.path("kept").exists(), "{flags:?}");
    }
}
