//! How many rows lie in a shape, from a few squares of the curve. Never looks at single places.

use std::ops::Range;

use super::GeoIndex;
use crate::compile::Test;
use crate::index::{Estimate, IndexBytes};

/// Squares an estimate compares with the shape.
const COVERS: usize = 64;

impl<B: IndexBytes> GeoIndex<B> {
    /// How many rows pass; of the places on the edge, half are taken to be inside. `None`: nothing is known, or damaged.
    pub(crate) fn estimate(&self, test: &Test) -> Option<Estimate> {
        let Test::Geo(shape) = test else {
            return self.presence.estimate(test);
        };
        let cut = self.cut(shape, COVERS, 0)?;
        let sum = |runs: &[Range<u64>]| runs.iter().map(|run| run.end - run.start).sum::<u64>();
        let (inside, edge) = (sum(&cut.inside), sum(&cut.edge));
        let row_places = self.head.places.checked_div(self.head.placed.into()).unwrap_or(1);
        let max = (inside + edge).min(self.head.placed.into());
        let min = inside
            .div_ceil(u64::from(self.head.row_places_max).max(1))
            .min(max);
        Some(Estimate {
            min,
            expected: ((inside + edge / 2) / row_places.max(1)).clamp(min, max),
            max,
        })
    }
}
