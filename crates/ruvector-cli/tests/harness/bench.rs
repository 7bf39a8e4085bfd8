//! A small bench: files whose true neighbours are found by brute force, and runs of `ruvector bench --url` on them. Never
//! measures anything itself.

use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use super::{ruvector, write_npy};

pub(crate) const ROWS: usize = 400;
pub(crate) const QUERIES: usize = 20;
pub(crate) const DIM: usize = 8;
pub(crate) const K: usize = 10;

fn base(at: usize) -> f32 {
    ((at.wrapping_mul(2_654_435_761) >> 7) % 1009) as f32 - 504.0
}

fn query(at: usize) -> f32 {
    base(at + 99_991)
}

/// The nearest rows of one parity, or of all, by brute force.
pub(crate) fn nearest(of: usize, even: Option<bool>) -> Vec<usize> {
    let distance = |row: usize| -> f64 {
        let of_column = |column| f64::from(base(row * DIM + column) - query(of * DIM + column)).powi(2);
        (0..DIM).map(of_column).sum()
    };
    let mut rows: Vec<usize> = (0..ROWS)
        .filter(|row| even.is_none_or(|even| (row % 2 == 0) == even))
        .collect();
    rows.sort_by(|a, b| distance(*a).total_cmp(&distance(*b)));
    rows.truncate(K);
    rows
}

pub(crate) struct Bench {
    pub(crate) folder: tempfile::TempDir,
}

impl Bench {
    pub(crate) fn new(rows: usize, queries: usize, columns: usize) -> Bench {
        let folder = tempfile::tempdir().unwrap();
        write_npy(&folder.path().join("base.npy"), rows, columns, base);
        write_npy(&folder.path().join("queries.npy"), queries, columns, query);
        Bench { folder }
    }

    pub(crate) fn file(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    pub(crate) fn run(&self, url: &str, flags: &[&str]) -> Output {
        let (base, queries) = (self.file("base.npy"), self.file("queries.npy"));
        let files = [
            "bench",
            "--base",
            &base,
            "--queries",
            &queries,
            "--metric",
            "euclid",
        ];
        ruvector(&[&files[..], &["--url", url], flags].concat())
    }

    pub(crate) fn report(&self, url: &str, flags: &[&str]) -> Value {
        let file = self.file("out.json");
        let output = self.run(url, &[flags, &["--json", &file]].concat());
        assert!(output.status.success(), "{output:?}");
        serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    pub(crate) fn refused(&self, url: &str, flags: &[&str], says: &str) {
        let output = self.run(url, flags);
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(
            !output.status.success() && text.contains(says),
            "{flags:?}: {text}"
        );
    }
}

pub(crate) fn number(figures: &Value, key: &str) -> f64 {
    figures[key]
        .as_f64()
        .unwrap_or_else(|| panic!("{key}: {figures}"))
}

pub(crate) fn write_lines(path: &Path, lines: impl Iterator<Item = Value>) {
    let lines: Vec<String> = lines.map(|line| line.to_string()).collect();
    std::fs::write(path, lines.join("\n")).unwrap();
}

/// Loads and measures, with filters whose truth was found by brute force.
pub(crate) fn load_and_measure(bench: &Bench, url: &str, flags: &[&str]) -> Value {
    let (payload, filters) = (bench.file("payload.jsonl"), bench.file("filters.jsonl"));
    write_lines(
        Path::new(&payload),
        (0..ROWS).map(|row| json!({"even": row % 2 == 0})),
    );
    let searches = (0..QUERIES).flat_map(|of| [(of, Some(true)), (of, Some(false)), (of, None)]);
    let line = |(of, even): (usize, Option<bool>)| {
        let filter = even.map(|even| json!({"must": [{"key": "even", "match": {"value": even}}]}));
        let group = even.map_or("all", |even| if even { "even" } else { "odd" });
        json!({"group": group, "query": of, "filter": filter, "truth": nearest(of, even)})
    };
    write_lines(Path::new(&filters), searches.map(line));
    let load = "--connections 3 --batch 150 --sweep ef=200,300 --index even:bool --replace 0.2";
    let load: Vec<&str> = load.split(' ').collect();
    let files = ["--payload", &payload, "--filters", &filters];
    bench.report(url, &[&load[..], &files, flags].concat())
}
