//! `ruvector bench --url`: loads and measures a server that speaks Qdrant's interface, REST or gRPC, as `bench` does the
//! embedded engine. Never overwrites or deletes a collection, and never averages a failure away.

pub(crate) mod arguments;
mod filters;
mod grpc;
mod interface;
mod measure;
mod rest;
mod search;
mod server;

use serde_json::{Value, json};

use super::measure::Figures;
use super::report::Report;
use super::{Plan, indexes};
use crate::commands::BenchArguments;
use crate::error::CliError;
use interface::{Ask, Breadth};
use measure::Timer;
use search::Searches;
use server::Server;

/// Loads, waits until the server is done with it, measures and reports.
pub(super) fn run(arguments: &BenchArguments) -> Result<(), CliError> {
    let remote = &arguments.remote;
    remote.check()?;
    let plan = Plan::new(arguments)?;
    let filter = filter(arguments)?;
    let breadths = plan.filter_breadths(arguments)?;
    for index in &arguments.index {
        indexes::parse(index)?;
        remote.check_index(index)?;
    }
    let truth = plan.truth_file(arguments)?;
    let server = Server::new(remote)?;
    let interface = server.interface.as_ref();
    let searches = |breadth| {
        let ask = Ask {
            k: plan.k,
            filter: filter.as_ref(),
            breadth,
        };
        Searches::of(interface, &plan.queries, ask)
    };
    // Filters that the interface cannot say are refused before anything is loaded.
    let exact = searches(Breadth::Exact)?;
    let groups = arguments.filters.as_deref();
    let groups = groups
        .map(|path| filters::read(&plan, interface, path))
        .transpose()?;
    let (title, version) = interface.identity()?;
    let build = match arguments.reuse {
        true => None,
        false => Some(server.load(arguments, &plan)?),
    };
    let built = server.index(&arguments.index)?;
    if arguments.reuse {
        server.wait_until_green()?;
    }
    let points = server.check_same(&plan)?;
    let (truth, truth_source) = match truth {
        Some(truth) => (truth, "file"),
        None => (exact.pass()?, "exact search of the server"),
    };
    drop(exact);
    let timer = Timer::new(interface, remote);
    let mut figures = Vec::new();
    for ef in &plan.sweep {
        let searches = searches(Breadth::Ef(*ef))?;
        let found = searches.pass()?;
        figures.push(Figures {
            ef: *ef,
            recall: super::measure::recall(&found, &truth),
            times: timer.time(&searches, plan.calls)?,
            work: None,
        });
    }
    let filtered = match &groups {
        Some(groups) => filters::measure_groups(&plan, (interface, &timer), groups, &breadths)?,
        None => Vec::new(),
    };
    let mut report = Report::new(arguments, &plan, points, build, (truth_source, figures));
    report.server = Some(json!({
        "url": remote.url,
        "title": title,
        "version": version,
        "collection": remote.collection,
        "indexed_vectors_count": interface.describe()?.indexed_vectors,
        "interface": if remote.grpc { "gRPC" } else { "REST" },
        "route": remote.route(),
        "connections": remote.connections,
        "rate": remote.rate,
    }));
    report.add_filters(built, filtered);
    report.finish(arguments)
}

fn filter(arguments: &BenchArguments) -> Result<Option<Value>, CliError> {
    let filter = arguments.filter.as_deref().map(serde_json::from_str);
    filter.transpose().map_err(|source| CliError::Body {
        place: "--filter".to_owned(),
        source,
    })
}
