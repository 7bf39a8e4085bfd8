//! `ruvector bench --url`: loads and measures a server that speaks Qdrant's REST interface, as `bench` does the embedded
//! engine. Never overwrites or deletes a collection, and never averages a failure away.

pub(crate) mod arguments;
mod filters;
mod measure;
mod search;
mod server;
mod wire;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::build::Build;
use super::load::Loaded;
use super::measure::Figures;
use super::report::Report;
use super::rows::{self, Row};
use super::{Plan, indexes};
use crate::commands::BenchArguments;
use crate::error::CliError;
use measure::Connections;
use search::{Ask, Breadth, Searches};
use server::Server;

/// Loads, waits until the server is done with it, measures and reports.
pub(super) fn run(arguments: &BenchArguments) -> Result<(), CliError> {
    let remote = &arguments.remote;
    let server = Server::new(remote)?;
    let plan = Plan::new(arguments)?;
    let filter = filter(arguments)?;
    let breadths = plan.filter_breadths(arguments)?;
    for index in &arguments.index {
        indexes::parse(index)?;
    }
    let truth = plan.truth_file(arguments)?;
    let (title, version) = server.identity()?;
    let build = match arguments.reuse {
        true => None,
        false => Some(load(arguments, &plan, &server)?),
    };
    let built = server.index(&arguments.index)?;
    if arguments.reuse {
        server.wait_until_green()?;
    }
    let points = server.check_same(&plan)?;
    let ask = |breadth| Ask {
        k: plan.k,
        filter: filter.as_ref(),
        breadth,
    };
    let (truth, truth_source) = match truth {
        Some(truth) => (truth, "file"),
        None => {
            let exact = searches(&plan, (&server, arguments), ask(Breadth::Exact))?;
            (exact.pass(&server.client)?, "exact search of the server")
        }
    };
    let mut connections = Connections::new(remote)?;
    let mut figures = Vec::new();
    for ef in &plan.sweep {
        let searches = searches(&plan, (&server, arguments), ask(Breadth::Ef(*ef)))?;
        let found = searches.pass(&server.client)?;
        figures.push(Figures {
            ef: *ef,
            recall: super::measure::recall(&found, &truth),
            times: connections.time(&searches, plan.calls)?,
            work: None,
        });
    }
    let filtered = match &arguments.filters {
        Some(path) => filters::measure_groups(&plan, (&server, remote), &mut connections, path, &breadths)?,
        None => Vec::new(),
    };
    let mut report = Report::new(arguments, &plan, points, build, (truth_source, figures));
    report.server = Some(json!({
        "url": remote.url,
        "title": title,
        "version": version,
        "collection": remote.collection,
        "indexed_vectors_count": server.indexed()?,
        "route": remote.route(),
        "connections": remote.connections,
        "rate": remote.rate,
    }));
    report.add_filters(built, filtered);
    report.finish(arguments)
}

/// One search for each query.
fn searches(
    plan: &Plan,
    (server, arguments): (&Server, &BenchArguments),
    ask: Ask,
) -> Result<Searches, CliError> {
    let mut searches = Searches::new(server, &arguments.remote);
    for query in &plan.queries {
        searches.push(query, ask)?;
    }
    Ok(searches)
}

fn filter(arguments: &BenchArguments) -> Result<Option<Value>, CliError> {
    let filter = arguments.filter.as_deref().map(serde_json::from_str);
    filter.transpose().map_err(|source| CliError::Body {
        place: "--filter".to_owned(),
        source,
    })
}

#[derive(Serialize)]
struct Upsert {
    points: Vec<Row<Map<String, Value>>>,
}

/// Creates the collection, upserts every row in batches that are waited for, a share of them again, and waits until the
/// status is green.
fn load(arguments: &BenchArguments, plan: &Plan, server: &Server) -> Result<Build, CliError> {
    server.create(arguments, plan)?;
    let path = format!("{}/points?wait=true", server.path);
    let written = rows::write_all(arguments, |points| {
        let body = serde_json::to_vec(&Upsert { points }).map_err(CliError::Json)?;
        server.client.bytes("PUT", &path, &body)?;
        Ok(())
    })?;
    eprintln!("Waiting until the collection is green");
    let loaded = Loaded {
        load_s: written.load_s,
        optimize_s: server.wait_until_green()?,
        replaced: written.replaced,
    };
    Ok(Build::new(arguments, (arguments.m, None), &loaded))
}
