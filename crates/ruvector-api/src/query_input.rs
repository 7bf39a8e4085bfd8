//! Vectors as a query gives them: a vector, or the id of a point that has it. Never looks one up.

use std::fmt;
use std::marker::PhantomData;

use ruvector_types::{PointId, SparseVector, Vector, VectorInput};
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Error, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::vector::WireNumbers;
use crate::{ApiError, WireId, WireVector};

const EXPECTED: &str = "a vector, or the id of a point";

/// A vector, an id, or something that a model would have to make into a vector.
#[derive(Debug)]
pub(crate) enum WireInput {
    Vector(Vector),
    Id(PointId),
    /// `Document`, `Image` or `InferenceObject`.
    Inference,
}

impl WireInput {
    /// The engine's input; `place` is its name in the request.
    pub(crate) fn into_input(self, place: &str) -> Result<VectorInput, ApiError> {
        match self {
            WireInput::Vector(vector) => Ok(VectorInput::Vector(vector)),
            WireInput::Id(id) => Ok(VectorInput::Id(id)),
            WireInput::Inference => Err(ApiError::NotSupported {
                field: place.to_owned(),
                what: "no model makes vectors of texts, images or objects here; give the vector",
            }),
        }
    }
}

/// The entries of an object that is a vector or would be made into one.
#[derive(Default)]
pub(crate) struct InputEntries {
    indices: Option<Vec<u32>>,
    values: Option<WireNumbers>,
    is_inference: bool,
}

/// The keys of [`InputEntries`].
pub(crate) const INPUT_KEYS: [&str; 7] = ["indices", "values", "text", "image", "object", "model", "options"];

impl InputEntries {
    /// Reads the value of one of [`INPUT_KEYS`].
    pub(crate) fn read<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        entries: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "indices" => self.indices = Some(entries.next_value()?),
            "values" => self.values = Some(entries.next_value()?),
            _ => {
                let _: serde::de::IgnoredAny = entries.next_value()?;
                self.is_inference = true;
            }
        }
        Ok(())
    }

    /// What they are; `None` if there were none.
    pub(crate) fn finish<E: Error>(self) -> Result<Option<WireInput>, E> {
        match (self.indices, self.values, self.is_inference) {
            (None, None, false) => Ok(None),
            (None, None, true) => Ok(Some(WireInput::Inference)),
            (Some(indices), Some(values), false) => {
                let values = values.0;
                Ok(Some(WireInput::Vector(SparseVector { indices, values }.into())))
            }
            _ => Err(E::custom(
                "a sparse vector has indices and values, and nothing else",
            )),
        }
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
        let mut input = InputEntries::default();
        while let Some(key) = entries.next_key::<String>()? {
            if !INPUT_KEYS.contains(&key.as_str()) {
                return Err(A::Error::unknown_field(&key, &INPUT_KEYS));
            }
            input.read(&key, &mut entries)?;
        }
        input
            .finish()?
            .ok_or_else(|| A::Error::custom(format_args!("expected {EXPECTED}")))
    }
}

impl From<WireId> for WireInput {
    fn from(id: WireId) -> WireInput {
        WireInput::Id(id.0)
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
