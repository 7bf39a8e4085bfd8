//! Which payload and vectors come back: `with_payload`, `with_vector`. Never reads either.

use ruvector_types::{Invalid, PayloadPath, PayloadSelector, Problem, VectorSelector};
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::ApiError;
use crate::error::parse_path;

/// An option that this server does not serve: `null` or absent is fine, anything else is refused.
pub(crate) type Unserved = Option<IgnoredAny>;

/// Refuses an option that was given.
pub(crate) fn refuse(field: &str, given: &Unserved, what: &'static str) -> Result<(), ApiError> {
    match given {
        None => Ok(()),
        Some(_) => Err(ApiError::NotSupported {
            field: field.to_owned(),
            what,
        }),
    }
}

/// Why a shard key is refused.
pub(crate) const NO_SHARD_KEYS: &str = "points are placed on shards by their id; there are no shard keys";

/// `with_payload`: true, false, a list of paths, or `{"include": […]}` or `{"exclude": […]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "expected true, false, a list of payload paths, {\"include\": […]} or {\"exclude\": […]}"
)]
pub enum WirePayloadSelector {
    /// All or nothing.
    Flag(bool),
    /// Only these paths.
    Paths(Vec<String>),
    /// Some paths, or all but some.
    Parts(PayloadParts),
}

/// `{"include": […]}` or `{"exclude": […]}`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PayloadParts {
    include: Option<Vec<String>>,
    exclude: Option<Vec<String>>,
}

/// `with_vector`: true, false or a list of vector names.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected true, false or a list of vector names")]
pub enum WireVectorSelector {
    /// All or nothing.
    Flag(bool),
    /// These fields.
    Names(Vec<String>),
}

/// The engine's selector; `default` where nothing was given.
pub(crate) fn payload_selector(
    wire: Option<WirePayloadSelector>,
    default: PayloadSelector,
) -> Result<PayloadSelector, ApiError> {
    match wire {
        None => Ok(default),
        Some(WirePayloadSelector::Flag(true)) => Ok(PayloadSelector::All),
        Some(WirePayloadSelector::Flag(false)) => Ok(PayloadSelector::None),
        Some(WirePayloadSelector::Paths(texts)) => {
            Ok(PayloadSelector::Include(paths(&texts, "with_payload")?))
        }
        Some(WirePayloadSelector::Parts(parts)) => match (parts.include, parts.exclude) {
            (Some(texts), None) => Ok(PayloadSelector::Include(paths(&texts, "with_payload.include")?)),
            (None, Some(texts)) => Ok(PayloadSelector::Exclude(paths(&texts, "with_payload.exclude")?)),
            _ => Err(ApiError::rule("with_payload", "takes either include or exclude")),
        },
    }
}

/// Paths of one list. Each is looked for in every point that the request is about.
const PATHS_MAX: usize = 1_024;

/// Parses a list of payload paths.
pub(crate) fn paths(texts: &[String], field: &str) -> Result<Vec<PayloadPath>, ApiError> {
    at_most(texts.len(), PATHS_MAX, field, "paths of one list")?;
    texts
        .iter()
        .enumerate()
        .map(|(at, text)| parse_path(text, &format!("{field}[{at}]")))
        .collect()
}

/// The engine's selector; both spellings of the option, but not at once.
pub(crate) fn vector_selector(
    with_vector: Option<WireVectorSelector>,
    with_vectors: Option<WireVectorSelector>,
) -> Result<VectorSelector, ApiError> {
    let rule = "with_vector and with_vectors are two spellings of one option; give one";
    match (with_vector, with_vectors) {
        (Some(_), Some(_)) => Err(ApiError::rule("with_vectors", rule)),
        (None, None) => Ok(VectorSelector::None),
        (Some(one), None) | (None, Some(one)) => Ok(match one {
            WireVectorSelector::Flag(true) => VectorSelector::All,
            WireVectorSelector::Flag(false) => VectorSelector::None,
            WireVectorSelector::Names(names) => VectorSelector::Names(names),
        }),
    }
}

/// Refuses an empty list.
pub(crate) fn not_empty<T>(items: &[T], field: &str) -> Result<(), ApiError> {
    if items.is_empty() {
        return Err(Invalid::new(field, Problem::Empty).into());
    }
    Ok(())
}

/// Refuses more than `limit` items.
pub(crate) fn at_most(
    given: usize,
    limit: usize,
    field: &str,
    limit_name: &'static str,
) -> Result<(), ApiError> {
    Problem::at_most(given, limit, limit_name).map_err(|problem| Invalid::new(field, problem).into())
}
