//! Random payloads, paths and filters over few keys and values, so that they meet often. Only conditions that the
//! engine serves.

use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, Map, Match, MinShould, PayloadPath, Value,
};

use crate::{Generator, Random};

const WORDS: [&str; 5] = ["", "red", "green", "blue", "rouge é"];
const INTS: [i64; 10] = [0, 1, 2, 3, 4, -1, 1 << 53, (1 << 53) + 1, i64::MAX, i64::MIN];
const FLOATS: [f64; 8] = [0.0, -0.0, 1.0, 1.5, 2.0, -0.5, 9_007_199_254_740_992.0, 1e300];
/// Times among the words, and how they are asked for.
const TIMES: [(&str, i64); 3] = [
    ("1970-01-01", 0),
    ("2024-02-29 12:30", 1_709_209_800_000_000),
    ("2024-02-29T14:30:00.000001+02:00", 1_709_209_800_000_001),
];
const PATHS: [&str; 18] = [
    "n",
    "n",
    "n",
    "tag",
    "tag",
    "flag",
    "deep",
    "deep.a",
    "deep.tag",
    "deep.\"x.y\"",
    "list",
    "list[]",
    "list[].a",
    "list[0]",
    "list[1].a",
    "\"x.y\"",
    "list[].\"x.y\"",
    "absent",
];

impl Random {
    /// A payload of a few usual keys, each of them there or not.
    pub fn payload(&mut self) -> Map {
        let mut map = Map::new();
        for key in ["n", "tag", "flag", "deep", "list", "x.y"] {
            if self.one_in(2) {
                map.insert(key.to_owned(), self.value_of(key, 2));
            }
        }
        map
    }

    /// A value as the key usually has it; anything at all once in eight times.
    fn value_of(&mut self, key: &str, depth: usize) -> Value {
        if self.one_in(8) {
            return self.any_value(depth);
        }
        match key {
            "n" | "a" => Value::Int(self.below(5) as i64),
            "tag" if self.one_in(3) => {
                Value::Array((0..self.below(4)).map(|_| Value::from(self.of(&WORDS))).collect())
            }
            "tag" => Value::from(self.of(&WORDS)),
            "flag" => Value::Bool(self.one_in(2)),
            "x.y" if self.one_in(2) => Value::from(self.of(&TIMES).0),
            "deep" => Value::Object(self.object(depth)),
            "list" => Value::Array((0..self.below(4)).map(|_| self.item(depth)).collect()),
            _ => self.any_value(depth),
        }
    }

    fn item(&mut self, depth: usize) -> Value {
        if depth > 0 && self.one_in(2) {
            Value::Object(self.object(depth - 1))
        } else {
            self.any_value(0)
        }
    }

    fn object(&mut self, depth: usize) -> Map {
        let count = self.below(4);
        let keys: Vec<&str> = (0..count).map(|_| self.of(&["a", "tag", "x.y"])).collect();
        keys.into_iter()
            .map(|key| (key.to_owned(), self.value_of(key, depth.saturating_sub(1))))
            .collect()
    }

    fn any_value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 7 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Bool(self.one_in(2)),
            2 | 3 => Value::Int(self.of(&INTS)),
            4 => Value::from_u64(u64::MAX - self.below(2) as u64),
            5 => Value::Float(self.of(&FLOATS)),
            6 => Value::from(self.of(&WORDS)),
            7 => Value::Array((0..self.below(3)).map(|_| self.any_value(depth - 1)).collect()),
            _ => Value::Object(self.object(depth - 1)),
        }
    }

    /// A path that often leads somewhere.
    pub fn path(&mut self) -> PayloadPath {
        let text = self.of(&PATHS);
        PayloadPath::parse(text).unwrap_or_else(|_| PayloadPath::key(text))
    }

    fn field_test(&mut self) -> FieldTest {
        match self.below(13) {
            0..=2 => FieldTest::Match(self.matched()),
            3 => FieldTest::MatchAny((0..self.below(4)).map(|_| self.matched()).collect()),
            4 => FieldTest::MatchExcept((0..self.below(4)).map(|_| self.matched()).collect()),
            5 | 6 => FieldTest::Range(self.bounds(|random| random.of(&FLOATS))),
            7 => FieldTest::ValuesCount(self.bounds(|random| random.below(4) as u64)),
            8 => FieldTest::DatetimeRange(self.bounds(|random| random.of(&TIMES).1)),
            9 => FieldTest::StartsWith(self.of(&["", "r", "2024-"]).to_owned()),
            10 => FieldTest::Contains(self.of(&["e", "ee", "é"]).to_owned()),
            11 => FieldTest::IsEmpty,
            _ => FieldTest::IsNull,
        }
    }

    fn bounds<T>(&mut self, one: impl Fn(&mut Random) -> T) -> Bounds<T> {
        let mut bound = || self.one_in(3).then(|| one(self));
        Bounds {
            gt: bound(),
            gte: bound(),
            lt: bound(),
            lte: bound(),
        }
    }

    /// A condition on the items of an array.
    fn nested(&mut self) -> Condition {
        let mut field = || {
            let path = PayloadPath::key(self.of(&["a", "tag", "x.y"]));
            let test = self.field_test();
            Condition::Field(FieldCondition { path, test })
        };
        let filter = Filter {
            must: vec![field()],
            must_not: vec![field()],
            ..Filter::default()
        };
        Condition::Nested {
            path: self.path(),
            filter: Box::new(filter),
        }
    }

    fn matched(&mut self) -> Match {
        match self.below(4) {
            0 if self.one_in(4) => Match::from_u64(u64::MAX - self.below(2) as u64),
            0 | 1 => Match::Integer(self.of(&INTS)),
            2 => Match::Keyword(self.of(&WORDS).to_owned()),
            _ => Match::Bool(self.one_in(2)),
        }
    }
}

impl Generator {
    /// A filter of one to a few conditions, nested up to `depth` levels below.
    pub fn filter(&mut self, depth: usize) -> Filter {
        let mut filter = Filter::default();
        match self.random.below(8) {
            0..=2 => filter.must = self.conditions(1, depth),
            3 => filter.must_not = self.conditions(1, depth),
            4 => filter.should = self.conditions(2, depth),
            5 => {
                let min_count = 1 + self.random.below(3);
                filter.min_should = Some(MinShould {
                    conditions: self.conditions(3, depth),
                    min_count,
                });
            }
            _ => {
                filter.must = self.conditions(0, depth);
                filter.should = self.conditions(0, depth);
                filter.must_not = self.conditions(0, depth);
            }
        }
        filter
    }

    fn conditions(&mut self, least: usize, depth: usize) -> Vec<Condition> {
        let count = least + self.random.of(&[0, 0, 1, 2]);
        (0..count).map(|_| self.condition(depth)).collect()
    }

    fn condition(&mut self, depth: usize) -> Condition {
        match self.random.below(10) {
            0 => {
                let count = self.random.below(self.ids_max / 2 + 1);
                Condition::HasId(self.ids(count))
            }
            1 => Condition::HasVector(self.random.of(&["", "title", "absent"]).to_owned()),
            2 => self.random.nested(),
            3 | 4 if depth > 0 => Condition::Filter(Box::new(self.filter(depth - 1))),
            _ => {
                let path = self.random.path();
                Condition::Field(FieldCondition {
                    path,
                    test: self.random.field_test(),
                })
            }
        }
    }
}
