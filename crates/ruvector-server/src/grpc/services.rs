//! What the gRPC port serves: the calls of Qdrant, health and reflection. Never answers a call itself.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::response::Response;
use ruvector_api::{ApiError, proto};
use tonic_health::ServingStatus;
use tonic_health::server::{HealthReporter, health_reporter};
use tower_http::catch_panic::CatchPanicLayer;

use super::answer;
use super::calls::Calls;
use super::unary;
use crate::app::App;

/// The services that say they are there.
const SERVICES: [&str; 5] = [
    "",
    "qdrant.Qdrant",
    "qdrant.Collections",
    "qdrant.Points",
    "qdrant.Snapshots",
];

/// Tells callers of `grpc.health.v1` how the server is.
pub(crate) struct Health(HealthReporter);

impl Health {
    /// The server is closing: nothing is served any more, and those who watch it are let go.
    pub(crate) async fn close(mut self) {
        for service in SERVICES {
            self.0
                .set_service_status(service, ServingStatus::NotServing)
                .await;
            self.0.clear_service_status(service).await;
        }
    }
}

/// The whole port as a service.
pub(crate) async fn router(app: App) -> (Router, Health) {
    let (reporter, health) = health_reporter();
    for service in SERVICES {
        reporter.set_service_status(service, ServingStatus::Serving).await;
    }
    let mut router = Router::new().route_service("/grpc.health.v1.Health/{call}", health);
    let reflection = || {
        tonic_reflection::server::Builder::configure()
            .register_encoded_file_descriptor_set(proto::DESCRIPTORS)
            .register_encoded_file_descriptor_set(tonic_health::pb::FILE_DESCRIPTOR_SET)
    };
    match (reflection().build_v1(), reflection().build_v1alpha()) {
        (Ok(v1), Ok(v1alpha)) => {
            router = router
                .route_service("/grpc.reflection.v1.ServerReflection/{call}", v1)
                .route_service("/grpc.reflection.v1alpha.ServerReflection/{call}", v1alpha);
        }
        (Err(error), _) | (_, Err(error)) => tracing::error!(%error, "gRPC reflection is not served"),
    }
    let state = (app, Arc::new(Calls::all()));
    let router = router
        .fallback(any)
        .with_state(state)
        .layer(CatchPanicLayer::custom(panicked));
    (router, Health(reporter))
}

async fn any(State((app, calls)): State<(App, Arc<Calls>)>, request: Request) -> Response {
    unary::answer(app, calls, request).await
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    answer::failure(&ApiError::Panicked)
}
