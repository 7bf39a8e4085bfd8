//! A whole filter answered by indexes: the tree of conditions as a tree of sets. Never looks at a payload; what indexes
//! cannot say stays open.

use ruvector_types::{PointId, Step};

use crate::compile::{Compiled, Field, Level, Nested, Node, Test};
use crate::index::{Estimate, Index, IndexBytes, RowCheck};
use crate::{Answer, RowSet};

/// A segment as its indexes know it.
pub trait Indexed {
    /// Where indexes lie.
    type Bytes: IndexBytes;

    /// Rows, deleted ones included.
    fn rows(&self) -> u32;

    /// The index of the field that `steps` lead to.
    fn index(&self, steps: &[Step]) -> Option<&Index<Self::Bytes>>;

    /// The rows of `ids`, which are sorted and free of duplicates.
    fn rows_of(&self, ids: &[PointId]) -> RowSet;

    /// The rows that have the vector `name`; `None`: it would cost too much to say.
    fn rows_with_vector(&self, name: &str) -> Option<RowSet>;

    /// Rows whose payload is not as the indexes saw it, ascending.
    fn changed(&self) -> impl Iterator<Item = u32>;

    /// Whether there is no time to ask more: what was not asked stays open.
    fn is_late(&self) -> bool {
        false
    }
}

/// Products of clauses and least count up to which *at least so many* is answered by sets.
const AT_LEAST_SETS_MAX: usize = 4_096;

impl Compiled {
    /// What the indexes of a segment know of the filter. Rows that changed since are open, unless ids and vectors alone
    /// decide. Cost: a few sets of the segment's size.
    pub fn answer<S: Indexed>(&self, segment: &S) -> Answer {
        let mut answer = self.root.answer(segment);
        if self.reads_payload() {
            answer.reopen(segment.changed());
        }
        answer
    }

    /// The filter as a question about single rows, where it is one condition on a field whose index, found by `index_of`,
    /// keeps one value a row. It speaks of rows as the index saw them: not of those that changed since.
    pub fn row_check<'a, B: IndexBytes + 'a>(
        &self,
        index_of: impl FnOnce(&[Step]) -> Option<&'a Index<B>>,
    ) -> Option<RowCheck<'a>> {
        let root = &self.root;
        if !root.should.is_empty() || !root.must_not.is_empty() || root.min_should.is_some() {
            return None;
        }
        match &root.must[..] {
            [Node::Field(field)] if field.wanted => match index_of(&field.steps)? {
                Index::Ordered(index) => index.check(&field.test),
                Index::Geo(_) | Index::Text(_) => None,
            },
            _ => None,
        }
    }

    /// How many rows of a segment match, guessed from its indexes' figures, without making sets. Deleted rows count.
    pub fn estimate<S: Indexed>(&self, segment: &S) -> Estimate {
        self.root.estimate(segment)
    }
}

impl Level {
    fn answer<S: Indexed>(&self, segment: &S) -> Answer {
        let mut whole: Option<Answer> = None;
        let mut and = |part: Answer| match &mut whole {
            None => whole = Some(part),
            Some(whole) => whole.and(&part),
        };
        self.must.iter().for_each(|node| and(node.answer(segment)));
        if let Some(mut excluded) = any(&self.must_not, segment) {
            excluded.invert();
            and(excluded);
        }
        if let Some(wanted) = any(&self.should, segment) {
            and(wanted);
        }
        if let Some((count, nodes)) = &self.min_should {
            and(at_least(*count, nodes, segment));
        }
        whole.unwrap_or_else(|| Answer::exact(RowSet::all(segment.rows())))
    }

    fn estimate<S: Indexed>(&self, segment: &S) -> Estimate {
        let rows = u64::from(segment.rows());
        let mut whole = Estimate::all(rows);
        for node in &self.must {
            whole = whole.and(node.estimate(segment), rows);
        }
        if let Some(excluded) = any_estimate(&self.must_not, segment) {
            whole = whole.and(excluded.not(rows), rows);
        }
        if let Some(wanted) = any_estimate(&self.should, segment) {
            whole = whole.and(wanted, rows);
        }
        if let Some((count, nodes)) = &self.min_should
            && *count > 0
        {
            let widest = any_estimate(nodes, segment).unwrap_or_default();
            let part = Estimate {
                min: 0,
                expected: widest.expected / *count as u64,
                ..widest
            };
            whole = whole.and(part, rows);
        }
        whole
    }
}

/// The union of several conditions; `None` if there are none.
fn any<S: Indexed>(nodes: &[Node], segment: &S) -> Option<Answer> {
    let (first, others) = nodes.split_first()?;
    let mut whole = first.answer(segment);
    others.iter().for_each(|node| whole.or(&node.answer(segment)));
    Some(whole)
}

fn any_estimate<S: Indexed>(nodes: &[Node], segment: &S) -> Option<Estimate> {
    let rows = u64::from(segment.rows());
    let estimates = nodes.iter().map(|node| node.estimate(segment));
    estimates.reduce(|left, right| left.or(right, rows))
}

/// Rows of which at least `count` conditions hold: surely, and possibly.
fn at_least<S: Indexed>(count: usize, nodes: &[Node], segment: &S) -> Answer {
    let rows = segment.rows();
    if count == 0 {
        return Answer::exact(RowSet::all(rows));
    }
    if count > nodes.len() {
        return Answer::exact(RowSet::none(rows));
    }
    if count * nodes.len() > AT_LEAST_SETS_MAX {
        return Answer::unknown(rows);
    }
    // The set at `n`: rows of which more than `n` of the conditions seen so far hold.
    let mut sure = vec![RowSet::none(rows); count];
    let mut may = sure.clone();
    for node in nodes {
        if segment.is_late() {
            return Answer::unknown(rows);
        }
        let answer = node.answer(segment);
        let mut possible = answer.sure.clone();
        possible.or(&answer.open);
        add(&mut sure, &answer.sure);
        add(&mut may, &possible);
    }
    match (sure.pop(), may.pop()) {
        (Some(sure), Some(mut open)) => {
            open.and_not(&sure);
            Answer { sure, open }
        }
        _ => Answer::unknown(rows),
    }
}

fn add(counts: &mut [RowSet], more: &RowSet) {
    for at in (1..counts.len()).rev() {
        let (fewer, these) = counts.split_at_mut(at);
        if let (Some(fewer), Some(these)) = (fewer.last(), these.first_mut()) {
            these.or_both(fewer, more);
        }
    }
    if let Some(first) = counts.first_mut() {
        first.or(more);
    }
}

impl Node {
    fn answer<S: Indexed>(&self, segment: &S) -> Answer {
        let rows = segment.rows();
        if segment.is_late() {
            return Answer::unknown(rows);
        }
        match self {
            Node::Ids(ids) => Answer::exact(segment.rows_of(ids)),
            Node::Vector(name) => segment
                .rows_with_vector(name)
                .map_or_else(|| Answer::unknown(rows), Answer::exact),
            Node::Field(field) => field.answer(segment).unwrap_or_else(|| Answer::unknown(rows)),
            Node::Nested(nested) => nested.answer(segment),
            Node::Level(level) => level.answer(segment),
        }
    }

    fn estimate<S: Indexed>(&self, segment: &S) -> Estimate {
        let rows = u64::from(segment.rows());
        match self {
            Node::Ids(ids) => Estimate {
                min: 0,
                expected: rows.min(ids.len() as u64),
                max: rows.min(ids.len() as u64),
            },
            Node::Vector(_) => Estimate::unknown(rows),
            Node::Nested(nested) => {
                let tests = nested.tests();
                let parts = tests.filter_map(|(path, test)| segment.index(&path)?.estimate(test));
                let max = parts.map(|part| part.max).min().unwrap_or(rows);
                Estimate {
                    min: 0,
                    expected: max / 2,
                    max,
                }
            }
            Node::Field(field) => field.estimate(segment).unwrap_or_else(|| Estimate::unknown(rows)),
            Node::Level(level) => level.estimate(segment),
        }
    }
}

impl Nested {
    /// Rows of which some item passes each condition that all must pass: whether it is one and the same item is open.
    fn answer<S: Indexed>(&self, segment: &S) -> Answer {
        let mut answer = Answer::unknown(segment.rows());
        let parts = self
            .tests()
            .filter_map(|(path, test)| segment.index(&path)?.answer(test));
        for part in parts {
            let mut may = part.sure;
            may.or(&part.open);
            answer.open.and(&may);
        }
        answer
    }

    /// The tests that an item must pass, with their paths from the payload's root.
    fn tests(&self) -> impl Iterator<Item = (Vec<Step>, &Test)> + '_ {
        self.level.must.iter().filter_map(|node| match node {
            Node::Field(field) if field.wanted => {
                let path = [&self.steps[..], &[Step::Each], &field.steps[..]].concat();
                Some((path, &field.test))
            }
            _ => None,
        })
    }
}

impl Field {
    fn answer<S: Indexed>(&self, segment: &S) -> Option<Answer> {
        let mut answer = segment.index(&self.steps)?.answer(&self.test)?;
        if !self.wanted {
            answer.invert();
        }
        Some(answer)
    }

    /// How many rows pass; `None` where no index answers.
    pub(crate) fn estimate<S: Indexed>(&self, segment: &S) -> Option<Estimate> {
        let estimate = segment.index(&self.steps)?.estimate(&self.test)?;
        Some(match self.wanted {
            true => estimate,
            false => estimate.not(segment.rows().into()),
        })
    }
}

impl Estimate {
    /// Every one of `rows`.
    fn all(rows: u64) -> Estimate {
        Estimate {
            min: rows,
            expected: rows,
            max: rows,
        }
    }

    /// Nothing is known.
    fn unknown(rows: u64) -> Estimate {
        Estimate {
            min: 0,
            expected: rows / 2,
            max: rows,
        }
    }

    /// Both, as if they had nothing to do with each other.
    fn and(self, other: Estimate, rows: u64) -> Estimate {
        let max = self.max.min(other.max);
        let min = (self.min + other.min).saturating_sub(rows);
        let share = u128::from(self.expected) * u128::from(other.expected) / u128::from(rows.max(1));
        Estimate {
            min,
            // Not `clamp`, which panics where figures of damaged bytes contradict each other.
            expected: (share as u64).max(min).min(max),
            max,
        }
    }

    fn or(self, other: Estimate, rows: u64) -> Estimate {
        self.not(rows).and(other.not(rows), rows).not(rows)
    }

    fn not(self, rows: u64) -> Estimate {
        Estimate {
            min: rows.saturating_sub(self.max),
            expected: rows.saturating_sub(self.expected),
            max: rows.saturating_sub(self.min),
        }
    }
}
