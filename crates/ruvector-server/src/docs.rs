//! The OpenAPI document, generated from the code, and Swagger UI over it. Never fetches anything from outside.

use ruvector_api::ExplainView;
use serde::Serialize;
use serde_json::Value;
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

/// What a server answers to the example of each operation, by method and path. `tests/openapi_examples.rs` asks one and
/// compares.
const ANSWERS: &str = include_str!("answers.json");

/// The document with those answers at every operation that names its refusals, and an example of each success.
pub(crate) fn completed(mut document: Document) -> Document {
    let answers: Value = serde_json::from_str(ANSWERS).unwrap_or_default();
    for (path, item) in &mut document.paths.paths {
        let operations = [
            ("GET", &mut item.get),
            ("PUT", &mut item.put),
            ("POST", &mut item.post),
            ("DELETE", &mut item.delete),
            ("PATCH", &mut item.patch),
        ];
        for (method, operation) in operations {
            let Some(operation) = operation else { continue };
            let responses = &mut operation.responses.responses;
            if let Some(RefOr::T(success)) = responses.get_mut("200") {
                for content in success.content.values_mut() {
                    if let RefOr::T(content) = content {
                        content.example = answers.get(format!("{method} {path}")).cloned();
                    }
                }
            }
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
