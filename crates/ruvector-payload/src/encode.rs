//! Payload to bytes. Never writes the same payload in two ways, and never changes what a tag means.
//!
//! ```text
//! payload  = object
//! value    = 0x00                              null
//!          | 0x01 | 0x02                       false, true
//!          | 0x03 varint                       i64, zigzag
//!          | 0x04 varint                       u64 above i64::MAX
//!          | 0x05 8 bytes                      f64, little endian, its bits kept
//!          | 0x06 varint(bytes) UTF-8          string
//!          | 0x07 varint(bytes) body           array;  body = varint(items) value*
//!          | object
//! object   = 0x08 varint(bytes) body                   body = varint(items) (key value)*
//! key      = varint(bytes) UTF-8               keys rise bytewise, none twice
//! varint   = LEB128, at most 64 bits, as short as can be
//! ```
//!
//! `bytes` of a container counts its whole body, so every value is passed over in constant time. The first
//! byte of a payload is `0x08`; other first bytes are free for later formats. `{}` is `08 01 00`.

use ruvector_types::{Map, Value};

pub(crate) const NULL: u8 = 0x00;
pub(crate) const FALSE: u8 = 0x01;
pub(crate) const TRUE: u8 = 0x02;
pub(crate) const INT: u8 = 0x03;
pub(crate) const UINT: u8 = 0x04;
pub(crate) const FLOAT: u8 = 0x05;
pub(crate) const STRING: u8 = 0x06;
pub(crate) const ARRAY: u8 = 0x07;
pub(crate) const OBJECT: u8 = 0x08;

/// Levels of nesting that `decode` accepts, the payload itself included. The engine's own limit
/// (`payload_depth_max`) plus a path's steps (`PATH_STEPS_MAX`) must stay below it.
pub const ENCODED_DEPTH_MAX: u32 = 256;

/// Encodes a payload. Equal payloads give equal bytes. Cost: linear, and once more per level of nesting for
/// containers above 127 bytes.
pub fn encode(map: &Map) -> Vec<u8> {
    let mut out = Vec::new();
    put_object(&mut out, map);
    out
}

pub(crate) fn put_object(out: &mut Vec<u8>, map: &Map) {
    put_container(out, OBJECT, map.len(), |out| {
        for (key, value) in map {
            put_sized(out, key.as_bytes());
            put_value(out, value);
        }
    });
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(NULL),
        Value::Bool(flag) => out.push(if *flag { TRUE } else { FALSE }),
        Value::Int(number) => put_int(out, *number),
        Value::UInt(number) => match i64::try_from(*number) {
            Ok(small) => put_int(out, small),
            Err(_) => {
                out.push(UINT);
                put_varint(out, *number);
            }
        },
        Value::Float(number) => {
            out.push(FLOAT);
            out.extend_from_slice(&number.to_le_bytes());
        }
        Value::String(text) => {
            out.push(STRING);
            put_sized(out, text.as_bytes());
        }
        Value::Array(items) => put_container(out, ARRAY, items.len(), |out| {
            items.iter().for_each(|item| put_value(out, item));
        }),
        Value::Object(map) => put_object(out, map),
    }
}

fn put_int(out: &mut Vec<u8>, number: i64) {
    out.push(INT);
    put_varint(out, ((number << 1) ^ (number >> 63)) as u64);
}

/// Writes the body first and its length in front of it afterwards: most bodies need one byte of length.
fn put_container(out: &mut Vec<u8>, tag: u8, items: usize, put_items: impl FnOnce(&mut Vec<u8>)) {
    out.extend_from_slice(&[tag, 0]);
    let start = out.len();
    put_varint(out, items as u64);
    put_items(out);
    let mut length = Vec::new();
    put_varint(&mut length, (out.len() - start) as u64);
    out.splice(start - 1..start, length);
}

pub(crate) fn put_sized(out: &mut Vec<u8>, bytes: &[u8]) {
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub(crate) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}
