//! Brings a segment just written into memory before searches meet it: what they read at random is promoted, the rest
//! verified once. Never fails a rewrite, and never serves the segment: what is not warm is read from its file later.

use std::sync::Arc;

use ruvector_storage::{Component, Promotion, SealedSegment};

use super::promote::PROMOTE_REGIONS;
use super::residency::Placement;
use crate::collection::Core;

/// Bytes up to which a component that is not promoted is read as a whole. Of a larger one searches read parts, and all of
/// it would push other files out of the page cache.
const VERIFIED_BYTES_MAX: u64 = 64 << 20;

/// Bytes of a segment that is warmed in one step, the one that ends its last file.
const SMALL_BYTES: u64 = 8 << 20;

/// A segment being warmed, a bounded piece a step.
#[derive(Debug)]
pub(crate) struct Warming {
    segment: Arc<SealedSegment>,
    stage: Stage,
}

#[derive(Debug)]
enum Stage {
    Promote(Option<Promotion>),
    Verify(Vec<Component>),
}

impl Warming {
    /// Where memory is scarce nothing is promoted yet: what is written later, such as codes, may go before.
    pub(crate) fn new(segment: Arc<SealedSegment>, core: &Core) -> Warming {
        let ample = core.promoted_budget.free_bytes() / 2 >= bytes(&segment);
        let stage = match ample {
            true => Stage::Promote(None),
            false => Stage::Verify(unpromoted(core, &segment)),
        };
        Warming { segment, stage }
    }

    /// All of a segment so small that it is one piece; `None` at the end.
    pub(crate) fn begin(self, core: &Core) -> Option<Warming> {
        if bytes(&self.segment) > SMALL_BYTES {
            return Some(self);
        }
        let mut left = Some(self);
        while let Some(warming) = left {
            left = warming.step(core);
        }
        None
    }

    /// One piece: copies or verifies up to 8 MiB; `None` at the end.
    pub(crate) fn step(self, core: &Core) -> Option<Warming> {
        let stage = match self.stage {
            Stage::Promote(running) => match running.or_else(|| next(core, &self.segment)) {
                // What cannot be copied is not promotable any more, so the next one is another component.
                Some(promotion) => Stage::Promote(promotion.step(PROMOTE_REGIONS).unwrap_or(None)),
                None => Stage::Verify(unpromoted(core, &self.segment)),
            },
            Stage::Verify(mut left) => {
                if left.last()?.scrub_step(PROMOTE_REGIONS).finished {
                    left.pop();
                }
                Stage::Verify(left)
            }
        };
        Some(Warming { stage, ..self })
    }
}

fn bytes(segment: &SealedSegment) -> u64 {
    segment.components().map(Component::len).sum()
}

fn next(core: &Core, segment: &SealedSegment) -> Option<Promotion> {
    while let Some(component) = core.next_promotion(std::iter::once(segment)) {
        match component.promote(core.io.as_ref(), &core.promoted_budget) {
            Ok(Some(promotion)) => return Some(promotion),
            // Others have taken the room meanwhile.
            Ok(None) if component.is_promotable() => return None,
            Ok(None) | Err(_) => {}
        }
    }
    None
}

fn unpromoted(core: &Core, segment: &SealedSegment) -> Vec<Component> {
    let worth = |(component, placement): &(&Component, Placement)| {
        let read = *placement != Placement::Disk && component.len() <= VERIFIED_BYTES_MAX;
        read && !component.is_promoted() && !component.is_empty()
    };
    let all = core.placements(std::iter::once(segment)).filter(worth);
    all.map(|(component, _)| component.clone()).collect()
}
