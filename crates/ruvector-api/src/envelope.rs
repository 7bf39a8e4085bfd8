//! What every response body looks like: `{"result", "status", "time"}`, and `"explain"` if asked for. Never holds request logic.

use serde::Serialize;

use crate::{ApiError, ExplainView};

#[derive(Serialize)]
struct Success<'a, T> {
    result: &'a T,
    status: &'static str,
    time: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    explain: Option<ExplainView>,
}

#[derive(Serialize)]
struct Failure<'a> {
    status: FailureStatus<'a>,
    time: f64,
}

#[derive(Serialize)]
struct FailureStatus<'a> {
    error: &'a str,
}

/// The body of an answer: the result, the seconds it took, and what was done if that was asked for.
pub fn success<T: Serialize>(
    result: &T,
    time: f64,
    explain: Option<ExplainView>,
) -> Result<Vec<u8>, ApiError> {
    let envelope = Success {
        result,
        status: "ok",
        time,
        explain,
    };
    serde_json::to_vec(&envelope).map_err(ApiError::Response)
}

/// The body of a refusal or failure.
pub fn failure(error: &ApiError, time: f64) -> Vec<u8> {
    let text = error.text();
    let envelope = Failure {
        status: FailureStatus { error: &text },
        time,
    };
    serde_json::to_vec(&envelope).unwrap_or_default()
}
