//! Builds the index of a kind from the payloads of a segment's rows. Decides only which index serves which kind.

use ruvector_types::{IndexKind, Step};

use super::geo::GeoBuilder;
use super::leaves::each_leaf;
use super::ordered::{Kept, OrderedBuilder, Served};
use super::text::TextBuilder;
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
    Geo(GeoBuilder),
    Text(Box<TextBuilder>),
}

impl IndexBuilder {
    /// An index of the values that `steps` lead to.
    pub fn new(kind: &IndexKind, steps: &[Step]) -> IndexBuilder {
        let ordered = |kept| Form::Ordered(OrderedBuilder::new(kept));
        let form = match kind {
            IndexKind::Integer { lookup, range } => Form::Ordered(OrderedBuilder::of_numbers(Served {
                matches: *lookup,
                ranges: *range,
            })),
            IndexKind::Float => ordered(Kept::Numbers),
            IndexKind::Datetime => ordered(Kept::Times),
            IndexKind::Keyword { .. } | IndexKind::Uuid => ordered(Kept::Strings),
            IndexKind::Bool => ordered(Kept::Bools),
            IndexKind::Null => ordered(Kept::Nothing),
            IndexKind::Geo => Form::Geo(GeoBuilder::new()),
            IndexKind::Text(options) => Form::Text(Box::new(TextBuilder::new(options))),
        };
        IndexBuilder {
            steps: steps.into(),
            form,
        }
    }

    /// Adds a row. Rows ascend, and those without a payload may be left out. An error says that the payload is damaged; the
    /// index then knows those of the row's values that stand before the damage.
    pub fn push(&mut self, row: u32, payload: PayloadRef<'_>) -> Result<(), DecodeError> {
        let form = &mut self.form;
        each_leaf(payload, &self.steps, &mut |leaf| match form {
            Form::Ordered(builder) => builder.push(row, leaf),
            Form::Geo(builder) => builder.push(row, leaf),
            Form::Text(builder) => builder.push(row, leaf),
        })
    }

    /// The bytes of the index of `rows` rows, to be opened by [`super::Index::open`]; what was pushed for rows beyond
    /// is left out. Cost: the values are sorted.
    pub fn finish(self, rows: u32) -> Vec<u8> {
        match self.form {
            Form::Ordered(builder) => builder.finish(rows),
            Form::Geo(builder) => builder.finish(rows),
            Form::Text(builder) => builder.finish(rows),
        }
    }
}
