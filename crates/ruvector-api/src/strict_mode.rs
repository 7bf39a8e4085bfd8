//! Options of a collection as a whole that are served in one way only. Never lets another way through.

use serde_json::{Map, Value};

use crate::ApiError;

/// Refuses a strict mode that is switched on, or that carries limits which would never hold.
pub(crate) fn check_strict_mode(given: Option<&Map<String, Value>>) -> Result<(), ApiError> {
    let off = |(name, value): (&String, &Value)| {
        value.is_null() || (name == "enabled" && *value == Value::Bool(false))
    };
    let what = "limits are the server's, not the collection's; only {\"enabled\": false} is served";
    refuse_unless(
        "strict_mode_config",
        given.is_none_or(|mode| mode.iter().all(off)),
        what,
    )
}

/// Refuses payloads in memory.
pub(crate) fn check_payload(field: &str, on_disk: Option<bool>) -> Result<(), ApiError> {
    let what = "sealed payloads are always read from memory-mapped files; only true is served";
    refuse_unless(field, on_disk != Some(false), what)
}

/// Refuses an option that is not `served` as it was given.
pub(crate) fn refuse_unless(field: &str, served: bool, what: &'static str) -> Result<(), ApiError> {
    if served {
        return Ok(());
    }
    Err(ApiError::NotSupported {
        field: field.to_owned(),
        what,
    })
}
