//! Accepts connections until told to stop, then drains and closes the database. Never reads a request itself.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use ruvector_core::Database;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, timeout_at};

use crate::ServerConfig;
use crate::app::App;
use crate::routes::router;

/// Time for a request's head, and for the next request on an idle connection.
const HEAD_TIMEOUT: Duration = Duration::from_secs(75);
/// Pause after a failed accept, which is mostly a lack of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why a server did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The database could not be closed.
    #[error("closing the database: {0}")]
    Close(#[source] ruvector_core::Error),
    /// The thread that closed the database ended abnormally.
    #[error("closing the database: {0}")]
    Thread(#[source] tokio::task::JoinError),
}

/// Serves `database` on `listener` until `shutdown` completes; then stops accepting, waits for what is in flight
/// (at most `drain_timeout`), and closes the database. Must run on a multi-threaded tokio runtime.
pub async fn serve(
    config: ServerConfig,
    database: Database,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let app = App::new(database.clone(), config);
    let graceful = accept_until(&app, listener, shutdown).await;
    let deadline = Instant::now() + app.config.drain_timeout;
    if timeout_at(deadline, graceful.shutdown()).await.is_err() {
        tracing::warn!("closing with connections still open: the drain timeout passed");
    }
    // Work whose caller is gone still holds its permit.
    let all = u32::try_from(app.config.in_flight_max.max(1)).unwrap_or(u32::MAX);
    if timeout_at(deadline, app.in_flight.acquire_many(all))
        .await
        .is_err()
    {
        tracing::warn!("closing with requests still at work: the drain timeout passed");
    }
    let closed = tokio::task::spawn_blocking(move || database.close()).await;
    closed.map_err(ServeError::Thread)?.map_err(ServeError::Close)
}

async fn accept_until(
    app: &App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> GracefulShutdown {
    let graceful = GracefulShutdown::new();
    let service = TowerToHyperService::new(router(app.clone()));
    let connections = Arc::new(Semaphore::new(app.config.connections_max.max(1)));
    let mut shutdown = pin!(shutdown);
    loop {
        let (stream, permit) = tokio::select! {
            accepted = accept(&listener, &connections) => accepted,
            () = &mut shutdown => return graceful,
        };
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD_TIMEOUT)
            .serve_connection(TokioIo::new(stream), service.clone());
        let connection = graceful.watch(connection);
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
            drop(permit);
        });
    }
}

/// The next connection, once there is room for one.
async fn accept(
    listener: &TcpListener,
    connections: &Arc<Semaphore>,
) -> (TcpStream, Option<OwnedSemaphorePermit>) {
    let permit = connections.clone().acquire_owned().await.ok();
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                return (stream, permit);
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
