//! The numbers by which logs and segments name the vector fields of a collection, in the catalog from version 6 on. Never
//! gives a number twice: what is still there of a field that was removed is nobody's.
//!
//! ```text
//! numbers:   next dense u16 │ next of the others u16 │ number u16 of every vector, then of every sparse vector, by name
//! ```
//! The highest bit of a number is set in those of sparse vectors and multi-vectors. Before version 6 no field was ever
//! removed: the dense ones are numbered by name, then the sparse ones, after them the multi-vectors.

use std::collections::{BTreeMap, BTreeSet};

use ruvector_types::CollectionConfig;

use crate::swap::StoreError;
use crate::wire::{Malformed, Reader, put};

/// The number of the first field of sparse vectors or multi-vectors.
pub const FIRST_RAGGED: u16 = 1 << 15;

/// The numbers of a collection's vector fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FieldNumbers {
    next_dense: u16,
    next_ragged: u16,
    by_name: BTreeMap<String, u16>,
}

impl FieldNumbers {
    /// Those of a new collection, and of one stored before version 6.
    pub fn of(config: &CollectionConfig) -> FieldNumbers {
        let mut numbers = FieldNumbers::default();
        for (name, is_dense) in fields(config) {
            numbers.add(name, is_dense);
        }
        numbers
    }

    /// The number of a field; `None` if there is none of that name.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.by_name.get(name).copied()
    }

    /// How many numbers were given, to dense fields and to others.
    pub fn given(&self) -> (u16, u16) {
        (self.next_dense, self.next_ragged)
    }

    /// Gives a new field the next number of its kind; false if there is none left, or a field of that name.
    pub fn add(&mut self, name: &str, is_dense: bool) -> bool {
        let (next, first) = match is_dense {
            true => (&mut self.next_dense, 0),
            false => (&mut self.next_ragged, FIRST_RAGGED),
        };
        if *next == FIRST_RAGGED || self.by_name.contains_key(name) {
            return false;
        }
        self.by_name.insert(name.to_owned(), first | *next);
        *next += 1;
        true
    }

    /// Forgets a field; its number is not given again.
    pub fn remove(&mut self, name: &str) {
        self.by_name.remove(name);
    }
}

/// The fields of a collection in the order in which they are numbered, and whether each is dense.
fn fields(config: &CollectionConfig) -> impl Iterator<Item = (&str, bool)> {
    let vectors = |is_dense: bool| {
        let of_kind = config
            .vectors
            .iter()
            .filter(move |(_, vector)| vector.multivector.is_none() == is_dense);
        of_kind.map(move |(name, _)| (name.as_str(), is_dense))
    };
    let sparse = config.sparse_vectors.keys().map(|name| (name.as_str(), false));
    vectors(true).chain(sparse).chain(vectors(false))
}

/// The names in the order of the file.
fn names(config: &CollectionConfig) -> impl Iterator<Item = (&str, bool)> {
    let vectors = config.vectors.iter();
    let vectors = vectors.map(|(name, vector)| (name.as_str(), vector.multivector.is_none()));
    let sparse = config.sparse_vectors.keys().map(|name| (name.as_str(), false));
    vectors.chain(sparse)
}

/// Writes the numbers of the fields of a configuration, each of which must have one: what is written is what can be read.
pub(crate) fn put_field_numbers(
    numbers: &FieldNumbers,
    config: &CollectionConfig,
    out: &mut Vec<u8>,
) -> Result<(), StoreError> {
    put!(out, numbers.next_dense, numbers.next_ragged);
    for (name, _) in names(config) {
        let unnumbered = || StoreError::Unnumbered { name: name.into() };
        put!(out, numbers.number(name).ok_or_else(unnumbered)?);
    }
    Ok(())
}

/// Reads the numbers of the fields of a configuration that is read already.
pub(crate) fn field_numbers(
    config: &CollectionConfig,
    reader: &mut Reader<'_>,
) -> Result<FieldNumbers, Malformed> {
    let (next_dense, next_ragged) = (reader.u16()?, reader.u16()?);
    if next_dense > FIRST_RAGGED || next_ragged > FIRST_RAGGED {
        return Err(reader.malformed("more fields than there are numbers"));
    }
    let (mut by_name, mut given) = (BTreeMap::new(), BTreeSet::new());
    for (name, is_dense) in names(config) {
        let number = reader.u16()?;
        let (at, next) = match is_dense {
            true => (number, next_dense),
            false => (number ^ FIRST_RAGGED, next_ragged),
        };
        if at >= next || !given.insert(number) {
            return Err(reader.malformed("a number that is not the field's"));
        }
        by_name.insert(name.to_owned(), number);
    }
    Ok(FieldNumbers {
        next_dense,
        next_ragged,
        by_name,
    })
}

#[cfg(test)]
mod tests {
    //! Goal: no number is given twice, and the last one is the last. Method: every number of each kind is taken, most of
    //! them under one name.
    use super::*;

    #[test]
    fn numbers_are_given_once() {
        let mut numbers = FieldNumbers::default();
        let mut given = BTreeSet::new();
        for is_dense in [true, false] {
            for at in 0..FIRST_RAGGED {
                let name = if at % 1_000 == 0 {
                    format!("{is_dense} {at}")
                } else {
                    "again".to_owned()
                };
                assert!(numbers.add(&name, is_dense) && !numbers.add(&name, !is_dense));
                let number = numbers.number(&name).unwrap();
                assert!(given.insert(number) && (number < FIRST_RAGGED) == is_dense);
                numbers.remove("again");
            }
            assert!(!numbers.add("again", is_dense));
        }
        assert_eq!(numbers.given(), (FIRST_RAGGED, FIRST_RAGGED));
    }
}
