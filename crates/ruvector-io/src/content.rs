//! Bytes of one file in memory: growing, or shared with its readers. Never copied while it only grows.

use std::fmt;

use crate::region::Region;

/// A file's bytes. Mapping moves them into a shared buffer; appending afterwards copies them back,
/// which files that are sealed before they are mapped never need.
pub(crate) struct Content {
    growing: Vec<u8>,
    /// Holds all the bytes, and `growing` none, while set.
    shared: Option<Region>,
}

impl Content {
    pub(crate) fn new(bytes: Vec<u8>) -> Content {
        Content {
            growing: bytes,
            shared: None,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        self.shared.as_deref().unwrap_or(&self.growing)
    }

    pub(crate) fn len(&self) -> u64 {
        self.bytes().len() as u64
    }

    /// The bytes for changing. Regions handed out keep what they had.
    pub(crate) fn make_mut(&mut self) -> &mut Vec<u8> {
        if let Some(region) = self.shared.take() {
            self.growing = region.to_vec();
        }
        &mut self.growing
    }

    pub(crate) fn map(&mut self) -> Region {
        let region = self
            .shared
            .take()
            .unwrap_or_else(|| Region::from_vec(std::mem::take(&mut self.growing)));
        self.shared = Some(region.clone());
        region
    }
}

impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.len())
    }
}
