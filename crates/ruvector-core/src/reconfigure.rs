//! Changes of a collection that is in use. Never touches a component: the optimizer sees what is wanted and makes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_storage::SealedSegment;
use ruvector_types::{CollectionConfig, HnswConfig, Invalid, Problem, QuantizationConfig};

use crate::collection::{Core, at_most};
use crate::schema::FieldSchema;
use crate::view::{SegmentView, Source};
use crate::{Database, Error};

impl Database {
    /// Changes a collection's configuration, durable on return; components that are to be different are made in the
    /// background, and searches use what there is meanwhile. What `change` makes of the configuration is refused where it
    /// differs in what is fixed: fields, dimensions, types of numbers, distances, how multi-vectors are compared, graph
    /// profiles, everything about sparse vectors, shards, and the thresholds at which the active segment is frozen. Where
    /// graphs are to have other links, segments in memory are frozen, and the next row opens one with such a graph.
    pub fn update_config<E: From<Error>>(
        &self,
        name: &str,
        change: impl FnOnce(&mut CollectionConfig) -> Result<(), E>,
    ) -> Result<(), E> {
        self.change_entry(name, |entry, _| {
            let before = entry.config.clone();
            change(&mut entry.config)?;
            check_fixed(&before, &entry.config).map_err(Error::invalid)?;
            self.check_config(&entry.config)?;
            Ok::<(), E>(())
        })?;
        Ok(())
    }

    /// Changes how vector fields are quantized, by name; `None` is not at all. Durable on return; the codes are made in
    /// the background, and searches use what there is meanwhile. What is not named stays.
    pub fn update_quantization(
        &self,
        name: &str,
        changes: &BTreeMap<String, Option<QuantizationConfig>>,
    ) -> Result<(), Error> {
        self.change_entry(name, |entry, collection| {
            for (vector, quantization) in changes {
                collection.core.schema.load().named(vector, "vectors")?;
                match entry.config.vectors.get_mut(vector) {
                    Some(config) => config.quantization = *quantization,
                    None if quantization.is_none() => {}
                    None => {
                        let rule = "sparse vectors have no codes";
                        let place = format!("vectors.{vector}");
                        return Err(Invalid::new(place, Problem::Contradiction { rule }).into());
                    }
                }
            }
            self.check_config(&entry.config)
        })?;
        Ok(())
    }

    /// Checks a configuration against the limits.
    pub(crate) fn check_config(&self, config: &CollectionConfig) -> Result<(), Error> {
        config.validate(self.limits())?;
        let bytes = ruvector_payload::encode(&config.settings.metadata).len();
        at_most(
            "metadata",
            bytes,
            self.limits().payload_bytes_max,
            "payload_bytes_max",
        )?;
        Ok(())
    }
}

/// Refuses a change of what data on disk or in memory depends on.
fn check_fixed(before: &CollectionConfig, after: &CollectionConfig) -> Result<(), Invalid> {
    let fixed = |field: &str, same: bool| match same {
        true => Ok(()),
        false => {
            let rule = "is fixed when the collection is created";
            Err(Invalid::new(field, Problem::Contradiction { rule }))
        }
    };
    fixed("shard_number", before.shards == after.shards)?;
    fixed("sparse_vectors", before.sparse_vectors == after.sparse_vectors)?;
    let (old, new) = (&before.optimizer, &after.optimizer);
    let place = "optimizers_config.active_bytes_max, active_rows_max, log_bytes_max";
    let thresholds = (old.active_bytes_max, old.active_rows_max, old.log_bytes_max);
    fixed(
        place,
        thresholds == (new.active_bytes_max, new.active_rows_max, new.log_bytes_max),
    )?;
    fixed("vectors", before.vectors.keys().eq(after.vectors.keys()))?;
    for ((name, old), new) in before.vectors.iter().zip(after.vectors.values()) {
        let fixed_parts = |vector: &ruvector_types::VectorConfig| {
            (vector.dim, vector.distance, vector.multivector, vector.datatype)
        };
        let kept = fixed_parts(old) == fixed_parts(new);
        fixed(&format!("vectors.{name}"), kept)?;
        let profile = old.hnsw.profile == new.hnsw.profile;
        fixed("hnsw_config.inline_storage", profile)?;
    }
    Ok(())
}

impl Core {
    /// The graph's parameters of a dense field as they are now, whatever schema `field` is of.
    pub(crate) fn hnsw(&self, field: &FieldSchema) -> HnswConfig {
        let schema = self.schema.load();
        let now = schema.dense(field.number);
        now.map_or(field.hnsw, |now| now.hnsw)
    }

    /// Vectors of a dense field below which a search is to compare with all of them.
    pub(crate) fn scan_below(&self, field: &FieldSchema) -> u64 {
        let threshold = self.hnsw(field).full_scan_threshold_kib;
        let vector_bytes = field.vector_bytes();
        threshold.map_or(0, |kib| kib.saturating_mul(1024) / vector_bytes.max(1))
    }

    /// Whether a segment has a graph of so many vectors of a dense field.
    pub(crate) fn wants_graph(&self, field: &FieldSchema, vectors: u32) -> bool {
        let optimizer = self.config.load().optimizer;
        self.hnsw(field).m > 0 && optimizer.wants_graph(vectors.into(), field.vector_bytes())
    }

    /// Whether graphs of a sealed segment are not what the configuration asks for. One that is not asked for any more
    /// because its segment is too small stays.
    pub(crate) fn graphs_differ(&self, sealed: &SealedSegment) -> bool {
        let differs = |field: &Arc<FieldSchema>| {
            let Some(slot) = sealed.fields.get(field.number).and_then(Option::as_ref) else {
                return false;
            };
            let hnsw = self.hnsw(field);
            match &slot.graph {
                None => self.wants_graph(field, slot.vectors.len()),
                Some(_) if hnsw.m == 0 => true,
                Some(graph) => {
                    let params = graph.params();
                    let built = (params.m, params.ef_construct);
                    built != (hnsw.m, hnsw.ef_construct) && self.wants_graph(field, slot.vectors.len())
                }
            }
        };
        let schema = self.schema.load();
        schema.dense_fields().any(differs)
    }

    /// Whether vectors that a graph is to find are missing in it.
    pub(crate) fn graphs_lag(&self, segment: &SegmentView) -> bool {
        match &segment.source {
            Source::Sealed(sealed) => !sealed.rows_damaged() && self.graphs_differ(sealed),
            Source::Active(active) => {
                let wanted = |field: &Arc<FieldSchema>| {
                    let slot = active.field(field.number);
                    slot.is_some_and(|slot| self.wants_graph(field, slot.ordinals_below(segment.rows)))
                };
                let schema = self.schema.load();
                active.graphs_lag(segment.rows) && schema.dense_fields().any(wanted)
            }
        }
    }
}
