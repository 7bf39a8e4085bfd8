//! Shapes answered by squares of the curve: those inside are taken whole, those outside left, those on the edge cut
//! into four until few places are left in them, which are looked at one by one.

use std::collections::VecDeque;
use std::ops::Range;

use ruvector_types::GeoPoint;

use super::GeoIndex;
use super::curve::Square;
use crate::compile::Test;
use crate::geo::{Cover, Shape};
use crate::index::IndexBytes;
use crate::index::table::{item, items, partition_point};
use crate::{Answer, RowSet};

/// So few places of a square are looked at, and the square not cut.
const LOOKED_AT: u64 = 64;

/// What an answer may spend on covers of squares, in looks at an edge; and the least number of covers.
const EDGES_MAX: usize = 1 << 20;
const COVERS_MAX: usize = 4096;
const COVERS_MIN: usize = 64;

/// What an answer may spend on places near the edge, in looks at an edge: some tenths of a second. An index asks no deadline;
/// whoever looks at the rows left open does.
const LOOKS_MAX: u64 = 1 << 27;

/// The places of one answer.
pub(super) struct Cut {
    /// All of them in the shape.
    pub(super) inside: Vec<Range<u64>>,
    /// Some of them in the shape.
    pub(super) edge: Vec<Range<u64>>,
}

impl<B: IndexBytes> GeoIndex<B> {
    /// The rows that pass, exactly, but for polygons of so many edges at one latitude that rows are left open. `None`:
    /// nothing is known, or damaged. Cost: the places inside, and those near the edge, which are compared with the shape.
    pub(crate) fn answer(&self, test: &Test) -> Option<Answer> {
        match test {
            Test::Geo(shape) => self.answer_within(shape, LOOKS_MAX),
            _ => self.presence.answer(&self.bytes, test),
        }
    }

    /// The rows in a shape; those near its edge are open from so many looks at an edge on.
    pub(super) fn answer_within(&self, shape: &Shape, looks_max: u64) -> Option<Answer> {
        let cut = self.cut(shape, covers(shape), LOOKED_AT)?;
        let (mut found, mut open) = (RowSet::none(self.head.rows), RowSet::none(self.head.rows));
        let mut places_left = looks_max / shape.looks().max(1);
        for run in cut.inside {
            for row in self.rows_of(&run)? {
                self.add(*row, &mut found)?;
            }
        }
        for run in cut.edge {
            let places = run.end - run.start;
            if places > places_left {
                for row in self.rows_of(&run)? {
                    self.add(*row, &mut open)?;
                }
                continue;
            }
            places_left -= places;
            let lons: &[[u8; 8]] = items(&self.bytes, &self.parts.lons, run.clone())?;
            let lats: &[[u8; 8]] = items(&self.bytes, &self.parts.lats, run.clone())?;
            let degrees = |bytes: &[u8; 8]| f64::from_le_bytes(*bytes);
            for ((row, lon), lat) in self.rows_of(&run)?.iter().zip(lons).zip(lats) {
                let [lon, lat] = [degrees(lon), degrees(lat)];
                if shape.contains(GeoPoint { lon, lat }) {
                    self.add(*row, &mut found)?;
                }
            }
        }
        open.and_not(&found);
        Some(Answer { sure: found, open })
    }

    /// The rows with a place. `None`: damaged.
    pub(crate) fn valued(&self) -> Option<RowSet> {
        let mut found = RowSet::none(self.head.rows);
        for row in self.rows_of(&(0..self.head.places))? {
            self.add(*row, &mut found)?;
        }
        Some(found)
    }

    /// How many these are.
    pub(crate) fn valued_count(&self) -> u64 {
        self.head.placed.into()
    }

    /// Cuts the earth until so few covers are left or so few places are in a square.
    pub(super) fn cut(&self, shape: &Shape, covers: usize, few: u64) -> Option<Cut> {
        let mut cut = Cut {
            inside: Vec::new(),
            edge: Vec::new(),
        };
        let mut covers_left = covers;
        let mut queue = VecDeque::from([(Square::EARTH, 0..self.head.places)]);
        while let Some((square, run)) = queue.pop_front() {
            let count = run.end - run.start;
            if count == 0 {
                continue;
            }
            if count <= few || covers_left == 0 {
                cut.edge.push(run);
                continue;
            }
            covers_left -= 1;
            match (shape.cover(square.cell()), square.quarters()) {
                (Cover::None, _) => {}
                (Cover::All, _) => cut.inside.push(run),
                (Cover::Some, None) => cut.edge.push(run),
                (Cover::Some, Some(quarters)) => {
                    let mut start = run.start;
                    for quarter in quarters {
                        let end = start + self.places_up_to(quarter.last(), start..run.end)?;
                        queue.push_back((quarter, start..end));
                        start = end;
                    }
                }
            }
        }
        Some(cut)
    }

    /// Places of a run whose codes are at most `last`.
    fn places_up_to(&self, last: u64, run: Range<u64>) -> Option<u64> {
        let code = |index| item(&self.bytes, &self.parts.codes, run.start + index).map(u64::from_le_bytes);
        partition_point(run.end - run.start, |index| Some(code(index)? <= last))
    }

    fn rows_of(&self, run: &Range<u64>) -> Option<&[[u8; 4]]> {
        items(&self.bytes, &self.parts.rows, run.clone())
    }

    fn add(&self, row: [u8; 4], found: &mut RowSet) -> Option<()> {
        let row = u32::from_le_bytes(row);
        (row < self.head.rows).then(|| found.insert(row))
    }
}

/// How many squares a shape is compared with at most.
fn covers(shape: &Shape) -> usize {
    (EDGES_MAX / shape.edges().max(1)).clamp(COVERS_MIN, COVERS_MAX)
}
