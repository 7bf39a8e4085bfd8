//! The collection on the server: creates it, describes it, indexes its fields, waits until it is green. Never deletes
//! or overwrites one.

use std::time::{Duration, Instant};

use ruvector_types::Distance;
use serde_json::{Value, json};

use super::super::{Plan, indexes::Built};
use super::arguments::RemoteArguments;
use crate::client::{Client, segment};
use crate::commands::BenchArguments;
use crate::error::CliError;

/// Between two looks at the status.
const LOOK: Duration = Duration::from_millis(200);
/// Looks in a row that find it green: work may begin a moment after the write that causes it.
const GREEN_LOOKS: u32 = 5;

pub(super) struct Server<'a> {
    pub(super) client: Client,
    pub(super) path: String,
    name: &'a str,
    green_within: Duration,
}

impl<'a> Server<'a> {
    pub(super) fn new(remote: &'a RemoteArguments) -> Result<Server<'a>, CliError> {
        let green_within = Duration::from_secs(remote.green_within.into());
        Ok(Server {
            client: Client::with(remote.checked_url()?, remote.api_key.as_deref(), green_within),
            path: format!("/collections/{}", segment(&remote.collection)),
            name: &remote.collection,
            green_within,
        })
    }

    /// What the server calls itself.
    pub(super) fn identity(&self) -> Result<(Value, Value), CliError> {
        let mut answer = self.client.answer("GET", "/", None)?;
        Ok((answer["title"].take(), answer["version"].take()))
    }

    /// Creates the collection; one of its name is left alone.
    pub(super) fn create(&self, arguments: &BenchArguments, plan: &Plan) -> Result<(), CliError> {
        match self.client.answer("GET", &self.path, None) {
            Err(CliError::Refused { status: 404, .. }) => {}
            Err(other) => return Err(other),
            Ok(_) => {
                let name = self.name.to_owned();
                return Err(CliError::CollectionExists { name });
            }
        }
        let body = json!({
            "vectors": {"size": plan.dim, "distance": distance(plan.distance)},
            "hnsw_config": {"m": arguments.m, "ef_construct": arguments.ef_construct},
        });
        self.client.send("PUT", &self.path, Some(&body))?;
        Ok(())
    }

    /// The points of the collection, if it is one of the plan's vectors.
    pub(super) fn check_same(&self, plan: &Plan) -> Result<u64, CliError> {
        let info = self.client.send("GET", &self.path, None)?;
        let vectors = &info["config"]["params"]["vectors"];
        let wrong = |what: String| {
            let name = self.name.to_owned();
            Err(CliError::Collection { name, what })
        };
        let (size, kind) = (&vectors["size"], &vectors["distance"]);
        if size != plan.dim || kind != distance(plan.distance) {
            return wrong(format!(
                "its unnamed vector has size {size} and distance {kind}, the files {} and {:?}",
                plan.dim,
                distance(plan.distance)
            ));
        }
        let points = self.count(None)?;
        if points != plan.rows as u64 {
            return wrong(format!("it has {points} points, the base {}", plan.rows));
        }
        Ok(points)
    }

    /// Points that match, counted exactly.
    pub(super) fn count(&self, filter: Option<&Value>) -> Result<u64, CliError> {
        let mut body = json!({"exact": true});
        if let Some(filter) = filter {
            body["filter"] = filter.clone();
        }
        let path = format!("{}/points/count", self.path);
        let result = self.client.send("POST", &path, Some(&body))?;
        let count = result["count"].as_u64();
        count.ok_or(CliError::Answer("a count without a number"))
    }

    /// Vectors that the server says an index finds; null where it does not say.
    pub(super) fn indexed(&self) -> Result<Value, CliError> {
        let mut info = self.client.send("GET", &self.path, None)?;
        Ok(info["indexed_vectors_count"].take())
    }

    /// Declares `indexes` (`path:kind`), waits until they are built, and takes their sizes where the server tells them.
    pub(super) fn index(&self, indexes: &[String]) -> Result<Built, CliError> {
        if indexes.is_empty() {
            return Ok(Built::default());
        }
        let started = Instant::now();
        for (field, kind) in indexes.iter().filter_map(|text| text.rsplit_once(':')) {
            let body = json!({"field_name": field, "field_schema": kind});
            let path = format!("{}/index?wait=true", self.path);
            match self.client.send("PUT", &path, Some(&body)) {
                // No answer in the server's time: the building goes on.
                Err(CliError::Refused { status: 408, .. }) => {}
                answer => drop(answer?),
            }
        }
        let declared_s = started.elapsed().as_secs_f64();
        let seconds = declared_s + self.wait_until_green()?;
        let info = self.client.send("GET", &self.path, None)?;
        let fields = info["payload_schema"].as_object().into_iter().flatten();
        let of_field = |(field, info): (&String, &Value)| {
            let mut told = json!({"field": field});
            for key in ["points", "disk_bytes", "ram_bytes"] {
                if let Some(number) = info.get(key) {
                    told[key] = number.clone();
                }
            }
            told
        };
        let fields = fields.map(of_field).collect();
        Ok(Built { seconds, fields })
    }

    /// Waits until the status stays green; the seconds until it was.
    pub(super) fn wait_until_green(&self) -> Result<f64, CliError> {
        let started = Instant::now();
        let (mut green, mut green_s, mut is_nudged) = (0, 0.0, false);
        loop {
            let info = self.client.send("GET", &self.path, None)?;
            let waited = started.elapsed();
            let status = info["status"].as_str().unwrap_or("of no status");
            match (status, green) {
                ("green", 0) => (green, green_s) = (1, waited.as_secs_f64()),
                ("green", _) => green += 1,
                _ => green = 0,
            }
            if green == GREEN_LOOKS {
                return Ok(green_s);
            }
            if status == "grey" && !is_nudged {
                // Qdrant's word for work that it puts off until the next change, which may be an empty one.
                let nothing = json!({"optimizers_config": {}});
                self.client.send("PATCH", &self.path, Some(&nothing))?;
                is_nudged = true;
            }
            if status == "red" || waited > self.green_within {
                let (waited, optimizer) = (waited.as_secs(), &info["optimizer_status"]);
                let what = format!("it is {status} after {waited} s, not green; optimizer: {optimizer}");
                let name = self.name.to_owned();
                return Err(CliError::Collection { name, what });
            }
            std::thread::sleep(LOOK);
        }
    }
}

fn distance(distance: Distance) -> &'static str {
    match distance {
        Distance::Cosine => "Cosine",
        Distance::Dot => "Dot",
        Distance::Euclid => "Euclid",
        Distance::Manhattan => "Manhattan",
    }
}
