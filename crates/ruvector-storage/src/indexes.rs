//! Payload indexes: as the catalog declares them, and as a sealed segment holds them.
//!
//! ```text
//! indexes: next index u32 │ count u32 │ of each: number u32 │ path bytes u16, UTF-8 │ on disk u8 │ principal u8 │ kind
//! kind:    u8 (0 integer, 1 float, 2 datetime, 3 keyword, 4 uuid, 5 bool, 6 geo, 7 text, 8 null,
//!          9 keyword for which prefixes are declared)
//!          integer: │ lookup u8 │ range u8
//!          text:    │ tokenizer u8 (0 word, 1 white space, 2 prefix, 3 multilingual) │ least, greatest length: u8 (0, 1),
//!                   1: u32 │ lowercase u8 │ folding u8 │ phrases u8 │ stemmer u8 (0, 1), 1: language u8
//!                   │ stop languages u32, u8 each │ stop words u32, of each: bytes u16, UTF-8
//! ```

use std::collections::BTreeSet;

use ruvector_payload::index::Index;
use ruvector_types::{FieldIndex, IndexKind, Language, PayloadPath, TextOptions, Tokenizer};

use crate::catalog::{put_text, text};
use crate::component::Component;
use crate::wire::{Malformed, Reader, put};

/// An index that a collection declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredIndex {
    /// Its number in the collection, never used again: names its components.
    pub number: u32,
    /// The field.
    pub path: PayloadPath,
    /// What it is.
    pub index: FieldIndex,
}

/// An index of a sealed segment, mapped.
#[derive(Debug)]
pub struct SealedIndex {
    /// Of which declared index.
    pub number: u32,
    /// What reads it.
    pub index: Index<Component>,
    component: Component,
}

impl SealedIndex {
    /// `None` if the bytes are not an index of so many rows.
    pub(crate) fn open(number: u32, component: Component, rows: u32) -> Option<SealedIndex> {
        let index = Index::open(component.clone(), rows).ok()?;
        Some(SealedIndex {
            number,
            index,
            component,
        })
    }

    /// The component it reads.
    pub fn component(&self) -> &Component {
        &self.component
    }
}

/// By their numbers in the file.
const TOKENIZERS: [Tokenizer; 4] = [
    Tokenizer::Word,
    Tokenizer::Whitespace,
    Tokenizer::Prefix,
    Tokenizer::Multilingual,
];

/// Writes a collection's indexes.
pub(crate) fn put_indexes(next: u32, indexes: &[DeclaredIndex], out: &mut Vec<u8>) {
    put!(out, next, indexes.len() as u32);
    for DeclaredIndex { number, path, index } in indexes {
        put!(out, *number);
        put_text(&path.to_string(), out);
        put!(out, u8::from(index.on_disk), u8::from(index.is_principal));
        put_kind(&index.kind, out);
    }
}

fn put_kind(kind: &IndexKind, out: &mut Vec<u8>) {
    match kind {
        IndexKind::Integer { lookup, range } => put!(out, 0u8, u8::from(*lookup), u8::from(*range)),
        IndexKind::Float => out.push(1),
        IndexKind::Datetime => out.push(2),
        IndexKind::Keyword { prefix } => out.push(if *prefix { 9 } else { 3 }),
        IndexKind::Uuid => out.push(4),
        IndexKind::Bool => out.push(5),
        IndexKind::Geo => out.push(6),
        IndexKind::Text(options) => {
            out.push(7);
            put_text_options(options, out);
        }
        IndexKind::Null => out.push(8),
    }
}

fn put_text_options(options: &TextOptions, out: &mut Vec<u8>) {
    let tokenizer = TOKENIZERS.iter().position(|known| *known == options.tokenizer);
    out.push(tokenizer.unwrap_or_default() as u8);
    for length in [options.token_chars_min, options.token_chars_max] {
        out.push(length.is_some().into());
        if let Some(length) = length {
            put!(out, length);
        }
    }
    let flags = [options.lowercase, options.ascii_folding, options.phrases];
    flags.iter().for_each(|flag| out.push((*flag).into()));
    out.push(options.stemmer.is_some().into());
    out.extend(options.stemmer.map(Language::number));
    put!(out, options.stop_languages.len() as u32);
    out.extend(options.stop_languages.iter().map(|language| language.number()));
    put!(out, options.stop_words.len() as u32);
    options.stop_words.iter().for_each(|word| put_text(word, out));
}

/// Reads what [`put_indexes`] wrote.
pub(crate) fn indexes(reader: &mut Reader<'_>) -> Result<(u32, Vec<DeclaredIndex>), Malformed> {
    let next = reader.u32()?;
    let (count, capacity) = reader.count(9)?;
    let mut indexes = Vec::with_capacity(capacity);
    for _ in 0..count {
        let number = reader.u32()?;
        let path = PayloadPath::parse(&text(reader)?);
        let path = path.map_err(|_| reader.malformed("not a path into a payload"))?;
        let (on_disk, is_principal) = (reader.flag()?, reader.flag()?);
        let index = FieldIndex {
            kind: kind(reader)?,
            on_disk,
            is_principal,
        };
        if number >= next {
            return Err(reader.malformed("an index numbered beyond the next"));
        }
        indexes.push(DeclaredIndex { number, path, index });
    }
    Ok((next, indexes))
}

fn kind(reader: &mut Reader<'_>) -> Result<IndexKind, Malformed> {
    Ok(match reader.u8()? {
        0 => IndexKind::Integer {
            lookup: reader.flag()?,
            range: reader.flag()?,
        },
        1 => IndexKind::Float,
        2 => IndexKind::Datetime,
        3 => IndexKind::Keyword { prefix: false },
        4 => IndexKind::Uuid,
        5 => IndexKind::Bool,
        6 => IndexKind::Geo,
        7 => IndexKind::Text(text_options(reader)?),
        8 => IndexKind::Null,
        9 => IndexKind::Keyword { prefix: true },
        _ => return Err(reader.malformed("unknown kind of index")),
    })
}

fn text_options(reader: &mut Reader<'_>) -> Result<TextOptions, Malformed> {
    let tokenizer = TOKENIZERS.get(usize::from(reader.u8()?)).copied();
    let tokenizer = tokenizer.ok_or_else(|| reader.malformed("unknown tokenizer"))?;
    let (token_chars_min, token_chars_max) = (length(reader)?, length(reader)?);
    let (lowercase, ascii_folding, phrases) = (reader.flag()?, reader.flag()?, reader.flag()?);
    let stemmer = match reader.flag()? {
        true => Some(language(reader)?),
        false => None,
    };
    let (languages, _) = reader.count(1)?;
    let stop_languages = (0..languages)
        .map(|_| language(reader))
        .collect::<Result<BTreeSet<_>, _>>()?;
    let (words, _) = reader.count(2)?;
    let stop_words = (0..words)
        .map(|_| text(reader))
        .collect::<Result<BTreeSet<_>, _>>()?;
    Ok(TextOptions {
        tokenizer,
        token_chars_min,
        token_chars_max,
        lowercase,
        ascii_folding,
        stop_languages,
        stop_words,
        stemmer,
        phrases,
    })
}

fn length(reader: &mut Reader<'_>) -> Result<Option<u32>, Malformed> {
    Ok(match reader.flag()? {
        true => Some(reader.u32()?),
        false => None,
    })
}

fn language(reader: &mut Reader<'_>) -> Result<Language, Malformed> {
    Language::of_number(reader.u8()?).ok_or_else(|| reader.malformed("unknown language"))
}
