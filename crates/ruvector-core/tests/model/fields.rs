//! Vector fields of a run: added and removed between its writes, some of which are in flight, under few names, so that a
//! name comes back with other vectors. Never leaves a collection without a field.

use ruvector_core::types::*;
use ruvector_core::{Ctx, ErrorKind, Wait};
use ruvector_testkit::Generator;

use crate::run::{Run, Size};

/// The names of fields, those that a run begins with among them.
const NAMES: [&str; 5] = ["", "title", "late", "words", "more"];

impl Run {
    /// Adds a field or removes one, after writes that nobody waited for.
    pub(crate) fn change_fields(&mut self) {
        for _ in 0..self.random.random.below(3) {
            let write = self.random.write();
            let outcome = self
                .collection
                .write(&Ctx::default(), write.clone(), Wait::Accepted);
            assert_eq!(
                outcome.unwrap().points_touched,
                self.model.apply(&write),
                "{write:?}"
            );
        }
        let name = self.random.random.of(&NAMES);
        let config = self.model.config();
        let there = config.vectors.contains_key(name) || config.sparse_vectors.contains_key(name);
        let fields = config.vectors.len() + config.sparse_vectors.len();
        match there {
            false => self.add(name),
            true if fields > 1 && !self.random.random.one_in(3) => self.remove(name),
            true => self.add_again(name),
        }
        self.random.use_fields(self.model.config());
        assert_eq!(
            self.collection.config(),
            *self.model.config(),
            "seed {}",
            self.seed
        );
        self.collection.flush().unwrap();
    }

    fn add(&mut self, name: &str) {
        let field = field(&mut self.random, name, Size::of(self.seed));
        assert!(self.database.add_vector_field("c", name, &field).unwrap());
        self.model.add_field(name, &field);
    }

    fn remove(&mut self, name: &str) {
        assert!(self.database.remove_vector_field("c", name).unwrap());
        assert!(!self.database.remove_vector_field("c", name).unwrap());
        let vector = self.random.vector(name);
        self.model.remove_field(name);
        // Gone at once, for whoever names it.
        let mut request = SearchRequest::nearest(vector.clone(), 1);
        request.using = name.to_owned();
        let found = self.collection.search(&Ctx::default(), &request);
        let names = VectorSelector::Names(vec![name.to_owned()]);
        let ids = self.random.ids(1);
        let got = self
            .collection
            .get(&Ctx::default(), &ids, &PayloadSelector::None, &names);
        let mut point = self.random.point();
        point.vectors = NamedVectors::from([(name.to_owned(), vector)]);
        let upsert = WriteOp::Upsert(Upsert {
            points: vec![point],
            ..Upsert::default()
        });
        let written = self.collection.write(&Ctx::default(), upsert, Wait::Accepted);
        for error in [found.unwrap_err(), got.unwrap_err(), written.unwrap_err()] {
            assert_eq!(error.kind(), ErrorKind::Invalid, "seed {}: {error}", self.seed);
        }
    }

    /// A field that is there is left alone, and one of other vectors refused.
    fn add_again(&mut self, name: &str) {
        let config = self.model.config();
        let (same, other) = match (config.vectors.get(name), config.sparse_vectors.get(name)) {
            (Some(vector), _) => {
                let mut other = *vector;
                other.dim += 1;
                (VectorField::Vectors(*vector), VectorField::Vectors(other))
            }
            (None, sparse) => {
                let dense = VectorConfig::new(3, Distance::Dot);
                let same = VectorField::Sparse(sparse.copied().unwrap());
                (same, VectorField::Vectors(dense))
            }
        };
        assert!(!self.database.add_vector_field("c", name, &same).unwrap());
        let error = self.database.add_vector_field("c", name, &other).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid, "seed {}: {error}", self.seed);
    }
}

/// A field of any kind; without a name, never a sparse one.
fn field(random: &mut Generator, name: &str, size: Size) -> VectorField {
    let random = &mut random.random;
    let kind = random.below(if name.is_empty() { 3 } else { 4 });
    if kind == 3 {
        return VectorField::Sparse(SparseVectorConfig {
            full_scan_threshold: random.one_in(2).then_some(0),
            on_disk: random.one_in(4),
            datatype: random.of(&[SparseDatatype::Float32, SparseDatatype::Float16]),
            modifier: random.of(&[Modifier::None, Modifier::Idf]),
        });
    }
    let distance = random.of(&[
        Distance::Euclid,
        Distance::Cosine,
        Distance::Dot,
        Distance::Manhattan,
    ]);
    let least = if size == Size::Graphs { 9 } else { 2 };
    let mut vector = VectorConfig::new(random.within(least..=least + 9) as u32, distance);
    vector.hnsw.m = 8;
    vector.hnsw.ef_construct = 40;
    vector.on_disk = random.one_in(4);
    vector.datatype = random.of(&[
        VectorDatatype::Float32,
        VectorDatatype::Float16,
        VectorDatatype::Uint8,
    ]);
    match kind {
        2 => vector.multivector = Some(MultiVectorComparator::MaxSim),
        _ if random.one_in(2) => {
            vector.quantization = Some(QuantizationConfig::of(Codes::Scalar { quantile: None }));
        }
        _ => {}
    }
    VectorField::Vectors(vector)
}
