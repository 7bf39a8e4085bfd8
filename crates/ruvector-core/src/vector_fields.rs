//! Vector fields of a collection that come and go while it is in use. One durable step of the catalog decides; then the
//! schema in memory is swapped. Never touches a component: what is left of a field that was removed, the optimizer takes
//! away (`optimize/leftovers.rs`).

use std::sync::Arc;

use ruvector_storage::CatalogEntry;
use ruvector_types::{CollectionConfig, Invalid, Problem, VectorConfig, VectorField};

use crate::collection::Core;
use crate::open::quantization_by_field;
use crate::optimize::freeze;
use crate::schema::Schema;
use crate::shard::Shard;
use crate::{Database, Error, ErrorKind};

impl Database {
    /// Adds a vector field, durable on return; points that are there lack it. False if the collection has a field of that
    /// name and of the same vectors: it stays as it is, its other options too. One of other vectors is an error.
    /// Cost: waits for the writes between their validation and their place in the log, which do no work for the optimizer
    /// there, and freezes the segments in memory.
    pub fn add_vector_field(&self, collection: &str, name: &str, field: &VectorField) -> Result<bool, Error> {
        let mut is_new = false;
        self.change_entry(collection, |entry, collection| {
            collection.core.admit()?;
            if is_there(&entry.config, name, field)? {
                return Ok(());
            }
            is_new = true;
            match field {
                VectorField::Vectors(vector) => {
                    entry.config.vectors.insert(name.to_owned(), *vector);
                }
                VectorField::Sparse(sparse) => {
                    entry.config.sparse_vectors.insert(name.to_owned(), *sparse);
                }
            }
            self.check_config(&entry.config)?;
            match entry.fields.add(name, is_dense(field)) {
                true => Ok(()),
                false => Err(used_up()),
            }
        })?;
        Ok(is_new)
    }

    /// Removes a vector field, durable on return; the points stay. Whoever reads holds what it read; from then on nobody
    /// else finds the field, and its bytes go in the background. False if there was none. After an I/O error the next open
    /// tells whether it is gone.
    /// Cost: as of [`Database::add_vector_field`].
    pub fn remove_vector_field(&self, collection: &str, name: &str) -> Result<bool, Error> {
        let mut found = false;
        self.change_entry(collection, |entry, collection| {
            collection.core.admit()?;
            let config = &mut entry.config;
            found = config.vectors.remove(name).is_some() | config.sparse_vectors.remove(name).is_some();
            entry.fields.remove(name);
            Ok::<(), Error>(())
        })?;
        Ok(found)
    }
}

fn is_dense(field: &VectorField) -> bool {
    matches!(field, VectorField::Vectors(vector) if vector.multivector.is_none())
}

/// Whether a field of that name holds such vectors; an error if it holds others.
fn is_there(config: &CollectionConfig, name: &str, field: &VectorField) -> Result<bool, Invalid> {
    let space = |vector: &VectorConfig| {
        let VectorConfig { dim, distance, .. } = *vector;
        (dim, distance, vector.multivector, vector.datatype)
    };
    let same = match (field, config.vectors.get(name), config.sparse_vectors.get(name)) {
        (_, None, None) => return Ok(false),
        (VectorField::Vectors(new), Some(there), _) => space(new) == space(there),
        (VectorField::Sparse(new), _, Some(there)) => {
            (new.datatype, new.modifier) == (there.datatype, there.modifier)
        }
        _ => false,
    };
    match same {
        true => Ok(true),
        false => {
            let rule = "a vector of that name is there, with another configuration";
            Err(Invalid::new("vector_name", Problem::Contradiction { rule }))
        }
    }
}

fn used_up() -> Error {
    let text = "the collection was given 32,768 vector fields of this kind in its life, and there can be no more: copy \
                its points into a new one";
    Error::new(ErrorKind::LimitExceeded, "vector_field_numbers", text)
}

impl Core {
    /// Takes over what the catalog says from now on. The caller holds the catalog.
    pub(crate) fn adopt(&self, entry: CatalogEntry) {
        let by_field = quantization_by_field(&entry.config, &entry.fields);
        self.quantization.store(Arc::new(by_field));
        let before = self.schema.load_full();
        let batch_points_max = self.limits.batch_points_max;
        let schema = Schema::of(&entry.config, &entry.fields, batch_points_max, Some(&before));
        if !schema.is_same(&before) {
            self.change_schema(&before, Arc::new(schema));
        }
        self.config.store(Arc::new(entry.config));
        self.indexes.store(Arc::new(entry.indexes));
    }

    /// Puts a schema in force, for writes and then for reads. Segments in memory are frozen where they do not do for it: they
    /// have the fields and graphs of the schema they were made with.
    fn change_schema(&self, before: &Schema, schema: Arc<Schema>) {
        let frozen: &[Shard] = match schema.takes_segments_of(before) {
            true => &[],
            false => &self.shards,
        };
        {
            let _none_under_way = self.writes_under_way.write();
            for shard in frozen {
                let mut sequencer = shard.sequencer.lock();
                if sequencer.open {
                    freeze(shard, &mut sequencer);
                }
            }
            self.schema.store(schema);
        }
        self.publish_schema();
    }
}
