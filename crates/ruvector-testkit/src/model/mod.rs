//! The database as a sorted map: what every answer of the engine is compared with. Plain and slow on purpose;
//! shares no code with the engine but its vocabulary.

mod datatype;
mod edit;
mod filter;
mod indexed;
mod nearest;
mod order;
mod place;
mod query;

use std::collections::{BTreeMap, BTreeSet};

use ruvector_types::{
    CollectionConfig, Filter, Map, NamedVectors, PointId, PointSelector, PointVectors, UpdateMode, Upsert,
    VectorField, WriteOp,
};

pub use filter::matches;
pub use nearest::Ranked;
pub use order::OrderedPoint;

/// A point of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelPoint {
    /// Its vectors as they were given, in the form in which they are kept.
    pub vectors: NamedVectors,
    /// Its payload.
    pub payload: Map,
    /// Which write touched it last, counted from 1.
    pub version: u64,
}

/// A collection.
#[derive(Clone, Debug)]
pub struct Model {
    pub(crate) config: CollectionConfig,
    points: BTreeMap<PointId, ModelPoint>,
    writes: u64,
}

impl Model {
    /// An empty collection.
    pub fn new(config: CollectionConfig) -> Model {
        Model {
            config,
            points: BTreeMap::new(),
            writes: 0,
        }
    }

    /// Carries out a write that the engine accepts; returns how many points it touched.
    pub fn apply(&mut self, write: &WriteOp) -> u64 {
        self.writes += 1;
        match write {
            WriteOp::Upsert(upsert) => self.upsert(upsert),
            WriteOp::Delete(points) => {
                let ids = self.selected(points);
                ids.iter().for_each(|id| drop(self.points.remove(id)));
                ids.len() as u64
            }
            WriteOp::UpdateVectors { points, condition } => self.update_vectors(points, condition.as_ref()),
            WriteOp::DeleteVectors { names, points } => self.delete_vectors(names, points),
            WriteOp::SetPayload {
                payload,
                path,
                points,
            } => self.edit(points, |map| edit::set(map, payload, path.as_ref())),
            WriteOp::OverwritePayload { payload, points } => self.edit(points, |map| *map = payload.clone()),
            WriteOp::DeletePayload { keys, points } => {
                self.edit(points, |map| keys.iter().for_each(|path| edit::delete(map, path)))
            }
            WriteOp::ClearPayload { points } => self.edit(points, |map| *map = Map::new()),
        }
    }

    /// Adds a vector field; no point has such a vector.
    pub fn add_field(&mut self, name: &str, field: &VectorField) {
        match field {
            VectorField::Vectors(vector) => drop(self.config.vectors.insert(name.to_owned(), *vector)),
            VectorField::Sparse(sparse) => drop(self.config.sparse_vectors.insert(name.to_owned(), *sparse)),
        }
    }

    /// Removes a vector field and its vectors; the points stay.
    pub fn remove_field(&mut self, name: &str) {
        self.config.vectors.remove(name);
        self.config.sparse_vectors.remove(name);
        let points = self.points.values_mut();
        points.for_each(|point| drop(point.vectors.remove(name)));
    }

    /// The collection's configuration.
    pub fn config(&self) -> &CollectionConfig {
        &self.config
    }

    /// Every point, by id.
    pub fn points(&self) -> &BTreeMap<PointId, ModelPoint> {
        &self.points
    }

    /// Takes in the points of another model; ids of both come from it.
    pub fn extend(&mut self, other: Model) {
        self.points.extend(other.points);
    }

    /// The ids of the points that match, in order.
    pub fn matching(&self, filter: Option<&Filter>) -> Vec<PointId> {
        let found = self
            .points
            .iter()
            .filter(|(id, point)| filter.is_none_or(|filter| matches(filter, id, point)));
        found.map(|(id, _)| id.clone()).collect()
    }

    /// Upserts of one batch look at the state before it; a plain upsert that names an id twice keeps the last.
    fn upsert(&mut self, upsert: &Upsert) -> u64 {
        let mut touched = BTreeSet::new();
        for point in &upsert.points {
            let admitted = match self.points.get(&point.id) {
                None => upsert.mode != UpdateMode::UpdateOnly,
                Some(before) => {
                    let passes = |filter| matches(filter, &point.id, before);
                    upsert.mode != UpdateMode::InsertOnly && upsert.condition.as_ref().is_none_or(passes)
                }
            };
            if admitted {
                let (vectors, payload) = (self.kept(point.vectors.clone()), point.payload.clone());
                self.points.insert(
                    point.id.clone(),
                    ModelPoint {
                        vectors,
                        payload,
                        version: self.writes,
                    },
                );
                touched.insert(&point.id);
            }
        }
        touched.len() as u64
    }

    /// Updates of one batch look at the state before it; of an id given twice every vector counts, the last of each.
    fn update_vectors(&mut self, updates: &[PointVectors], condition: Option<&Filter>) -> u64 {
        let passes = |update: &&PointVectors| {
            let before = self.points.get(&update.id);
            before.is_some_and(|before| condition.is_none_or(|filter| matches(filter, &update.id, before)))
        };
        let admitted: Vec<&PointVectors> = updates.iter().filter(passes).collect();
        let ids: BTreeSet<&PointId> = admitted.iter().map(|update| &update.id).collect();
        for update in &admitted {
            let vectors = self.kept(update.vectors.clone());
            if let Some(point) = self.points.get_mut(&update.id) {
                point.vectors.extend(vectors);
                point.version = self.writes;
            }
        }
        ids.len() as u64
    }

    fn delete_vectors(&mut self, names: &[String], points: &PointSelector) -> u64 {
        let mut touched = 0;
        for id in self.selected(points) {
            let Some(point) = self.points.get_mut(&id) else {
                continue;
            };
            let before = point.vectors.len();
            point.vectors.retain(|name, _| !names.contains(name));
            if point.vectors.len() < before {
                point.version = self.writes;
                touched += 1;
            }
        }
        touched
    }

    fn edit(&mut self, points: &PointSelector, change: impl Fn(&mut Map)) -> u64 {
        let ids = self.selected(points);
        for id in &ids {
            if let Some(point) = self.points.get_mut(id) {
                change(&mut point.payload);
                point.version = self.writes;
            }
        }
        ids.len() as u64
    }

    fn selected(&self, points: &PointSelector) -> BTreeSet<PointId> {
        match points {
            PointSelector::Ids(ids) => ids
                .iter()
                .filter(|id| self.points.contains_key(id))
                .cloned()
                .collect(),
            PointSelector::Filter(filter) => self.matching(Some(filter)).into_iter().collect(),
        }
    }
}
