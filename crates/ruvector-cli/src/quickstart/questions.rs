//! The three questions: nearest to a word, with a filter, by example. Never prints an answer the server did not
//! give.

use serde_json::{Value, json};

use super::PATH;
use super::data::Meanings;
use crate::client::Client;
use crate::error::CliError;

const ABSENT: CliError = CliError::Answer("the data lacks a word that quickstart asks about");

/// Asks all three.
pub(crate) fn ask(client: &Client, meanings: &Meanings) -> Result<(), CliError> {
    let row = |word: &str, kind: &str| meanings.row(word, kind).ok_or(ABSENT);
    let war = row("war", "noun.act")?;
    let stored = stored_vector(client, war)?;
    println!(
        "1. What lies near \"war\"?\n   Its stored vector is the question; the words never have to match.\n   GET \
         {PATH}/points/{war}"
    );
    let filter = json!({"must_not": [{"has_id": [war]}]});
    search(client, &stored, &filter)?;

    println!(
        "\n2. The same, but only verbs.\n   The filter is part of the search: five verbs come back, not what is left of five words."
    );
    search(client, &stored, &json!({"pos": "verb"}))?;

    println!(
        "\n3. What is like \"wind\" and \"rain\" together?\n   The mean of both vectors is the question; the two \
         themselves are left out."
    );
    let examples = [row("wind", "noun.phenomenon")?, row("rain", "noun.phenomenon")?];
    let vectors = examples
        .iter()
        .map(|row| stored_vector(client, *row))
        .collect::<Result<Vec<_>, _>>()?;
    let filter = json!({"must_not": [{"has_id": examples}]});
    search(client, &mean(&vectors), &filter)
}

/// A point's vector as the server has it.
fn stored_vector(client: &Client, row: usize) -> Result<Vec<f64>, CliError> {
    let point = client.send("GET", &format!("{PATH}/points/{row}"), None)?;
    let numbers = point["vector"].as_array();
    let numbers = numbers.ok_or(CliError::Answer("the point has no vector"))?;
    Ok(numbers.iter().filter_map(Value::as_f64).collect())
}

fn mean(vectors: &[Vec<f64>]) -> Vec<f64> {
    let dim = vectors.first().map_or(0, Vec::len);
    (0..dim)
        .map(|at| vectors.iter().map(|vector| vector[at]).sum::<f64>() / vectors.len() as f64)
        .collect()
}

/// Shows the call and prints the answers, best first.
fn search(client: &Client, vector: &[f64], filter: &Value) -> Result<(), CliError> {
    let path = format!("{PATH}/points/search");
    let body = json!({"vector": vector, "filter": filter, "limit": 5, "with_payload": true});
    let first = vector.first().copied().unwrap_or(0.0);
    println!(
        "   POST {path}\n        {{\"vector\": [{first:.4}, … {} numbers], \"filter\": {filter}, \"limit\": 5, \
         \"with_payload\": true}}",
        vector.len()
    );
    let found = client.send("POST", &path, Some(&body))?;
    let found = found.as_array().ok_or(CliError::Answer("no list of points"))?;
    for point in found {
        let payload = &point["payload"];
        println!(
            "     {:.3}  {} ({}) — {}",
            point["score"].as_f64().unwrap_or(0.0),
            payload["word"].as_str().unwrap_or("?"),
            payload["pos"].as_str().unwrap_or("?"),
            definition(payload["gloss"].as_str().unwrap_or("?")),
        );
    }
    Ok(())
}

/// A gloss without the examples of use that follow the definition.
fn definition(gloss: &str) -> &str {
    gloss.split("; \"").next().unwrap_or(gloss)
}
