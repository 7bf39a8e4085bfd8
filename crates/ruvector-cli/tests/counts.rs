//! Goal: `ruvector workload counts` measures every kind of question beside deleted rows, and ends with its targets.
//! Method: the real binary on 3,000 points, all answers of which it checks itself; its JSON report and its refusals.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

mod harness;

use harness::ruvector;
use serde_json::Value;

#[test]
fn counts_are_measured() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, file) = (folder.path().join("kept"), folder.path().join("out.json"));
    let flags = [
        "--points", "3000", "--calls", "200", "--checks", "210", "--batch", "500",
    ];
    let files = [
        "--engine-dir",
        kept.to_str().unwrap(),
        "--json",
        file.to_str().unwrap(),
    ];
    let output = ruvector(&[&["workload", "counts"], &flags[..], &files].concat());
    assert!(output.status.success(), "{output:?}");
    assert!(
        String::from_utf8(output.stdout)
            .unwrap()
            .contains("geo radius, 10 %")
    );
    let report: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    let number = |value: &Value| value.as_f64().unwrap();
    let (points, deleted) = (number(&report["points"]), number(&report["deleted_rows"]));
    assert!(
        points + deleted == 3_000.0 && (200.0..400.0).contains(&deleted),
        "{report}"
    );
    let kinds = report["kinds"].as_array().unwrap();
    assert_eq!(
        (kinds.len(), report["targets"].as_array().unwrap().len()),
        (12, 7)
    );
    for kind in kinds {
        let times = ["p50_us", "p99_us", "max_us"].map(|key| number(&kind[key]));
        assert!(
            times.is_sorted() && times[0] > 0.0 && kind["count"] == 200,
            "{kind}"
        );
    }
    // The shares are about as asked for: names say them.
    for (at, share) in [
        (0, 0.01),
        (1, 0.1),
        (2, 0.5),
        (3, 0.01),
        (4, 0.25),
        (5, 0.01),
        (6, 0.1),
        (7, 0.01),
        (9, 1.0),
    ] {
        let measured = number(&kinds[at]["matching_share"]);
        assert!((measured / share - 1.0).abs() < 0.25, "{}", kinds[at]);
    }
    let few = ruvector(&["workload", "counts", "--points", "10", "--calls", "9"]);
    let text = String::from_utf8(few.stderr).unwrap();
    assert!(
        !few.status.success() && text.contains("--calls: takes at least 200"),
        "{text}"
    );
}
