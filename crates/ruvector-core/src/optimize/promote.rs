//! Promotes the components that searches read at random into resident memory, a bounded piece a step. Never decides
//! which (`residency`), never fails a shard: what is not promoted is served from its file.

use ruvector_storage::{Component, ComponentKind, DeclaredIndex, FieldOf, SealedIndex, SealedSegment};

use super::Jobs;
use super::residency::{Candidate, Placement, choose};
use crate::collection::Core;
use crate::view::{ShardView, Source};

/// Regions of 64 KiB copied in one step: 8 MiB.
pub(super) const PROMOTE_REGIONS: usize = 128;

impl Core {
    /// Whether a component is being promoted, or one that is worth it fits into what is left of the budget.
    pub(super) fn has_promotion(&self, jobs: &Jobs, view: &ShardView) -> bool {
        jobs.promotion.is_some() || self.next_promotion(sealed_segments(view)).is_some()
    }

    /// One piece of a promotion.
    pub(super) fn advance_promotion(&self, jobs: &mut Jobs, view: &ShardView) {
        // A component whose segment was rewritten meanwhile is not worth the memory any more.
        let named = |component: &Component| components(view).any(|other| other.path() == component.path());
        let running = jobs.promotion.take();
        let promotion = match running.filter(|promotion| named(promotion.component())) {
            Some(promotion) => Ok(Some(promotion)),
            None => match self.next_promotion(sealed_segments(view)) {
                Some(component) => component.promote(self.io.as_ref(), &self.promoted_budget),
                None => Ok(None),
            },
        };
        // An error: the system is short of memory. The component is not tried again.
        if let Ok(Some(promotion)) = promotion {
            jobs.promotion = promotion.step(PROMOTE_REGIONS).unwrap_or(None);
        }
    }

    /// The component of these segments that is most worth resident memory, of those that fit.
    pub(super) fn next_promotion<'a>(
        &self,
        segments: impl Iterator<Item = &'a SealedSegment>,
    ) -> Option<&'a Component> {
        let free_bytes = self.promoted_budget.free_bytes();
        if free_bytes == 0 {
            return None;
        }
        let promotable: Vec<(&Component, Placement)> = self
            .placements(segments)
            .filter(|(component, _)| component.is_promotable())
            .collect();
        let candidates: Vec<Candidate> = promotable
            .iter()
            .map(|(component, placement)| Candidate {
                kind: component.kind(),
                bytes: component.len(),
                placement: *placement,
            })
            .collect();
        let first = *choose(&candidates, free_bytes).first()?;
        promotable.get(first).map(|(component, _)| *component)
    }

    /// The components of sealed segments, with what the configuration says of them.
    pub(super) fn placements<'a>(
        &self,
        segments: impl Iterator<Item = &'a SealedSegment>,
    ) -> impl Iterator<Item = (&'a Component, Placement)> {
        let (quantization, schema) = (self.quantization.load(), self.schema.load_full());
        let placement = move |component: &Component, field: FieldOf| {
            let (field, on_disk) = match field {
                FieldOf::Rows => (None, false),
                FieldOf::Dense(at) => match schema.dense(at) {
                    Some(field) => (Some(field), field.on_disk),
                    // Removed: it goes soon.
                    None => return Placement::Disk,
                },
                FieldOf::Ragged(at) => match schema.ragged(at) {
                    Some(field) => (None, field.on_disk),
                    None => return Placement::Disk,
                },
            };
            let pinned = field
                .and_then(|field| quantization.get(field.number).copied().flatten())
                .is_some_and(|config| config.always_ram);
            match component.kind() {
                ComponentKind::Vectors | ComponentKind::Ragged | ComponentKind::SparseIndex if on_disk => {
                    Placement::Disk
                }
                ComponentKind::Graph | ComponentKind::FastGraph
                    if field.is_some_and(|field| field.hnsw.on_disk) =>
                {
                    Placement::Disk
                }
                ComponentKind::Codes if pinned => Placement::Memory,
                _ => Placement::Free,
            }
        };
        let declared = self.indexes.load();
        segments.flat_map(move |sealed| {
            let all = sealed
                .components_by_field()
                .map(|(component, field)| match component.kind() {
                    ComponentKind::FieldIndex => (component, index_placement(sealed, component, &declared)),
                    _ => (component, placement(component, field)),
                });
            all.collect::<Vec<_>>()
        })
    }
}

/// What the declaration of a payload index says of its component.
fn index_placement(sealed: &SealedSegment, component: &Component, declared: &[DeclaredIndex]) -> Placement {
    let of_component = |index: &&SealedIndex| index.component().path() == component.path();
    let number = sealed.indexes.iter().find(of_component).map(|index| index.number);
    let index = declared.iter().find(|declared| Some(declared.number) == number);
    match index.map(|declared| &declared.index) {
        Some(index) if index.on_disk => Placement::Disk,
        Some(index) if index.is_principal => Placement::Memory,
        _ => Placement::Free,
    }
}

/// The components of a view's sealed segments.
fn components(view: &ShardView) -> impl Iterator<Item = &Component> {
    sealed_segments(view).flat_map(|sealed| sealed.components())
}

fn sealed_segments(view: &ShardView) -> impl Iterator<Item = &SealedSegment> {
    view.segments.iter().filter_map(|segment| match &segment.source {
        Source::Sealed(sealed) => Some(sealed.as_ref()),
        Source::Active(_) => None,
    })
}
