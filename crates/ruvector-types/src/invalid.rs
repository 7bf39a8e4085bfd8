//! What is wrong with an input: the field, and the rule it breaks. Never carries a cause as bare text.

use std::fmt;

/// An input that is refused before anything is written.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct Invalid {
    /// The field as the caller spelled its place, e.g. `points[3].vector` or `vectors.title.size`.
    pub field: String,
    /// The rule it breaks.
    pub problem: Problem,
}

impl Invalid {
    /// Names a field and the rule it breaks.
    pub fn new(field: impl Into<String>, problem: Problem) -> Invalid {
        Invalid {
            field: field.into(),
            problem,
        }
    }

    /// The same problem seen from an enclosing field: `vector` within `points[3]` is `points[3].vector`.
    #[must_use]
    pub fn within(self, outer: impl fmt::Display) -> Invalid {
        Invalid {
            field: format!("{outer}.{}", self.field),
            problem: self.problem,
        }
    }
}

/// The rules an input can break.
#[derive(Clone, Debug, PartialEq)]
pub enum Problem {
    /// A vector of another dimension than its field has.
    Dimension {
        /// Dimensions given.
        given: usize,
        /// Dimensions of the field.
        expected: u32,
    },
    /// A vector of another kind than its field has.
    VectorKind {
        /// The kind given, in words.
        given: &'static str,
        /// The kind of the field, in words.
        expected: &'static str,
    },
    /// A number that is NaN or infinite.
    NotFinite {
        /// Its position in the vector.
        index: usize,
    },
    /// A number that its field's type cannot hold.
    OutOfRange {
        /// Its position in the vector.
        index: usize,
        /// The least the type holds.
        least: f32,
        /// The most.
        most: f32,
        /// The type as users spell it.
        datatype: &'static str,
    },
    /// Over a limit.
    AboveLimit {
        /// What was given, in the unit.
        given: u64,
        /// The limit.
        limit: u64,
        /// The limit's name with its unit last, e.g. `vector_dim_max`.
        limit_name: &'static str,
    },
    /// Under a limit.
    BelowLimit {
        /// What was given.
        given: u64,
        /// The least allowed.
        limit: u64,
    },
    /// Nothing where something is needed.
    Empty,
    /// A name that nothing has.
    UnknownVector {
        /// The name given.
        name: String,
        /// The names there are.
        known: Vec<String>,
    },
    /// A character that a name must not have.
    BadName {
        /// The rule.
        rule: &'static str,
    },
    /// A path that does not parse.
    BadPath(crate::PathError),
    /// An id that is none.
    BadId(crate::PointIdError),
    /// A field without the index that is needed.
    NoTextIndex {
        /// The field.
        path: String,
    },
    /// Two things that do not go together, or a value out of its set.
    Contradiction {
        /// The rule.
        rule: &'static str,
    },
}

impl Problem {
    /// Refuses what is above a limit, which is named with its unit last.
    pub fn at_most(given: usize, limit: usize, limit_name: &'static str) -> Result<(), Problem> {
        if given <= limit {
            return Ok(());
        }
        Err(Problem::AboveLimit {
            given: given as u64,
            limit: limit as u64,
            limit_name,
        })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Dimension { given, expected } => {
                write!(f, "vector has {given} dimensions, expected {expected}")
            }
            Problem::VectorKind { given, expected } => write!(f, "{given} is given, expected {expected}"),
            Problem::NotFinite { index } => write!(f, "number at position {index} is NaN or infinite"),
            Problem::OutOfRange {
                index,
                least,
                most,
                datatype,
            } => write!(
                f,
                "number at position {index} is outside {least} to {most}, the range of {datatype}"
            ),
            Problem::AboveLimit {
                given,
                limit,
                limit_name,
            } => {
                write!(f, "{given} is above the limit {limit} ({limit_name})")
            }
            Problem::BelowLimit { given, limit } => write!(f, "{given} is below the least allowed, {limit}"),
            Problem::Empty => f.write_str("must not be empty"),
            Problem::UnknownVector { name, known } => {
                write!(
                    f,
                    "there is no vector named {name:?}; the collection has {known:?}"
                )
            }
            Problem::BadName { rule } => write!(f, "bad name: {rule}"),
            Problem::BadPath(error) => error.fmt(f),
            Problem::BadId(error) => error.fmt(f),
            Problem::NoTextIndex { path } => write!(
                f,
                "the field {path:?} has no text index; declare one (field_schema \"text\")"
            ),
            Problem::Contradiction { rule } => f.write_str(rule),
        }
    }
}
