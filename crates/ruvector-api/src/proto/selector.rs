//! Which payload and vectors come back, which points are meant, and options that every call shares. Never reads a point.

use ruvector_types::{Limits, PayloadSelector, PointSelector, VectorSelector};

use super::filter::filter;
use super::given::{refuse_given, required};
use super::id::point_ids;
use super::messages::{
    self as m, points_selector::PointsSelectorOneOf, with_payload_selector, with_vectors_selector,
};
use crate::ApiError;
use crate::selector::{NO_SHARD_KEYS, at_most, not_empty, paths};

/// The engine's selector; `default` where nothing was given.
pub(super) fn with_payload(
    given: Option<m::WithPayloadSelector>,
    default: PayloadSelector,
) -> Result<PayloadSelector, ApiError> {
    use with_payload_selector::SelectorOptions;
    let Some(m::WithPayloadSelector { selector_options }) = given else {
        return Ok(default);
    };
    let what = "enable, include or exclude";
    Ok(match required(selector_options, "with_payload", what)? {
        SelectorOptions::Enable(true) => PayloadSelector::All,
        SelectorOptions::Enable(false) => PayloadSelector::None,
        SelectorOptions::Include(m::PayloadIncludeSelector { fields }) => {
            PayloadSelector::Include(paths(&fields, "with_payload.include.fields")?)
        }
        SelectorOptions::Exclude(m::PayloadExcludeSelector { fields }) => {
            PayloadSelector::Exclude(paths(&fields, "with_payload.exclude.fields")?)
        }
    })
}

/// The engine's selector; none where nothing was given.
pub(super) fn with_vectors(given: Option<m::WithVectorsSelector>) -> Result<VectorSelector, ApiError> {
    use with_vectors_selector::SelectorOptions;
    let Some(m::WithVectorsSelector { selector_options }) = given else {
        return Ok(VectorSelector::None);
    };
    Ok(
        match required(selector_options, "with_vectors", "enable or include")? {
            SelectorOptions::Enable(true) => VectorSelector::All,
            SelectorOptions::Enable(false) => VectorSelector::None,
            SelectorOptions::Include(m::VectorsSelector { names }) => VectorSelector::Names(names),
        },
    )
}

/// Points by id or by filter; `field` is the selector's place.
pub(super) fn points(
    given: Option<m::PointsSelector>,
    field: &str,
    limits: &Limits,
) -> Result<PointSelector, ApiError> {
    let what = "points (ids) or filter";
    let m::PointsSelector {
        points_selector_one_of,
    } = required(given, field, what)?;
    match required(points_selector_one_of, field, what)? {
        PointsSelectorOneOf::Points(m::PointsIdsList { ids }) => {
            let place = format!("{field}.points.ids");
            not_empty(&ids, &place)?;
            at_most(ids.len(), limits.batch_points_max, &place, "batch_points_max")?;
            Ok(PointSelector::Ids(point_ids(ids, &place)?))
        }
        PointsSelectorOneOf::Filter(given) => {
            let filter = filter(Some(given), &format!("{field}.filter"), limits)?;
            Ok(PointSelector::Filter(filter.unwrap_or_default()))
        }
    }
}

/// There are no shard keys.
pub(super) fn no_shard_keys(given: Option<&m::ShardKeySelector>) -> Result<(), ApiError> {
    refuse_given(given, "shard_key_selector", NO_SHARD_KEYS)
}
