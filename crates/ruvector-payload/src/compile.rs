//! Filter to evaluable form: lists sorted, texts cut into words, cheap conditions first. Never refuses one: the rules
//! of filters are checked before.

use ruvector_types::{
    Bounds, Condition, FieldTest, Filter, Match, Number, PayloadPath, PointId, Range, Step, TextOptions,
};

use crate::geo::Shape;
use crate::text::TextTest;

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
    Nested(Nested),
    Level(Box<Level>),
}

/// Whether one object among the items of an array at `steps` matches.
#[derive(Clone, Debug)]
pub(crate) struct Nested {
    pub(crate) steps: Box<[Step]>,
    pub(crate) level: Box<Level>,
}

/// Whether some value at `steps` passes `test` is `wanted`.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) steps: Box<[Step]>,
    pub(crate) test: Test,
    pub(crate) wanted: bool,
}

/// What a value is put to.
#[derive(Clone, Debug)]
pub(crate) enum Test {
    Keyword(Box<str>),
    Integer(i64),
    /// Above `i64::MAX`.
    UInt(u64),
    Bool(bool),
    AnyOf(Values),
    NoneOf(Values),
    StartsWith(Box<str>),
    Contains(Box<str>),
    Range(Range),
    ExactRange(Bounds<Number>),
    /// Microseconds since 1970.
    Datetime(Bounds<i64>),
    Text(TextTest),
    Geo(Shape),
    ValuesCount(Bounds<u64>),
    NotEmpty,
    HasNull,
    /// Any value at all.
    Exists,
    /// No value.
    Never,
}

/// A list of values, each kind sorted.
#[derive(Clone, Debug, Default)]
pub(crate) struct Values {
    pub(crate) keywords: Box<[Box<str>]>,
    pub(crate) integers: Box<[i64]>,
    /// Above `i64::MAX`.
    pub(crate) uints: Box<[u64]>,
    /// Whether `false` and `true` are listed.
    pub(crate) bools: [bool; 2],
}

/// Compiles a filter that has passed `Filter::validate` (its nesting bounds the recursion). Text conditions cut words
/// as a field without an index does. Cost: linear, plus sorting the lists.
pub fn compile(filter: &Filter) -> Compiled {
    compile_with(filter, &|_| TextOptions::default())
}

/// As [`compile`], with the text options of each field. A field inside a nested condition is asked for by its whole
/// path: `b` in the items of `a` is `a[].b`.
pub fn compile_with(filter: &Filter, options: &dyn Fn(&[Step]) -> TextOptions) -> Compiled {
    let fields = Fields { array: &[], options };
    Compiled {
        root: fields.level(filter),
    }
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
            Node::Field(_) | Node::Nested(_) => true,
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
            Node::Field(field) if field.test.is_cheap() => 2,
            Node::Level(_) => 3,
            Node::Field(_) => 4,
            Node::Nested(_) => 5,
        }
    }
}

/// Where the fields of a filter lie, and how their texts are cut into words.
struct Fields<'a> {
    /// The path that leads to an item, inside a nested condition.
    array: &'a [Step],
    options: &'a dyn Fn(&[Step]) -> TextOptions,
}

impl Fields<'_> {
    fn level(&self, filter: &Filter) -> Level {
        let min_should = filter.min_should.as_ref();
        Level {
            must: self.nodes(&filter.must),
            should: self.nodes(&filter.should),
            must_not: self.nodes(&filter.must_not),
            min_should: min_should.map(|min| (min.min_count, self.nodes(&min.conditions))),
        }
    }

    fn nodes(&self, conditions: &[Condition]) -> Box<[Node]> {
        let mut nodes: Box<[Node]> = conditions.iter().map(|condition| self.node(condition)).collect();
        nodes.sort_by_key(Node::cost);
        nodes
    }

    fn node(&self, condition: &Condition) -> Node {
        match condition {
            Condition::Field(field) => {
                let (test, wanted) = self.test(&field.path, &field.test);
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
            Condition::Nested { path, filter } => self.nested(path, filter),
            Condition::Filter(inner) => Node::Level(Box::new(self.level(inner))),
        }
    }

    fn nested(&self, path: &PayloadPath, filter: &Filter) -> Node {
        let steps = match path.steps() {
            [steps @ .., Step::Each] => steps,
            steps => steps,
        };
        let array = [self.array, steps, &[Step::Each]].concat();
        let items = Fields {
            array: &array,
            options: self.options,
        };
        Node::Nested(Nested {
            steps: steps.into(),
            level: Box::new(items.level(filter)),
        })
    }

    /// The test and the outcome wanted of it.
    fn test(&self, path: &PayloadPath, test: &FieldTest) -> (Test, bool) {
        let test = match test {
            FieldTest::Match(Match::Keyword(text)) => Test::Keyword(text.as_str().into()),
            FieldTest::Match(Match::Integer(number)) => Test::Integer(*number),
            FieldTest::Match(Match::UInt(number)) => {
                i64::try_from(*number).map_or(Test::UInt(*number), Test::Integer)
            }
            FieldTest::Match(Match::Bool(flag)) => Test::Bool(*flag),
            FieldTest::MatchAny(list) => Test::AnyOf(values(list)),
            FieldTest::MatchExcept(list) => Test::NoneOf(values(list)),
            FieldTest::StartsWith(text) => Test::StartsWith(text.as_str().into()),
            FieldTest::Contains(text) => Test::Contains(text.as_str().into()),
            FieldTest::Range(bounds) => Test::Range(*bounds),
            FieldTest::ExactRange(bounds) => Test::ExactRange(*bounds),
            FieldTest::DatetimeRange(bounds) => Test::Datetime(*bounds),
            FieldTest::Text(text) => {
                let options = (self.options)(&[self.array, path.steps()].concat());
                Test::Text(TextTest::compile(text, &options))
            }
            FieldTest::GeoRadius { .. } | FieldTest::GeoBoundingBox { .. } | FieldTest::GeoPolygon(_) => {
                Shape::compile(test).map_or(Test::Never, Test::Geo)
            }
            FieldTest::ValuesCount(bounds) => Test::ValuesCount(*bounds),
            FieldTest::IsEmpty => return (Test::NotEmpty, false),
            FieldTest::IsNull => Test::HasNull,
        };
        (test, true)
    }
}

impl Test {
    /// Whether it looks at a value without walking through it.
    fn is_cheap(&self) -> bool {
        !matches!(
            self,
            Test::Text(_) | Test::Geo(_) | Test::Datetime(_) | Test::Contains(_)
        )
    }
}

fn values(list: &[Match]) -> Values {
    let mut keywords: Vec<Box<str>> = Vec::new();
    let mut integers = Vec::new();
    let mut uints = Vec::new();
    let mut bools = [false; 2];
    for value in list {
        match value {
            Match::Keyword(text) => keywords.push(text.as_str().into()),
            Match::Integer(number) => integers.push(*number),
            Match::UInt(number) => match i64::try_from(*number) {
                Ok(number) => integers.push(number),
                Err(_) => uints.push(*number),
            },
            Match::Bool(flag) => bools[usize::from(*flag)] = true,
        }
    }
    keywords.sort();
    integers.sort_unstable();
    uints.sort_unstable();
    Values {
        keywords: keywords.into(),
        integers: integers.into(),
        uints: uints.into(),
        bools,
    }
}
