//! The `ruvector` command: reads the command line and hands over. Never does the work itself.

mod bench;
mod client;
mod collection;
mod commands;
mod error;
mod explain;
mod npy;
mod quickstart;
mod serve;
mod settings;
mod table;
mod workload;

use std::process::ExitCode;

use clap::FromArgMatches;

use commands::{Command, CommandLine, ConfigCommand};
use error::CliError;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), CliError> {
    let matches = commands::command().get_matches();
    let line = CommandLine::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match line.command {
        Command::Serve(arguments) => {
            let flags = matches
                .subcommand()
                .map(|(_, flags)| settings::flags(flags))
                .unwrap_or_default();
            let environment = std::env::vars_os();
            let settings = settings::load(&flags, environment, arguments.config.as_deref())?;
            serve::serve(&settings)
        }
        Command::Collection(command) => collection::run(&command),
        Command::Quickstart(arguments) => quickstart::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Bench(arguments) => bench::run(&arguments),
        Command::Workload(command) => workload::run(&command),
        Command::Config(ConfigCommand::Docs) => {
            print!("{}", settings::docs());
            Ok(())
        }
        Command::Config(ConfigCommand::OpenApi) => {
            let text = ruvector_server::open_api().to_pretty_json();
            println!("{}", text.map_err(CliError::Json)?);
            Ok(())
        }
    }
}
