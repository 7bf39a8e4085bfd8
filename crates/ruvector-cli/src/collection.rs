//! `ruvector collection`: list, create, describe, delete, as tables. Never opens a folder: it asks a server.

use serde_json::{Value, json};

use crate::client::{Client, segment};
use crate::commands::{CollectionCommand, CreateArguments};
use crate::error::CliError;
use crate::table;

/// Runs one of the subcommands.
pub(crate) fn run(command: &CollectionCommand) -> Result<(), CliError> {
    match command {
        CollectionCommand::List(server) => list(&Client::new(&server.url)),
        CollectionCommand::Create(arguments) => create(arguments),
        CollectionCommand::Describe(one) => describe(&Client::new(&one.server.url), &one.name),
        CollectionCommand::Delete(one) => delete(&Client::new(&one.server.url), &one.name),
    }
}

fn path(name: &str) -> String {
    format!("/collections/{}", segment(name))
}

fn list(client: &Client) -> Result<(), CliError> {
    let answer = client.send("GET", "/collections", None)?;
    let names = answer["collections"]
        .as_array()
        .ok_or(CliError::Answer("no list of collections"))?;
    let mut rows = Vec::new();
    for name in names.iter().filter_map(|one| one["name"].as_str()) {
        let (status, answer) = client.try_send("GET", &path(name), None)?;
        // Deleted since it was listed.
        if status != 200 {
            continue;
        }
        let info = &answer["result"];
        rows.push(vec![
            name.to_owned(),
            text(&info["status"]),
            text(&info["points_count"]),
            vectors(&info["config"]["params"]["vectors"]),
            table::bytes(info["ram_bytes"].as_u64().unwrap_or(0)),
            table::bytes(info["disk_bytes"].as_u64().unwrap_or(0)),
        ]);
    }
    if rows.is_empty() {
        println!("There are no collections.");
        return Ok(());
    }
    let head = ["name", "status", "points", "vectors", "RAM", "disk"];
    print!("{}", table::lines(&head, &rows, &[2, 4, 5]));
    Ok(())
}

fn create(arguments: &CreateArguments) -> Result<(), CliError> {
    let mut body = json!({
        "name": arguments.name,
        "dimensions": arguments.dimensions,
        "distance": arguments.distance,
        "hnsw_config": {"m": arguments.m, "ef_construct": arguments.ef_construct},
    });
    if let Some(shards) = arguments.shards {
        body["shard_number"] = shards.into();
    }
    Client::new(&arguments.server.url).send("POST", "/collections", Some(&body))?;
    println!("Created collection {}.", arguments.name);
    Ok(())
}

fn delete(client: &Client, name: &str) -> Result<(), CliError> {
    match client.send("DELETE", &path(name), None)? {
        Value::Bool(true) => println!("Deleted collection {name}."),
        _ => println!("There was no collection {name}."),
    }
    Ok(())
}

fn describe(client: &Client, name: &str) -> Result<(), CliError> {
    let info = client.send("GET", &path(name), None)?;
    let params = &info["config"]["params"];
    let hnsw = &info["config"]["hnsw_config"];
    let row = |key: &str, value: String| vec![key.to_owned(), value];
    let mut rows = vec![
        row("status", text(&info["status"])),
        row("vectors", vectors(&params["vectors"])),
        row(
            "graph",
            format!("m {}, ef_construct {}", hnsw["m"], hnsw["ef_construct"]),
        ),
        row("points", text(&info["points_count"])),
        row(
            "vectors found by graph",
            format!("{} of {}", info["indexed_vectors_count"], info["vectors_count"]),
        ),
        row("segments", text(&info["segments_count"])),
        row("RAM", table::bytes(info["ram_bytes"].as_u64().unwrap_or(0))),
        row("disk", table::bytes(info["disk_bytes"].as_u64().unwrap_or(0))),
    ];
    if info["optimizer_status"] != "ok" {
        rows.push(row("damage", text(&info["optimizer_status"]["error"])));
    }
    print!("{}", table::lines(&["collection", name], &rows, &[]));
    let indexes = index_rows(&info["payload_schema"]);
    if !indexes.is_empty() {
        let head = ["index", "type", "points", "waiting", "RAM", "disk"];
        print!("\n{}", table::lines(&head, &indexes, &[2, 3, 4, 5]));
    }
    let shards: Vec<Vec<String>> = info["shards"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|shard| {
            [
                "shard",
                "visible_seq",
                "active_rows",
                "sealed_segments",
                "deleted_rows",
                "log_bytes",
            ]
            .iter()
            .map(|key| text(&shard[*key]))
            .collect()
        })
        .collect();
    let head = [
        "shard",
        "operation",
        "active rows",
        "sealed segments",
        "deleted rows",
        "log bytes",
    ];
    print!("\n{}", table::lines(&head, &shards, &[0, 1, 2, 3, 4, 5]));
    Ok(())
}

fn index_rows(schema: &Value) -> Vec<Vec<String>> {
    let row = |(field, index): (&String, &Value)| {
        vec![
            field.clone(),
            text(&index["data_type"]),
            text(&index["points"]),
            text(&index["points_waiting"]),
            table::bytes(index["ram_bytes"].as_u64().unwrap_or(0)),
            table::bytes(index["disk_bytes"].as_u64().unwrap_or(0)),
        ]
    };
    schema.as_object().into_iter().flatten().map(row).collect()
}

/// `384 Cosine`, or `title 384 Cosine, body 768 Dot`.
fn vectors(params: &Value) -> String {
    let one = |params: &Value| format!("{} {}", params["size"], text(&params["distance"]));
    if params["size"].is_number() {
        return one(params);
    }
    let named = params.as_object().into_iter().flatten();
    let named: Vec<String> = named
        .map(|(name, params)| format!("{name} {}", one(params)))
        .collect();
    named.join(", ")
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
