//! Accepts connections until told to stop, then drains and closes the database. Never reads a request itself.

use std::future::Future;
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
use crate::grpc;
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

/// Where a server listens.
#[derive(Debug)]
pub struct Listeners {
    /// For REST.
    pub rest: TcpListener,
    /// For gRPC, if it is to be served.
    pub grpc: Option<TcpListener>,
}

impl From<TcpListener> for Listeners {
    fn from(rest: TcpListener) -> Listeners {
        Listeners { rest, grpc: None }
    }
}

/// Serves `database` on `listeners` until `shutdown` completes; then stops accepting, waits for what is in flight
/// (at most `drain_timeout`), and closes the database. Must run on a multi-threaded tokio runtime.
pub async fn serve(
    config: ServerConfig,
    database: Database,
    listeners: impl Into<Listeners>,
    shutdown: impl Future<Output = ()> + Send,
) -> Result<(), ServeError> {
    let app = App::new(database.clone(), config);
    let graceful = GracefulShutdown::new();
    accept_until(&app, listeners.into(), &graceful, shutdown).await;
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

/// Accepts on all ports until `shutdown` completes.
async fn accept_until(
    app: &App,
    listeners: Listeners,
    graceful: &GracefulShutdown,
    shutdown: impl Future<Output = ()> + Send,
) {
    let (closing, is_closing) = watch::channel(false);
    let (grpc, health) = grpc::router(app.clone()).await;
    let door = Door::new(app.config.connections_max);
    let rest = Connections::new(router(app.clone()), is_closing.clone());
    let grpc = Connections::new(grpc, is_closing);
    let end = async {
        shutdown.await;
        closing.send_replace(true);
        health.close().await;
    };
    let accepting = async {
        let accept_rest = door.accept_all(listeners.rest, rest, graceful, &door.full);
        match listeners.grpc {
            // There is nothing to say before the protocol has begun: closing says it.
            Some(listener) => {
                let accept_grpc = door.accept_all(listener, grpc, graceful, &door.silence);
                tokio::join!(accept_rest, accept_grpc);
            }
            None => accept_rest.await,
        }
    };
    tokio::select! {
        () = accepting => {}
        () = end => {}
    }
}

/// The room that connections share.
struct Door {
    room: Arc<Semaphore>,
    turned_away: Arc<Semaphore>,
    full: Arc<[u8]>,
    silence: Arc<[u8]>,
}

impl Door {
    fn new(connections_max: usize) -> Door {
        let limit = connections_max.clamp(1, Semaphore::MAX_PERMITS);
        Door {
            room: Arc::new(Semaphore::new(limit)),
            turned_away: Arc::new(Semaphore::new(TURNED_AWAY_MAX)),
            full: no_room(limit).into(),
            silence: Arc::default(),
        }
    }

    /// Serves each connection as a task of its own. One beyond the limit is told `full` and closed: a caller learns at
    /// once what waiting would hide.
    async fn accept_all(
        &self,
        listener: TcpListener,
        connections: Connections,
        graceful: &GracefulShutdown,
        full: &Arc<[u8]>,
    ) {
        loop {
            let stream = accept(&listener).await;
            if let Ok(permit) = self.room.clone().try_acquire_owned() {
                let serving = connections.clone().serve(stream, graceful.watcher());
                tokio::spawn(async move {
                    serving.await;
                    drop(permit);
                });
            } else if let Ok(permit) = self.turned_away.clone().try_acquire_owned() {
                let full = full.clone();
                tokio::spawn(async move {
                    turn_away(stream, &full).await;
                    drop(permit);
                });
            }
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
