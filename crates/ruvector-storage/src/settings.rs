//! What the catalog keeps of a collection beside its fields and indexes, from version 4 on. Never checks a value's sense.
//!
//! ```text
//! settings:  hnsw │ replication factor u32 │ write consistency factor u32 │ read fan-out given u8, 1: u32
//!            │ its delay given u8, 1: u64 │ metadata bytes u32, an encoded payload
//!            │ vacuum rows min u32 │ indexing threshold given u8, 1: u64 │ jobs max given u8, 1: u32
//!            │ memmap threshold given u8, 1: u64 │ flush interval u64 │ extras of every dense vector, in their order
//! hnsw:      m u32 │ ef construct u32 │ profile u8 (0 fast, 1 compact) │ extras
//! extras:    full scan threshold given u8, 1: u64 │ threads max u32 │ on disk u8 │ payload m given u8, 1: u32
//! ```
//! Before version 4 a collection has what its first vector has, and defaults for the rest.

use ruvector_types::{CollectionConfig, CollectionSettings, GraphProfile, HnswConfig};

use crate::wire::{Malformed, Reader, put};

pub(crate) fn put_settings(config: &CollectionConfig, out: &mut Vec<u8>) {
    let (settings, optimizer) = (&config.settings, &config.optimizer);
    put!(out, settings.hnsw.m, settings.hnsw.ef_construct);
    out.push((settings.hnsw.profile == GraphProfile::Compact).into());
    put_extras(&settings.hnsw, out);
    put!(
        out,
        settings.replication_factor,
        settings.write_consistency_factor
    );
    put_u32(settings.read_fan_out_factor, out);
    put_u64(settings.read_fan_out_delay_ms, out);
    let metadata = ruvector_payload::encode(&settings.metadata);
    put!(out, metadata.len() as u32);
    out.extend_from_slice(&metadata);
    put!(out, optimizer.vacuum_rows_min);
    put_u64(optimizer.indexing_threshold_kib, out);
    put_u32(optimizer.jobs_max, out);
    put_u64(optimizer.memmap_threshold_kib, out);
    put!(out, optimizer.flush_interval_s);
    for vector in config.vectors.values() {
        put_extras(&vector.hnsw, out);
    }
}

/// Reads settings into a configuration whose vectors are read already.
pub(crate) fn settings(config: &mut CollectionConfig, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    let mut hnsw = HnswConfig {
        m: reader.u32()?,
        ef_construct: reader.u32()?,
        ..HnswConfig::default()
    };
    if reader.flag()? {
        hnsw.profile = GraphProfile::Compact;
    }
    extras(&mut hnsw, reader)?;
    config.settings = CollectionSettings {
        hnsw,
        replication_factor: reader.u32()?,
        write_consistency_factor: reader.u32()?,
        read_fan_out_factor: u32_of(reader)?,
        read_fan_out_delay_ms: u64_of(reader)?,
        metadata: {
            let bytes = reader.u32()?;
            let malformed = reader.malformed("metadata is no payload");
            ruvector_payload::decode(reader.take(bytes as usize)?).map_err(|_| malformed)?
        },
    };
    let optimizer = &mut config.optimizer;
    optimizer.vacuum_rows_min = reader.u32()?;
    optimizer.indexing_threshold_kib = u64_of(reader)?;
    optimizer.jobs_max = u32_of(reader)?;
    optimizer.memmap_threshold_kib = u64_of(reader)?;
    optimizer.flush_interval_s = reader.u64()?;
    for vector in config.vectors.values_mut() {
        extras(&mut vector.hnsw, reader)?;
    }
    Ok(())
}

/// What versions before 4 say by saying nothing.
pub(crate) fn settings_before(config: &mut CollectionConfig) {
    if let Some(first) = config.vectors.values().next() {
        config.settings.hnsw = first.hnsw;
    }
}

fn put_extras(hnsw: &HnswConfig, out: &mut Vec<u8>) {
    put_u64(hnsw.full_scan_threshold_kib, out);
    put!(out, hnsw.threads_max);
    out.push(hnsw.on_disk.into());
    put_u32(hnsw.payload_m, out);
}

fn extras(hnsw: &mut HnswConfig, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    hnsw.full_scan_threshold_kib = u64_of(reader)?;
    hnsw.threads_max = reader.u32()?;
    hnsw.on_disk = reader.flag()?;
    hnsw.payload_m = u32_of(reader)?;
    Ok(())
}

fn put_u32(given: Option<u32>, out: &mut Vec<u8>) {
    out.push(given.is_some().into());
    out.extend(given.iter().flat_map(|given| given.to_le_bytes()));
}

fn put_u64(given: Option<u64>, out: &mut Vec<u8>) {
    out.push(given.is_some().into());
    out.extend(given.iter().flat_map(|given| given.to_le_bytes()));
}

fn u32_of(reader: &mut Reader<'_>) -> Result<Option<u32>, Malformed> {
    reader.flag()?.then(|| reader.u32()).transpose()
}

fn u64_of(reader: &mut Reader<'_>) -> Result<Option<u64>, Malformed> {
    reader.flag()?.then(|| reader.u64()).transpose()
}
