//! Vectors as a query gives them: a vector, or the id of a point that has it. Never looks one up.

use std::fmt;
use std::marker::PhantomData;

use ruvector_types::{PointId, Vector, VectorInput};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::WireVector;
use crate::document::Purpose;
use crate::unique;
use crate::vector::{OBJECT_KEYS, WireObject};

const EXPECTED: &str = "a vector, or the id of a point";

/// A vector, or an id.
#[derive(Debug)]
pub(crate) enum WireInput {
    Vector(Vector),
    Id(PointId),
}

impl WireInput {
    /// The engine's input.
    pub(crate) fn into_input(self) -> VectorInput {
        match self {
            WireInput::Vector(vector) => VectorInput::Vector(vector),
            WireInput::Id(id) => VectorInput::Id(id),
        }
    }
}

/// The entries of an object that is a vector, or a text to be made into one.
pub(crate) struct InputEntries {
    object: WireObject,
    /// Names that were read.
    names: Vec<String>,
}

impl InputEntries {
    pub(crate) fn new() -> InputEntries {
        InputEntries {
            object: WireObject::default(),
            names: Vec::new(),
        }
    }

    /// Reads the value of one of [`OBJECT_KEYS`].
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        if self.names.iter().any(|name| name == key) {
            return Err(unique::twice(key));
        }
        self.names.push(key.to_owned());
        self.object.read(key, entries)
    }

    /// What they are; `None` if there were none.
    pub(crate) fn finish<E: Error>(self) -> Result<Option<WireInput>, E> {
        if self.names.is_empty() {
            return Ok(None);
        }
        let vector = self.object.into_vector(Purpose::Query).map_err(E::custom)?;
        Ok(Some(WireInput::Vector(vector)))
    }
}

impl<'de> Deserialize<'de> for WireInput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(InputVisitor)
    }
}

struct InputVisitor;

impl<'de> Visitor<'de> for InputVisitor {
    type Value = WireInput;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(EXPECTED)
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<WireInput, E> {
        Ok(WireInput::Id(PointId::Num(number)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<WireInput, E> {
        PointId::parse(text).map(WireInput::Id).map_err(E::custom)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<WireInput, A::Error> {
        let vector = WireVector::deserialize(SeqAccessDeserializer::new(items))?;
        Ok(WireInput::Vector(vector.0))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<WireInput, A::Error> {
        let mut input = InputEntries::new();
        while let Some(key) = entries.next_key::<String>()? {
            if !OBJECT_KEYS.contains(&key.as_str()) {
                return Err(A::Error::unknown_field(&key, &OBJECT_KEYS));
            }
            input.read(&key, &mut entries)?;
        }
        input
            .finish()?
            .ok_or_else(|| A::Error::custom(format_args!("expected {EXPECTED}")))
    }
}

/// A list that is not read beyond `MAX` items, whatever the other limits.
#[derive(Debug)]
pub(crate) struct Bounded<T, const MAX: usize>(pub(crate) Vec<T>);

impl<'de, T: Deserialize<'de>, const MAX: usize> Deserialize<'de> for Bounded<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct List<T, const MAX: usize>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>, const MAX: usize> Visitor<'de> for List<T, MAX> {
            type Value = Bounded<T, MAX>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Bounded<T, MAX>, A::Error> {
                let mut list = Vec::new();
                while let Some(item) = items.next_element()? {
                    if list.len() == MAX {
                        return Err(A::Error::custom(format_args!(
                            "more than {MAX} items in one list"
                        )));
                    }
                    list.push(item);
                }
                Ok(Bounded(list))
            }
        }
        deserializer.deserialize_seq(List(PhantomData))
    }
}
