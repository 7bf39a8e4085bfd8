//! The filter AST: one tree behind every spelling of a filter. Says what is asked, never how it is answered.

use crate::{PayloadPath, PointId};

/// A point matches if every `must`, no `must_not`, at least one `should` (if any are given) and at least
/// `min_should.min_count` of `min_should.conditions` match. The empty filter matches every point.
#[derive(Clone, Debug, Default, PartialEq, Hash)]
pub struct Filter {
    /// All of these.
    pub must: Vec<Condition>,
    /// At least one of these, unless empty.
    pub should: Vec<Condition>,
    /// None of these.
    pub must_not: Vec<Condition>,
    /// At least so many of these.
    pub min_should: Option<MinShould>,
}

/// At least `min_count` of `conditions`.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct MinShould {
    /// The conditions.
    pub conditions: Vec<Condition>,
    /// How many must match.
    pub min_count: usize,
}

/// One condition on a point.
#[derive(Clone, Debug, PartialEq, Hash)]
pub enum Condition {
    /// On a payload field.
    Field(FieldCondition),
    /// The point's id is one of these.
    HasId(Vec<PointId>),
    /// The point has this vector.
    HasVector(String),
    /// One item of the array of objects at `path` matches `filter` by itself. `a` and `a[]` name the same array.
    Nested {
        /// The array.
        path: PayloadPath,
        /// What one item must match.
        filter: Box<Filter>,
    },
    /// A filter inside a filter.
    Filter(Box<Filter>),
}

/// A test of the values at a path. An array matches if one of its items does.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct FieldCondition {
    /// Where.
    pub path: PayloadPath,
    /// What.
    pub test: FieldTest,
}

/// The tests a field can be put to.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldTest {
    /// Equality with one value.
    Match(Match),
    /// Equality with one of several.
    MatchAny(Vec<Match>),
    /// A value other than all of these.
    MatchExcept(Vec<Match>),
    /// A string that begins so, to the letter.
    StartsWith(String),
    /// A string with this in it, to the letter.
    Contains(String),
    /// Text search.
    Text(Text),
    /// A number within bounds.
    Range(Range),
    /// The same, where a bound is an integer that no `f64` holds.
    ExactRange(Bounds<Number>),
    /// A time within bounds, in microseconds since 1970-01-01T00:00:00Z.
    DatetimeRange(Bounds<i64>),
    /// A place within `radius_m` metres of a centre.
    GeoRadius {
        /// The centre.
        center: GeoPoint,
        /// Metres.
        radius_m: f64,
    },
    /// A place within a box, which may cross the antimeridian.
    GeoBoundingBox {
        /// North-west corner.
        top_left: GeoPoint,
        /// South-east corner.
        bottom_right: GeoPoint,
    },
    /// A place within a polygon.
    GeoPolygon(GeoPolygon),
    /// The number of values: of an array its length, of `null` or nothing 0, of anything else 1.
    ValuesCount(Bounds<u64>),
    /// Missing, `null` or `[]`.
    IsEmpty,
    /// `null`.
    IsNull,
}

/// A value to be equal to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Match {
    /// A string, to the letter.
    Keyword(String),
    /// An integer; 1 and 1.0 are equal.
    Integer(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A boolean.
    Bool(bool),
}

impl Match {
    /// An unsigned integer in its canonical variant.
    pub fn from_u64(number: u64) -> Match {
        i64::try_from(number).map_or(Match::UInt(number), Match::Integer)
    }

    /// The integer equal to `number`, if there is one of 64 bits.
    pub fn from_whole(number: f64) -> Option<Match> {
        // 2^63 and 2^64 are exact as f64.
        const TWO_63: f64 = 9_223_372_036_854_775_808.0;
        if number.trunc() != number || !(-TWO_63..2.0 * TWO_63).contains(&number) {
            return None;
        }
        Some(if number < TWO_63 {
            Match::Integer(number as i64)
        } else {
            Match::UInt(number as u64)
        })
    }
}

/// Text search in one field.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Text {
    /// All words, in any order.
    All(String),
    /// Any of the words.
    Any(String),
    /// The words in this order, next to each other.
    Phrase(String),
    /// A word that begins so.
    Prefix(String),
}

/// Bounds, each optional.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds<T> {
    /// Greater than.
    pub gt: Option<T>,
    /// Greater than or equal.
    pub gte: Option<T>,
    /// Less than.
    pub lt: Option<T>,
    /// Less than or equal.
    pub lte: Option<T>,
}

impl<T> Default for Bounds<T> {
    fn default() -> Self {
        Bounds {
            gt: None,
            gte: None,
            lt: None,
            lte: None,
        }
    }
}

/// Bounds of a number.
pub type Range = Bounds<f64>;

/// A bound of numbers that is never rounded.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A number that an `f64` holds.
    Float(f64),
    /// An integer within `i64` or `u64` that none holds: beyond 2⁵³.
    Integer(i128),
}

impl Number {
    /// The integer in its canonical variant.
    pub fn of_integer(integer: impl Into<i128>) -> Number {
        let integer = integer.into();
        let near = integer as f64;
        if near as i128 == integer {
            Number::Float(near)
        } else {
            Number::Integer(integer)
        }
    }
}

impl Bounds<Number> {
    /// The test for a number within.
    pub fn test(self) -> FieldTest {
        let float = |bound: Option<Number>| match bound {
            None => Some(None),
            Some(Number::Float(number)) => Some(Some(number)),
            Some(Number::Integer(_)) => None,
        };
        match (float(self.gt), float(self.gte), float(self.lt), float(self.lte)) {
            (Some(gt), Some(gte), Some(lt), Some(lte)) => FieldTest::Range(Bounds { gt, gte, lt, lte }),
            _ => FieldTest::ExactRange(self),
        }
    }
}

/// A place in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct GeoPoint {
    /// Longitude, −180 to 180.
    pub lon: f64,
    /// Latitude, −90 to 90.
    pub lat: f64,
}

/// An outline and holes, each a closed ring.
#[derive(Clone, Debug, PartialEq, Hash)]
pub struct GeoPolygon {
    /// The outline.
    pub exterior: Vec<GeoPoint>,
    /// The holes.
    pub interiors: Vec<Vec<GeoPoint>>,
}

impl<T: PartialOrd> Bounds<T> {
    /// Whether `value` lies within all bounds given.
    pub fn contain(&self, value: &T) -> bool {
        self.gt.as_ref().is_none_or(|bound| value > bound)
            && self.gte.as_ref().is_none_or(|bound| value >= bound)
            && self.lt.as_ref().is_none_or(|bound| value < bound)
            && self.lte.as_ref().is_none_or(|bound| value <= bound)
    }
}

impl Filter {
    /// A filter of one condition.
    pub fn must(condition: Condition) -> Filter {
        Filter {
            must: vec![condition],
            ..Filter::default()
        }
    }

    /// A filter that one condition must not match.
    pub fn must_not(condition: Condition) -> Filter {
        Filter {
            must_not: vec![condition],
            ..Filter::default()
        }
    }

    /// Whether it has no condition at all.
    pub fn is_empty(&self) -> bool {
        self.must.is_empty()
            && self.should.is_empty()
            && self.must_not.is_empty()
            && self.min_should.is_none()
    }

    /// Every condition of this level with the name of its clause and its position there.
    pub fn clauses(&self) -> impl Iterator<Item = (&'static str, usize, &Condition)> {
        let min = self
            .min_should
            .as_ref()
            .map_or(&[][..], |min| &min.conditions[..]);
        let lists = [
            ("must", &self.must[..]),
            ("should", &self.should[..]),
            ("must_not", &self.must_not[..]),
            ("min_should.conditions", min),
        ];
        lists.into_iter().flat_map(|(name, conditions)| {
            conditions
                .iter()
                .enumerate()
                .map(move |(at, item)| (name, at, item))
        })
    }
}

impl From<Filter> for Condition {
    fn from(filter: Filter) -> Condition {
        Condition::Filter(Box::new(filter))
    }
}

/// The filter itself where the condition is one.
impl From<Condition> for Filter {
    fn from(condition: Condition) -> Filter {
        match condition {
            Condition::Filter(filter) => *filter,
            other => Filter::must(other),
        }
    }
}
