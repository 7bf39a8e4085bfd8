//! The vector fields of a collection at one moment, by number. Never changes: a field that comes or goes makes another schema,
//! and whoever reads, writes or rewrites keeps to the one it began with.

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};

use ruvector_simd::Metric;
use ruvector_storage::{FieldDims, FieldNumbers};
use ruvector_types::{
    CollectionConfig, Distance, HnswConfig, Invalid, OptimizerConfig, Problem, VectorConfig, VectorDatatype,
};

use crate::fields::{Field, RaggedKind, RaggedSchema, metric};
use crate::kernels::FieldKernels;
use crate::read::Costs;

/// A vector field as the engine uses it. What a number stands for never changes.
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
    /// Measured once.
    pub(crate) costs: OnceLock<Costs>,
}

/// What applying operations depends on: the same for live writes and replay.
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
    /// The fields of `config` by their `numbers`. Those that `before` has are the same as there.
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
                    let same = before.and_then(|before| before.dense(at)).cloned();
                    schema.put_dense(same.unwrap_or_else(|| Arc::new(FieldSchema::of(at, name, vector))));
                }
                Field::Ragged(at) => {
                    let kind = RaggedKind::of_vector(vector);
                    schema.put_ragged(RaggedSchema::new(at, name, kind, vector.on_disk));
                }
            }
        }
        for (name, sparse) in &config.sparse_vectors {
            if let Some(Field::Ragged(at)) = numbers.number(name).map(Field::of) {
                let kind = RaggedKind::Sparse(*sparse);
                schema.put_ragged(RaggedSchema::new(at, name, kind, sparse.on_disk));
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

    fn put_ragged(&mut self, field: RaggedSchema) {
        let at = field.number;
        if let (Some(slot), Some(dim)) = (self.ragged.get_mut(at), self.ragged_dims.get_mut(at)) {
            *dim = Some(field.dim());
            self.by_name.insert(field.name.clone(), Field::Ragged(at));
            *slot = Some(Arc::new(field));
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

    pub(crate) fn field(&self, name: &str) -> Option<Field> {
        self.by_name.get(name).copied()
    }

    /// Whether a field is there.
    pub(crate) fn has(&self, field: Field) -> bool {
        match field {
            Field::Dense(at) => self.dense(at).is_some(),
            Field::Ragged(at) => self.ragged(at).is_some(),
        }
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

    /// Whether these are the numbers of its fields.
    pub(crate) fn has_exactly(&self, numbers: impl Iterator<Item = u16>) -> bool {
        let (mut count, mut all) = (0, true);
        for number in numbers {
            count += 1;
            all &= self.has(Field::of(number));
        }
        all && count == self.by_name.len()
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
