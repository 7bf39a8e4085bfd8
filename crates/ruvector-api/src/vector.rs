//! Vectors as JSON, read straight into `f32`. Never lets a number through that is not finite as `f32`.

use std::collections::BTreeMap;
use std::fmt;

use ruvector_types::NamedVectors;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

const DENSE: &str = "a vector: a list of numbers (sparse vectors, multi-vectors and texts are not supported)";

/// One dense vector: a list of numbers.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseVector(pub Vec<f32>);

/// A point's vectors: a list (the unnamed vector), or an object of lists by name.
#[derive(Clone, Debug, PartialEq)]
pub struct PointVectors(pub NamedVectors);

/// The vector of a search: a list, or `{"name": "title", "vector": [..]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryVector {
    /// The vector field; empty for the unnamed one.
    pub name: String,
    /// The numbers.
    pub vector: Vec<f32>,
}

/// The vectors of a batch in columns: a list of lists, or an object of such lists by name.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchVectors(pub BTreeMap<String, Vec<Vec<f32>>>);

/// A number that is finite as `f32`. Read by way of `f64`, which is exact for it where the text has 15 digits or fewer and
/// is faster; of more digits than 17, one may be rounded to the other neighbour where both are equally near to 2⁻⁵³.
struct Component(f32);

impl<'de> Deserialize<'de> for Component {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_f64(ComponentVisitor).map(Component)
    }
}

struct ComponentVisitor;

impl Visitor<'_> for ComponentVisitor {
    type Value = f32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of a vector (sparse vectors, multi-vectors and texts are not supported)")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<f32, E> {
        let narrow = number as f32;
        if narrow.is_finite() {
            Ok(narrow)
        } else {
            Err(E::custom(format_args!("{number:e} does not fit a 32-bit float")))
        }
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<f32, E> {
        Ok(number as f32)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<f32, E> {
        Ok(number as f32)
    }
}

fn numbers<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Vec<f32>, A::Error> {
    let mut vector = Vec::with_capacity(items.size_hint().unwrap_or(0).min(4096));
    while let Some(Component(number)) = items.next_element()? {
        vector.push(number);
    }
    Ok(vector)
}

impl<'de> Deserialize<'de> for DenseVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Dense;
        impl<'de> Visitor<'de> for Dense {
            type Value = DenseVector;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(DENSE)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<DenseVector, A::Error> {
                numbers(items).map(DenseVector)
            }
        }
        deserializer.deserialize_any(Dense)
    }
}

impl<'de> Deserialize<'de> for PointVectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Vectors;
        impl<'de> Visitor<'de> for Vectors {
            type Value = PointVectors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers, or an object of such lists by vector name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<PointVectors, A::Error> {
                let vector = numbers(items)?;
                Ok(PointVectors(BTreeMap::from([(String::new(), vector)])))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PointVectors, A::Error> {
                let mut vectors = BTreeMap::new();
                while let Some((name, DenseVector(vector))) = entries.next_entry()? {
                    vectors.insert(name, vector);
                }
                Ok(PointVectors(vectors))
            }
        }
        deserializer.deserialize_any(Vectors)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NamedQuery {
    name: String,
    vector: DenseVector,
}

impl<'de> Deserialize<'de> for QueryVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Query;
        impl<'de> Visitor<'de> for Query {
            type Value = QueryVector;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of numbers, or {\"name\": …, \"vector\": […]}")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<QueryVector, A::Error> {
                let vector = numbers(items)?;
                Ok(QueryVector {
                    name: String::new(),
                    vector,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<QueryVector, A::Error> {
                let named = NamedQuery::deserialize(serde::de::value::MapAccessDeserializer::new(entries))?;
                Ok(QueryVector {
                    name: named.name,
                    vector: named.vector.0,
                })
            }
        }
        deserializer.deserialize_any(Query)
    }
}

impl<'de> Deserialize<'de> for BatchVectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Columns;
        impl<'de> Visitor<'de> for Columns {
            type Value = BatchVectors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list of vectors, or an object of such lists by vector name")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<BatchVectors, A::Error> {
                let mut column = Vec::new();
                while let Some(DenseVector(vector)) = items.next_element()? {
                    column.push(vector);
                }
                Ok(BatchVectors(BTreeMap::from([(String::new(), column)])))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BatchVectors, A::Error> {
                let mut columns = BTreeMap::new();
                while let Some((name, column)) = entries.next_entry::<String, Vec<DenseVector>>()? {
                    columns.insert(name, column.into_iter().map(|vector| vector.0).collect());
                }
                Ok(BatchVectors(columns))
            }
        }
        deserializer.deserialize_any(Columns)
    }
}

/// A point's vectors on their way out: a list if only the unnamed one is there, else an object.
pub(crate) struct VectorsView<'a>(pub(crate) &'a NamedVectors);

impl Serialize for VectorsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.get("") {
            Some(only) if self.0.len() == 1 => Numbers(only).serialize(serializer),
            _ => {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (name, vector) in self.0 {
                    map.serialize_entry(name, &Numbers(vector))?;
                }
                map.end()
            }
        }
    }
}

struct Numbers<'a>(&'a [f32]);

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut seq = serializer.serialize_seq(Some(self.0.len()))?;
        for number in self.0 {
            seq.serialize_element(number)?;
        }
        seq.end()
    }
}
