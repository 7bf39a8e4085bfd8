//! Random payloads and paths over few keys and values, so that they meet often. Never draws a value that the engine
//! would refuse.

use ruvector_types::{Map, PayloadPath, Value};

use crate::Random;

pub(crate) const WORDS: [&str; 5] = ["", "red", "green", "blue", "rouge é"];
/// Texts of several words.
pub(crate) const TEXTS: [&str; 4] = [
    "the red fox",
    "Red foxes, green FOX",
    "rouge é: le renard",
    "blue blue red",
];
/// Spellings of times and the microseconds since 1970 that they mean; those at the end mean none.
pub(crate) const TIMES: [(&str, Option<i64>); 11] = [
    ("2024-02-29T12:30:00Z", Some(1_709_209_800_000_000)),
    ("2024-02-29 14:30:00+02:00", Some(1_709_209_800_000_000)),
    ("2024-02-29T12:30:00.000001Z", Some(1_709_209_800_000_001)),
    ("1970-01-01", Some(0)),
    ("1969-12-31T23:59", Some(-60_000_000)),
    ("0000-01-01", Some(-62_167_219_200_000_000)),
    ("9999-12-31T23:59:59Z", Some(253_402_300_799_000_000)),
    ("-0044-03-15", Some(-63_549_360_000_000_000)),
    ("2024-02-29  14:30:00 +0200 ", Some(1_709_209_800_000_000)),
    ("2023-02-29", None),
    ("noon", None),
];
/// UUIDs, the first two equal but for their spelling.
pub(crate) const UUIDS: [&str; 3] = [
    "936da01f-9abd-4d9d-80c7-02af85c822a8",
    "936DA01F9ABD4D9D80C702AF85C822A8",
    "00000000-0000-0000-0000-000000000000",
];
pub(crate) const INTS: [i64; 12] = [
    0,
    1,
    2,
    3,
    4,
    -1,
    -70_000,
    1 << 53,
    (1 << 53) + 1,
    i64::MAX - 1,
    i64::MAX,
    i64::MIN,
];
pub(crate) const UINTS: [u64; 3] = [1 << 63, u64::MAX - 1, u64::MAX];
pub(crate) const FLOATS: [f64; 12] = [
    0.0,
    -0.0,
    1.0,
    1.5,
    2.0,
    -0.5,
    9_007_199_254_740_992.0,
    9_223_372_036_854_775_808.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_616.0,
    1e300,
    -1e300,
];
/// Degrees of places, the last of them off the earth; none on the edge of a random shape.
const DEGREES: [f64; 8] = [0.0, 0.5, -0.5, 2.0, 60.0, -89.0, 179.5, 200.0];
/// Keys of payloads.
const KEYS: [&str; 12] = [
    "n", "u", "tag", "flag", "deep", "list", "x.y", "when", "place", "text", "key", "a",
];
/// Paths, those asked most often more than once.
const PATHS: [&str; 28] = [
    "n",
    "n",
    "n",
    "u",
    "u",
    "tag",
    "tag",
    "tag[]",
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
    "a.b[].c",
    "a.b[].c",
    "a.b",
    "when",
    "place",
    "text",
    "key",
    "absent",
];

impl Random {
    /// A payload of a few usual keys, each of them there or not.
    pub fn payload(&mut self) -> Map {
        let mut map = Map::new();
        for key in KEYS {
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
            "n" | "c" => Value::Int(self.below(5) as i64),
            "a" if depth == 2 => Value::Object(self.nest()),
            "a" => Value::Int(self.below(5) as i64),
            "u" => self.number(),
            "tag" if self.one_in(3) => {
                Value::Array((0..self.below(4)).map(|_| Value::from(self.of(&WORDS))).collect())
            }
            "tag" => Value::from(self.of(&WORDS)),
            "flag" => Value::Bool(self.one_in(2)),
            "deep" => Value::Object(self.object(depth)),
            "list" => Value::Array((0..self.below(4)).map(|_| self.item(depth)).collect()),
            "when" => Value::from(self.of(&TIMES).0),
            "place" => Value::Object(self.place()),
            "text" => Value::from(self.of(&TEXTS)),
            "key" => Value::from(self.of(&UUIDS)),
            _ => self.any_value(depth),
        }
    }

    fn number(&mut self) -> Value {
        match self.below(4) {
            0 | 1 => Value::Int(self.of(&INTS)),
            2 => Value::from_u64(self.of(&UINTS)),
            _ => Value::Float(self.of(&FLOATS)),
        }
    }

    /// An object whose `b` is mostly an array of objects that mostly have a `c`.
    fn nest(&mut self) -> Map {
        let items = self.below(4);
        let item = |random: &mut Random| match random.below(5) {
            0 => random.any_value(1),
            1 => Value::Object(random.object(1)),
            _ => Value::Object(Map::from([("c".to_owned(), random.value_of("c", 1))])),
        };
        let items = (0..items).map(|_| item(self)).collect();
        Map::from([("b".to_owned(), Value::Array(items))])
    }

    /// Mostly a place.
    fn place(&mut self) -> Map {
        let mut place = Map::new();
        for key in ["lon", "lat"] {
            let value = match self.below(8) {
                0 => Value::Int(1),
                1 => self.any_value(0),
                _ => Value::Float(self.of(&DEGREES)),
            };
            place.insert(key.to_owned(), value);
        }
        if self.one_in(8) {
            place.remove("lat");
        }
        place
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
        let keys: Vec<&str> = (0..count).map(|_| self.of(&["a", "tag", "x.y", "c"])).collect();
        keys.into_iter()
            .map(|key| (key.to_owned(), self.value_of(key, depth.saturating_sub(1))))
            .collect()
    }

    fn any_value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 8 } else { 10 }) {
            0 => Value::Null,
            1 => Value::Bool(self.one_in(2)),
            2..=4 => self.number(),
            5 => Value::from(self.of(&WORDS)),
            6 => Value::from(self.of(&TIMES).0),
            7 => Value::from(self.of(&TEXTS)),
            8 => Value::Array((0..self.below(3)).map(|_| self.any_value(depth - 1)).collect()),
            _ => Value::Object(self.object(depth - 1)),
        }
    }

    /// A path that often leads somewhere.
    pub fn path(&mut self) -> PayloadPath {
        parsed(self.of(&PATHS))
    }
}

/// The path that a text spells; the key of that name if it spells none.
pub(crate) fn parsed(text: &str) -> PayloadPath {
    PayloadPath::parse(text).unwrap_or_else(|_| PayloadPath::key(text))
}
