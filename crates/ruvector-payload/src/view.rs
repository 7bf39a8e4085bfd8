//! Views over encoded payloads, checked as far as they are read. Never copies until asked for a `Value`.

use std::cmp::Ordering;

use ruvector_types::{Map, Value};

use crate::cursor::Cursor;
use crate::encode::OBJECT;
use crate::{DecodeError, ENCODED_DEPTH_MAX};

/// Items that a list reserves room for before it has read one.
const RESERVED_ITEMS_MAX: usize = 256;

/// An encoded object: a payload, or an object inside one.
#[derive(Clone, Copy, Debug)]
pub struct PayloadRef<'a> {
    entries: &'a [u8],
    count: usize,
}

/// An encoded array.
#[derive(Clone, Copy, Debug)]
pub struct ArrayRef<'a> {
    items: &'a [u8],
    count: usize,
}

/// An encoded value.
#[derive(Clone, Copy, Debug)]
pub enum ValueRef<'a> {
    /// `null`.
    Null,
    /// A boolean.
    Bool(bool),
    /// An integer within `i64`.
    Int(i64),
    /// An integer above `i64::MAX`.
    UInt(u64),
    /// A number with a fraction or an exponent.
    Float(f64),
    /// A string.
    Str(&'a str),
    /// An array.
    Array(ArrayRef<'a>),
    /// An object.
    Object(PayloadRef<'a>),
}

/// Decodes a whole payload and checks every byte of it.
pub fn decode(bytes: &[u8]) -> Result<Map, DecodeError> {
    PayloadRef::new(bytes)?.to_map()
}

impl<'a> PayloadRef<'a> {
    /// The payload `{}`.
    pub const EMPTY: PayloadRef<'static> = PayloadRef {
        entries: &[],
        count: 0,
    };

    /// A view of an encoded payload. Only the outer frame (tag, length, number of keys) is checked.
    pub fn new(bytes: &'a [u8]) -> Result<PayloadRef<'a>, DecodeError> {
        let mut cursor = Cursor::new(bytes);
        match cursor.byte()? {
            OBJECT => {}
            tag => return Err(DecodeError::NotAnObject { tag }),
        }
        let body = cursor.sized()?;
        cursor.finish()?;
        PayloadRef::of_body(body)
    }

    pub(crate) fn of_body(body: &'a [u8]) -> Result<PayloadRef<'a>, DecodeError> {
        let mut cursor = Cursor::new(body);
        let count = cursor.count(2)?;
        Ok(PayloadRef {
            entries: cursor.rest(),
            count,
        })
    }

    /// Keys.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no keys.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The value of `key`. Cost: linear in the keys before it; their values are passed over unread.
    pub fn get(&self, key: &str) -> Result<Option<ValueRef<'a>>, DecodeError> {
        let mut cursor = Cursor::new(self.entries);
        let key = key.as_bytes();
        for _ in 0..self.count {
            let found = cursor.sized()?;
            // Mostly the first byte decides; whole keys are compared where it does not.
            let order = found.first().cmp(&key.first());
            match order.then_with(|| found.cmp(key)) {
                Ordering::Less => cursor.skip_value()?,
                Ordering::Equal => return cursor.value().map(Some),
                Ordering::Greater => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Keys and values, in the order of keys. Stops after an error.
    pub fn iter(&self) -> ObjectIter<'a> {
        ObjectIter {
            cursor: Cursor::new(self.entries),
            left: self.count,
            last_key: None,
            ended: false,
        }
    }

    /// The object as a tree; checks every byte.
    pub fn to_map(&self) -> Result<Map, DecodeError> {
        map_at(self, 1)
    }
}

impl<'a> IntoIterator for PayloadRef<'a> {
    type Item = Result<(&'a str, ValueRef<'a>), DecodeError>;
    type IntoIter = ObjectIter<'a>;

    fn into_iter(self) -> ObjectIter<'a> {
        self.iter()
    }
}

impl<'a> ArrayRef<'a> {
    pub(crate) fn of_body(body: &'a [u8]) -> Result<ArrayRef<'a>, DecodeError> {
        let mut cursor = Cursor::new(body);
        let count = cursor.count(1)?;
        Ok(ArrayRef {
            items: cursor.rest(),
            count,
        })
    }

    /// Items.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there are no items.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The item at `index`. Cost: linear in `index`; the items before it are passed over unread.
    pub fn get(&self, index: usize) -> Result<Option<ValueRef<'a>>, DecodeError> {
        if index >= self.count {
            return Ok(None);
        }
        let mut cursor = Cursor::new(self.items);
        for _ in 0..index {
            cursor.skip_value()?;
        }
        cursor.value().map(Some)
    }

    /// The items in order. Stops after an error.
    pub fn iter(&self) -> ArrayIter<'a> {
        ArrayIter {
            cursor: Cursor::new(self.items),
            left: self.count,
            ended: false,
        }
    }
}

impl<'a> IntoIterator for ArrayRef<'a> {
    type Item = Result<ValueRef<'a>, DecodeError>;
    type IntoIter = ArrayIter<'a>;

    fn into_iter(self) -> ArrayIter<'a> {
        self.iter()
    }
}

impl ValueRef<'_> {
    /// The value as a tree; checks every byte of it.
    pub fn to_value(&self) -> Result<Value, DecodeError> {
        value_at(self, 1)
    }
}

/// Iterator over an encoded object.
#[derive(Clone, Debug)]
pub struct ObjectIter<'a> {
    cursor: Cursor<'a>,
    left: usize,
    last_key: Option<&'a str>,
    ended: bool,
}

impl<'a> ObjectIter<'a> {
    fn entry(&mut self) -> Result<(&'a str, ValueRef<'a>), DecodeError> {
        let key = self.cursor.text()?;
        if self.last_key.is_some_and(|last| last >= key) {
            return Err(DecodeError::KeyOrder);
        }
        self.last_key = Some(key);
        Ok((key, self.cursor.value()?))
    }
}

impl<'a> Iterator for ObjectIter<'a> {
    type Item = Result<(&'a str, ValueRef<'a>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if self.left == 0 {
            self.ended = true;
            return self.cursor.finish().err().map(Err);
        }
        self.left -= 1;
        let entry = self.entry();
        self.ended = entry.is_err();
        Some(entry)
    }
}

/// Iterator over an encoded array.
#[derive(Clone, Debug)]
pub struct ArrayIter<'a> {
    cursor: Cursor<'a>,
    left: usize,
    ended: bool,
}

impl<'a> Iterator for ArrayIter<'a> {
    type Item = Result<ValueRef<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        if self.left == 0 {
            self.ended = true;
            return self.cursor.finish().err().map(Err);
        }
        self.left -= 1;
        let item = self.cursor.value();
        self.ended = item.is_err();
        Some(item)
    }
}

fn map_at(object: &PayloadRef<'_>, depth: u32) -> Result<Map, DecodeError> {
    refuse_too_deep(depth)?;
    object
        .iter()
        .map(|entry| {
            let (key, value) = entry?;
            Ok((key.to_owned(), value_at(&value, depth + 1)?))
        })
        .collect()
}

/// The tree of `value`, which stands `depth` levels deep.
pub(crate) fn value_at(value: &ValueRef<'_>, depth: u32) -> Result<Value, DecodeError> {
    Ok(match value {
        ValueRef::Null => Value::Null,
        ValueRef::Bool(flag) => Value::Bool(*flag),
        ValueRef::Int(number) => Value::Int(*number),
        ValueRef::UInt(number) => Value::UInt(*number),
        ValueRef::Float(number) => Value::Float(*number),
        ValueRef::Str(text) => Value::String((*text).to_owned()),
        ValueRef::Array(items) => {
            refuse_too_deep(depth)?;
            let mut list = Vec::with_capacity(items.len().min(RESERVED_ITEMS_MAX));
            for item in items.iter() {
                list.push(value_at(&item?, depth + 1)?);
            }
            Value::Array(list)
        }
        ValueRef::Object(object) => Value::Object(map_at(object, depth)?),
    })
}

fn refuse_too_deep(depth: u32) -> Result<(), DecodeError> {
    if depth > ENCODED_DEPTH_MAX {
        return Err(DecodeError::TooDeep {
            depth_max: ENCODED_DEPTH_MAX,
        });
    }
    Ok(())
}
