//! `ruvector serve`: opens the folder, listens, says where, and runs until a signal. Never handles a request.

use std::io::{ErrorKind, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use ruvector_core::{Database, DatabaseOptions};
use ruvector_io::RealIo;
use ruvector_server::Listeners;
use tokio::net::TcpListener;
use tracing_subscriber::EnvFilter;

use crate::error::CliError;
use crate::settings::Settings;

/// Serves until SIGINT or SIGTERM.
pub(crate) fn serve(settings: &Settings) -> Result<(), CliError> {
    tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(&settings.log_level))
        .with_writer(std::io::stderr)
        .init();
    for name in &settings.unknown_variables {
        tracing::warn!(
            "environment: {name} has no effect here; docs/config.md lists the variables that are understood"
        );
    }
    let database = open(settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(settings.server.in_flight_max.saturating_add(16))
        .build()
        .map_err(CliError::Runtime)?;
    runtime.block_on(async {
        let (rest, rest_address) = listen(settings, settings.http_port, "http-port").await?;
        let (grpc, grpc_address) = listen(settings, settings.grpc_port, "grpc-port").await?;
        greet(settings, (rest_address, grpc_address), &database);
        let listeners = Listeners {
            rest,
            grpc: Some(grpc),
        };
        ruvector_server::serve(settings.server.clone(), database, listeners, stop_signal()).await?;
        println!("Stopped; everything written is on the disk.");
        Ok(())
    })
}

fn open(settings: &Settings) -> Result<Database, CliError> {
    let path = &settings.storage;
    let io = RealIo::open(path).map_err(|source| CliError::Storage {
        path: path.clone(),
        source,
    })?;
    let options = DatabaseOptions {
        limits: settings.limits.clone(),
        maintenance_threads: settings.maintenance_threads,
        build_threads_max: settings.build_threads_max,
        promoted_bytes_max: settings.promoted_bytes_max,
        filter_cache_bytes_max: settings.filter_cache_bytes_max,
    };
    Database::open(Arc::new(io), options).map_err(|source| match source.kind() {
        ruvector_core::ErrorKind::Locked => CliError::FolderInUse { path: path.clone() },
        _ => CliError::Open {
            path: path.clone(),
            source,
        },
    })
}

async fn listen(
    settings: &Settings,
    port: u16,
    flag: &'static str,
) -> Result<(TcpListener, SocketAddr), CliError> {
    let host = settings.http_host.clone();
    let bound = async {
        let listener = TcpListener::bind((host.as_str(), port)).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    };
    bound.await.map_err(|source: std::io::Error| match source.kind() {
        ErrorKind::AddrInUse => CliError::PortInUse { host, port, flag },
        _ => CliError::Listen { host, port, source },
    })
}

/// What a newcomer needs to go on. A closed standard output is no reason to stop.
fn greet(settings: &Settings, (rest, grpc): (SocketAddr, SocketAddr), database: &Database) {
    let shown = |address: SocketAddr| match address.ip() {
        ip if ip.is_unspecified() => format!("localhost:{}", address.port()),
        _ => address.to_string(),
    };
    let (rest, grpc) = (shown(rest), shown(grpc));
    let collections = database.collection_names().len();
    let storage = std::fs::canonicalize(&settings.storage).unwrap_or_else(|_| settings.storage.clone());
    let mut out = std::io::stdout().lock();
    let _ = writeln!(
        out,
        "ruVector {} is ready\n  REST     http://{rest}\n  docs     http://{rest}/docs\n  gRPC     http://{grpc}\n  \
         storage  {} ({collections} collections)\nStop with Ctrl-C. New here? In another terminal: cargo run \
         --release -- quickstart",
        env!("CARGO_PKG_VERSION"),
        storage.display(),
    );
    let _ = out.flush();
}

/// Completes at SIGINT or SIGTERM.
async fn stop_signal() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
