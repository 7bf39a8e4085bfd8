//! Random filters over the paths and values of random payloads. Only conditions that the engine serves.

use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, Match, MinShould, Number,
    PayloadPath, Text,
};

use crate::values::{FLOATS, INTS, TEXTS, TIMES, UINTS, UUIDS, WORDS, parsed};
use crate::{Generator, Random};

impl Random {
    fn field_test(&mut self) -> FieldTest {
        match self.below(19) {
            0..=2 => FieldTest::Match(self.matched()),
            3 => FieldTest::MatchAny((0..self.below(4)).map(|_| self.matched()).collect()),
            4 => FieldTest::MatchExcept((0..self.below(4)).map(|_| self.matched()).collect()),
            5 | 6 => FieldTest::Range(self.bounds(|random| random.of(&FLOATS))),
            7 => self.bounds(Random::bound).test(),
            8 => FieldTest::ValuesCount(self.bounds(|random| random.below(4) as u64)),
            9 | 10 => FieldTest::DatetimeRange(self.bounds(|random| random.of(&TIMES).1.unwrap_or(1))),
            11 => FieldTest::StartsWith(self.of(&["", "r", "2024-", "the "]).to_owned()),
            12 => FieldTest::Contains(self.of(&["", "e", "ee", "é", "fox"]).to_owned()),
            13 => FieldTest::IsEmpty,
            14 => FieldTest::IsNull,
            15 | 16 => FieldTest::Text(self.words()),
            _ => self.shape(),
        }
    }

    fn bound(&mut self) -> Number {
        match self.below(3) {
            0 => Number::Float(self.of(&FLOATS)),
            1 => Number::of_integer(self.of(&UINTS)),
            _ => Number::of_integer(self.of(&INTS)),
        }
    }

    fn words(&mut self) -> Text {
        let words = [
            "red",
            "FOX green",
            "blue blue",
            "red fox",
            "re",
            "the fo",
            "é",
            "rouge é le",
            "",
            ", :",
        ];
        let words = self.of(&words).to_owned();
        match self.below(4) {
            0 => Text::All(words),
            1 => Text::Any(words),
            2 => Text::Phrase(words),
            _ => Text::Prefix(words),
        }
    }

    /// A circle, a box that may cross the antimeridian, or a square with or without a hole.
    fn shape(&mut self) -> FieldTest {
        let place = |lon, lat| GeoPoint { lon, lat };
        let square = |side: f64| {
            let corners = [(-1.0, -1.0), (1.0, -1.0), (1.0, 1.0), (-1.0, 1.0), (-1.0, -1.0)];
            corners.map(|(lon, lat)| place(lon * side, lat * side)).to_vec()
        };
        match self.below(3) {
            0 => FieldTest::GeoRadius {
                center: place(self.of(&[0.0, 179.9]), 0.0),
                radius_m: self.of(&[100_000.0, 300_000.0, 9_000_000.0]),
            },
            1 => FieldTest::GeoBoundingBox {
                top_left: place(self.of(&[-1.0, 170.0]), self.of(&[1.5, 70.0])),
                bottom_right: place(self.of(&[1.2, -170.0]), -1.5),
            },
            _ => FieldTest::GeoPolygon(GeoPolygon {
                exterior: square(self.of(&[1.5, 3.0, 80.0])),
                interiors: if self.one_in(2) {
                    vec![square(0.25)]
                } else {
                    Vec::new()
                },
            }),
        }
    }

    /// A condition on the items of an array.
    fn nested(&mut self, depth: usize) -> Condition {
        let mut filter = Filter {
            must: vec![self.of_item(depth)],
            ..Filter::default()
        };
        match self.below(4) {
            0 => filter.must_not = vec![self.of_item(depth)],
            1 => filter.should = vec![self.of_item(depth), self.of_item(depth)],
            2 => filter.must.clear(),
            _ => {}
        }
        let path = match self.one_in(2) {
            true => parsed(self.of(&["list", "list[]", "a.b", "a.b[]"])),
            false => self.path(),
        };
        let filter = Box::new(filter);
        Condition::Nested { path, filter }
    }

    fn of_item(&mut self, depth: usize) -> Condition {
        if depth > 0 && self.one_in(6) {
            return self.nested(depth - 1);
        }
        let path = PayloadPath::key(self.of(&["a", "tag", "x.y", "c", "c"]));
        let test = self.field_test();
        Condition::Field(FieldCondition { path, test })
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
        match self.below(9) {
            0..=3 => Match::Integer(self.of(&INTS)),
            4 => Match::Keyword(self.of(&WORDS).to_owned()),
            5 => Match::Keyword(self.of(&UUIDS).to_owned()),
            6 => Match::Keyword(self.of(&TEXTS).to_owned()),
            7 => Match::from_u64(self.of(&UINTS)),
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
            1 => Condition::HasVector(
                self.random
                    .of(&["", "title", "words", "late", "absent"])
                    .to_owned(),
            ),
            2 => self.random.nested(depth),
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
