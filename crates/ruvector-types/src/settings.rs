//! What a collection keeps beside its fields and thresholds. Never holds what a node decides at run time.

use crate::{HnswConfig, Invalid, Limits, Map, Problem, Value};

/// What holds for a collection as a whole.
#[derive(Clone, Debug, PartialEq)]
pub struct CollectionSettings {
    /// The graphs' parameters where a vector has none of its own.
    pub hnsw: HnswConfig,
    /// Copies of each shard asked for; one node holds one, whatever is asked for.
    pub replication_factor: u32,
    /// Copies that must hold a write; on one node, the one there is.
    pub write_consistency_factor: u32,
    /// Further nodes that each read is sent to; on one node there are none.
    pub read_fan_out_factor: Option<u32>,
    /// Milliseconds after which a read is sent to a further node; on one node there are none.
    pub read_fan_out_delay_ms: Option<u64>,
    /// What the collection's owner notes about it.
    pub metadata: Map,
}

impl Default for CollectionSettings {
    fn default() -> Self {
        CollectionSettings {
            hnsw: HnswConfig::default(),
            replication_factor: 1,
            write_consistency_factor: 1,
            read_fan_out_factor: None,
            read_fan_out_delay_ms: None,
            metadata: Map::new(),
        }
    }
}

impl CollectionSettings {
    /// Lays `changes` over the metadata key by key; `null` removes a key.
    pub fn merge_metadata(&mut self, changes: Map) {
        for (key, value) in changes {
            match value {
                Value::Null => drop(self.metadata.remove(&key)),
                value => drop(self.metadata.insert(key, value)),
            }
        }
    }

    /// Checks every value against `limits`. The bytes of the metadata are checked where they are encoded.
    pub(crate) fn validate(&self, limits: &Limits) -> Result<(), Invalid> {
        for (field, copies) in [
            ("replication_factor", self.replication_factor),
            ("write_consistency_factor", self.write_consistency_factor),
        ] {
            if copies == 0 {
                return Err(Invalid::new(field, Problem::BelowLimit { given: 0, limit: 1 }));
            }
        }
        let depth = 1 + self.metadata.values().map(Value::depth).max().unwrap_or(0);
        if depth > limits.payload_depth_max {
            let problem = Problem::AboveLimit {
                given: depth as u64,
                limit: limits.payload_depth_max as u64,
                limit_name: "payload_depth_max",
            };
            return Err(Invalid::new("metadata", problem));
        }
        Ok(())
    }
}

/// One change of the names that stand for collections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AliasAction {
    /// `alias` stands for `collection` from now on, whatever it stood for before.
    Create {
        /// The other name.
        alias: String,
        /// The collection, by its own name.
        collection: String,
    },
    /// `alias` stands for nothing from now on; nothing happens if it did not before.
    Delete {
        /// The other name.
        alias: String,
    },
    /// What `from` stands for, `to` stands for from now on.
    Rename {
        /// The alias as it is called.
        from: String,
        /// The alias as it is to be called.
        to: String,
    },
}
