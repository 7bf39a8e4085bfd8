//! Objects whose names are the caller's own, such as vectors by name: none may come twice. Never keeps the last of two
//! silently, as a map would; payloads do, and say so.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// An object without a name that comes twice.
pub(crate) struct Unique<T>(pub(crate) BTreeMap<String, T>);

/// Adds an entry, unless there is one of its name.
pub(crate) fn insert<T, E: Error>(map: &mut BTreeMap<String, T>, name: String, value: T) -> Result<(), E> {
    if map.contains_key(&name) {
        return Err(twice(&name));
    }
    map.insert(name, value);
    Ok(())
}

/// The refusal of a name that comes twice.
pub(crate) fn twice<E: Error>(name: &str) -> E {
    E::custom(format_args!("the name {name:?} is given twice"))
}

/// An object of that kind, or nothing.
pub(crate) fn optional<'de, T, D>(deserializer: D) -> Result<Option<BTreeMap<String, T>>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let given = Option::<Unique<T>>::deserialize(deserializer)?;
    Ok(given.map(|unique| unique.0))
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Unique<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
            type Value = Unique<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Unique<T>, A::Error> {
                let mut map = BTreeMap::new();
                while let Some((name, value)) = entries.next_entry()? {
                    insert::<_, A::Error>(&mut map, name, value)?;
                }
                Ok(Unique(map))
            }
        }
        deserializer.deserialize_map(Object(PhantomData))
    }
}
