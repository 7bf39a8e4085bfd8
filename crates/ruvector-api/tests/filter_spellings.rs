//! Goal: a filter means the same however it is spelled. Method: random expressions, written as JSON in Qdrant's
//! spelling, as expressions, as the shorthand where it can say it, and mixed at random; each is read and compared with
//! the tree that the expression itself makes in Rust.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use ruvector_api::WireFilter;
use ruvector_types::{
    AnyRange, Bound, Bounds, Condition, Filter, FilterExpression as Is, GeoPoint, Limits, Number,
    PayloadPath, Scalar,
};
use serde_json::{Map, Value, json};

const TIMES: [(&str, i64); 3] = [
    ("1970-01-01", 0),
    ("2024-02-29 12:30", 1_709_209_800_000_000),
    ("1969-12-31T23:59:59.999999Z", -1),
];

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((word ^ (word >> 31)) % end as u64) as usize
    }

    fn of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }

    fn path(&mut self) -> PayloadPath {
        PayloadPath::parse(self.of(&["a", "b.c", "d[].e", "\"x.y\"", "z[1]"])).unwrap()
    }

    fn scalar(&mut self) -> Scalar {
        match self.below(8) {
            0 => Scalar::Null,
            1 => Scalar::Bool(self.below(2) == 0),
            2 => Scalar::Int(self.of(&[0, -7, i64::MIN, i64::MAX])),
            3 => Scalar::UInt(u64::MAX),
            4 => Scalar::Float(self.of(&[0.5, 2.0, -1e300, 1e19])),
            _ => Scalar::String(self.of(&["", "noun", "1"]).to_owned()),
        }
    }

    fn bound(&mut self) -> Bound {
        match self.below(3) {
            0 => Bound::Number(self.of(&[0.0, -1.5, 1e300])),
            1 => Bound::Integer(self.of(&[3, i64::MIN.into(), u64::MAX.into(), (1 << 53) + 1])),
            _ => Bound::Time(self.of(&TIMES).1),
        }
    }

    fn range(&mut self) -> AnyRange {
        match self.bound() {
            // Without bounds it is one of numbers.
            Bound::Number(number) => AnyRange::Numbers(Bounds {
                gte: (self.below(4) > 0).then_some(number),
                lt: (self.below(2) == 0).then_some(9.25),
                ..Bounds::default()
            }),
            Bound::Integer(integer) => AnyRange::Exact(Bounds {
                gt: (self.below(2) == 0).then_some(Number::Float(0.5)),
                lte: Some(Number::of_integer(integer)),
                ..Bounds::default()
            }),
            Bound::Time(micros) => AnyRange::Times(Bounds {
                gt: (self.below(2) == 0).then_some(0),
                lte: Some(micros),
                ..Bounds::default()
            }),
        }
    }

    fn place(&mut self) -> GeoPoint {
        GeoPoint {
            lon: self.of(&[0.0, 179.5, -180.0]),
            lat: self.of(&[0.0, 45.25, -90.0]),
        }
    }

    fn expression(&mut self, depth: usize) -> Is {
        let field = self.path();
        match self.below(if depth == 0 { 11 } else { 16 }) {
            0 => Is::gt(field, self.bound()),
            1 => Is::gte(field, self.bound()),
            2 => Is::lt(field, self.bound()),
            3 => Is::lte(field, self.bound()),
            4 => Is::Range {
                field,
                range: self.range(),
            },
            5 => Is::GeoRadius {
                field,
                center: self.place(),
                radius_m: self.of(&[0.0, 12.5]),
            },
            6 => Is::GeoBoundingBox {
                field,
                top_left: self.place(),
                bottom_right: self.place(),
            },
            7 => Is::Match {
                field,
                text: "two words".to_owned(),
            },
            8 => Is::MatchPhrase {
                field,
                phrase: "a phrase".to_owned(),
            },
            9 => Is::ne(field, self.scalar()),
            10 => Is::eq(field, self.scalar()),
            11 => !self.expression(depth - 1),
            12 => Is::Or(self.expressions(depth - 1)),
            _ => Is::And(self.expressions(depth - 1)),
        }
    }

    fn expressions(&mut self, depth: usize) -> Vec<Is> {
        let count = 1 + self.below(3);
        (0..count).map(|_| self.expression(depth)).collect()
    }
}

/// How to write a filter.
enum Pen {
    Qdrant,
    Expression,
    /// Any spelling that can say it, drawn at each level.
    Mixed(Draw),
}

impl Pen {
    fn write(&mut self, expression: &Is) -> Value {
        match self {
            Pen::Qdrant => self.qdrant(expression),
            Pen::Expression => self.expression(expression),
            Pen::Mixed(draw) => match draw.below(3) {
                0 => self.qdrant(expression),
                1 => self.expression(expression),
                _ => shorthand(expression).unwrap_or_else(|| self.qdrant(expression)),
            },
        }
    }

    fn list(&mut self, list: &[Is]) -> Vec<Value> {
        list.iter().map(|item| self.write(item)).collect()
    }

    fn expression(&mut self, expression: &Is) -> Value {
        let compared =
            |field: &PayloadPath, value: Value| json!({"field": field.to_string(), "value": value});
        match expression {
            Is::Eq { field, value } => json!({"Eq": compared(field, scalar(value))}),
            Is::Ne { field, value } => json!({"Ne": compared(field, scalar(value))}),
            Is::Gt { field, value } => json!({"Gt": compared(field, bound(*value))}),
            Is::Gte { field, value } => json!({"Gte": compared(field, bound(*value))}),
            Is::Lt { field, value } => json!({"Lt": compared(field, bound(*value))}),
            Is::Lte { field, value } => json!({"Lte": compared(field, bound(*value))}),
            Is::Range { field, range: bounds } => {
                let mut object = range(*bounds);
                object.insert("field".to_owned(), field.to_string().into());
                json!({"Range": object})
            }
            Is::GeoRadius {
                field,
                center,
                radius_m,
            } => {
                json!({"GeoRadius": {"field": field.to_string(), "center": place(*center), "radius_m": radius_m}})
            }
            Is::GeoBoundingBox {
                field,
                top_left,
                bottom_right,
            } => json!({"GeoBoundingBox": {"field": field.to_string(), "top_left": place(*top_left),
                "bottom_right": place(*bottom_right)}}),
            Is::Match { field, text } => json!({"Match": {"field": field.to_string(), "text": text}}),
            Is::MatchPhrase { field, phrase } => {
                json!({"MatchPhrase": {"field": field.to_string(), "phrase": phrase}})
            }
            Is::And(list) => json!({"And": self.list(list)}),
            Is::Or(list) => json!({"Or": self.list(list)}),
            Is::Not(inner) => json!({"Not": self.write(inner)}),
            Is::Other(condition) => panic!("{condition:?} is never drawn"),
        }
    }

    fn qdrant(&mut self, expression: &Is) -> Value {
        let one =
            |field: &PayloadPath, name: &str, value: Value| json!({"key": field.to_string(), name: value});
        match expression {
            Is::Eq { field, value } => match value {
                Scalar::Null => json!({"is_null": {"key": field.to_string()}}),
                Scalar::Float(number) if number.abs() > 1e19 || number.fract() != 0.0 => {
                    one(field, "range", json!({"gte": number, "lte": number}))
                }
                value => one(field, "match", json!({"value": scalar(value)})),
            },
            Is::Ne { field, value } => {
                let (field, value) = (field.clone(), value.clone());
                json!({"must_not": self.qdrant(&Is::Eq { field, value })})
            }
            Is::Gt { field, value } => one(field, "range", json!({"gt": bound(*value)})),
            Is::Gte { field, value } => one(field, "range", json!({"gte": bound(*value)})),
            Is::Lt { field, value } => one(field, "range", json!({"lt": bound(*value), "gt": null})),
            Is::Lte { field, value } => one(field, "range", json!({"lte": bound(*value)})),
            Is::Range { field, range: bounds } => one(field, "range", Value::Object(range(*bounds))),
            Is::GeoRadius {
                field,
                center,
                radius_m,
            } => one(
                field,
                "geo_radius",
                json!({"center": place(*center), "radius": radius_m}),
            ),
            Is::GeoBoundingBox {
                field,
                top_left,
                bottom_right,
            } => one(
                field,
                "geo_bounding_box",
                json!({"top_left": place(*top_left), "bottom_right": place(*bottom_right)}),
            ),
            Is::Match { field, text } => one(field, "match", json!({"text": text})),
            Is::MatchPhrase { field, phrase } => one(field, "match", json!({"phrase": phrase})),
            Is::And(list) if list.len() == 1 => json!({"must": self.write(&list[0])}),
            Is::And(list) => json!({"must": self.list(list), "should": []}),
            Is::Or(list) => json!({"should": self.list(list), "must": null}),
            Is::Not(inner) => json!({"must_not": [self.write(inner)]}),
            Is::Other(condition) => panic!("{condition:?} is never drawn"),
        }
    }
}

/// Equalities of fields in rising order; the shorthand says no more.
fn shorthand(expression: &Is) -> Option<Value> {
    let list = match expression {
        Is::And(list) => &list[..],
        other => std::slice::from_ref(other),
    };
    let mut object = Map::new();
    for item in list {
        let Is::Eq { field, value } = item else {
            return None;
        };
        let field = field.to_string();
        if object.keys().any(|last| *last >= field) {
            return None;
        }
        object.insert(field, scalar(value));
    }
    Some(Value::Object(object))
}

fn scalar(value: &Scalar) -> Value {
    match value {
        Scalar::Null => Value::Null,
        Scalar::Bool(flag) => json!(flag),
        Scalar::Int(number) => json!(number),
        Scalar::UInt(number) => json!(number),
        Scalar::Float(number) => json!(number),
        Scalar::String(text) => json!(text),
    }
}

fn bound(value: Bound) -> Value {
    match value {
        Bound::Number(number) => json!(number),
        Bound::Integer(integer) => match i64::try_from(integer) {
            Ok(integer) => json!(integer),
            Err(_) => json!(u64::try_from(integer).unwrap()),
        },
        Bound::Time(micros) => json!(TIMES.iter().find(|(_, known)| *known == micros).unwrap().0),
    }
}

fn range(bounds: AnyRange) -> Map<String, Value> {
    let named = match bounds {
        AnyRange::Numbers(b) => [("gt", b.gt), ("gte", b.gte), ("lt", b.lt), ("lte", b.lte)]
            .map(|(name, number)| (name, number.map(Bound::Number))),
        AnyRange::Exact(b) => {
            [("gt", b.gt), ("gte", b.gte), ("lt", b.lt), ("lte", b.lte)].map(|(name, number)| {
                let bound = |number| match number {
                    Number::Float(number) => Bound::Number(number),
                    Number::Integer(integer) => Bound::Integer(integer),
                };
                (name, number.map(bound))
            })
        }
        AnyRange::Times(b) => [("gt", b.gt), ("gte", b.gte), ("lt", b.lt), ("lte", b.lte)]
            .map(|(name, micros)| (name, micros.map(Bound::Time))),
    };
    let given = named
        .into_iter()
        .filter_map(|(name, value)| Some((name.to_owned(), bound(value?))));
    given.collect()
}

fn place(place: GeoPoint) -> Value {
    json!({"lon": place.lon, "lat": place.lat})
}

/// Without the levels that hold nothing but one condition all must match.
fn plain(condition: Condition) -> Condition {
    let Condition::Filter(filter) = condition else {
        return condition;
    };
    let mut filter = *filter;
    for list in [&mut filter.must, &mut filter.should, &mut filter.must_not] {
        *list = std::mem::take(list).into_iter().map(plain).collect();
    }
    let alone = filter.should.is_empty() && filter.must_not.is_empty() && filter.min_should.is_none();
    if alone && filter.must.len() == 1 {
        return filter.must.remove(0);
    }
    filter.into()
}

fn read(json: &Value) -> Filter {
    let wire: WireFilter = serde_json::from_str(&json.to_string()).unwrap();
    wire.into_filter("filter", &Limits::default())
        .unwrap_or_else(|error| panic!("{json}: {error}"))
}

#[test]
fn every_spelling_makes_the_same_tree() {
    let mut shorthands = 0;
    for seed in 0..20_000 {
        let expression = Draw(seed).expression(3);
        let wanted = plain(Filter::from(expression.clone()).into());
        let short = shorthand(&expression);
        shorthands += usize::from(short.is_some());
        let texts = [
            Pen::Qdrant.write(&expression),
            Pen::Expression.write(&expression),
            Pen::Mixed(Draw(seed)).write(&expression),
        ];
        for json in texts.iter().chain(&short) {
            assert_eq!(plain(read(json).into()), wanted, "seed {seed}: {json}");
        }
    }
    assert!(shorthands > 1_000, "{shorthands} of 20,000 have a shorthand");
}
