//! What a call says beside its subject: how long it may take, whether it waits, in which order and from how many copies.
//! Never carries a call out.

use std::time::Duration;

use ruvector_core::Wait;

use super::given::{named, required};
use super::messages::{self as m, read_consistency::Value};
use crate::ApiError;

/// What a call says beside its subject.
#[derive(Clone, Copy, Debug)]
pub struct Terms;

impl Terms {
    /// The time of a call's field `timeout`, whole seconds.
    pub fn timeout(seconds: u64) -> Result<Duration, ApiError> {
        match seconds {
            1..=3600 => Ok(Duration::from_secs(seconds)),
            _ => Err(ApiError::rule("timeout", "takes whole seconds from 1 to 3600")),
        }
    }

    /// When a write answers; at once if it does not say.
    pub fn wait(given: Option<bool>) -> Wait {
        match given {
            Some(true) => Wait::Durable,
            Some(false) | None => Wait::Accepted,
        }
    }
}

/// Checks the `timeout` of a call, which the server has looked up before it read the message.
pub(super) fn timeout(given: Option<u64>) -> Result<(), ApiError> {
    given.map_or(Ok(()), |seconds| Terms::timeout(seconds).map(|_| ()))
}

/// There is one sequence of writes for each shard: every ordering is kept.
pub(super) fn ordering(given: Option<m::WriteOrdering>) -> Result<(), ApiError> {
    let Some(m::WriteOrdering { r#type }) = given else {
        return Ok(());
    };
    named::<m::WriteOrderingType>(r#type, "ordering.type", "0 (weak), 1 (medium) or 2 (strong)")?;
    Ok(())
}

/// There is one copy of every point: every consistency is kept.
pub(super) fn consistency(given: Option<m::ReadConsistency>) -> Result<(), ApiError> {
    let Some(m::ReadConsistency { value }) = given else {
        return Ok(());
    };
    match required(value, "read_consistency", "type or factor")? {
        Value::Type(number) => {
            let expected = "0 (all), 1 (majority) or 2 (quorum)";
            named::<m::ReadConsistencyType>(number, "read_consistency.type", expected).map(|_| ())
        }
        Value::Factor(0) => Err(ApiError::rule(
            "read_consistency.factor",
            "takes a number of copies, at least 1",
        )),
        Value::Factor(_) => Ok(()),
    }
}
