//! Reads a JSON body. Never builds a tree of the whole body, never recurses past serde_json's limit.

use serde::de::DeserializeOwned;

use crate::ApiError;

/// Reads a request from its body. An error names the field, the line and the column.
/// Cost: one pass; a body that fails is read a second time to find the field.
pub fn from_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    serde_json::from_slice(bytes).map_err(|error| locate::<T>(bytes, error))
}

/// An error without its line and column, which count from the beginning of a part and not of the body.
pub(crate) fn unplaced(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((cause, _)) => cause.to_owned(),
        None => text,
    }
}

fn locate<T: DeserializeOwned>(bytes: &[u8], source: serde_json::Error) -> ApiError {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let field = match serde_path_to_error::deserialize::<_, T>(&mut reader) {
        Err(error) => error.path().to_string(),
        Ok(_) => String::new(),
    };
    let field = if field == "." { String::new() } else { field };
    ApiError::Json { field, source }
}
