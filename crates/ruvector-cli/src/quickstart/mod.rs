//! `ruvector quickstart`: loads 5,000 word meanings into a running server and asks three questions, so that a
//! newcomer sees what the thing does. Never uses anything but the public REST interface.

mod data;
mod questions;

use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Value, json};

use crate::client::Client;
use crate::commands::QuickstartArguments;
use crate::error::CliError;
use data::Meanings;

const COLLECTION: &str = "wordnet";
const PATH: &str = "/collections/wordnet";
const BATCH: usize = 500;

/// Loads the data and asks the questions.
pub(crate) fn run(arguments: &QuickstartArguments) -> Result<(), CliError> {
    let client = Client::new(&arguments.server.url);
    let meanings = match &arguments.data {
        None => Meanings::built_in()?,
        Some(folder) => Meanings::from_folder(folder)?,
    };
    let version = client.try_send("GET", "/", None)?.1;
    println!(
        "{} {} at {}\n",
        version["title"].as_str().unwrap_or("server"),
        version["ruvector_version"].as_str().unwrap_or("?"),
        arguments.server.url
    );
    prepare(&client, &meanings)?;
    load(&client, &meanings)?;
    questions::ask(&client, &meanings)?;
    println!(
        "\nThat is all: vectors find what is near in meaning, filters narrow it down by exact facts.\n\
         Go on in the browser at {}/docs, or look at it with: cargo run --release -- collection describe {COLLECTION}",
        arguments.server.url.trim_end_matches('/')
    );
    Ok(())
}

/// Makes the collection, or takes the one that is there if its vectors fit.
fn prepare(client: &Client, meanings: &Meanings) -> Result<(), CliError> {
    println!(
        "The data: {} meanings of English words from WordNet, each with the vector of a language model\n\
         ({} numbers that say what the text means) and a payload: word, part of speech, kind, gloss.\n",
        meanings.payloads.len(),
        meanings.dim
    );
    let config = json!({"vectors": {"size": meanings.dim, "distance": "Cosine"}});
    println!("PUT {PATH} {config}");
    match client.try_send("PUT", PATH, Some(&config))? {
        (200, _) => println!("  created\n"),
        (409, _) => {
            let info = client.send("GET", PATH, None)?;
            let vectors = &info["config"]["params"]["vectors"];
            if vectors["size"] != meanings.dim || vectors["distance"] != "Cosine" {
                let message = format!(
                    "there is a collection {COLLECTION} with other vectors ({vectors}); delete it first: \
                     cargo run --release -- collection delete {COLLECTION}"
                );
                return Err(CliError::Refused { status: 409, message });
            }
            println!(
                "  exists already, with {} points; they are loaded again\n",
                info["points_count"]
            );
        }
        (status, answer) => {
            let message = answer["status"]["error"]
                .as_str()
                .unwrap_or("no message")
                .to_owned();
            return Err(CliError::Refused { status, message });
        }
    }
    Ok(())
}

/// Upserts all points in batches, each on the disk before the next is sent.
fn load(client: &Client, meanings: &Meanings) -> Result<(), CliError> {
    let path = format!("{PATH}/points?wait=true");
    println!(
        "PUT {path}  ({} times {BATCH} points: id, vector, payload)",
        meanings.payloads.len().div_ceil(BATCH)
    );
    let bar = ProgressBar::new(meanings.payloads.len() as u64);
    let style = ProgressStyle::with_template("  {bar:40} {pos}/{len} points  {per_sec}  {eta}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let started = std::time::Instant::now();
    for start in (0..meanings.payloads.len()).step_by(BATCH) {
        let end = (start + BATCH).min(meanings.payloads.len());
        let points: Vec<Value> = (start..end)
            .map(|row| json!({"id": row, "vector": meanings.vectors[row], "payload": meanings.payloads[row]}))
            .collect();
        client.send("PUT", &path, Some(&json!({"points": points})))?;
        bar.set_position(end as u64);
    }
    bar.finish_and_clear();
    println!(
        "  {} points are on the disk and can be searched, after {:.1} s\n",
        meanings.payloads.len(),
        started.elapsed().as_secs_f64()
    );
    Ok(())
}
