//! `ruvector workload`: what separates a database from an index that is built once. Points are replaced, merged and
//! written beside searches, through the public calls that everyone uses; what comes of it is held against a
//! collection built afresh in the same run. Never reaches into the engine.

pub(crate) mod arguments;
mod backlog;
mod check;
mod churn;
mod compare;
mod control;
mod counts;
mod data;
mod latency;
mod live;
mod merges;
mod population;
mod random;
mod report;
mod slow;
mod writer;

use std::time::Duration;

use ruvector_core::{Collection, Database, Status};

use arguments::WorkloadCommand;
use data::{Data, bar};
pub(crate) use latency::Pace;
use population::Holding;
use report::Effort;

use crate::bench::{Folder, open};
use crate::error::CliError;

/// The collection with a history.
const LIVED: &str = "lived";
/// Between two looks at whether it has rested for long enough.
const REST_CHECK: Duration = Duration::from_millis(100);
/// The one built at once.
const FRESH: &str = "fresh";

pub(crate) fn run(command: &WorkloadCommand) -> Result<(), CliError> {
    match command {
        WorkloadCommand::Churn(arguments) => churn::run(arguments),
        WorkloadCommand::Merges(arguments) => merges::run(arguments),
        WorkloadCommand::Live(arguments) => live::run(arguments),
        WorkloadCommand::Counts(arguments) => counts::run(arguments),
    }
}

/// A new database and the folder it is in.
struct Bench {
    database: Database,
    folder: Folder,
}

impl Bench {
    fn new(named: Option<&std::path::PathBuf>) -> Result<Bench, CliError> {
        let folder = Folder::new(named)?;
        let (database, _) = open(&folder.path)?;
        Ok(Bench { database, folder })
    }

    fn create(&self, name: &str, data: &Data) -> Result<Collection, CliError> {
        self.database.create_collection(name, data.config())?;
        Ok(self.database.collection(name)?)
    }

    /// A collection of these points, loaded in one go and optimized.
    fn build(
        &self,
        name: &str,
        data: &mut Data,
        holdings: &[Holding],
    ) -> Result<(Collection, Effort), CliError> {
        let collection = self.create(name, data)?;
        let bar = bar("Loading", holdings.len());
        let ((), effort) = Effort::of(|| {
            data.load(&collection, holdings, &bar)?;
            bar.set_message("Optimizing");
            Ok(collection.optimize()?)
        })?;
        bar.finish_and_clear();
        eprintln!("{name}: {} points in {:.1?}", holdings.len(), effort.wall);
        Ok((collection, effort))
    }
}

/// Works until the optimizer is at rest, and has sealed what rests.
fn settle(collection: &Collection) -> Result<(), CliError> {
    loop {
        while collection.step()? {}
        if collection.info().status != Status::Yellow {
            return Ok(());
        }
        std::thread::sleep(REST_CHECK);
    }
}
