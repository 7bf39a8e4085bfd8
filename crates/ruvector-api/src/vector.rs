//! Vectors as JSON: a list of numbers is dense, a list of such lists a multi-vector, `{"indices": …, "values": …}`
//! sparse, `{"text": …, "model": …}` a text to encode. Never lets a number through that is not finite as `f32`.

use std::collections::BTreeMap;
use std::fmt;

use ruvector_types::{MultiVector, NamedVectors, SparseVector, Vector};
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::ser::{SerializeMap, SerializeSeq, SerializeStruct};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::document::{Bm25Options, Purpose, encode_text};
use crate::unique;

const ANY: &str = "a vector: a list of numbers, a list of such lists, or {\"indices\": […], \"values\": […]}";
const OBJECT: &str = "a sparse vector, {\"indices\": […], \"values\": […]}, or a text, {\"text\": …, \"model\": \"qdrant/bm25\"}";
const POINT: &str = "a vector, or an object of vectors by name";

/// One vector of any kind, to search with.
#[derive(Clone, Debug, PartialEq)]
pub struct WireVector(pub Vector);

/// A point's vectors: one (the unnamed), or an object of vectors by name.
#[derive(Clone, Debug, PartialEq)]
pub struct PointVectors(pub NamedVectors);

/// The vector of a search: a vector, or `{"name": "title", "vector": [..]}`.
#[derive(Clone, Debug, PartialEq)]
pub struct QueryVector {
    /// The vector field; empty for the unnamed one.
    pub name: String,
    /// The vector.
    pub vector: Vector,
}

/// The vectors of a batch in columns: a list of vectors, or an object of such lists by name.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchVectors(pub BTreeMap<String, Vec<Vector>>);

/// An item of a list: a number that is finite as `f32`, or a vector of a multi-vector.
enum Item {
    Number(f32),
    Row(Vec<f32>),
}

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
        f.write_str("a number of a vector")
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

impl<'de> Deserialize<'de> for Item {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ItemVisitor)
    }
}

struct ItemVisitor;

impl<'de> Visitor<'de> for ItemVisitor {
    type Value = Item;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of a vector")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Item, E> {
        ComponentVisitor.visit_f64(number).map(Item::Number)
    }

    fn visit_i64<E>(self, number: i64) -> Result<Item, E> {
        Ok(Item::Number(number as f32))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Item, E> {
        Ok(Item::Number(number as f32))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Item, A::Error> {
        numbers(items, Vec::new()).map(Item::Row)
    }
}

fn numbers<'de, A: SeqAccess<'de>>(mut items: A, mut vector: Vec<f32>) -> Result<Vec<f32>, A::Error> {
    vector.reserve(items.size_hint().unwrap_or(0).min(4096));
    while let Some(Component(number)) = items.next_element()? {
        vector.push(number);
    }
    Ok(vector)
}

/// A dense vector or a multi-vector, as its first item says.
fn dense_or_multi<'de, A: SeqAccess<'de>>(mut items: A) -> Result<Vector, A::Error> {
    match items.next_element::<Item>()? {
        None => Ok(Vector::Dense(Vec::new())),
        Some(Item::Number(first)) => numbers(items, vec![first]).map(Vector::Dense),
        Some(Item::Row(first)) => multi(items, first),
    }
}

fn multi<'de, A: SeqAccess<'de>>(mut items: A, first: Vec<f32>) -> Result<Vector, A::Error> {
    let dim = first.len();
    let mut numbers = first;
    while let Some(item) = items.next_element::<Item>()? {
        match item {
            Item::Row(row) if row.len() == dim => numbers.extend(row),
            _ => return Err(A::Error::custom("the vectors of a multi-vector differ in length")),
        }
    }
    if dim == 0 {
        return Err(A::Error::custom("the vectors of a multi-vector are empty"));
    }
    let dim = u32::try_from(dim).map_err(A::Error::custom)?;
    Ok(Vector::Multi(MultiVector { dim, numbers }))
}

/// An object where a vector is expected: a sparse vector, or a text to encode.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct WireObject {
    indices: Option<Vec<u32>>,
    values: Option<Vec<Component>>,
    text: Option<String>,
    model: Option<String>,
    options: Option<Bm25Options>,
    image: Option<IgnoredAny>,
    object: Option<IgnoredAny>,
}

/// The keys of a [`WireObject`].
pub(crate) const OBJECT_KEYS: [&str; 7] =
    ["indices", "values", "text", "model", "options", "image", "object"];

impl WireObject {
    /// Reads the value of one of [`OBJECT_KEYS`].
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "indices" => self.indices = entries.next_value()?,
            "values" => self.values = entries.next_value()?,
            "text" => self.text = entries.next_value()?,
            "model" => self.model = entries.next_value()?,
            "options" => self.options = entries.next_value()?,
            "image" => self.image = Some(entries.next_value()?),
            _ => self.object = Some(entries.next_value()?),
        }
        Ok(())
    }

    pub(crate) fn into_vector(self, purpose: Purpose) -> Result<Vector, String> {
        if self.image.is_some() || self.object.is_some() {
            return Err("texts are encoded (model qdrant/bm25), nothing else".to_owned());
        }
        match (self.indices, self.values, self.text, self.model) {
            (Some(indices), Some(values), None, None) if self.options.is_none() => {
                Ok(Vector::Sparse(SparseVector {
                    indices,
                    values: values.into_iter().map(|value| value.0).collect(),
                }))
            }
            (None, None, Some(text), Some(model)) => {
                let encoded = encode_text(&text, &model, self.options, purpose);
                encoded.map(Vector::Sparse).map_err(|error| error.to_string())
            }
            _ => Err(format!("an object is {OBJECT}")),
        }
    }
}

/// A vector of any kind; a text is encoded for `purpose`.
fn any_kind<'de, D: Deserializer<'de>>(deserializer: D, purpose: Purpose) -> Result<Vector, D::Error> {
    struct AnyKind(Purpose);
    impl<'de> Visitor<'de> for AnyKind {
        type Value = Vector;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str(ANY)
        }

        fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Vector, A::Error> {
            dense_or_multi(items)
        }

        fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<Vector, A::Error> {
            let object = WireObject::deserialize(MapAccessDeserializer::new(entries))?;
            object.into_vector(self.0).map_err(A::Error::custom)
        }
    }
    deserializer.deserialize_any(AnyKind(purpose))
}

impl<'de> Deserialize<'de> for WireVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        any_kind(deserializer, Purpose::Query).map(WireVector)
    }
}

/// A vector to be stored.
struct StoredVector(Vector);

impl<'de> Deserialize<'de> for StoredVector {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        any_kind(deserializer, Purpose::Document).map(StoredVector)
    }
}

impl<'de> Deserialize<'de> for PointVectors {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Vectors;
        impl<'de> Visitor<'de> for Vectors {
            type Value = PointVectors;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(POINT)
            }

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<PointVectors, A::Error> {
                let vector = dense_or_multi(items)?;
                Ok(PointVectors(BTreeMap::from([(String::new(), vector)])))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<PointVectors, A::Error> {
                let mut vectors = BTreeMap::new();
                while let Some((name, StoredVector(vector))) = entries.next_entry()? {
                    unique::insert::<_, A::Error>(&mut vectors, name, vector)?;
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
    vector: WireVector,
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
                Ok(QueryVector {
                    name: String::new(),
                    vector: dense_or_multi(items)?,
                })
            }

            fn visit_map<A: MapAccess<'de>>(self, entries: A) -> Result<QueryVector, A::Error> {
                let named = NamedQuery::deserialize(MapAccessDeserializer::new(entries))?;
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

            fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<BatchVectors, A::Error> {
                let column = Vec::<StoredVector>::deserialize(SeqAccessDeserializer::new(items))?;
                Ok(BatchVectors(BTreeMap::from([(String::new(), vectors(column))])))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<BatchVectors, A::Error> {
                let mut columns = BTreeMap::new();
                while let Some((name, column)) = entries.next_entry::<String, Vec<StoredVector>>()? {
                    unique::insert::<_, A::Error>(&mut columns, name, vectors(column))?;
                }
                Ok(BatchVectors(columns))
            }
        }
        deserializer.deserialize_any(Columns)
    }
}

fn vectors(wire: Vec<StoredVector>) -> Vec<Vector> {
    wire.into_iter().map(|vector| vector.0).collect()
}

/// A point's vectors on their way out: one alone if only the unnamed one is there, else an object.
pub(crate) struct VectorsView<'a>(pub(crate) &'a NamedVectors);

impl Serialize for VectorsView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.get("") {
            Some(only) if self.0.len() == 1 => VectorView(only).serialize(serializer),
            _ => {
                let mut map = serializer.serialize_map(Some(self.0.len()))?;
                for (name, vector) in self.0 {
                    map.serialize_entry(name, &VectorView(vector))?;
                }
                map.end()
            }
        }
    }
}

struct VectorView<'a>(&'a Vector);

impl Serialize for VectorView<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Vector::Dense(numbers) => numbers.serialize(serializer),
            Vector::Sparse(sparse) => {
                let mut object = serializer.serialize_struct("SparseVector", 2)?;
                object.serialize_field("indices", &sparse.indices)?;
                object.serialize_field("values", &sparse.values)?;
                object.end()
            }
            Vector::Multi(multi) => {
                let rows = multi.rows();
                let mut list = serializer.serialize_seq(Some(rows.len()))?;
                for row in rows {
                    list.serialize_element(row)?;
                }
                list.end()
            }
        }
    }
}
