//! Promotes a component: its body is copied into resident memory, every region verified as it is copied, and served
//! from there ever after. Never serves a byte of a copy of which one region does not match its checksum.

use std::sync::atomic::Ordering;

use ruvector_io::{Io, IoError, ResidentBudget, ResidentBuffer};

use crate::component::Component;

/// A component being promoted, some regions a step.
#[derive(Debug)]
pub struct Promotion {
    component: Component,
    stage: Stage,
    /// The next region to copy or to let go of.
    next: usize,
}

#[derive(Debug)]
enum Stage {
    Copy(ResidentBuffer),
    /// The copy is served; the file's pages leave the process.
    Release,
}

impl Component {
    /// Whether it is served from a copy in resident memory: without checksum and fault checks, from huge pages.
    pub fn is_promoted(&self) -> bool {
        self.inner.promoted.get().is_some()
    }

    /// Bytes of the copy; 0 if it is not promoted.
    pub fn promoted_bytes(&self) -> u64 {
        self.inner.promoted.get().map_or(0, |copy| copy.len() as u64)
    }

    /// Whether promoting it makes sense: it is not promoted, not empty, has no damage known, and was not refused.
    pub fn is_promotable(&self) -> bool {
        let refused = self.inner.stays_mapped.load(Ordering::Relaxed);
        !refused && !self.is_promoted() && !self.is_empty() && self.damage().is_none()
    }

    /// Begins to promote it, at the expense of `budget`. `None` if the budget does not suffice now, or if this
    /// backend's files are in memory already. In the latter case, and after an error, it is not promotable any more.
    ///
    /// # Errors
    /// The system gives no memory.
    pub fn promote(&self, io: &dyn Io, budget: &ResidentBudget) -> Result<Option<Promotion>, IoError> {
        let Some(room) = budget.take(self.len()).filter(|_| self.is_promotable()) else {
            return Ok(None);
        };
        let buffer = io.allocate_resident(self.path(), room);
        if !matches!(buffer, Ok(Some(_))) {
            self.stay_mapped();
        }
        Ok(buffer?.map(|buffer| Promotion {
            component: self.clone(),
            stage: Stage::Copy(buffer),
            next: 0,
        }))
    }

    fn stay_mapped(&self) {
        self.inner.stays_mapped.store(true, Ordering::Relaxed);
    }
}

impl Promotion {
    /// What is being promoted.
    pub fn component(&self) -> &Component {
        &self.component
    }

    /// Works on up to `regions_max` regions of 64 KiB: copies and verifies them, or, once the copy is served, lets
    /// the file's pages go. Returns the rest of the work; `None` at the end, or when a region is damaged, which the
    /// component then reports: [`Component::is_promoted`] tells which.
    ///
    /// # Errors
    /// The system refuses to protect the memory. The component is served from its file.
    pub fn step(self, regions_max: usize) -> Result<Option<Promotion>, IoError> {
        let regions = self.component.inner.regions();
        let end = self.next.saturating_add(regions_max).min(regions);
        match self.stage {
            Stage::Copy(buffer) => copy(self.component, buffer, self.next..end),
            Stage::Release => {
                self.component.inner.release(self.next..end);
                Ok((end < regions).then_some(Promotion { next: end, ..self }))
            }
        }
    }
}

fn copy(
    component: Component,
    mut buffer: ResidentBuffer,
    regions: std::ops::Range<usize>,
) -> Result<Option<Promotion>, IoError> {
    let inner = &component.inner;
    let mut next = regions.end;
    for region in regions {
        let copied = inner.mapped_region(region).and_then(|bytes| buffer.append(bytes));
        if !inner.record(region, copied) {
            return Ok(None);
        }
    }
    let stage = if next < inner.regions() {
        Stage::Copy(buffer)
    } else {
        next = 0;
        let finished = buffer.finish(component.path());
        let copy = finished.inspect_err(|_| component.stay_mapped())?;
        // Two promotions of one component end in the same bytes: the first is kept.
        let _ = inner.promoted.set(copy);
        Stage::Release
    };
    Ok(Some(Promotion {
        component,
        stage,
        next,
    }))
}
