//! Which components of a shard are worth resident memory, decided purely: `(candidates, free bytes) → choice`.
//! Never touches data.

use ruvector_storage::ComponentKind;

/// Bytes below which a component is not promoted: it fits the processor's caches as it is, and thousands of small
/// collections would take a mapping of the kernel's limited number for each.
pub(crate) const PROMOTED_BYTES_MIN: u64 = 256 << 10;

/// A component that could be promoted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Candidate {
    pub(crate) kind: ComponentKind,
    pub(crate) bytes: u64,
    pub(crate) placement: Placement,
}

/// What the collection's configuration says of a component.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Placement {
    /// Nothing.
    Free,
    /// It is to be in memory before others.
    Memory,
    /// It is to stay in its file.
    Disk,
}

/// The candidates to promote within `free_bytes`, by position, the largest benefit first. What does not fit is
/// passed over for what does.
///
/// A search reads dozens of places in the fast graph, about ten vectors, one id a hit; a filtered one asks the indexes
/// first; one without a fast layout walks the plain graph and compares with codes or vectors. What the configuration wants
/// in memory goes first. Among equals the larger one goes first: of a small one, more is in the caches anyway.
pub(crate) fn choose(candidates: &[Candidate], free_bytes: u64) -> Vec<usize> {
    let worth = |at: &usize| rank(candidates[*at]).is_some();
    let mut order: Vec<usize> = (0..candidates.len()).filter(worth).collect();
    order.sort_by_key(|at| {
        let candidate = candidates[*at];
        (rank(candidate), std::cmp::Reverse(candidate.bytes))
    });
    let mut free_bytes = free_bytes;
    order.retain(|at| {
        let left = free_bytes.checked_sub(candidates[*at].bytes);
        free_bytes = left.unwrap_or(free_bytes);
        left.is_some()
    });
    order
}

/// The lower, the more of it a search reads at random; `None` if it is not worth promoting.
fn rank(candidate: Candidate) -> Option<u32> {
    if candidate.bytes < PROMOTED_BYTES_MIN || candidate.placement == Placement::Disk {
        return None;
    }
    if candidate.placement == Placement::Memory {
        return Some(0);
    }
    match candidate.kind {
        ComponentKind::FastGraph | ComponentKind::SparseIndex => Some(1),
        ComponentKind::Codes => Some(2),
        ComponentKind::Vectors | ComponentKind::Ragged => Some(3),
        ComponentKind::FieldIndex => Some(4),
        ComponentKind::Graph => Some(5),
        ComponentKind::Ids => Some(6),
        ComponentKind::Payload | ComponentKind::Deletes | ComponentKind::PayloadDelta => None,
    }
}

#[cfg(test)]
mod tests {
    //! Goal: the budget holds, the order is that of benefit, nothing that fits is left out. Method: one case by
    //! hand, then all budgets over a mixed set.
    use super::*;
    use ComponentKind::{FastGraph, Graph, Ids, Payload, Vectors};

    const MIB: u64 = 1 << 20;

    fn candidates(of: &[(ComponentKind, u64)]) -> Vec<Candidate> {
        of.iter()
            .map(|(kind, bytes)| Candidate {
                kind: *kind,
                bytes: *bytes,
                placement: Placement::Free,
            })
            .collect()
    }

    #[test]
    fn largest_benefit_first_within_the_budget() {
        let all = candidates(&[
            (Ids, MIB),
            (Graph, 3 * MIB),
            (Vectors, 29 * MIB),
            (FastGraph, 5 * MIB),
            (FastGraph, 43 * MIB),
            (Payload, 9 * MIB),
            (Vectors, PROMOTED_BYTES_MIN - 1),
        ]);
        assert_eq!(choose(&all, u64::MAX), [4, 3, 2, 1, 0]);
        assert_eq!(choose(&all, 0), [0; 0]);
        let mut placed = all.clone();
        (placed[0].placement, placed[2].placement) = (Placement::Memory, Placement::Disk);
        assert_eq!(choose(&placed, u64::MAX), [0, 4, 3, 1]);
        assert_eq!(
            choose(&all, 47 * MIB),
            [4, 1, 0],
            "what does not fit is passed over"
        );
        for budget in 0..90 {
            let chosen = choose(&all, budget * MIB);
            let used: u64 = chosen.iter().map(|at| all[*at].bytes).sum();
            assert!(used <= budget * MIB);
            let free = budget * MIB - used;
            let left_out = (0..5).filter(|at| !chosen.contains(at));
            assert!(left_out.into_iter().all(|at| all[at].bytes > free), "{budget}");
        }
    }
}
