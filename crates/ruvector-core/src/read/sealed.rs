//! One dense field of a sealed segment: which of its structures answers a search, and the exact distances of what they
//! found. Never walks or scans itself.

use ruvector_graph::{Neighbor, PlainGraph, Vectors};
use ruvector_storage::{Component, SealedField, VectorBlock};

use super::codes;
use super::costs::costs;
use super::fast::{self, FastEnd};
use super::matching::SegmentFilter;
use super::nearest::{Place, Query, Target};
use super::plan::{Figures, Strategy, choose};
use super::top::TopHits;
use crate::Error;
use crate::kernels::{Stored, finite, with_typed};
use crate::view::SegmentView;

impl<'a> Target<'a, VectorBlock, PlainGraph<Component>> {
    /// A field of a sealed segment.
    pub(super) fn sealed(
        segment: &'a SegmentView,
        place: Place,
        (number, field): (usize, &'a SealedField),
        filter: Option<&'a SegmentFilter<'a>>,
    ) -> Self {
        let (visible, indexed) = segment.vector_counts(number);
        Target {
            segment,
            place,
            filter,
            vectors: &field.vectors,
            links: field.graph.as_ref(),
            indexed,
            visible,
        }
    }

    /// By the fast layout, by codes, by the plain graph, or by a scan: the first that serves.
    pub(super) fn search_sealed(
        &self,
        query: &Query<'_>,
        field: &SealedField,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        let row_of = &|ordinal| Some(field.vectors.row(ordinal));
        let coded = query.codes.zip(field.codes.as_ref());
        let candidates = coded.map_or(query.wanted, |(usage, codes)| {
            usage.candidates(query.wanted, codes)
        });
        let figures = Figures {
            costs: self
                .filter
                .filter(|_| field.fast.is_some())
                .map(|_| costs(query, field)),
            ..self.figures(query, candidates)
        };
        let strategy = choose(figures);
        let end = match (strategy, self.filter) {
            (Strategy::Graph { ef, budget }, _) => {
                fast::search(query, self, field, (ef, candidates, budget), top)
            }
            (Strategy::Scan, Some(filter)) if !query.exact => {
                fast::scan(query, self, (field, filter), candidates, top)?
            }
            (Strategy::Scan, _) => FastEnd::Unavailable,
        };
        let end = match (end, self.filter) {
            (FastEnd::Exhausted, Some(filter)) => fast::scan(query, self, (field, filter), candidates, top)?,
            (end, _) => end,
        };
        match end {
            FastEnd::Answered => return Ok(()),
            FastEnd::Exhausted if coded.is_none() => {
                return with_typed!(self.vectors, typed => self.over(typed).scan(query, 0, row_of, top));
            }
            FastEnd::Exhausted | FastEnd::Unavailable => {}
        }
        if let Some((usage, codes)) = coded
            && codes::search(query, self, (field, codes), usage, top)?
        {
            return Ok(());
        }
        with_typed!(self.vectors, typed => self.over(typed).search(query, row_of, top))
    }

    /// Measures `near` exactly and offers them.
    pub(super) fn measure(&self, query: &Query<'_>, near: &[Neighbor], top: &mut TopHits) {
        query.ctx.count(0, near.len() as u64);
        if query.field.on_disk {
            self.vectors
                .fetch_ahead(near.iter().map(|neighbor| neighbor.node));
        }
        self.prefetch(self.vectors, near);
        with_typed!(self.vectors, typed => self.measure_typed(query, typed, near, top));
    }

    fn measure_typed<V: Vectors>(&self, query: &Query<'_>, vectors: &V, near: &[Neighbor], top: &mut TopHits)
    where
        V::Component: Stored,
    {
        let kernels = query.kernels();
        for neighbor in near {
            let Some(vector) = vectors.vector(neighbor.node) else {
                query.core.note_damage();
                continue;
            };
            let distance = finite(V::Component::from_query(kernels, query.vector, vector));
            self.offer(distance, self.vectors.row(neighbor.node), top);
        }
    }

    /// A hint that these are measured soon.
    pub(super) fn prefetch(&self, vectors: &VectorBlock, near: &[Neighbor]) {
        for neighbor in near {
            vectors.prefetch(neighbor.node);
            self.segment.prefetch(vectors.row(neighbor.node));
        }
    }

    pub(super) fn row(&self, ordinal: u32) -> u32 {
        self.vectors.row(ordinal)
    }
}

impl<L> Target<'_, VectorBlock, L> {
    /// The same with its vectors typed.
    fn over<'b, W>(&'b self, vectors: &'b W) -> Target<'b, W, L> {
        Target {
            segment: self.segment,
            place: self.place,
            filter: self.filter,
            vectors,
            links: self.links,
            indexed: self.indexed,
            visible: self.visible,
        }
    }
}
