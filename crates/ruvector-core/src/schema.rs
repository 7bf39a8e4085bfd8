//! The vector fields of a collection at one moment, by number, with how they are kept. Never changes: a field that comes, goes
//! or is to be kept otherwise makes another schema, and whoever reads, writes or rewrites keeps to the one it began with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use ruvector_simd::Metric;
use ruvector_storage::{FieldDims, FieldNumbers};
use ruvector_types::{
    CollectionConfig, Distance, HnswConfig, Invalid, OptimizerConfig, Problem, Vector, VectorConfig,
    VectorDatatype,
};

use crate::fields::{Field, RaggedKind, RaggedSchema, metric};
use crate::kernels::FieldKernels;
use crate::read::Costs;

/// A vector field as the engine uses it. What a number stands for never changes; `hnsw` and `on_disk` may from one schema to
/// the next.
#[derive(Debug)]
pub(crate) struct FieldSchema {
    /// In logs and files, and its place in the schema.
    pub(crate) number: usize,
    pub(crate) name: String,
    pub(crate) dim: u32,
    pub(crate) distance: Distance,
    pub(crate) hnsw: HnswConfig,
    /// Sealed vectors are not promoted.
    pub(crate) on_disk: bool,
    pub(crate) metric: Metric,
    pub(crate) kernels: FieldKernels,
    /// Measured once, of the graphs and files as they are kept.
    pub(crate) costs: OnceLock<Costs>,
}

/// What applying operations depends on. A live write is applied by the schema it was validated by; replay has the one that the
/// catalog names last, whatever fields there were at the time: vectors of those removed since are left out.
#[derive(Debug)]
pub(crate) struct Schema {
    /// One vector of so many numbers for each point. A field that was removed leaves a hole.
    fields: Vec<Option<Arc<FieldSchema>>>,
    /// Sparse vectors and multi-vectors, likewise.
    ragged: Vec<Option<Arc<RaggedSchema>>>,
    dense_dims: Vec<Option<(u32, VectorDatatype)>>,
    ragged_dims: Vec<Option<(u32, VectorDatatype)>>,
    by_name: BTreeMap<String, Field>,
    pub(crate) optimizer: OptimizerConfig,
    pub(crate) batch_points_max: usize,
}

/// A field of a schema.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FieldRef<'a> {
    Dense(&'a Arc<FieldSchema>),
    Ragged(&'a Arc<RaggedSchema>),
}

impl FieldSchema {
    /// The field as `before` has it, unless it is to be kept otherwise from now on.
    fn since(
        before: Option<&Arc<FieldSchema>>,
        (number, name): (usize, &str),
        vector: &VectorConfig,
    ) -> Arc<FieldSchema> {
        let same =
            |before: &&Arc<FieldSchema>| (before.hnsw, before.on_disk) == (vector.hnsw, vector.on_disk);
        let new = || Arc::new(FieldSchema::of(number, name, vector));
        before.filter(same).cloned().unwrap_or_else(new)
    }

    fn of(number: usize, name: &str, vector: &VectorConfig) -> FieldSchema {
        let metric = metric(vector.distance);
        FieldSchema {
            number,
            name: name.to_owned(),
            dim: vector.dim,
            distance: vector.distance,
            hnsw: vector.hnsw,
            on_disk: vector.on_disk,
            metric,
            kernels: FieldKernels::of(vector),
            costs: OnceLock::new(),
        }
    }
}

impl FieldSchema {
    /// Bytes of one vector as it is kept.
    pub(crate) fn vector_bytes(&self) -> u64 {
        u64::from(self.dim) * self.kernels.datatype.bytes()
    }
}

impl Schema {
    /// The fields of `config` by their `numbers`. Those that are as `before` has them are the same.
    pub(crate) fn of(
        config: &CollectionConfig,
        numbers: &FieldNumbers,
        batch_points_max: usize,
        before: Option<&Schema>,
    ) -> Schema {
        let (dense, ragged) = numbers.given();
        let mut schema = Schema {
            fields: vec![None; dense.into()],
            ragged: vec![None; ragged.into()],
            dense_dims: vec![None; dense.into()],
            ragged_dims: vec![None; ragged.into()],
            by_name: BTreeMap::new(),
            optimizer: config.optimizer,
            batch_points_max,
        };
        for (name, vector) in &config.vectors {
            let Some(field) = numbers.number(name).map(Field::of) else {
                continue;
            };
            match field {
                Field::Dense(at) => {
                    let before = before.and_then(|before| before.dense(at));
                    schema.put_dense(FieldSchema::since(before, (at, name), vector));
                }
                Field::Ragged(at) => {
                    let before = before.and_then(|before| before.ragged(at));
                    let field = RaggedSchema::new(at, name, RaggedKind::of_vector(vector), vector.on_disk);
                    schema.put_ragged(field.since(before));
                }
            }
        }
        for (name, sparse) in &config.sparse_vectors {
            if let Some(Field::Ragged(at)) = numbers.number(name).map(Field::of) {
                let before = before.and_then(|before| before.ragged(at));
                let field = RaggedSchema::new(at, name, RaggedKind::Sparse(*sparse), sparse.on_disk);
                schema.put_ragged(field.since(before));
            }
        }
        schema
    }

    fn put_dense(&mut self, field: Arc<FieldSchema>) {
        let at = field.number;
        if let (Some(slot), Some(dim)) = (self.fields.get_mut(at), self.dense_dims.get_mut(at)) {
            *dim = Some((field.dim, field.kernels.datatype));
            self.by_name.insert(field.name.clone(), Field::Dense(at));
            *slot = Some(field);
        }
    }

    fn put_ragged(&mut self, field: Arc<RaggedSchema>) {
        let at = field.number;
        if let (Some(slot), Some(dim)) = (self.ragged.get_mut(at), self.ragged_dims.get_mut(at)) {
            *dim = Some(field.dim());
            self.by_name.insert(field.name.clone(), Field::Ragged(at));
            *slot = Some(field);
        }
    }

    /// What each field holds.
    pub(crate) fn dims(&self) -> FieldDims<'_> {
        FieldDims {
            dense: &self.dense_dims,
            ragged: &self.ragged_dims,
        }
    }

    /// The dense field of that number; `None` if it was removed.
    pub(crate) fn dense(&self, number: usize) -> Option<&Arc<FieldSchema>> {
        self.fields.get(number)?.as_ref()
    }

    /// The field of sparse vectors or multi-vectors of that number; `None` if it was removed.
    pub(crate) fn ragged(&self, number: usize) -> Option<&Arc<RaggedSchema>> {
        self.ragged.get(number)?.as_ref()
    }

    /// Whether a vector is one of the field of that number, as the log has it, or of one that was removed. A field that never
    /// was has none.
    pub(crate) fn could_hold(&self, number: u16, vector: &Vector) -> bool {
        let (dims, at, is_dense) = match Field::of(number) {
            Field::Dense(at) => (&self.dense_dims, at, true),
            Field::Ragged(at) => (&self.ragged_dims, at, false),
        };
        let Some(known) = dims.get(at) else {
            return false;
        };
        let given = match vector {
            Vector::Dense(numbers) if is_dense => numbers.len(),
            Vector::Sparse(_) if !is_dense => 0,
            Vector::Multi(multi) if !is_dense => multi.dim as usize,
            _ => return false,
        };
        known.is_none_or(|(dim, _)| dim as usize == given)
    }

    pub(crate) fn field(&self, name: &str) -> Option<Field> {
        self.by_name.get(name).copied()
    }

    /// The field named at `place`.
    pub(crate) fn named(&self, name: &str, place: &str) -> Result<FieldRef<'_>, Invalid> {
        let found = match self.field(name) {
            Some(Field::Dense(at)) => self.dense(at).map(FieldRef::Dense),
            Some(Field::Ragged(at)) => self.ragged(at).map(FieldRef::Ragged),
            None => None,
        };
        found.ok_or_else(|| {
            let name = name.to_owned();
            let known = self.by_name.keys().cloned().collect();
            Invalid::new(place, Problem::UnknownVector { name, known })
        })
    }

    /// Whether its fields are those of another, kept as there.
    pub(crate) fn is_same(&self, other: &Schema) -> bool {
        fn same<T>(one: &[Option<Arc<T>>], other: &[Option<Arc<T>>]) -> bool {
            let as_pointers = |slot: &Option<Arc<T>>| slot.as_ref().map(Arc::as_ptr);
            one.iter().map(as_pointers).eq(other.iter().map(as_pointers))
        }
        same(&self.fields, &other.fields) && same(&self.ragged, &other.ragged)
    }

    /// Whether a segment in memory that was made with `before` does for it: the fields are the same, and so are their graphs.
    pub(crate) fn takes_segments_of(&self, before: &Schema) -> bool {
        fn graphs(schema: &Schema) -> impl Iterator<Item = (usize, u32, u32)> {
            let fields = schema.dense_fields();
            fields.map(|field| (field.number, field.hnsw.m, field.hnsw.ef_construct))
        }
        let same_fields = (&self.dense_dims, &self.ragged_dims) == (&before.dense_dims, &before.ragged_dims);
        same_fields && graphs(self).eq(graphs(before))
    }

    /// The dense fields, by number.
    pub(crate) fn dense_fields(&self) -> impl Iterator<Item = &Arc<FieldSchema>> {
        self.fields.iter().flatten()
    }

    /// The fields of sparse vectors and multi-vectors, by number.
    pub(crate) fn ragged_fields(&self) -> impl Iterator<Item = &Arc<RaggedSchema>> {
        self.ragged.iter().flatten()
    }

    /// Every field, in the order of the numbers in the log.
    pub(crate) fn all_fields(&self) -> impl Iterator<Item = FieldRef<'_>> {
        let dense = self.dense_fields().map(FieldRef::Dense);
        dense.chain(self.ragged_fields().map(FieldRef::Ragged))
    }
}

impl FieldRef<'_> {
    pub(crate) fn field(self) -> Field {
        match self {
            FieldRef::Dense(schema) => Field::Dense(schema.number),
            FieldRef::Ragged(schema) => Field::Ragged(schema.number),
        }
    }

    pub(crate) fn name(&self) -> &str {
        match self {
            FieldRef::Dense(schema) => &schema.name,
            FieldRef::Ragged(schema) => &schema.name,
        }
    }
}
