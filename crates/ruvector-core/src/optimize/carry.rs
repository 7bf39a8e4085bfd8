//! Moves a state from the segments that a rewrite read to the one it wrote: deletes and payload updates that came
//! after the rewrite's snapshot are laid over the new rows. Drafts, frozen and persisted states all go this way.

use std::sync::Arc;

use ruvector_storage::{Bitmap, SealedSegment};

use crate::active::NONE;
use crate::view::{SegmentView, ShardView, Source};

/// A finished rewrite: which segments it replaces, and where their rows went.
#[derive(Debug)]
pub(crate) struct Replacement {
    pub(crate) sources: Vec<SegmentView>,
    /// For each source, the new row of each old one; [`NONE`] where it was dropped.
    pub(crate) new_rows: Vec<Vec<u32>>,
    /// The new segment; `None` if no row was left.
    pub(crate) sealed: Option<(u64, Arc<SealedSegment>)>,
    pub(crate) rows: u32,
}

impl Replacement {
    /// `state` with the sources replaced. A state that holds none of them comes back as it is.
    /// Cost: visits the deleted and updated rows of the sources.
    pub(crate) fn carry(&self, state: &ShardView) -> ShardView {
        let mut segments = Vec::with_capacity(state.segments.len());
        let mut target = self.sealed.as_ref().map(|(id, sealed)| SegmentView {
            id: *id,
            source: Source::Sealed(sealed.clone()),
            rows: self.rows,
            deletes: Bitmap::default(),
            delta: Default::default(),
        });
        let mut position = None;
        for segment in &state.segments {
            match self.sources.iter().position(|source| source.id == segment.id) {
                None => segments.push(segment.clone()),
                Some(source) => {
                    position.get_or_insert(segments.len());
                    if let Some(target) = &mut target {
                        self.lay_over(source, segment, target);
                    }
                }
            }
        }
        if let (Some(at), Some(target)) = (position, target) {
            segments.insert(at, target);
        }
        ShardView {
            seq: state.seq,
            segments,
        }
    }

    fn lay_over(&self, source: usize, state: &SegmentView, target: &mut SegmentView) {
        let (snapshot, new_rows) = (&self.sources[source], &self.new_rows[source]);
        let new_row = |old: u32| new_rows.get(old as usize).copied().filter(|row| *row != NONE);
        for old in state.deletes.iter() {
            if let Some(row) = new_row(old) {
                target.deletes.set(row);
            }
        }
        for (old, update) in state.delta.iter() {
            let written = snapshot.payload(old).map_or(0, |(_, version)| version);
            if let Some(row) = new_row(old).filter(|_| update.version > written) {
                target.delta.insert(row, update.clone());
            }
        }
    }
}
