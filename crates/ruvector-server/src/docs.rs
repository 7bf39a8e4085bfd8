//! The OpenAPI document, generated from the code, and Swagger UI over it. Never fetches anything from outside.

use ruvector_api::ExplainView;
use serde::Serialize;
use utoipa::openapi::{OpenApi as Document, RefOr};
use utoipa::{OpenApi, ToSchema};
use utoipa_swagger_ui::SwaggerUi;

/// The envelope of every answer.
#[derive(Serialize, ToSchema)]
pub(crate) struct Answer<T> {
    /// What was asked for.
    pub(crate) result: T,
    /// `ok`.
    pub(crate) status: String,
    /// Seconds.
    pub(crate) time: f64,
}

/// The envelope of an answer that can be explained.
#[derive(Serialize, ToSchema)]
pub(crate) struct Explained<T> {
    /// What was asked for.
    pub(crate) result: T,
    /// `ok`.
    pub(crate) status: String,
    /// Seconds.
    pub(crate) time: f64,
    /// What was done in each segment, if the request says `"explain": true`.
    pub(crate) explain: Option<ExplainView>,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "ruVector",
        description = "A durable vector database. The shapes follow Qdrant's REST interface; the native routes are short forms of the same operations."
    ),
    tags(
        (name = "collections", description = "Create, list, describe, change and delete collections"),
        (name = "points", description = "Write and read points"),
        (name = "payload", description = "Change payloads without touching vectors"),
        (name = "indexes", description = "Declare and drop payload indexes; count the values of a field"),
        (name = "search", description = "Find the nearest points, or the most relevant"),
        (name = "service", description = "Health and version")
    )
)]
pub(crate) struct Base;

/// The OpenAPI 3 document of the REST interface.
pub fn open_api() -> Document {
    completed(crate::routes::documented().split_for_parts().1)
}

/// `/docs` and `/openapi.json`, assets inside the binary.
pub(crate) fn swagger(document: Document) -> SwaggerUi {
    SwaggerUi::new("/docs").url("/openapi.json", document)
}

/// What every request may be answered with, whatever it asks for.
const ALWAYS: [(&str, &str); 6] = [
    ("408", "The time of the request is up"),
    ("413", "The body is too large"),
    ("415", "The body is of a type or an encoding that is not served"),
    ("422", "A value breaks a rule"),
    (
        "429",
        "Too much is going on; `Retry-After` says when to come again",
    ),
    ("503", "The server is going down"),
];

/// The document with those answers at every operation that names its refusals.
pub(crate) fn completed(mut document: Document) -> Document {
    for item in document.paths.paths.values_mut() {
        let operations = [
            &mut item.get,
            &mut item.put,
            &mut item.post,
            &mut item.delete,
            &mut item.patch,
        ];
        for operation in operations.into_iter().flatten() {
            let responses = &mut operation.responses.responses;
            let Some(RefOr::T(refusal)) = responses.get("400").cloned() else {
                continue;
            };
            for (status, description) in ALWAYS {
                let mut response = refusal.clone();
                response.description = description.to_owned();
                responses.entry(status.to_owned()).or_insert(RefOr::T(response));
            }
        }
    }
    document
}
