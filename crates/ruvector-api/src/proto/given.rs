//! What a message gave and what it left out: required fields, fields that are not served, enums by their numbers.
//! Never decides what is served.

use crate::ApiError;

/// A field that must be there.
pub(super) fn required<T>(given: Option<T>, field: &str, what: &'static str) -> Result<T, ApiError> {
    given.ok_or_else(|| ApiError::Missing {
        field: field.to_owned(),
        what,
    })
}

/// Refuses a field that is not served, if it was given.
pub(super) fn refuse_given<T>(given: Option<&T>, field: &str, what: &'static str) -> Result<(), ApiError> {
    match given {
        None => Ok(()),
        Some(_) => Err(unserved(field, what)),
    }
}

/// The refusal of what is not served.
pub(super) fn unserved(field: &str, what: &'static str) -> ApiError {
    ApiError::NotSupported {
        field: field.to_owned(),
        what,
    }
}

/// The enum of a number; `expected` lists its names.
pub(super) fn named<T: TryFrom<i32>>(
    number: i32,
    field: &str,
    expected: &'static str,
) -> Result<T, ApiError> {
    T::try_from(number).map_err(|_| ApiError::Unknown {
        field: field.to_owned(),
        name: number.to_string(),
        expected,
    })
}

/// A number of the wire as a size.
pub(super) fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// A number of the wire where the engine has 32 bits; `field` names it if it is larger.
pub(super) fn narrow(number: u64, field: &str) -> Result<u32, ApiError> {
    u32::try_from(number).map_err(|_| ApiError::rule(field, "must fit 32 bits"))
}
