//! The database's list of collections and their configurations. Never holds what a shard's manifest holds.
//!
//! ```text
//! body: next collection u64 │ collections u32 │ collections │ from version 4 on: aliases u32 │ aliases
//! collection: id u64 │ name bytes u16, UTF-8 │ config │ from version 3 on: next index u32, indexes (see indexes.rs)
//!             │ from version 4 on: settings (see settings.rs) │ from version 5 on: datatypes (see datatypes.rs)
//!             │ from version 6 on: numbers of the fields (see field_numbers.rs)
//! alias:      bytes u16, UTF-8 │ collection id u64
//! config:     shards u32 │ optimizer │ vectors u32 │ vectors
//! optimizer:  active bytes max u64 │ active rows max u32 │ log bytes max u64 │ deleted share max f64
//!             │ segments max u32
//! vector:     name bytes u16, UTF-8 │ dim u32 │ distance u8 (0 cosine, 1 dot, 2 euclid, 3 manhattan)
//!             │ m u32 │ ef construct u32
//!             from version 2 on: │ profile u8 (0 fast, 1 compact) │ on disk u8 │ quantized u8, 1: │ codes
//!             │ query precision u8 (0 same, 1 four bits, 2 eight, 3 full) │ always in memory u8
//!             from version 4 on: │ multivector u8 (0 none, 1 max sim)
//! after the vectors, from version 4 on: sparse vectors u32 │ sparse vectors
//! sparse vector: name bytes u16, UTF-8 │ threshold given u8, 1: u32 │ on disk u8 │ datatype u8 (0 float32, 1 float16)
//!             │ modifier u8 (0 none, 1 idf)
//! ```
//! In the file `catalog.{generation}`; see swap.rs for its frame, codes.rs for codes. What later versions add, they add under
//! another format version: bytes left over are refused.

use std::collections::{BTreeMap, BTreeSet};

use ruvector_io::Io;
use ruvector_types::{
    CollectionConfig, CollectionSettings, Distance, GraphProfile, MultiVectorComparator, OptimizerConfig,
    QuantizationConfig, QueryPrecision, VectorConfig,
};

use crate::codes::{codes, put_codes};
use crate::datatypes::{datatypes, put_datatypes};
use crate::field_numbers::{FieldNumbers, field_numbers, put_field_numbers};
use crate::indexes::{DeclaredIndex, indexes, put_indexes};
use crate::settings::{put_settings, settings, settings_before};
use crate::sparse_config::{put_sparse_vectors, sparse_vectors};
use crate::swap::{self, Kind, LoadError, StoreError};
use crate::wire::{Malformed, Reader, put};

const KIND: Kind = Kind {
    stem: "catalog",
    magic: *b"RVCA",
    version: VERSION,
};
const VERSION: u16 = 6;

/// The collections of a database.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Catalog {
    /// Grows with every swap.
    pub generation: u64,
    /// Number of the next collection.
    pub next_collection: u64,
    /// The collections.
    pub collections: Vec<CatalogEntry>,
    /// Other names of collections, with the collections' numbers. None is a collection's name.
    pub aliases: BTreeMap<String, u64>,
}

/// A collection.
#[derive(Clone, Debug, PartialEq)]
pub struct CatalogEntry {
    /// Its number, never used again: names its directory.
    pub id: u64,
    /// Its name, at most 65,535 bytes (the limits allow far fewer).
    pub name: String,
    /// Its configuration.
    pub config: CollectionConfig,
    /// The numbers of its vector fields.
    pub fields: FieldNumbers,
    /// Number of the next payload index.
    pub next_index: u32,
    /// Its payload indexes.
    pub indexes: Vec<DeclaredIndex>,
}

impl Catalog {
    /// The format version written.
    pub const VERSION: u16 = VERSION;

    /// The newest catalog in `dir`, durable; `None` if there is none. A damaged newest one is an error.
    pub fn load(io: &dyn Io, dir: &str) -> Result<Option<Catalog>, LoadError> {
        swap::load(io, dir, KIND, Catalog::decode)
    }

    /// Makes this the newest catalog in `dir`, atomically and durably.
    pub fn store(&self, io: &dyn Io, dir: &str) -> Result<(), StoreError> {
        swap::store(io, dir, KIND, self.generation, &self.encode()?)
    }

    /// The file's body; an error if a vector field has no number.
    pub fn encode(&self) -> Result<Vec<u8>, StoreError> {
        let mut body = Vec::new();
        put!(body, self.next_collection, self.collections.len() as u32);
        for collection in &self.collections {
            put!(body, collection.id);
            put_text(&collection.name, &mut body);
            put_config(&collection.config, &mut body);
            put_indexes(collection.next_index, &collection.indexes, &mut body);
            put_settings(&collection.config, &mut body);
            put_datatypes(&collection.config, &mut body);
            put_field_numbers(&collection.fields, &collection.config, &mut body)?;
        }
        put!(body, self.aliases.len() as u32);
        for (alias, id) in &self.aliases {
            put_text(alias, &mut body);
            put!(body, *id);
        }
        Ok(body)
    }

    /// Reads the body of a file of format `version`, 1 to [`Catalog::VERSION`].
    pub fn decode(version: u16, generation: u64, body: &[u8]) -> Result<Catalog, Malformed> {
        let mut reader = Reader::new(body);
        let next_collection = reader.u64()?;
        let (count, capacity) = reader.count(50)?;
        let mut collections = Vec::with_capacity(capacity);
        for _ in 0..count {
            let (id, name) = (reader.u64()?, text(&mut reader)?);
            let mut config = config(version, &mut reader)?;
            let (next_index, indexes) = match version {
                ..3 => (0, Vec::new()),
                _ => indexes(&mut reader)?,
            };
            match version {
                ..4 => settings_before(&mut config),
                _ => settings(&mut config, &mut reader)?,
            }
            if version >= 5 {
                datatypes(&mut config, &mut reader)?;
            }
            let fields = match version {
                ..6 => FieldNumbers::of(&config),
                _ => field_numbers(&config, &mut reader)?,
            };
            collections.push(CatalogEntry {
                id,
                name,
                config,
                fields,
                next_index,
                indexes,
            });
        }
        let aliases = match version {
            ..4 => BTreeMap::new(),
            _ => aliases(&collections, &mut reader)?,
        };
        reader.finish()?;
        Ok(Catalog {
            generation,
            next_collection,
            collections,
            aliases,
        })
    }
}

/// Aliases of `collections`, each of one that is there and with a name that none has.
fn aliases(
    collections: &[CatalogEntry],
    reader: &mut Reader<'_>,
) -> Result<BTreeMap<String, u64>, Malformed> {
    let (ids, names): (BTreeSet<u64>, BTreeSet<&str>) = collections
        .iter()
        .map(|entry| (entry.id, entry.name.as_str()))
        .unzip();
    let (count, _) = reader.count(10)?;
    let mut aliases = BTreeMap::new();
    for _ in 0..count {
        let (alias, id) = (text(reader)?, reader.u64()?);
        if !ids.contains(&id) {
            return Err(reader.malformed("an alias of no collection"));
        }
        if names.contains(alias.as_str()) || aliases.insert(alias, id).is_some() {
            return Err(reader.malformed("two things of one name"));
        }
    }
    Ok(aliases)
}

pub(crate) fn put_text(text: &str, out: &mut Vec<u8>) {
    put!(out, text.len() as u16);
    out.extend_from_slice(text.as_bytes());
}

pub(crate) fn text(reader: &mut Reader<'_>) -> Result<String, Malformed> {
    let bytes = reader.u16()?;
    reader.text(bytes.into()).map(str::to_owned)
}

fn put_config(config: &CollectionConfig, out: &mut Vec<u8>) {
    let optimizer = &config.optimizer;
    put!(
        out,
        config.shards,
        optimizer.active_bytes_max,
        optimizer.active_rows_max
    );
    put!(
        out,
        optimizer.log_bytes_max,
        optimizer.deleted_share_max,
        optimizer.segments_max
    );
    put!(out, config.vectors.len() as u32);
    for (name, vector) in &config.vectors {
        put_text(name, out);
        put!(
            out,
            vector.dim,
            distance_code(vector.distance),
            vector.hnsw.m,
            vector.hnsw.ef_construct
        );
        put_extras(vector, out);
        out.push(vector.multivector.is_some().into());
    }
    put_sparse_vectors(&config.sparse_vectors, out);
}

fn config(version: u16, reader: &mut Reader<'_>) -> Result<CollectionConfig, Malformed> {
    let shards = reader.u32()?;
    let optimizer = OptimizerConfig {
        active_bytes_max: reader.u64()?,
        active_rows_max: reader.u32()?,
        log_bytes_max: reader.u64()?,
        deleted_share_max: reader.f64()?,
        segments_max: reader.u32()?,
        ..OptimizerConfig::default()
    };
    let (count, _) = reader.count(15)?;
    let mut vectors = BTreeMap::new();
    for _ in 0..count {
        let name = text(reader)?;
        let mut vector = VectorConfig::new(reader.u32()?, distance(reader)?);
        (vector.hnsw.m, vector.hnsw.ef_construct) = (reader.u32()?, reader.u32()?);
        if version >= 2 {
            extras(&mut vector, reader)?;
        }
        if version >= 4 && reader.flag()? {
            vector.multivector = Some(MultiVectorComparator::MaxSim);
        }
        if vectors.insert(name, vector).is_some() {
            return Err(reader.malformed("two vectors of one name"));
        }
    }
    let sparse_vectors = match version {
        ..4 => BTreeMap::new(),
        _ => sparse_vectors(reader)?,
    };
    Ok(CollectionConfig {
        vectors,
        sparse_vectors,
        shards,
        optimizer,
        settings: CollectionSettings::default(),
    })
}

/// What version 2 knows of a vector beyond version 1.
fn put_extras(vector: &VectorConfig, out: &mut Vec<u8>) {
    out.push((vector.hnsw.profile == GraphProfile::Compact).into());
    out.push(vector.on_disk.into());
    out.push(vector.quantization.is_some().into());
    if let Some(quantization) = &vector.quantization {
        put_codes(quantization.codes, out);
        let precision = PRECISIONS
            .iter()
            .position(|known| *known == quantization.precision);
        out.push(precision.unwrap_or_default() as u8);
        out.push(quantization.always_ram.into());
    }
}

fn extras(vector: &mut VectorConfig, reader: &mut Reader<'_>) -> Result<(), Malformed> {
    if reader.flag()? {
        vector.hnsw.profile = GraphProfile::Compact;
    }
    vector.on_disk = reader.flag()?;
    if reader.flag()? {
        let codes = codes(reader)?;
        let precision = PRECISIONS.get(usize::from(reader.u8()?)).copied();
        vector.quantization = Some(QuantizationConfig {
            codes,
            precision: precision.ok_or_else(|| reader.malformed("unknown query precision"))?,
            always_ram: reader.flag()?,
        });
    }
    Ok(())
}

/// By their numbers in the file.
const PRECISIONS: [QueryPrecision; 4] = [
    QueryPrecision::Same,
    QueryPrecision::Four,
    QueryPrecision::Eight,
    QueryPrecision::Full,
];

fn distance_code(distance: Distance) -> u8 {
    match distance {
        Distance::Cosine => 0,
        Distance::Dot => 1,
        Distance::Euclid => 2,
        Distance::Manhattan => 3,
    }
}

fn distance(reader: &mut Reader<'_>) -> Result<Distance, Malformed> {
    match reader.u8()? {
        0 => Ok(Distance::Cosine),
        1 => Ok(Distance::Dot),
        2 => Ok(Distance::Euclid),
        3 => Ok(Distance::Manhattan),
        _ => Err(reader.malformed("unknown distance")),
    }
}

#[cfg(test)]
mod tests;
