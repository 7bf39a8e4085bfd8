//! Accepts connections until told to stop, then drains and closes the database. Never reads a request itself.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use hyper_util::server::graceful::GracefulShutdown;
use ruvector_api::ApiError;
use ruvector_core::Database;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::time::{Instant, timeout_at};

use crate::ServerConfig;
use crate::app::App;
use crate::connection::{Connections, turn_away};
use crate::routes::router;

/// Callers at once who are told that there is no room; others are not told.
const TURNED_AWAY_MAX: usize = 64;
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

/// Serves each connection as a task of its own. One beyond the limit is answered 503 and closed: a caller learns at once
/// what waiting would hide.
async fn accept_until(
    app: &App,
    listener: TcpListener,
    shutdown: impl Future<Output = ()> + Send,
) -> GracefulShutdown {
    let graceful = GracefulShutdown::new();
    let (closing, is_closing) = watch::channel(false);
    let connections = Connections::new(router(app.clone()), is_closing);
    let limit = app.config.connections_max.clamp(1, Semaphore::MAX_PERMITS);
    let room = Arc::new(Semaphore::new(limit));
    let turned_away = Arc::new(Semaphore::new(TURNED_AWAY_MAX));
    let full: Arc<[u8]> = no_room(limit).into();
    let mut shutdown = pin!(shutdown);
    loop {
        let stream = tokio::select! {
            stream = accept(&listener) => stream,
            () = &mut shutdown => {
                closing.send_replace(true);
                return graceful;
            }
        };
        if let Ok(permit) = room.clone().try_acquire_owned() {
            let serving = connections.clone().serve(stream, graceful.watcher());
            tokio::spawn(async move {
                serving.await;
                drop(permit);
            });
        } else if let Ok(permit) = turned_away.clone().try_acquire_owned() {
            let full = full.clone();
            tokio::spawn(async move {
                turn_away(stream, &full).await;
                drop(permit);
            });
        }
    }
}

/// The answer to a connection that there is no room for.
fn no_room(limit: usize) -> Vec<u8> {
    let error = ApiError::NoRoom { limit };
    let body = ruvector_api::failure(&error, 0.0);
    let head = format!(
        "HTTP/1.1 {} Service Unavailable\r\ncontent-type: application/json\r\nretry-after: {}\r\n\
         connection: close\r\ncontent-length: {}\r\n\r\n",
        error.status(),
        error.retry_after_s().unwrap_or(1),
        body.len()
    );
    [head.into_bytes(), body].concat()
}

async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                if let Err(error) = stream.set_nodelay(true) {
                    tracing::debug!(%error, "TCP_NODELAY");
                }
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}
