//! Random ids, points and writes that a collection of a given configuration accepts.

use std::sync::Arc;

use ruvector_types::{
    CollectionConfig, Filter, Map, MultiVector, NamedVectors, Point, PointId, PointSelector, PointVectors,
    SparseVector, UpdateMode, Upsert, Vector, VectorConfig, VectorDatatype, WriteOp,
};

use crate::Random;

/// Draws the inputs of one test.
#[derive(Clone, Debug)]
pub struct Generator {
    /// The numbers behind it.
    pub random: Random,
    /// Ids come from this many, so that writes meet.
    pub ids_max: usize,
    /// Points of an upsert, at most.
    pub batch_max: usize,
    /// The first of the numbers behind the ids: generators of disjoint ranges draw disjoint ids.
    pub first_id: usize,
    fields: Vec<(String, Kind)>,
}

/// What the vectors of a field are.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Dense { dim: u32, datatype: VectorDatatype },
    Multi { dim: u32, datatype: VectorDatatype },
    Sparse,
}

impl Kind {
    fn of(field: &VectorConfig) -> Kind {
        let dim = field.dim;
        match field.multivector {
            None => Kind::Dense {
                dim,
                datatype: field.datatype,
            },
            Some(_) => Kind::Multi {
                dim,
                datatype: field.datatype,
            },
        }
    }
}

fn fields(config: &CollectionConfig) -> Vec<(String, Kind)> {
    let vectors = config.vectors.iter();
    let vectors = vectors.map(|(name, vector)| (name.clone(), Kind::of(vector)));
    let sparse = config.sparse_vectors.keys();
    vectors
        .chain(sparse.map(|name| (name.clone(), Kind::Sparse)))
        .collect()
}

impl Generator {
    /// Inputs for a collection of `config`.
    pub fn new(seed: u64, config: &CollectionConfig) -> Generator {
        Generator {
            random: Random::new(seed),
            ids_max: 150,
            batch_max: 16,
            first_id: 0,
            fields: fields(config),
        }
    }

    /// From now on for a collection of `config`.
    pub fn use_fields(&mut self, config: &CollectionConfig) {
        self.fields = fields(config);
    }

    /// An id in one of its spellings: `7` is also `"7"`, a UUID comes with and without hyphens.
    pub fn id(&mut self) -> PointId {
        let number = (self.first_id + self.random.below(self.ids_max)) as u64;
        self.spell(number)
    }

    /// So many ids, perhaps one of them twice.
    pub fn ids(&mut self, count: usize) -> Vec<PointId> {
        (0..count).map(|_| self.id()).collect()
    }

    /// Every id it can draw.
    pub fn all_ids(&mut self) -> Vec<PointId> {
        (0..self.ids_max)
            .map(|at| self.spell((self.first_id + at) as u64))
            .collect()
    }

    fn spell(&mut self, number: u64) -> PointId {
        let bits = u128::from(number) << 96 ^ 0x936d_a01f_9abd_4d9d_80c7_02af_85c8_22a8;
        match (number % 4, self.random.below(3)) {
            (0 | 1, 0) => PointId::parse(&number.to_string()).unwrap_or(PointId::Num(number)),
            (0 | 1, _) => PointId::Num(number),
            (2, 0) => PointId::parse(&format!("{bits:032X}")).unwrap_or(PointId::Uuid(bits)),
            (2, 1) => {
                let text = format!("urn:uuid:{}", PointId::Uuid(bits));
                PointId::parse(&text).unwrap_or(PointId::Uuid(bits))
            }
            (2, _) => PointId::Uuid(bits),
            _ => PointId::Str(Arc::from(format!("{}#{number}", "é".repeat(number as usize % 7)))),
        }
    }

    /// A vector of a field's kind. Components are small whole numbers: dot products and squared and absolute distances
    /// are then exact in `f32`, and ties are frequent. Dimensions of sparse ones come in any order.
    pub fn vector(&mut self, using: &str) -> Vector {
        let kind = self.fields.iter().find(|(name, _)| name == using);
        match kind.map_or(Kind::Sparse, |(_, kind)| *kind) {
            Kind::Dense { dim, .. } => self.numbers(dim as usize).into(),
            // One vector, given alone, is a multi-vector too.
            Kind::Multi { dim, .. } if self.random.one_in(4) => self.numbers(dim as usize).into(),
            Kind::Multi { dim, .. } => {
                let rows = self.random.within(1..=4);
                let numbers = self.numbers(rows * dim as usize);
                Vector::Multi(MultiVector { dim, numbers })
            }
            Kind::Sparse => self.sparse().into(),
        }
    }

    fn numbers(&mut self, count: usize) -> Vec<f32> {
        (0..count).map(|_| self.random.below(9) as f32 - 4.0).collect()
    }

    /// A few of 40 dimensions, the first ones often, now and then none.
    fn sparse(&mut self) -> SparseVector {
        let mut indices: Vec<u32> = (0..self.random.below(9))
            .map(|_| {
                let end = self.random.within(1..=40);
                self.random.below(end) as u32 * 100_003
            })
            .collect();
        indices.sort_unstable();
        indices.dedup();
        if self.random.one_in(2) {
            indices.reverse();
        }
        let values = self.numbers(indices.len());
        SparseVector { indices, values }
    }

    /// Some of the fields, each missing once in four times.
    pub fn vectors(&mut self) -> NamedVectors {
        let names: Vec<String> = self.fields.iter().map(|(name, _)| name.clone()).collect();
        let mut vectors = NamedVectors::new();
        for name in names {
            if !self.random.one_in(4) {
                let mut vector = self.vector(&name);
                self.roughen(&name, &mut vector);
                vectors.insert(name, vector);
            }
        }
        vectors
    }

    /// Makes a vector that is to be written one that the field's type does not hold: whole numbers once it is kept.
    fn roughen(&mut self, using: &str, vector: &mut Vector) {
        let kind = self.fields.iter().find(|(name, _)| name == using);
        let Some((_, Kind::Dense { datatype, .. } | Kind::Multi { datatype, .. })) = kind else {
            return;
        };
        let numbers = match vector {
            Vector::Dense(numbers) => numbers,
            Vector::Multi(multi) => &mut multi.numbers,
            Vector::Sparse(_) => return,
        };
        match datatype {
            VectorDatatype::Float32 => {}
            // Less than half of half precision's step below 1.
            VectorDatatype::Float16 => {
                let whole = numbers.iter_mut().filter(|x| **x != 0.0);
                whole.for_each(|x| *x += self.random.below(3) as f32 / 8_192.0);
            }
            VectorDatatype::Uint8 => {
                numbers
                    .iter_mut()
                    .for_each(|x| *x = x.abs() + self.random.below(4) as f32 / 4.0);
            }
        }
    }

    /// The name of a field.
    pub fn field(&mut self) -> String {
        let at = self.random.below(self.fields.len());
        self.fields[at].0.clone()
    }

    /// A point.
    pub fn point(&mut self) -> Point {
        Point {
            id: self.id(),
            vectors: self.vectors(),
            payload: self.random.payload(),
        }
    }

    /// An upsert in any mode. A conditional one names every id once, as the engine demands.
    pub fn upsert(&mut self) -> Upsert {
        let count = self.random.within(1..=self.batch_max);
        let mut points: Vec<Point> = (0..count).map(|_| self.point()).collect();
        let mode = match self.random.below(6) {
            0 => UpdateMode::InsertOnly,
            1 => UpdateMode::UpdateOnly,
            _ => UpdateMode::Upsert,
        };
        let condition = self.random.one_in(4).then(|| self.filter(1));
        if mode != UpdateMode::Upsert || condition.is_some() {
            points.sort_by(|a, b| a.id.cmp(&b.id));
            points.dedup_by(|a, b| a.id == b.id);
        }
        Upsert {
            points,
            mode,
            condition,
        }
    }

    /// Points by ids (some absent, some twice) or by filter.
    pub fn selector(&mut self) -> PointSelector {
        if self.random.one_in(2) {
            return PointSelector::Filter(self.filter(1));
        }
        let count = self.random.within(1..=self.batch_max);
        PointSelector::Ids(self.ids(count))
    }

    /// Any write that is accepted; about half of them upserts, one in six a deletion.
    pub fn write(&mut self) -> WriteOp {
        match self.random.below(14) {
            12 => WriteOp::UpdateVectors {
                points: self.vector_updates(),
                condition: Some(self.update_condition()),
            },
            13 => WriteOp::DeleteVectors {
                names: (0..self.random.within(1..=2)).map(|_| self.field()).collect(),
                points: self.selector(),
            },
            0..=5 => WriteOp::Upsert(self.upsert()),
            6 => WriteOp::Delete(self.selector()),
            7 => {
                let count = self.random.within(1..=self.batch_max);
                WriteOp::Delete(PointSelector::Ids(self.ids(count)))
            }
            _ => self.edit(),
        }
    }

    /// New vectors for ids of which some are absent and some come twice.
    fn vector_updates(&mut self) -> Vec<PointVectors> {
        let count = self.random.within(1..=self.batch_max);
        let mut updates = Vec::with_capacity(count);
        while updates.len() < count {
            let (id, vectors) = (self.id(), self.vectors());
            if !vectors.is_empty() {
                updates.push(PointVectors { id, vectors });
            }
        }
        updates
    }

    /// A filter that half the time matches every point.
    fn update_condition(&mut self) -> Filter {
        match self.random.one_in(2) {
            true => Filter::default(),
            false => self.filter(1),
        }
    }

    /// A write that touches payloads only.
    pub fn edit(&mut self) -> WriteOp {
        let points = self.selector();
        match self.random.below(6) {
            0..=2 => {
                let path = self.random.one_in(3).then(|| self.random.path());
                WriteOp::SetPayload {
                    payload: self.small_payload(),
                    path,
                    points,
                }
            }
            3 => WriteOp::OverwritePayload {
                payload: self.random.payload(),
                points,
            },
            4 => {
                let keys = (0..self.random.within(1..=3))
                    .map(|_| self.random.path())
                    .collect();
                WriteOp::DeletePayload { keys, points }
            }
            _ => WriteOp::ClearPayload { points },
        }
    }

    fn small_payload(&mut self) -> Map {
        let kept = self.random.within(0..=3);
        self.random.payload().into_iter().take(kept).collect()
    }
}
