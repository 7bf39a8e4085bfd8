//! Reads the JSON of a filter into a tree and counts what it lists. Never keeps more of a list than a filter may have,
//! never drops one of two entries of one name, never knows an operator.
//!
//! A filter beyond a limit is given up where it crosses it, so that its refusal costs no more than the limit allows.
//! Recursion is bounded by the JSON reader's limit of 128 levels.

use std::fmt;

use ruvector_types::{Invalid, Limits, Problem};
use serde::de::{DeserializeSeed, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

use crate::ApiError;
use crate::body::unplaced;

/// Names that an object may have whatever the limit of conditions: no condition has as many. Beyond them each is one more
/// field to be equal to something.
const NAMES_MIN: usize = 16;

/// The tree of a filter that the request calls `field`.
pub(super) fn read(text: &str, field: &str, limits: &Limits) -> Result<Value, ApiError> {
    let mut reading = Reading {
        limits,
        conditions: 0,
        fault: None,
        steps: Vec::new(),
    };
    let mut reader = serde_json::Deserializer::from_str(text);
    let list = List::Values;
    let tree = Item {
        reading: &mut reading,
        list,
    };
    tree.deserialize(&mut reader)
        .map_err(|error| reading.refusal(field, &error))
}

/// What a list holds, by the name it has.
#[derive(Clone, Copy)]
enum List {
    Conditions,
    Values,
    Places,
}

impl List {
    fn named(key: &str) -> List {
        match key {
            "must" | "should" | "must_not" | "conditions" | "And" | "Or" => List::Conditions,
            "points" | "interiors" => List::Places,
            _ => List::Values,
        }
    }
}

struct Reading<'a> {
    limits: &'a Limits,
    /// Items of lists of conditions, each of them one condition or more.
    conditions: usize,
    /// The limit that was crossed.
    fault: Option<Problem>,
    /// The way back from where reading ended.
    steps: Vec<String>,
}

impl Reading<'_> {
    /// Whether a list may not have the item at `at`.
    fn is_full(&mut self, list: List, at: usize) -> bool {
        match list {
            List::Conditions => {
                self.conditions += 1;
                self.conditions > self.limits.filter_conditions_max
            }
            List::Values => at >= self.limits.filter_values_max,
            List::Places => at >= self.limits.filter_polygon_points_max,
        }
    }

    fn cross(&mut self, list: List, items: usize) {
        let limits = self.limits;
        let (given, limit, limit_name) = match list {
            List::Conditions => (
                self.conditions,
                limits.filter_conditions_max,
                "filter_conditions_max",
            ),
            List::Values => (items, limits.filter_values_max, "filter_values_max"),
            List::Places => (
                items,
                limits.filter_polygon_points_max,
                "filter_polygon_points_max",
            ),
        };
        self.fault = Some(Problem::AboveLimit {
            given: given as u64,
            limit: limit as u64,
            limit_name,
        });
    }

    fn refusal(self, field: &str, error: &serde_json::Error) -> ApiError {
        let mut place = field.to_owned();
        place.extend(self.steps.into_iter().rev());
        match self.fault {
            Some(problem) => Invalid::new(place, problem).into(),
            None => ApiError::Json {
                field: place,
                source: serde_json::Error::custom(unplaced(error)),
            },
        }
    }
}

/// One value of the tree; `list` is what it holds if it is a list.
struct Item<'r, 'a> {
    reading: &'r mut Reading<'a>,
    list: List,
}

impl<'de> DeserializeSeed<'de> for Item<'_, '_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        reader.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Item<'_, '_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Bool(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Number::from_f64(number).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let Item { reading, list } = self;
        let mut read = Vec::new();
        loop {
            let at = read.len();
            let item = Item {
                reading: &mut *reading,
                list: List::Values,
            };
            let item = match items.next_element_seed(Counted { item, list, at }) {
                Ok(Some(item)) => item,
                Ok(None) => return Ok(Value::Array(read)),
                Err(error) => {
                    reading.steps.push(format!("[{at}]"));
                    return Err(error);
                }
            };
            let Some(item) = item else {
                // The list is refused as a whole, with the number of its items.
                let mut count = at + 1;
                while items.next_element::<IgnoredAny>()?.is_some() {
                    count += 1;
                }
                reading.cross(list, count);
                return Err(A::Error::custom("above a limit"));
            };
            read.push(item);
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut read = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if read.contains_key(&key) {
                return Err(A::Error::custom(format_args!("the name {key:?} is given twice")));
            }
            if read.len() >= self.reading.limits.filter_conditions_max.max(NAMES_MIN) {
                self.reading.conditions = read.len() + 1;
                self.reading.cross(List::Conditions, read.len());
                return Err(A::Error::custom("above a limit"));
            }
            let item = Item {
                reading: &mut *self.reading,
                list: List::named(&key),
            };
            match entries.next_value_seed(item) {
                Ok(value) => _ = read.insert(key, value),
                Err(error) => {
                    self.reading.steps.push(format!(".{key}"));
                    return Err(error);
                }
            }
        }
        Ok(Value::Object(read))
    }
}

/// The item of a list at `at`; `None` if it is passed over because the list is too long.
struct Counted<'r, 'a> {
    item: Item<'r, 'a>,
    list: List,
    at: usize,
}

impl<'de> DeserializeSeed<'de> for Counted<'_, '_> {
    type Value = Option<Value>;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Option<Value>, D::Error> {
        let reading = &mut *self.item.reading;
        if !reading.is_full(self.list, self.at) {
            return self.item.deserialize(reader).map(Some);
        }
        if let List::Conditions = self.list {
            reading.cross(self.list, self.at);
            return Err(D::Error::custom("above a limit"));
        }
        serde::Deserialize::deserialize(reader).map(|IgnoredAny| None)
    }
}
