//! How many rows a condition matches, from the counts that an ordered index keeps. Never makes a set of rows.

use std::ops::Range;

use super::OrderedIndex;
use crate::compile::Test;
use crate::index::{Estimate, IndexBytes};

impl<B: IndexBytes> OrderedIndex<B> {
    /// How many rows pass: exactly, where rows have one value each and no others. `None`: nothing is known, or damaged.
    /// Cost: a binary search for each value or bound.
    pub(crate) fn estimate(&self, test: &Test) -> Option<Estimate> {
        if let Some(presence) = self.presence.estimate(test) {
            return Some(presence);
        }
        let plan = self.plan(test)?;
        let mut estimate = self.estimate_spans(&plan.spans)?;
        let rows = u64::from(self.head.rows);
        for (at, list) in self.others.iter().enumerate() {
            let count = list.count();
            if plan.sure[at] {
                // The lists and the rows of the values may overlap.
                estimate.min = estimate.min.max(count);
                estimate.expected += count;
                estimate.max += count;
            } else if plan.open[at] {
                estimate.expected += count / 2;
                estimate.max += count;
            }
        }
        estimate.max = estimate.max.min(rows);
        estimate.expected = estimate.expected.clamp(estimate.min, estimate.max);
        Some(estimate)
    }

    /// Rows with a value in the spans. A row stands in as many postings as it has values, so these bound the rows.
    fn estimate_spans(&self, spans: &[Range<u32>]) -> Option<Estimate> {
        let head = &self.head;
        let (mut count, mut longest) = (0u64, 0u64);
        for span in spans {
            let postings = self.postings_span(span)?;
            let postings = u64::from(postings.end - postings.start);
            count += postings;
            if span.end - span.start == 1 {
                longest = longest.max(postings);
            }
        }
        let (all, valued) = (u64::from(head.postings), u64::from(head.valued));
        let max = count.min(valued);
        // Those left out have all their values elsewhere.
        let at_least = valued.saturating_sub(all.saturating_sub(count));
        let min = count
            .div_ceil(head.row_values_max.max(1).into())
            .max(longest)
            .max(at_least)
            .min(max);
        let share = u128::from(count) * u128::from(valued) / u128::from(all.max(1));
        Some(Estimate {
            min,
            expected: (share as u64).clamp(min, max),
            max,
        })
    }
}
