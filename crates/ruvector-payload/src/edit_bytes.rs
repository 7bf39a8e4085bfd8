//! Edits as the log keeps them. Never changes what a version's bytes mean; a new format is a new version.
//!
//! ```text
//! edit  = 0x01 (version) kind
//! kind  = 0x01 place payload      set
//!       | 0x02 payload            overwrite
//!       | 0x03 varint(paths) path*   delete
//!       | 0x04                    clear
//! place = 0x00 | path             the payload itself, or an object inside it
//! path  = 0x01 varint(bytes) UTF-8   one key, taken literally
//!       | 0x02 varint(bytes) UTF-8   a path in its text form
//! ```

use ruvector_types::{Map, PayloadPath, Step};

use crate::cursor::Cursor;
use crate::encode::{put_object, put_sized, put_varint};
use crate::{DecodeError, Edit, decode};

const VERSION: u8 = 1;

const SET: u8 = 1;
const OVERWRITE: u8 = 2;
const DELETE: u8 = 3;
const CLEAR: u8 = 4;

const PLACE_TOP: u8 = 0;
const PATH_KEY: u8 = 1;
const PATH_TEXT: u8 = 2;

/// Encodes an edit for the log. Equal edits give equal bytes.
pub fn encode_edit(edit: &Edit) -> Vec<u8> {
    let mut out = vec![VERSION];
    match edit {
        Edit::Set { payload, path } => {
            out.push(SET);
            match path {
                None => out.push(PLACE_TOP),
                Some(path) => put_path(&mut out, path),
            }
            put_object(&mut out, payload);
        }
        Edit::Overwrite(payload) => {
            out.push(OVERWRITE);
            put_object(&mut out, payload);
        }
        Edit::Delete(paths) => {
            out.push(DELETE);
            put_varint(&mut out, paths.len() as u64);
            paths.iter().for_each(|path| put_path(&mut out, path));
        }
        Edit::Clear => out.push(CLEAR),
    }
    out
}

/// Decodes an edit; checks every byte.
pub fn decode_edit(bytes: &[u8]) -> Result<Edit, DecodeError> {
    let mut cursor = Cursor::new(bytes);
    match cursor.byte()? {
        VERSION => {}
        version => return Err(DecodeError::EditVersion { version }),
    }
    match cursor.byte()? {
        SET => {
            let path = match cursor.byte()? {
                PLACE_TOP => None,
                form => Some(path_of_form(form, &mut cursor)?),
            };
            let payload = rest_as_payload(&cursor)?;
            Ok(Edit::Set { payload, path })
        }
        OVERWRITE => Ok(Edit::Overwrite(rest_as_payload(&cursor)?)),
        DELETE => {
            let count = cursor.count(2)?;
            let mut paths = Vec::new();
            for _ in 0..count {
                let form = cursor.byte()?;
                paths.push(path_of_form(form, &mut cursor)?);
            }
            cursor.finish()?;
            Ok(Edit::Delete(paths))
        }
        CLEAR => {
            cursor.finish()?;
            Ok(Edit::Clear)
        }
        kind => Err(DecodeError::EditKind { kind }),
    }
}

/// A single key is kept literally because `PayloadPath::key` allows keys that the text form cannot spell.
fn put_path(out: &mut Vec<u8>, path: &PayloadPath) {
    if let [Step::Key(key)] = path.steps() {
        out.push(PATH_KEY);
        put_sized(out, key.as_bytes());
    } else {
        out.push(PATH_TEXT);
        put_sized(out, path.to_string().as_bytes());
    }
}

fn path_of_form(form: u8, cursor: &mut Cursor<'_>) -> Result<PayloadPath, DecodeError> {
    match form {
        PATH_KEY => Ok(PayloadPath::key(cursor.text()?)),
        PATH_TEXT => PayloadPath::parse(cursor.text()?).map_err(DecodeError::EditPath),
        kind => Err(DecodeError::EditKind { kind }),
    }
}

fn rest_as_payload(cursor: &Cursor<'_>) -> Result<Map, DecodeError> {
    decode(cursor.rest())
}
