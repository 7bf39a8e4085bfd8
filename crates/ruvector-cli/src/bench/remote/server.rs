//! The collection on the server: that it is new, that it is the one of the files, that it is green. Never deletes or
//! overwrites one.

use std::time::{Duration, Instant};

use ruvector_types::Distance;
use serde_json::{Value, json};

use super::super::Plan;
use super::super::build::Build;
use super::super::indexes::Built;
use super::super::load::Loaded;
use super::arguments::RemoteArguments;
use super::grpc::Grpc;
use super::interface::{Described, Interface};
use super::rest::Rest;
use crate::commands::BenchArguments;
use crate::error::CliError;

/// Between two looks at the status.
const LOOK: Duration = Duration::from_millis(200);
/// Looks in a row that find it green: work may begin a moment after the write that causes it.
const GREEN_LOOKS: u32 = 5;

pub(super) struct Server<'a> {
    pub(super) interface: Box<dyn Interface + 'a>,
    name: &'a str,
    green_within: Duration,
}

impl<'a> Server<'a> {
    /// Refuses flags that make no sense; connects if the language wants it.
    pub(super) fn new(remote: &'a RemoteArguments) -> Result<Server<'a>, CliError> {
        let url = remote.checked_url()?;
        let green_within = Duration::from_secs(remote.green_within.into());
        Ok(Server {
            interface: match remote.grpc {
                true => Box::new(Grpc::new(url, remote, green_within)?),
                false => Box::new(Rest::new(url, remote, green_within)?),
            },
            name: &remote.collection,
            green_within,
        })
    }

    /// Creates the collection, loads every row, a share of them again, and waits until the status is green. A collection
    /// of its name is left alone.
    pub(super) fn load(&self, arguments: &BenchArguments, plan: &Plan) -> Result<Build, CliError> {
        match self.interface.describe() {
            Err(error) if error.is_not_found() => {}
            Err(other) => return Err(other),
            Ok(_) => {
                let name = self.name.to_owned();
                return Err(CliError::CollectionExists { name });
            }
        }
        self.interface.create(arguments, plan)?;
        let written = self.interface.load(arguments)?;
        eprintln!("Waiting until the collection is green");
        let loaded = Loaded {
            load_s: written.load_s,
            optimize_s: self.wait_until_green()?,
            replaced: written.replaced,
        };
        Ok(Build::new(arguments, (arguments.m, None), &loaded))
    }

    /// The points of the collection, if it is one of the plan's vectors.
    pub(super) fn check_same(&self, plan: &Plan) -> Result<u64, CliError> {
        let Described {
            size, distance: kind, ..
        } = self.interface.describe()?;
        let wrong = |what: String| {
            let name = self.name.to_owned();
            Err(CliError::Collection { name, what })
        };
        if size != plan.dim || kind != distance(plan.distance) {
            return wrong(format!(
                "its unnamed vector has size {size} and distance {kind}, the files {} and {:?}",
                plan.dim,
                distance(plan.distance)
            ));
        }
        let points = self.interface.count(None)?;
        if points != plan.rows as u64 {
            return wrong(format!("it has {points} points, the base {}", plan.rows));
        }
        Ok(points)
    }

    /// Declares `indexes` (`path:kind`), waits until they are built, and takes their sizes where the server tells them.
    pub(super) fn index(&self, indexes: &[String]) -> Result<Built, CliError> {
        if indexes.is_empty() {
            return Ok(Built::default());
        }
        let started = Instant::now();
        for (field, kind) in indexes.iter().filter_map(|text| text.rsplit_once(':')) {
            self.interface.declare(field, kind)?;
        }
        let declared_s = started.elapsed().as_secs_f64();
        let seconds = declared_s + self.wait_until_green()?;
        let fields = self.interface.describe()?.fields;
        Ok(Built { seconds, fields })
    }

    /// Waits until the status stays green; the seconds until it was.
    pub(super) fn wait_until_green(&self) -> Result<f64, CliError> {
        let started = Instant::now();
        let (mut green, mut green_s, mut is_woken) = (0, 0.0, false);
        loop {
            let Described {
                status, optimizer, ..
            } = self.interface.describe()?;
            let waited = started.elapsed();
            match (status.as_str(), green) {
                ("green", 0) => (green, green_s) = (1, waited.as_secs_f64()),
                ("green", _) => green += 1,
                _ => green = 0,
            }
            if green == GREEN_LOOKS {
                return Ok(green_s);
            }
            if status == "grey" && !is_woken {
                // Qdrant's word for work that it puts off until the next change, which may be an empty one.
                self.interface.wake()?;
                is_woken = true;
            }
            if status == "red" || waited > self.green_within {
                let waited = waited.as_secs();
                let what = format!("it is {status} after {waited} s, not green; optimizer: {optimizer}");
                let name = self.name.to_owned();
                return Err(CliError::Collection { name, what });
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// What a payload index is told of: `field`, and every figure that is there.
pub(super) fn told(field: &str, figures: &[(&str, Option<Value>)]) -> Value {
    let mut told = json!({"field": field});
    for (key, figure) in figures {
        if let Some(figure) = figure {
            told[*key] = figure.clone();
        }
    }
    told
}

/// A distance by the name that REST has for it.
pub(super) fn distance(distance: Distance) -> &'static str {
    match distance {
        Distance::Cosine => "Cosine",
        Distance::Dot => "Dot",
        Distance::Euclid => "Euclid",
        Distance::Manhattan => "Manhattan",
    }
}
