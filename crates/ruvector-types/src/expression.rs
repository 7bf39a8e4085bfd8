//! Filters built in Rust as expressions: comparisons, joined by and, or and not. A spelling of the one filter tree;
//! never evaluated itself.

use crate::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, Match, Number, PayloadPath, Range, Text,
};

/// A filter as an expression; `.into()` makes the [`Filter`] or [`Condition`] of it.
///
/// ```
/// use ruvector_types::{Filter, FilterExpression as Is, PayloadPath};
/// let pos = PayloadPath::key("pos");
/// let senses = PayloadPath::parse("senses[].count")?;
/// let filter: Filter = Is::And(vec![Is::eq(pos, "noun"), !Is::gte(senses, 2)]).into();
/// assert_eq!(filter.must.len(), 2);
/// # Ok::<(), ruvector_types::PathError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[allow(missing_docs, reason = "field names say what they are")]
pub enum FilterExpression {
    /// A value equal to this one.
    Eq { field: PayloadPath, value: Scalar },
    /// No value equal to this one; a point without the field matches.
    Ne { field: PayloadPath, value: Scalar },
    /// A value above.
    Gt { field: PayloadPath, value: Bound },
    /// A value above or equal.
    Gte { field: PayloadPath, value: Bound },
    /// A value below.
    Lt { field: PayloadPath, value: Bound },
    /// A value below or equal.
    Lte { field: PayloadPath, value: Bound },
    /// A value within all bounds.
    Range { field: PayloadPath, range: AnyRange },
    /// A place within `radius_m` metres of `center`.
    GeoRadius {
        field: PayloadPath,
        center: GeoPoint,
        radius_m: f64,
    },
    /// A place within a box.
    GeoBoundingBox {
        field: PayloadPath,
        top_left: GeoPoint,
        bottom_right: GeoPoint,
    },
    /// A text with all these words.
    Match { field: PayloadPath, text: String },
    /// A text with these words in this order, next to each other.
    MatchPhrase { field: PayloadPath, phrase: String },
    /// All of these.
    And(Vec<FilterExpression>),
    /// At least one of these; of none, every point.
    Or(Vec<FilterExpression>),
    /// Not this.
    Not(Box<FilterExpression>),
    /// Any other condition.
    Other(Condition),
}

/// A plain value to be equal to.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer.
    Int(i64),
    /// An unsigned integer.
    UInt(u64),
    /// A number; 1.0 is 1.
    Float(f64),
    /// A string, to the letter.
    String(String),
}

/// What a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// A number.
    Number(f64),
    /// An integer, never rounded.
    Integer(i128),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Time(i64),
}

/// Bounds of numbers or of times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum AnyRange {
    /// Numbers.
    Numbers(Range),
    /// Numbers, never rounded.
    Exact(Bounds<Number>),
    /// Microseconds since 1970-01-01T00:00:00Z.
    Times(Bounds<i64>),
}

impl FilterExpression {
    /// A value equal to `value`.
    pub fn eq(field: PayloadPath, value: impl Into<Scalar>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Eq { field, value }
    }

    /// No value equal to `value`.
    pub fn ne(field: PayloadPath, value: impl Into<Scalar>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Ne { field, value }
    }

    /// A value above `value`.
    pub fn gt(field: PayloadPath, value: impl Into<Bound>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Gt { field, value }
    }

    /// A value above or equal to `value`.
    pub fn gte(field: PayloadPath, value: impl Into<Bound>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Gte { field, value }
    }

    /// A value below `value`.
    pub fn lt(field: PayloadPath, value: impl Into<Bound>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Lt { field, value }
    }

    /// A value below or equal to `value`.
    pub fn lte(field: PayloadPath, value: impl Into<Bound>) -> FilterExpression {
        let value = value.into();
        FilterExpression::Lte { field, value }
    }
}

impl std::ops::Not for FilterExpression {
    type Output = FilterExpression;

    fn not(self) -> FilterExpression {
        FilterExpression::Not(Box::new(self))
    }
}

impl Scalar {
    /// The test for being equal to it. `null` is found where the field holds one, not where it is missing.
    pub fn equality(self) -> FieldTest {
        match self {
            Scalar::Null => FieldTest::IsNull,
            Scalar::Bool(flag) => FieldTest::Match(Match::Bool(flag)),
            Scalar::Int(number) => FieldTest::Match(Match::Integer(number)),
            Scalar::UInt(number) => FieldTest::Match(Match::from_u64(number)),
            Scalar::String(text) => FieldTest::Match(Match::Keyword(text)),
            Scalar::Float(number) => Match::from_whole(number).map_or_else(
                || {
                    FieldTest::Range(Range {
                        gte: Some(number),
                        lte: Some(number),
                        ..Range::default()
                    })
                },
                FieldTest::Match,
            ),
        }
    }
}

#[derive(Clone, Copy)]
enum Side {
    Gt,
    Gte,
    Lt,
    Lte,
}

impl Side {
    fn of<T>(self, value: T) -> Bounds<T> {
        let mut bounds = Bounds::default();
        let slot = match self {
            Side::Gt => &mut bounds.gt,
            Side::Gte => &mut bounds.gte,
            Side::Lt => &mut bounds.lt,
            Side::Lte => &mut bounds.lte,
        };
        *slot = Some(value);
        bounds
    }
}

impl Bound {
    fn compared(self, side: Side) -> FieldTest {
        match self {
            Bound::Number(number) => FieldTest::Range(side.of(number)),
            Bound::Integer(integer) => side.of(Number::of_integer(integer)).test(),
            Bound::Time(micros) => FieldTest::DatetimeRange(side.of(micros)),
        }
    }
}

impl AnyRange {
    /// The test for lying within.
    pub fn test(self) -> FieldTest {
        match self {
            AnyRange::Numbers(bounds) => FieldTest::Range(bounds),
            AnyRange::Exact(bounds) => bounds.test(),
            AnyRange::Times(bounds) => FieldTest::DatetimeRange(bounds),
        }
    }
}

impl From<FilterExpression> for Condition {
    fn from(expression: FilterExpression) -> Condition {
        use FilterExpression as Is;
        let all = |list: Vec<Is>| list.into_iter().map(Condition::from).collect();
        let (path, test) = match expression {
            Is::And(list) => {
                let must = all(list);
                return Filter {
                    must,
                    ..Filter::default()
                }
                .into();
            }
            Is::Or(list) => {
                let should = all(list);
                return Filter {
                    should,
                    ..Filter::default()
                }
                .into();
            }
            Is::Not(inner) => return Filter::must_not((*inner).into()).into(),
            Is::Ne { field, value } => return Filter::must_not(Is::Eq { field, value }.into()).into(),
            Is::Other(condition) => return condition,
            Is::Eq { field, value } => (field, value.equality()),
            Is::Gt { field, value } => (field, value.compared(Side::Gt)),
            Is::Gte { field, value } => (field, value.compared(Side::Gte)),
            Is::Lt { field, value } => (field, value.compared(Side::Lt)),
            Is::Lte { field, value } => (field, value.compared(Side::Lte)),
            Is::Range { field, range } => (field, range.test()),
            Is::GeoRadius {
                field,
                center,
                radius_m,
            } => (field, FieldTest::GeoRadius { center, radius_m }),
            Is::GeoBoundingBox {
                field,
                top_left,
                bottom_right,
            } => (
                field,
                FieldTest::GeoBoundingBox {
                    top_left,
                    bottom_right,
                },
            ),
            Is::Match { field, text } => (field, FieldTest::Text(Text::All(text))),
            Is::MatchPhrase { field, phrase } => (field, FieldTest::Text(Text::Phrase(phrase))),
        };
        Condition::Field(FieldCondition { path, test })
    }
}

impl From<FilterExpression> for Filter {
    fn from(expression: FilterExpression) -> Filter {
        Condition::from(expression).into()
    }
}

macro_rules! from {
    ($($from:ty => $to:ident::$variant:ident),* $(,)?) => {
        $(impl From<$from> for $to {
            fn from(value: $from) -> $to {
                $to::$variant(value.into())
            }
        })*
    };
}

from! {
    bool => Scalar::Bool,
    i32 => Scalar::Int,
    i64 => Scalar::Int,
    u64 => Scalar::UInt,
    f64 => Scalar::Float,
    &str => Scalar::String,
    String => Scalar::String,
    i32 => Bound::Number,
    i64 => Bound::Integer,
    u64 => Bound::Integer,
    f64 => Bound::Number,
    Range => AnyRange::Numbers,
    Bounds<i64> => AnyRange::Times,
    Condition => FilterExpression::Other,
}
