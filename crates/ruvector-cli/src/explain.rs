//! `ruvector explain`: how a running server carries out a read, as a table of its segments. Never opens a folder: it asks
//! a server.

use std::collections::BTreeSet;
use std::io::Read;
use std::path::Path;

use serde_json::{Map, Value};

use crate::client::{Client, segment};
use crate::commands::{ExplainArguments, Operation};
use crate::error::CliError;
use crate::table;

/// Sends the request with `explain` and prints what was done.
pub(crate) fn run(arguments: &ExplainArguments) -> Result<(), CliError> {
    let mut body = read_body(arguments.body.as_deref())?;
    body.insert("explain".to_owned(), true.into());
    let route = match arguments.operation {
        Operation::Search => "points/search",
        Operation::Query => "points/query",
        Operation::Text => "points/search/text",
        Operation::Scroll => "points/scroll",
        Operation::Count => "points/count",
        Operation::Facet => "facet",
    };
    let path = format!("/collections/{}/{route}", segment(&arguments.collection));
    let client = Client::new(&arguments.server.url);
    let answer = client.answer("POST", &path, Some(&body.into()))?;
    let explain = &answer["explain"];
    let segments = explain["segments"]
        .as_array()
        .ok_or(CliError::Answer("it explains nothing"))?;
    println!("{}", results(arguments.operation, &answer["result"]));
    if segments.is_empty() {
        println!("No segment was visited.");
        return Ok(());
    }
    let mut rows: Vec<Vec<String>> = segments.iter().map(segment_row).collect();
    rows.push(totals_row(&explain["totals"]));
    let right = [2, 4, 5, 6, 7, 8, 9, 10, 11];
    print!("\n{}", table::lines(&HEAD, &rows, &right));
    for (said, name) in [
        ("answered by indexes", "indexed"),
        ("found in payloads", "unindexed"),
    ] {
        if let Some(fields) = fields(segments, name) {
            println!("Fields of the filter {said} in sealed segments: {fields}");
        }
    }
    println!(
        "\nTogether {} µs. {NOTES}",
        micros(&explain["totals"]["total_us"])
    );
    Ok(())
}

const HEAD: [&str; 12] = [
    "segment",
    "state",
    "points",
    "ways",
    "ef",
    "estimated",
    "undecided",
    "matching",
    "nodes visited",
    "points scored",
    "filter µs",
    "search µs",
];

const NOTES: &str =
    "estimated: points that match the filter, guessed from the indexes; undecided: points for
which no index decides; matching: points that match. ef: breadth of the search. filter µs: for what the indexes know;
search µs: for the rest.";

fn read_body(file: Option<&Path>) -> Result<Map<String, Value>, CliError> {
    let (place, bytes) = match file.filter(|path| *path != Path::new("-")) {
        Some(path) => {
            let bytes = std::fs::read(path).map_err(|source| CliError::File {
                path: path.to_owned(),
                source,
            })?;
            (path.display().to_string(), bytes)
        }
        None => {
            let mut bytes = Vec::new();
            let read = std::io::stdin().lock().read_to_end(&mut bytes);
            read.map_err(CliError::Input)?;
            ("standard input".to_owned(), bytes)
        }
    };
    match serde_json::from_slice(&bytes) {
        Ok(Value::Object(body)) => Ok(body),
        Ok(_) => Err(CliError::NoObject { place }),
        Err(source) => Err(CliError::Body { place, source }),
    }
}

/// What came of it, in a line.
fn results(operation: Operation, result: &Value) -> String {
    let count = |list: &Value| list.as_array().map_or(0, Vec::len);
    match operation {
        Operation::Search | Operation::Text => format!("{} results", count(result)),
        Operation::Query => format!("{} results", count(&result["points"])),
        Operation::Scroll => format!("{} points", count(&result["points"])),
        Operation::Count => format!("{} points counted", result["count"]),
        Operation::Facet => format!("{} values", count(&result["hits"])),
    }
}

/// The fields that the sealed segments name so; `None` without any.
fn fields(segments: &[Value], name: &str) -> Option<String> {
    let sealed = segments.iter().filter(|segment| segment["state"] == "sealed");
    let fields = sealed.filter_map(|segment| segment["filter"][name].as_array());
    let fields: BTreeSet<&str> = fields.flatten().filter_map(Value::as_str).collect();
    let fields: Vec<&str> = fields.into_iter().collect();
    (!fields.is_empty()).then(|| fields.join(", "))
}

fn segment_row(segment: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let ways = segment["ways"].as_array().into_iter().flatten();
    let ways: Vec<&str> = ways.filter_map(Value::as_str).collect();
    let filter = &segment["filter"];
    vec![
        format!("{}/{}", segment["shard"], segment["segment"]),
        text(&segment["state"]),
        segment["points"].to_string(),
        match ways.is_empty() {
            true => "none".to_owned(),
            false => ways.join(", then "),
        },
        or_dash(&segment["ef"]),
        or_dash(&filter["estimated"]),
        or_dash(&filter["undecided"]),
        or_dash(&filter["matching"]),
        segment["visited"].to_string(),
        segment["measured"].to_string(),
        micros(&segment["filter_us"]),
        micros(&segment["search_us"]),
    ]
}

fn totals_row(totals: &Value) -> Vec<String> {
    vec![
        "all".to_owned(),
        String::new(),
        String::new(),
        String::new(),
        String::new(),
        totals["estimated"].to_string(),
        totals["undecided"].to_string(),
        totals["matching"].to_string(),
        totals["nodes_visited"].to_string(),
        totals["points_scored"].to_string(),
        micros(&totals["filter_us"]),
        micros(&totals["search_us"]),
    ]
}

/// A number; a dash where there is none.
fn or_dash(value: &Value) -> String {
    value
        .as_u64()
        .map_or_else(|| "-".to_owned(), |number| number.to_string())
}

fn micros(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| "-".to_owned(), |micros| format!("{micros:.1}"))
}
