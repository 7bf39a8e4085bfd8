//! The frame of every sealed file: what stands around the body, and what it is a file of. Never looks at the body.
//!
//! ```text
//! header 64 bytes   body            table               footer 32 bytes
//! ├──────────────┼───────────────┼───────────────────┼──────────────┤
//!                 n bytes         ⌈n / 65,536⌉ × u32
//! header: 0 "RVCO" │ 4 format version u16 │ 6 kind u16 │ 8 codec id u16 (0 = none) │ 10 reserved u16
//!         12 key id u32 (0 = none) │ 16 region bytes u32 (65,536) │ 20 reserved u32 │ 24 created seq u64
//!         32 reserved 28 bytes, zero │ 60 crc32c of bytes 0..60
//! table:  crc32c of each region of the body, the last one may be short
//! footer: 0 body bytes u64 │ 8 crc32c of the table u32 │ 12 "RVCE" │ 16 reserved 12 bytes, zero
//!         28 crc32c of bytes 0..28
//! ```
//! The body's length stands in the footer because writers stream: they learn it last.

use crate::wire::{put, u32_at, u64_at};

/// Bytes that one checksum covers.
pub(crate) const REGION_BYTES: usize = 65_536;
pub(crate) const HEADER_BYTES: usize = 64;
pub(crate) const FOOTER_BYTES: usize = 32;
const FORMAT_VERSION: u16 = 1;

/// What a component holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u16)]
pub enum ComponentKind {
    /// Ids of a segment's rows, both ways.
    Ids = 1,
    /// One dense vector field.
    Vectors = 2,
    /// The links of one vector field's graph.
    Graph = 3,
    /// Payloads and versions of a segment's rows.
    Payload = 4,
    /// Deleted rows.
    Deletes = 5,
    /// Payloads that replace those of some rows.
    PayloadDelta = 6,
    /// The fast layout of one vector field's graph: links, neighbour codes, own codes.
    FastGraph = 7,
    /// The codes of one vector field, with their encoder.
    Codes = 8,
    /// The index of one payload field.
    FieldIndex = 9,
    /// One field of sparse vectors or multi-vectors.
    Ragged = 10,
    /// The inverted lists of one field of sparse vectors.
    SparseIndex = 11,
}

impl ComponentKind {
    /// The kind's part of a file name.
    pub fn name(self) -> &'static str {
        match self {
            ComponentKind::Ids => "ids",
            ComponentKind::Vectors => "vectors",
            ComponentKind::Graph => "graph",
            ComponentKind::Payload => "payload",
            ComponentKind::Deletes => "deletes",
            ComponentKind::PayloadDelta => "delta",
            ComponentKind::FastGraph => "fast",
            ComponentKind::Codes => "codes",
            ComponentKind::FieldIndex => "index",
            ComponentKind::Ragged => "ragged",
            ComponentKind::SparseIndex => "sparse",
        }
    }
}

/// What is wrong with a file that should be a component.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ComponentFault {
    /// Shorter than header and footer.
    #[error("is too short ({len} bytes)")]
    TooShort {
        /// Its length.
        len: u64,
    },
    /// The header does not begin with the magic or its checksum is wrong.
    #[error("has a damaged header")]
    Header,
    /// Written by another version.
    #[error("has format version {version}")]
    Version {
        /// The version found.
        version: u16,
    },
    /// Holds something else.
    #[error("is of kind {found}, not {expected}")]
    Kind {
        /// The kind found.
        found: u16,
        /// The kind asked for.
        expected: u16,
    },
    /// Compressed in a way that is not known.
    #[error("uses codec {codec}")]
    Codec {
        /// The codec id.
        codec: u16,
    },
    /// Encrypted with a key that is not known.
    #[error("uses key {key}")]
    Key {
        /// The key id.
        key: u32,
    },
    /// The footer is not one or its checksum is wrong.
    #[error("has a damaged footer")]
    Footer,
    /// The lengths do not add up.
    #[error("has {len} bytes where {expected} belong")]
    Length {
        /// Its length.
        len: u64,
        /// The length its footer implies.
        expected: u64,
    },
    /// The table of checksums does not match its own.
    #[error("has a damaged checksum table")]
    Table,
}

pub(crate) fn encode_header(kind: ComponentKind, created_seq: u64) -> Vec<u8> {
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(b"RVCO");
    put!(
        header,
        FORMAT_VERSION,
        kind as u16,
        0u16,
        0u16,
        0u32,
        REGION_BYTES as u32,
        0u32,
        created_seq
    );
    header.resize(HEADER_BYTES - 4, 0);
    put!(header, crc32c::crc32c(&header));
    header
}

pub(crate) fn encode_footer(body_bytes: u64, table: &[u8]) -> Vec<u8> {
    let mut footer = Vec::with_capacity(FOOTER_BYTES);
    put!(footer, body_bytes, crc32c::crc32c(table));
    footer.extend_from_slice(b"RVCE");
    footer.resize(FOOTER_BYTES - 4, 0);
    put!(footer, crc32c::crc32c(&footer));
    footer
}

/// Checks all but the body; the body's length and the created seq.
pub(crate) fn check_frame(file: &[u8], kind: ComponentKind) -> Result<(usize, u64), ComponentFault> {
    let len = file.len() as u64;
    if file.len() < HEADER_BYTES + FOOTER_BYTES {
        return Err(ComponentFault::TooShort { len });
    }
    let (header, rest) = file.split_at(HEADER_BYTES);
    let (rest, footer) = rest.split_at(rest.len() - FOOTER_BYTES);
    let created_seq = check_header(header, kind)?;
    let footer_crc = u32_at(footer, FOOTER_BYTES - 4);
    if footer.get(12..16) != Some(b"RVCE") || footer_crc != Some(crc32c::crc32c(&footer[..FOOTER_BYTES - 4]))
    {
        return Err(ComponentFault::Footer);
    }
    let body_bytes = u64_at(footer, 0).unwrap_or(u64::MAX);
    let table_bytes = body_bytes.div_ceil(REGION_BYTES as u64).saturating_mul(4);
    if body_bytes.saturating_add(table_bytes) != rest.len() as u64 {
        let frame = (HEADER_BYTES + FOOTER_BYTES) as u64;
        let expected = body_bytes.saturating_add(table_bytes).saturating_add(frame);
        return Err(ComponentFault::Length { len, expected });
    }
    let table = &rest[body_bytes as usize..];
    if u32_at(footer, 8) != Some(crc32c::crc32c(table)) {
        return Err(ComponentFault::Table);
    }
    Ok((body_bytes as usize, created_seq))
}

fn check_header(header: &[u8], kind: ComponentKind) -> Result<u64, ComponentFault> {
    let u16_at = |at| u32_at(header, at).map(|word| word as u16).unwrap_or_default();
    let crc = u32_at(header, HEADER_BYTES - 4);
    if !header.starts_with(b"RVCO") || crc != Some(crc32c::crc32c(&header[..HEADER_BYTES - 4])) {
        return Err(ComponentFault::Header);
    }
    let (version, found, codec) = (u16_at(4), u16_at(6), u16_at(8));
    if version != FORMAT_VERSION || u32_at(header, 16) != Some(REGION_BYTES as u32) {
        return Err(ComponentFault::Version { version });
    }
    if found != kind as u16 {
        let expected = kind as u16;
        return Err(ComponentFault::Kind { found, expected });
    }
    if codec != 0 {
        return Err(ComponentFault::Codec { codec });
    }
    match u32_at(header, 12).unwrap_or_default() {
        0 => Ok(u64_at(header, 24).unwrap_or_default()),
        key => Err(ComponentFault::Key { key }),
    }
}
