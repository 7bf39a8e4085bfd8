//! Builds the index of a kind from the payloads of a segment's rows. Decides only which index serves which kind.

use ruvector_types::{IndexKind, Step};

use super::leaves::each_leaf;
use super::ordered::{Kept, OrderedBuilder};
use crate::{DecodeError, PayloadRef};

/// Collects the values at a path. Memory: in proportion to the values.
#[derive(Clone, Debug)]
pub struct IndexBuilder {
    steps: Box<[Step]>,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Ordered(OrderedBuilder),
}

impl IndexBuilder {
    /// An index of the values that `steps` lead to.
    pub fn new(kind: &IndexKind, steps: &[Step]) -> IndexBuilder {
        let kept = match kind {
            IndexKind::Integer { .. } | IndexKind::Float => Kept::Numbers,
            IndexKind::Datetime => Kept::Times,
            IndexKind::Keyword | IndexKind::Uuid => Kept::Strings,
            IndexKind::Bool => Kept::Bools,
            IndexKind::Null => Kept::Nothing,
            IndexKind::Geo | IndexKind::Text(_) => Kept::Nothing,
        };
        IndexBuilder {
            steps: steps.into(),
            form: Form::Ordered(OrderedBuilder::new(kept)),
        }
    }

    /// Adds a row. Rows ascend, and those without a payload may be left out. After an error, which says that the
    /// payload is damaged, the builder is of no more use.
    pub fn push(&mut self, row: u32, payload: PayloadRef<'_>) -> Result<(), DecodeError> {
        match &mut self.form {
            Form::Ordered(builder) => each_leaf(payload, &self.steps, &mut |leaf| builder.push(row, leaf)),
        }
    }

    /// The bytes of the index of `rows` rows, to be opened by [`super::Index::open`]; what was pushed for rows beyond
    /// is left out. Cost: the values are sorted.
    pub fn finish(self, rows: u32) -> Vec<u8> {
        match self.form {
            Form::Ordered(builder) => builder.finish(rows),
        }
    }
}
