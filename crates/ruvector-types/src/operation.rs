//! Writes as the caller states them. The engine resolves selectors and conditions before anything is logged.

use std::collections::BTreeMap;

use crate::{Filter, Map, PayloadPath, PointId, Vector};

/// A point's vectors by field name; the unnamed vector is `""`. Any field may be missing.
pub type NamedVectors = BTreeMap<String, Vector>;

/// A point to write: replaces the whole point of that id.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// Its id.
    pub id: PointId,
    /// Its vectors, each of its field's kind and dimensions, finite.
    pub vectors: NamedVectors,
    /// Its payload.
    pub payload: Map,
}

/// Which points an upsert may touch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum UpdateMode {
    /// New points are inserted, existing ones replaced.
    #[default]
    Upsert,
    /// Only new points are written; existing ones stay as they are.
    InsertOnly,
    /// Only existing points are replaced; new ones are not inserted.
    UpdateOnly,
}

/// An upsert of a batch, all or nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Upsert {
    /// The points, applied in order.
    pub points: Vec<Point>,
    /// Which points may be touched.
    pub mode: UpdateMode,
    /// If given, an existing point is replaced only where it matches.
    pub condition: Option<Filter>,
}

/// Vectors of a point to set; its others stay as they are.
#[derive(Clone, Debug, PartialEq)]
pub struct PointVectors {
    /// The point.
    pub id: PointId,
    /// The vectors, at least one.
    pub vectors: NamedVectors,
}

/// Points by id or by filter. A filter is resolved to ids before the operation enters the log.
#[derive(Clone, Debug, PartialEq)]
pub enum PointSelector {
    /// These ids; absent ones are passed over.
    Ids(Vec<PointId>),
    /// Every point that matches.
    Filter(Filter),
}

/// One write: a batch that is applied whole or not at all.
#[derive(Clone, Debug, PartialEq)]
pub enum WriteOp {
    /// Insert or replace points.
    Upsert(Upsert),
    /// Delete points.
    Delete(PointSelector),
    /// Set some vectors of existing points; absent points are passed over.
    UpdateVectors {
        /// The points, applied in order.
        points: Vec<PointVectors>,
        /// If given, a point is changed only where it matches.
        condition: Option<Filter>,
    },
    /// Remove vectors of points.
    DeleteVectors {
        /// Names of the vector fields, at least one.
        names: Vec<String>,
        /// Of which points.
        points: PointSelector,
    },
    /// Set keys of the payload, leaving others; with `path`, of the object at that place.
    SetPayload {
        /// Keys and values to set.
        payload: Map,
        /// Where, if not at the top.
        path: Option<PayloadPath>,
        /// Of which points.
        points: PointSelector,
    },
    /// Replace the whole payload.
    OverwritePayload {
        /// The new payload.
        payload: Map,
        /// Of which points.
        points: PointSelector,
    },
    /// Remove what the paths name.
    DeletePayload {
        /// The paths.
        keys: Vec<PayloadPath>,
        /// Of which points.
        points: PointSelector,
    },
    /// Remove the whole payload.
    ClearPayload {
        /// Of which points.
        points: PointSelector,
    },
}
