//! Searches of one kind, made before anything is timed. Never times one.

use prost::bytes::Bytes;

use super::interface::{Ask, Interface};
use crate::error::CliError;

/// Searches of one collection.
pub(super) struct Searches<'a> {
    interface: &'a dyn Interface,
    searches: Vec<Vec<u8>>,
}

impl<'a> Searches<'a> {
    pub(super) fn new(interface: &'a dyn Interface) -> Searches<'a> {
        Searches {
            interface,
            searches: Vec::new(),
        }
    }

    /// One for each vector.
    pub(super) fn of(
        interface: &'a dyn Interface,
        vectors: &[Vec<f32>],
        ask: Ask,
    ) -> Result<Searches<'a>, CliError> {
        let mut searches = Searches::new(interface);
        for vector in vectors {
            searches.push(vector, ask)?;
        }
        Ok(searches)
    }

    pub(super) fn push(&mut self, vector: &[f32], ask: Ask) -> Result<(), CliError> {
        self.searches.push(self.interface.search(vector, ask)?);
        Ok(())
    }

    /// The bytes of each as a connection sends it.
    pub(super) fn requests(&self) -> Vec<Bytes> {
        let request = |search: &Vec<u8>| self.interface.request(search);
        self.searches.iter().map(request).collect()
    }

    /// The ids that every search finds, in order.
    pub(super) fn pass(&self) -> Result<Vec<Vec<u64>>, CliError> {
        let ids = |search: &Vec<u8>| self.interface.ids(search);
        self.searches.iter().map(ids).collect()
    }
}
