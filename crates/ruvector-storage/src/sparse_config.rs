//! The configuration of sparse vectors in the catalog, drawn there. Never reads a name twice.

use std::collections::BTreeMap;

use ruvector_types::{Modifier, SparseDatatype, SparseVectorConfig};

use crate::catalog::{put_text, text};
use crate::wire::{Malformed, Reader, put};

pub(crate) fn put_sparse_vectors(fields: &BTreeMap<String, SparseVectorConfig>, out: &mut Vec<u8>) {
    put!(out, fields.len() as u32);
    for (name, field) in fields {
        put_text(name, out);
        out.push(field.full_scan_threshold.is_some().into());
        if let Some(threshold) = field.full_scan_threshold {
            put!(out, threshold);
        }
        out.push(field.on_disk.into());
        out.push((field.datatype == SparseDatatype::Float16).into());
        out.push((field.modifier == Modifier::Idf).into());
    }
}

pub(crate) fn sparse_vectors(
    reader: &mut Reader<'_>,
) -> Result<BTreeMap<String, SparseVectorConfig>, Malformed> {
    let (count, _) = reader.count(6)?;
    let mut fields = BTreeMap::new();
    for _ in 0..count {
        let name = text(reader)?;
        let mut field = SparseVectorConfig::default();
        if reader.flag()? {
            field.full_scan_threshold = Some(reader.u32()?);
        }
        field.on_disk = reader.flag()?;
        if reader.flag()? {
            field.datatype = SparseDatatype::Float16;
        }
        if reader.flag()? {
            field.modifier = Modifier::Idf;
        }
        if fields.insert(name, field).is_some() {
            return Err(reader.malformed("two sparse vectors of one name"));
        }
    }
    Ok(fields)
}
