//! Takes away what sealed segments still have of vector fields that were removed: their components are files of their own,
//! so a manifest that does not name them is all it takes. Never reads or writes a vector.

use ruvector_storage::{FieldEntry, RaggedEntry, SealedSegment};

use super::Jobs;
use crate::Error;
use crate::collection::Core;
use crate::shard::Shard;
use crate::view::ShardView;

impl Core {
    /// Whether a segment has components of a field that was removed.
    pub(super) fn has_leftovers(&self, sealed: &SealedSegment) -> bool {
        let schema = self.schema.load();
        let dense = |field: &FieldEntry| schema.dense(field.field.into()).is_none();
        let ragged = |field: &RaggedEntry| schema.ragged(field.field.into()).is_none();
        sealed.entry.fields.iter().any(dense) || sealed.entry.ragged.iter().any(ragged)
    }

    /// Takes them away, the manifest first, then the states in memory, then the files. Of a damaged segment too: what stays is
    /// not read for it.
    pub(super) fn drop_leftovers(
        &self,
        shard: &Shard,
        jobs: &mut Jobs,
        view: &ShardView,
        id: u64,
    ) -> Result<(), Error> {
        let Some(sealed) = view.sealed(id) else {
            return Ok(());
        };
        let (schema, mut entry) = (self.schema.load(), sealed.entry.clone());
        entry
            .fields
            .retain(|field| schema.dense(field.field.into()).is_some());
        entry
            .ragged
            .retain(|field| schema.ragged(field.field.into()).is_some());
        self.replace_components(shard, jobs, (id, sealed.clone()), &entry)
    }
}
