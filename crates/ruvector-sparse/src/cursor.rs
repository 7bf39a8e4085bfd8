//! A place in the list of one dimension, moving forward only. Never decodes a block that it passes over.

use std::ops::Range;

use crate::format::{BLOCK, Block, Term};
use crate::index::{ListBytes, SparseIndex, Unreadable};
use crate::pack::unpack;

/// One dimension of a query.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// The query's weight.
    pub(crate) weight: f32,
    /// The largest absolute weight of the list.
    pub(crate) reach: f32,
    blocks: Range<u64>,
    /// The record of `blocks.start`, once read.
    block: Option<Block>,
    /// Whether the buffers hold that block, and the first of its postings not passed.
    decoded: bool,
    at: usize,
    ordinals: [u32; BLOCK],
    weights: [f32; BLOCK],
}

impl Cursor {
    pub(crate) fn new(term: Term, blocks: Range<u64>, weight: f32) -> Cursor {
        Cursor {
            weight,
            reach: term.max.abs().max(term.min.abs()),
            blocks,
            block: None,
            decoded: false,
            at: 0,
            ordinals: [0; BLOCK],
            weights: [0.0; BLOCK],
        }
    }

    /// The record of the block at hand; `None` at the end.
    fn block(&mut self, index: &SparseIndex<impl ListBytes>) -> Result<Option<Block>, Unreadable> {
        if self.blocks.is_empty() {
            return Ok(None);
        }
        if self.block.is_none() {
            self.block = Some(index.block(self.blocks.start)?);
        }
        Ok(self.block)
    }

    pub(crate) fn next_block(&mut self) {
        self.blocks.start += 1;
        self.block = None;
        self.decoded = false;
        self.at = 0;
    }

    /// Passes over blocks that end before `ordinal`; the first ordinal of the block then at hand, if there is one.
    pub(crate) fn skip_to(
        &mut self,
        index: &SparseIndex<impl ListBytes>,
        ordinal: u32,
    ) -> Result<Option<u32>, Unreadable> {
        while let Some(block) = self.block(index)? {
            if block.last >= ordinal {
                return Ok(Some(block.first));
            }
            self.next_block();
        }
        Ok(None)
    }

    /// The most that a vector below `end` can get from this list, from the block at hand on. Cost: block records only.
    pub(crate) fn bound_below(
        &mut self,
        index: &SparseIndex<impl ListBytes>,
        end: u32,
    ) -> Result<f32, Unreadable> {
        let mut bound = 0.0f32;
        let Some(first) = self.block(index)? else {
            return Ok(bound);
        };
        let mut block = first;
        for at in self.blocks.clone() {
            if at > self.blocks.start {
                block = index.block(at)?;
            }
            if block.first >= end {
                break;
            }
            let most = (self.weight * block.max).max(self.weight * block.min);
            // NaN, of infinity times zero, bounds nothing.
            bound = if most.is_nan() {
                f32::INFINITY
            } else {
                bound.max(most)
            };
        }
        Ok(bound)
    }

    /// Reads the block at hand; false at the end.
    pub(crate) fn decode(&mut self, index: &SparseIndex<impl ListBytes>) -> Result<bool, Unreadable> {
        let Some(block) = self.block(index)? else {
            return Ok(false);
        };
        if self.decoded {
            return Ok(true);
        }
        let (packed, weights) = index.postings_bytes(&block)?;
        let gaps = &mut self.ordinals[1..block.count];
        unpack(packed, block.bits, gaps);
        let mut ordinal = u64::from(block.first);
        for gap in gaps {
            ordinal += u64::from(*gap) + 1;
            *gap = ordinal as u32;
        }
        if ordinal != u64::from(block.last) {
            return Err(Unreadable);
        }
        self.ordinals[0] = block.first;
        index
            .shape
            .weights
            .read(weights, &mut self.weights[..block.count]);
        self.decoded = true;
        Ok(true)
    }

    /// The ordinals of the decoded block.
    pub(crate) fn ordinals(&self) -> &[u32] {
        &self.ordinals[..self.block.map_or(0, |block| block.count)]
    }

    /// Calls `add` with the ordinals in `window` and what they get from this list.
    pub(crate) fn add(
        &mut self,
        index: &SparseIndex<impl ListBytes>,
        window: Range<u32>,
        add: &mut impl FnMut(u32, f32),
    ) -> Result<u64, Unreadable> {
        let mut added = 0;
        while self
            .skip_to(index, window.start)?
            .is_some_and(|first| first < window.end)
        {
            self.decode(index)?;
            let count = self.ordinals().len();
            let before = self.at;
            while self.at < count && self.ordinals[self.at] < window.end {
                let ordinal = self.ordinals[self.at];
                if ordinal >= window.start {
                    add(ordinal, self.weight * self.weights[self.at]);
                }
                self.at += 1;
            }
            added += (self.at - before) as u64;
            if self.at < count {
                break;
            }
            self.next_block();
        }
        Ok(added)
    }
}
