//! Which path leads to which handler. Never handles anything itself.

use std::any::Any;
use std::time::Instant;

use axum::Router;
use axum::http::{Method, Uri};
use axum::response::Response;
use ruvector_api::ApiError;
use tower_http::catch_panic::CatchPanicLayer;
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::{
    aliases, answer, collections, docs, health, indexes, points, recommend, search, unserved, updates,
    vector_fields,
};

/// Every documented route. Native routes and Qdrant's share handlers where they are one operation.
pub(crate) fn documented() -> OpenApiRouter<App> {
    OpenApiRouter::with_openapi(docs::Base::openapi())
        .routes(routes!(collections::list, collections::create_native))
        .routes(routes!(
            collections::create,
            collections::describe,
            collections::update,
            collections::delete
        ))
        .routes(routes!(collections::exists))
        .routes(routes!(vector_fields::add, vector_fields::remove))
        .routes(routes!(aliases::change))
        .routes(routes!(aliases::list))
        .routes(routes!(aliases::list_of))
        .routes(routes!(points::upsert, points::retrieve))
        .routes(routes!(points::get_one, points::delete_one))
        .routes(routes!(points::delete))
        .routes(routes!(updates::set, updates::overwrite))
        .routes(routes!(updates::delete))
        .routes(routes!(updates::clear))
        .routes(routes!(updates::set_vectors))
        .routes(routes!(updates::delete_vectors))
        .routes(routes!(updates::batch))
        .routes(routes!(search::search))
        .routes(routes!(search::query))
        .routes(routes!(search::search_batch))
        .routes(routes!(search::query_batch))
        .routes(routes!(search::text))
        .routes(routes!(recommend::recommend))
        .routes(routes!(recommend::recommend_batch))
        .routes(routes!(points::scroll))
        .routes(routes!(points::count))
        .routes(routes!(indexes::create))
        .routes(routes!(indexes::create_native, indexes::drop_index))
        .routes(routes!(indexes::facet))
        .routes(routes!(health::version))
        .routes(routes!(health::health))
        .routes(routes!(health::ready))
        .routes(routes!(health::healthz))
        .routes(routes!(health::livez))
        .routes(routes!(health::readyz))
}

/// The whole server as a service.
pub(crate) fn router(app: App) -> Router {
    let (router, document) = documented().split_for_parts();
    router
        .with_state(app)
        .merge(docs::swagger(docs::completed(document)))
        .fallback(no_route)
        .method_not_allowed_fallback(no_method)
        .layer(CatchPanicLayer::custom(panicked))
}

async fn no_route(method: Method, uri: Uri) -> Response {
    let error = unserved::refusal(uri.path()).unwrap_or_else(|| ApiError::NoRoute {
        method: method.to_string(),
        path: uri.path().to_owned(),
    });
    answer::failure(&error, Instant::now())
}

/// Some paths that are not served look like a point's: `points/discover`.
async fn no_method(method: Method, uri: Uri) -> Response {
    let error = unserved::refusal(uri.path()).unwrap_or_else(|| ApiError::NoMethod {
        method: method.to_string(),
        path: uri.path().to_owned(),
    });
    answer::failure(&error, Instant::now())
}

fn panicked(_: Box<dyn Any + Send + 'static>) -> Response {
    answer::failure(&ApiError::Panicked, Instant::now())
}
