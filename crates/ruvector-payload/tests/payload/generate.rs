//! Random payloads, paths and filters from a seed. Never draws from anything but the seed.

use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, GeoPolygon, Map, Match, MinShould,
    Number, PayloadPath, PointId, Text, Value,
};

/// Few keys, so that paths hit often.
const KEYS: [&str; 4] = ["a", "b", "c", "a.b"];
const WORDS: [&str; 7] = [
    "",
    "red",
    "green",
    "blue",
    "rouge é",
    "Red, green: BLUE",
    "redgreen blue blue",
];
/// Texts and the microseconds since 1970 that they mean, if they mean any.
pub(crate) const TIMES: [(&str, Option<i64>); 6] = [
    ("2024-02-29T12:30:00Z", Some(1_709_209_800_000_000)),
    ("2024-02-29 14:30:00.000001+02:00", Some(1_709_209_800_000_001)),
    ("1970-01-01", Some(0)),
    ("1969-12-31T23:59", Some(-60_000_000)),
    ("2023-02-29", None),
    ("noon", None),
];
/// Degrees of places, some off the earth; none on the edge of a shape drawn.
const DEGREES: [f64; 9] = [0.0, 0.5, -0.5, 2.0, -2.0, 60.0, -89.0, 179.5, -179.5];
const INTS: [i64; 13] = [
    0,
    1,
    2,
    3,
    -1,
    255,
    -70_000,
    (1 << 53) - 1,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX,
    i64::MAX - 1,
    i64::MIN,
];
const UINTS: [u64; 4] = [1 << 63, (1 << 63) + 1, u64::MAX - 1, u64::MAX];
const FLOATS: [f64; 13] = [
    0.0,
    -0.0,
    1.0,
    1.5,
    2.0,
    -0.5,
    9_007_199_254_740_992.0,
    9_007_199_254_740_994.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    18_446_744_073_709_549_568.0,
    1e300,
];

/// SplitMix64 (Steele, Lea, Flood 2014).
pub(crate) struct Draw(u64);

impl Draw {
    pub(crate) fn new(seed: u64) -> Draw {
        Draw(seed)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % end as u64) as usize
    }

    pub(crate) fn one_in(&mut self, odds: usize) -> bool {
        self.below(odds) == 0
    }

    pub(crate) fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    pub(crate) fn map(&mut self, depth: usize) -> Map {
        let keys = self.below(4);
        (0..keys)
            .map(|_| (self.of(&KEYS).to_owned(), self.value(depth)))
            .collect()
    }

    pub(crate) fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 7 } else { 12 }) {
            0 => Value::Null,
            1 => Value::Bool(self.one_in(2)),
            2 => Value::Int(self.of(&INTS)),
            3 => Value::UInt(self.of(&UINTS)),
            4 => Value::Float(self.of(&FLOATS)),
            5 => Value::from(self.of(&WORDS)),
            6 => Value::from(self.of(&TIMES).0),
            7 => Value::Object(self.place()),
            8 | 9 => {
                let items = self.below(4);
                Value::Array((0..items).map(|_| self.value(depth - 1)).collect())
            }
            _ => Value::Object(self.map(depth - 1)),
        }
    }

    /// Mostly a place.
    fn place(&mut self) -> Map {
        let mut place = Map::new();
        for key in ["lon", "lat"] {
            let value = match self.below(8) {
                0 => Value::Int(1),
                1 => self.value(0),
                _ => Value::Float(self.of(&DEGREES)),
            };
            place.insert(key.to_owned(), value);
        }
        if self.one_in(8) {
            place.remove("lat");
        }
        place
    }

    pub(crate) fn path(&mut self) -> PayloadPath {
        if self.one_in(8) {
            return PayloadPath::key(self.of(&["a", "a.b", "\"a.", ""]));
        }
        let mut text = self.of(&["a", "b", "c", "\"a.b\""]).to_owned();
        while self.one_in(2) {
            text.push_str(self.of(&[".a", ".b", ".\"a.b\"", "[]", "[]", "[0]", "[1]"]));
        }
        PayloadPath::parse(&text).unwrap()
    }

    pub(crate) fn ids(&mut self) -> Vec<PointId> {
        let ids = self.below(4);
        (0..ids).map(|_| PointId::Num(self.below(4) as u64)).collect()
    }

    pub(crate) fn filter(&mut self, depth: usize) -> Filter {
        let min_should = self.one_in(3).then(|| MinShould {
            conditions: self.conditions(depth),
            min_count: self.below(4),
        });
        Filter {
            must: self.conditions(depth),
            should: self.conditions(depth),
            must_not: self.conditions(depth),
            min_should,
        }
    }

    fn conditions(&mut self, depth: usize) -> Vec<Condition> {
        let conditions = [0, 0, 0, 1, 1, 2, 3];
        let conditions = self.of(&conditions);
        (0..conditions).map(|_| self.condition(depth)).collect()
    }

    fn condition(&mut self, depth: usize) -> Condition {
        match self.below(10) {
            0 => Condition::HasId(self.ids()),
            1 => Condition::HasVector(self.of(&["", "title"]).to_owned()),
            2 | 3 if depth > 0 => Condition::Filter(Box::new(self.filter(depth - 1))),
            4 | 5 if depth > 0 => self.nested(depth - 1),
            _ => Condition::Field(FieldCondition {
                path: self.path(),
                test: self.test(),
            }),
        }
    }

    pub(crate) fn nested(&mut self, depth: usize) -> Condition {
        Condition::Nested {
            path: self.path(),
            filter: Box::new(self.filter(depth)),
        }
    }

    pub(crate) fn test(&mut self) -> FieldTest {
        match self.below(14) {
            0 | 1 => FieldTest::Match(self.matched()),
            2 => FieldTest::MatchAny(self.matches()),
            3 => FieldTest::MatchExcept(self.matches()),
            4 if self.one_in(2) => FieldTest::ExactRange(self.bounds(Draw::bound)),
            4 => FieldTest::Range(self.bounds(|draw| draw.of(&FLOATS))),
            5 => FieldTest::IsEmpty,
            6 => FieldTest::IsNull,
            7 => FieldTest::StartsWith(self.of(&["", "red", "r", "Red,"]).to_owned()),
            8 => FieldTest::Contains(self.of(&["", "green", "blue b", "e"]).to_owned()),
            9 => FieldTest::DatetimeRange(self.bounds(|draw| draw.of(&TIMES).1.unwrap_or(1))),
            10 => FieldTest::ValuesCount(self.bounds(|draw| draw.below(4) as u64)),
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

    pub(crate) fn text(&mut self) -> Text {
        let words = self
            .of(&["red", "GREEN blue", "blue blue", "re", "é", "", ", red"])
            .to_owned();
        match self.below(4) {
            0 => Text::All(words),
            1 => Text::Any(words),
            2 => Text::Phrase(words),
            _ => Text::Prefix(words),
        }
    }

    fn shape(&mut self) -> FieldTest {
        let place = |lon, lat| GeoPoint { lon, lat };
        match self.below(4) {
            0 => FieldTest::GeoRadius {
                center: place(self.of(&[0.0, 179.9]), 0.0),
                radius_m: self.of(&[100_000.0, 300_000.0, 9_000_000.0]),
            },
            1 => FieldTest::GeoBoundingBox {
                top_left: place(self.of(&[-1.0, 170.0]), self.of(&[1.5, 70.0])),
                bottom_right: place(self.of(&[1.2, -170.0]), -1.5),
            },
            _ => {
                let square = |side: f64| {
                    let corners = [
                        (-side, -side),
                        (side, -side),
                        (side, side),
                        (-side, side),
                        (-side, -side),
                    ];
                    corners.map(|(lon, lat)| place(lon, lat)).to_vec()
                };
                FieldTest::GeoPolygon(GeoPolygon {
                    exterior: square(self.of(&[1.5, 3.0, 80.0])),
                    interiors: if self.one_in(2) {
                        vec![square(0.25)]
                    } else {
                        vec![]
                    },
                })
            }
        }
    }

    fn bounds<T>(&mut self, one: impl Fn(&mut Draw) -> T) -> Bounds<T> {
        let mut bound = || self.one_in(3).then(|| one(self));
        Bounds {
            gt: bound(),
            gte: bound(),
            lt: bound(),
            lte: bound(),
        }
    }

    fn matches(&mut self) -> Vec<Match> {
        let values = self.below(5);
        (0..values).map(|_| self.matched()).collect()
    }

    fn matched(&mut self) -> Match {
        match self.below(4) {
            0 => Match::Keyword(self.of(&WORDS).to_owned()),
            1 => Match::Integer(self.of(&INTS)),
            2 => Match::from_u64(self.of(&UINTS)),
            _ => Match::Bool(self.one_in(2)),
        }
    }
}
