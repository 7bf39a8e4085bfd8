//! Random filters over the paths and values of random payloads. Only conditions that the engine serves.

use ruvector_types::{Bounds, Condition, FieldCondition, FieldTest, Filter, Match, MinShould};

use crate::values::{FLOATS, INTS, TEXTS, UUIDS, WORDS};
use crate::{Generator, Random};

impl Random {
    fn field_test(&mut self) -> FieldTest {
        match self.below(9) {
            0..=2 => FieldTest::Match(self.matched()),
            3 => FieldTest::MatchAny((0..self.below(4)).map(|_| self.matched()).collect()),
            4 => FieldTest::MatchExcept((0..self.below(4)).map(|_| self.matched()).collect()),
            5 | 6 => FieldTest::Range(self.bounds(|random| random.of(&FLOATS))),
            7 => FieldTest::IsEmpty,
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

    fn matched(&mut self) -> Match {
        match self.below(8) {
            0..=3 => Match::Integer(self.of(&INTS)),
            4 => Match::Keyword(self.of(&WORDS).to_owned()),
            5 => Match::Keyword(self.of(&UUIDS).to_owned()),
            6 => Match::Keyword(self.of(&TEXTS).to_owned()),
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
                let min_count = self.random.within(1..=4);
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
            2 | 3 if depth > 0 => Condition::Filter(Box::new(self.filter(depth - 1))),
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
