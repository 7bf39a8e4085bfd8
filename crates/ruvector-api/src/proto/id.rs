//! Point ids as messages: a number, or in the field `uuid` a UUID or any other string. Never accepts an empty one.

use ruvector_types::{Invalid, PointId, Problem};

use super::given::required;
use super::messages::{self as m, point_id::PointIdOptions};
use crate::ApiError;

/// The engine's id; `field` is its place.
pub(super) fn point_id(id: m::PointId, field: &str) -> Result<PointId, ApiError> {
    let m::PointId { point_id_options } = id;
    match required(point_id_options, field, "num or uuid")? {
        PointIdOptions::Num(number) => Ok(PointId::Num(number)),
        PointIdOptions::Uuid(text) => {
            PointId::parse(&text).map_err(|error| Invalid::new(field, Problem::BadId(error)).into())
        }
    }
}

/// An id that must be there.
pub(super) fn given_id(id: Option<m::PointId>, field: &str) -> Result<PointId, ApiError> {
    point_id(required(id, field, "the point's id")?, field)
}

/// A list of ids.
pub(super) fn point_ids(ids: Vec<m::PointId>, field: &str) -> Result<Vec<PointId>, ApiError> {
    let one =
        |(at, id)| point_id(id, "id").map_err(|error: ApiError| error.within(format_args!("{field}[{at}]")));
    ids.into_iter().enumerate().map(one).collect()
}

/// An id on its way out.
pub(super) fn id_message(id: PointId) -> m::PointId {
    let options = match id {
        PointId::Num(number) => PointIdOptions::Num(number),
        PointId::Uuid(_) => PointIdOptions::Uuid(id.to_string()),
        PointId::Str(text) => PointIdOptions::Uuid(text.to_string()),
    };
    m::PointId {
        point_id_options: Some(options),
    }
}
