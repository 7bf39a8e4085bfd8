//! Filter to evaluable form: lists sorted, cheap conditions first. Refuses what it cannot evaluate, by name.

use ruvector_types::{Bounds, Condition, FieldTest, Filter, Match, PointId, Range, Step, Text};

use crate::geo::Shape;
use crate::text::TextTest;

/// A condition that is not served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {what} is not supported")]
pub struct NotSupported {
    /// Where it stands, e.g. `filter.must[2].match.text`.
    pub place: String,
    /// What it is.
    pub what: &'static str,
}

/// A filter ready to be evaluated, see [`Compiled::matches`].
#[derive(Clone, Debug)]
pub struct Compiled {
    pub(crate) root: Level,
}

#[derive(Clone, Debug)]
pub(crate) struct Level {
    pub(crate) must: Box<[Node]>,
    pub(crate) should: Box<[Node]>,
    pub(crate) must_not: Box<[Node]>,
    pub(crate) min_should: Option<(usize, Box<[Node]>)>,
}

#[derive(Clone, Debug)]
pub(crate) enum Node {
    /// Sorted.
    Ids(Box<[PointId]>),
    Vector(Box<str>),
    Field(Field),
    Level(Box<Level>),
}

/// Whether some value at `steps` passes `test` is `wanted`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) steps: Box<[Step]>,
    pub(crate) test: Test,
    pub(crate) wanted: bool,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Keyword(Box<str>),
    Integer(i64),
    Bool(bool),
    AnyOf(Values),
    NoneOf(Values),
    Range(Range),
    /// Microseconds since 1970.
    Datetime(Bounds<i64>),
    Text(TextTest),
    Geo(Shape),
    ValuesCount(Bounds<u64>),
    NotEmpty,
    HasNull,
}

/// A list of values, each kind sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) keywords: Box<[Box<str>]>,
    pub(crate) integers: Box<[i64]>,
    /// Whether `false` and `true` are listed.
    pub(crate) bools: [bool; 2],
}

/// Compiles a filter that has passed `Filter::validate` (its nesting bounds the recursion).
///
/// Served: match, any, except, range, is-empty, is-null, has-id, has-vector, filters in filters.
/// Refused: text, dates, places, counts of values, nested. Cost: linear, plus sorting the lists.
pub fn compile(filter: &Filter) -> Result<Compiled, NotSupported> {
    Ok(Compiled {
        root: level(filter, "filter")?,
    })
}

impl Compiled {
    /// Whether evaluation may read the payload; without it, ids and vectors decide.
    pub fn reads_payload(&self) -> bool {
        self.root.reads_payload()
    }
}

impl Level {
    fn reads_payload(&self) -> bool {
        let at_least = self.min_should.iter().flat_map(|(_, nodes)| nodes);
        let clauses = self.must.iter().chain(&self.should).chain(&self.must_not);
        clauses.chain(at_least).any(|node| match node {
            Node::Ids(_) | Node::Vector(_) => false,
            Node::Field(_) => true,
            Node::Level(inner) => inner.reads_payload(),
        })
    }
}

impl Node {
    /// Order of evaluation among conditions whose order does not matter to the result.
    fn cost(&self) -> u8 {
        match self {
            Node::Vector(_) => 0,
            Node::Ids(_) => 1,
            Node::Field(_) => 2,
            Node::Level(_) => 3,
        }
    }
}

fn level(filter: &Filter, place: &str) -> Result<Level, NotSupported> {
    let min_should = match &filter.min_should {
        None => None,
        Some(min) => {
            let conditions = nodes(&min.conditions, place, "min_should.conditions")?;
            Some((min.min_count, conditions))
        }
    };
    Ok(Level {
        must: nodes(&filter.must, place, "must")?,
        should: nodes(&filter.should, place, "should")?,
        must_not: nodes(&filter.must_not, place, "must_not")?,
        min_should,
    })
}

fn nodes(conditions: &[Condition], place: &str, clause: &str) -> Result<Box<[Node]>, NotSupported> {
    let mut nodes = conditions
        .iter()
        .enumerate()
        .map(|(at, condition)| node(condition, || format!("{place}.{clause}[{at}]")))
        .collect::<Result<Box<[Node]>, NotSupported>>()?;
    nodes.sort_by_key(Node::cost);
    Ok(nodes)
}

fn node(condition: &Condition, place: impl Fn() -> String) -> Result<Node, NotSupported> {
    Ok(match condition {
        Condition::Field(field) => {
            let (test, wanted) = test(&field.test).map_err(|(name, what)| NotSupported {
                place: format!("{}.{name}", place()),
                what,
            })?;
            Node::Field(Field {
                steps: field.path.steps().into(),
                test,
                wanted,
            })
        }
        Condition::HasId(ids) => {
            let mut ids = ids.clone();
            ids.sort();
            ids.dedup();
            Node::Ids(ids.into())
        }
        Condition::HasVector(name) => Node::Vector(name.as_str().into()),
        Condition::Nested { .. } => {
            return Err(NotSupported {
                place: format!("{}.nested", place()),
                what: "a nested condition",
            });
        }
        Condition::Filter(inner) => Node::Level(Box::new(level(inner, &place())?)),
    })
}

/// The test and the outcome wanted of it, or the name of what is refused and what it is.
fn test(test: &FieldTest) -> Result<(Test, bool), (&'static str, &'static str)> {
    let test = match test {
        FieldTest::Match(Match::Keyword(text)) => Test::Keyword(text.as_str().into()),
        FieldTest::Match(Match::Integer(number)) => Test::Integer(*number),
        FieldTest::Match(Match::Bool(flag)) => Test::Bool(*flag),
        FieldTest::MatchAny(list) => Test::AnyOf(values(list)),
        FieldTest::MatchExcept(list) => Test::NoneOf(values(list)),
        FieldTest::Range(bounds) => Test::Range(*bounds),
        FieldTest::IsEmpty => return Ok((Test::NotEmpty, false)),
        FieldTest::IsNull => Test::HasNull,
        FieldTest::Text(text) => return Err((text_name(text), "text search")),
        FieldTest::DatetimeRange(_) => return Err(("range", "a range of times")),
        FieldTest::GeoRadius { .. } => return Err(("geo_radius", "a geographic condition")),
        FieldTest::GeoBoundingBox { .. } => return Err(("geo_bounding_box", "a geographic condition")),
        FieldTest::GeoPolygon(_) => return Err(("geo_polygon", "a geographic condition")),
        FieldTest::ValuesCount(_) => return Err(("values_count", "a count of values")),
    };
    Ok((test, true))
}

fn text_name(text: &Text) -> &'static str {
    match text {
        Text::All(_) => "match.text",
        Text::Any(_) => "match.text_any",
        Text::Phrase(_) => "match.phrase",
        Text::Prefix(_) => "match.prefix",
    }
}

fn values(list: &[Match]) -> Values {
    let mut keywords: Vec<Box<str>> = Vec::new();
    let mut integers = Vec::new();
    let mut bools = [false; 2];
    for value in list {
        match value {
            Match::Keyword(text) => keywords.push(text.as_str().into()),
            Match::Integer(number) => integers.push(*number),
            Match::Bool(flag) => bools[usize::from(*flag)] = true,
        }
    }
    keywords.sort();
    integers.sort_unstable();
    Values {
        keywords: keywords.into(),
        integers: integers.into(),
        bools,
    }
}
