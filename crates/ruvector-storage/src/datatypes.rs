//! The types of dense vectors' numbers in the catalog, from version 5 on. Never reads what else is kept of a vector.
//!
//! ```text
//! datatypes: of every dense vector, in their order: u8 (0 float32, 1 float16, 2 uint8)
//! ```
//! Before version 5 all are float32.

use ruvector_types::{CollectionConfig, VectorDatatype};

use crate::wire::{Malformed, Reader};

pub(crate) fn put_datatypes(config: &CollectionConfig, out: &mut Vec<u8>) {
    out.extend(config.vectors.values().map(|vector| match vector.datatype {
        VectorDatatype::Float32 => 0u8,
        VectorDatatype::Float16 => 1,
        VectorDatatype::Uint8 => 2,
    }));
}

/// Reads them into a configuration whose vectors are read already.
pub(crate) fn datatypes(config: &mut CollectionConfig, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    for vector in config.vectors.values_mut() {
        vector.datatype = match reader.u8()? {
            0 => VectorDatatype::Float32,
            1 => VectorDatatype::Float16,
            2 => VectorDatatype::Uint8,
            _ => return Err(reader.malformed("unknown type of a vector's numbers")),
        };
    }
    Ok(())
}
