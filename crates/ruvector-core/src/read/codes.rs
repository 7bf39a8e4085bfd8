//! Search of a sealed segment by the codes of its vectors: a scan of the codes, or a walk of a graph that compares with
//! them; then the best are measured exactly, if that is wanted. Never answers in part: the caller then goes another way.

use std::cell::RefCell;
use std::collections::BinaryHeap;

use ruvector_graph::{Neighbor, PlainGraph, Scratch, SearchParams, Space, Vectors};
use ruvector_quant::CodeQuery;
use ruvector_storage::{CodeBlock, Component, SealedField, VectorBlock};

use super::code_use::CodeUse;
use super::nearest::{Query, Target};
use super::plan::{Strategy, choose};
use super::top::TopHits;
use crate::kernels::finite;
use crate::{Error, Way};

/// Codes compared at once in a scan.
const SCAN_CODES: u32 = 256;

/// Search memory of a thread.
#[derive(Default)]
struct Memory {
    query: CodeQuery,
    scratch: Scratch,
    found: Vec<Neighbor>,
    best: BinaryHeap<Neighbor>,
}

thread_local! {
    static MEMORY: RefCell<Memory> = RefCell::default();
}

type SealedTarget<'a> = Target<'a, VectorBlock, PlainGraph<Component>>;

/// Offers the nearest live matching rows of `segment` to `top`; false if the codes cannot be read.
pub(super) fn search(
    query: &Query<'_>,
    target: &SealedTarget<'_>,
    (field, codes): (&SealedField, &CodeBlock),
    usage: CodeUse,
    top: &mut TopHits,
) -> Result<bool, Error> {
    MEMORY.with_borrow_mut(|memory| {
        let prepared = codes
            .encoder()
            .prepare_into(query.vector, usage.precision, &mut memory.query);
        if prepared.is_err() {
            return Ok(false);
        }
        let candidates = usage.candidates(query.wanted, codes);
        let figures = target.figures(query, candidates);
        let found = match choose(figures) {
            Strategy::Graph { ef, budget } => {
                let distances_max = budget.map(|budget| budget.distances);
                walk(query, target, (field, codes), (ef, distances_max), memory)
            }
            Strategy::Scan => false,
        };
        if !found && !scan(query, target, codes, candidates, memory)? {
            query.core.note_damage();
            return Ok(false);
        }
        memory.found.truncate(candidates);
        if usage.rescore {
            target.measure(query, &memory.found, top);
        } else {
            for neighbor in &memory.found {
                target.offer(neighbor.distance, field.vectors.row(neighbor.node), top);
            }
        }
        Ok(true)
    })
}

/// Offers `near` by the distances of their codes; offers nothing and is false if some cannot be read.
pub(super) fn offer_by_codes(
    query: &Query<'_>,
    target: &SealedTarget<'_>,
    (field, codes): (&SealedField, &CodeBlock),
    (usage, near): (CodeUse, &[Neighbor]),
    top: &mut TopHits,
) -> bool {
    MEMORY.with_borrow_mut(|memory| {
        let encoder = codes.encoder();
        if encoder
            .prepare_into(query.vector, usage.precision, &mut memory.query)
            .is_err()
        {
            return false;
        }
        // All are read before the first is offered: whoever answers instead offers the same rows.
        memory.found.clear();
        for Neighbor { node, .. } in near.iter().copied() {
            let Some(code) = codes.rows(node..node + 1) else {
                return false;
            };
            let distance = finite(memory.query.distance(code));
            memory.found.push(Neighbor { distance, node });
        }
        for neighbor in &memory.found {
            target.offer(neighbor.distance, field.vectors.row(neighbor.node), top);
        }
        true
    })
}

/// Codes as the nodes of a graph.
struct CodeRows<'a>(&'a CodeBlock);

impl Vectors for CodeRows<'_> {
    type Component = u8;

    fn len(&self) -> u32 {
        self.0.len()
    }

    #[inline]
    fn vector(&self, ordinal: u32) -> Option<&[u8]> {
        self.0.rows(ordinal..ordinal.checked_add(1)?)
    }

    #[inline]
    fn prefetch(&self, ordinal: u32) {
        self.0.prefetch(ordinal);
    }
}

/// Fills `memory.found` by a walk of the graph, closest first; false if that is no complete answer.
fn walk(
    query: &Query<'_>,
    target: &SealedTarget<'_>,
    (field, codes): (&SealedField, &CodeBlock),
    (ef, distances_max): (usize, Option<u64>),
    memory: &mut Memory,
) -> bool {
    let Some(links) = &field.graph else {
        return false;
    };
    query.ctx.took_with(Way::CodeGraph, query.ef_in(target.segment));
    let prepared = &memory.query;
    let distance = |_: &[u8], code: &[u8]| prepared.distance(code);
    let rows = CodeRows(codes);
    let params = SearchParams {
        query: &[],
        ef,
        distances_max,
        reach: None,
    };
    let mut accept = |ordinal| target.accepts(field.vectors.row(ordinal));
    let outcome = ruvector_graph::search(
        &params,
        Space::with(&rows, &distance),
        links,
        &mut accept,
        &mut memory.scratch,
        &mut memory.found,
    );
    query.ctx.count(outcome.expanded, 0);
    outcome.unreadable == 0 && !outcome.exhausted_budget
}

/// Fills `memory.found` with the `candidates` closest of all codes, closest first; false if some cannot be read.
fn scan(
    query: &Query<'_>,
    target: &SealedTarget<'_>,
    codes: &CodeBlock,
    candidates: usize,
    memory: &mut Memory,
) -> Result<bool, Error> {
    query.ctx.took(Way::CodeScan);
    let mut distances = [0.0; SCAN_CODES as usize];
    memory.best.clear();
    for start in (0..codes.len()).step_by(SCAN_CODES as usize) {
        query.ctx.check(query.core.io.as_ref())?;
        let end = start.saturating_add(SCAN_CODES).min(codes.len());
        let distances = &mut distances[..(end - start) as usize];
        let compared = codes
            .rows(start..end)
            .is_some_and(|rows| memory.query.distances(rows, distances).is_ok());
        if !compared {
            return Ok(false);
        }
        for (node, distance) in (start..end).zip(distances.iter()) {
            let neighbor = Neighbor {
                distance: finite(*distance),
                node,
            };
            let full = memory.best.len() >= candidates;
            let enters = !full || memory.best.peek().is_some_and(|worst| neighbor < *worst);
            if enters && target.accepts(target.row(node)) {
                if full {
                    memory.best.pop();
                }
                memory.best.push(neighbor);
            }
        }
    }
    memory.found.clear();
    memory.found.extend(memory.best.drain());
    memory.found.sort_unstable();
    Ok(true)
}
