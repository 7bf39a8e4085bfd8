//! Looks over the bytes of a message before anything is made of them: every field is one that the interface has, nothing
//! ends early, nothing is nested without end, and what the message would take in memory is known. Never copies a byte.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};

/// Messages inside each other; what reads them allows as many.
const DEPTH_MAX: usize = 100;
/// Bytes that a message takes for itself, about, and for each field it could have.
const MESSAGE_BYTES: usize = 32;
const FIELD_BYTES: usize = 48;
/// Bytes that a text or a list takes beside its contents.
const LIST_BYTES: usize = 32;

/// What is wrong with the bytes of a message.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum WireError {
    /// They end in the middle of something.
    #[error("the message ends early, in {message}")]
    Cut {
        /// The message's type.
        message: String,
    },
    /// A field that the interface does not have, in this version.
    #[error("{message} has no field number {number}")]
    UnknownField {
        /// The message's type.
        message: String,
        /// The field.
        number: u64,
    },
    /// A field of another type.
    #[error("{message}.{field} is of another type")]
    WrongType {
        /// The message's type.
        message: String,
        /// The field.
        field: String,
    },
    /// More messages inside each other than are read.
    #[error("more than {limit} messages inside each other")]
    TooDeep {
        /// The limit.
        limit: usize,
    },
    /// More bytes in memory than there may be.
    #[error("the message would take more than {limit} bytes of memory (bodies_bytes_max)")]
    TooLarge {
        /// The limit.
        limit: usize,
    },
    /// More than one message where a call takes one.
    #[error("more than one message, or bytes behind it")]
    SeveralMessages,
    /// A frame that is none.
    #[error("the frame of the message begins with a byte that is neither 0 nor 1")]
    BadFrame,
    /// What the reader of messages says.
    #[error("{0}")]
    Decode(prost::DecodeError),
}

/// The messages of the interface, as their bytes show them.
#[derive(Debug, Default)]
pub struct Shapes {
    shapes: Vec<Shape>,
    calls: HashMap<String, Call>,
}

/// One call of the interface.
#[derive(Clone, Copy, Debug)]
pub struct Call {
    /// The message it takes.
    shape: usize,
    /// Number of the message's field `timeout`, if it has one.
    pub timeout: Option<u32>,
}

#[derive(Debug)]
struct Shape {
    name: String,
    fields: Vec<Option<Field>>,
    bytes: usize,
}

#[derive(Clone, Debug)]
struct Field {
    name: String,
    kind: Kind,
    is_list: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Varint,
    Fixed32,
    Fixed64,
    Bytes,
    Message(usize),
}

/// The interface's messages.
pub fn shapes() -> &'static Shapes {
    static SHAPES: LazyLock<Shapes> = LazyLock::new(|| {
        FileDescriptorSet::decode(super::DESCRIPTORS)
            .map_or_else(|_| Shapes::default(), |set| Shapes::of(&set))
    });
    &SHAPES
}

impl Shapes {
    fn of(set: &FileDescriptorSet) -> Shapes {
        let mut messages = Vec::new();
        for file in &set.file {
            for message in &file.message_type {
                collect(message, &format!(".{}", file.package()), &mut messages);
            }
        }
        let numbers: HashMap<&str, usize> = messages
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.as_str(), at))
            .collect();
        let shapes = messages
            .iter()
            .map(|(name, message)| shape(name, message, &numbers));
        let mut calls = HashMap::new();
        for (file, service) in set
            .file
            .iter()
            .flat_map(|file| file.service.iter().map(move |one| (file, one)))
        {
            for method in &service.method {
                let path = format!("/{}.{}/{}", file.package(), service.name(), method.name());
                let Some(shape) = numbers.get(method.input_type()).copied() else {
                    continue;
                };
                let fields = messages[shape].1.field.iter();
                let timeout = fields
                    .filter(|field| field.name() == "timeout")
                    .map(|field| field.number());
                let timeout = timeout.filter_map(|number| u32::try_from(number).ok()).next();
                calls.insert(path, Call { shape, timeout });
            }
        }
        Shapes {
            shapes: shapes.collect(),
            calls,
        }
    }

    /// The call of a path, if the interface has it.
    pub fn call(&self, path: &str) -> Option<Call> {
        self.calls.get(path).copied()
    }

    /// The paths of all calls.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.calls.keys().map(String::as_str)
    }

    /// Bytes that the message of a call will take in memory, about. Cost: linear, packed lists are passed over.
    pub fn check(&self, call: Call, bytes: &[u8], bytes_max: usize) -> Result<usize, WireError> {
        let mut walk = Walk {
            shapes: &self.shapes,
            taken: 0,
            bytes_max,
        };
        walk.message(call.shape, bytes, 1)?;
        Ok(walk.taken)
    }
}

fn collect<'a>(message: &'a DescriptorProto, outer: &str, found: &mut Vec<(String, &'a DescriptorProto)>) {
    let name = format!("{outer}.{}", message.name());
    for nested in &message.nested_type {
        collect(nested, &name, found);
    }
    found.push((name, message));
}

fn shape(name: &str, message: &DescriptorProto, numbers: &HashMap<&str, usize>) -> Shape {
    let mut fields = Vec::new();
    for field in &message.field {
        let kind = match field.r#type() {
            Type::Double | Type::Fixed64 | Type::Sfixed64 => Kind::Fixed64,
            Type::Float | Type::Fixed32 | Type::Sfixed32 => Kind::Fixed32,
            Type::String | Type::Bytes => Kind::Bytes,
            Type::Message | Type::Group => match numbers.get(field.type_name()) {
                Some(shape) => Kind::Message(*shape),
                None => continue,
            },
            Type::Int64
            | Type::Uint64
            | Type::Int32
            | Type::Uint32
            | Type::Sint32
            | Type::Sint64
            | Type::Bool
            | Type::Enum => Kind::Varint,
        };
        let Ok(number) = usize::try_from(field.number()) else {
            continue;
        };
        if fields.len() <= number {
            fields.resize(number + 1, None);
        }
        fields[number] = Some(Field {
            name: field.name().to_owned(),
            kind,
            is_list: field.label() == Label::Repeated,
        });
    }
    Shape {
        name: name.trim_start_matches('.').to_owned(),
        fields,
        bytes: MESSAGE_BYTES + FIELD_BYTES * message.field.len(),
    }
}

struct Walk<'a> {
    shapes: &'a [Shape],
    taken: usize,
    bytes_max: usize,
}

impl Walk<'_> {
    /// Recursion is bounded by `DEPTH_MAX`.
    fn message(&mut self, shape: usize, mut bytes: &[u8], depth: usize) -> Result<(), WireError> {
        if depth > DEPTH_MAX {
            return Err(WireError::TooDeep { limit: DEPTH_MAX });
        }
        let shapes = self.shapes;
        let shape = &shapes[shape];
        self.take(shape.bytes)?;
        let cut = || WireError::Cut {
            message: shape.name.clone(),
        };
        while !bytes.is_empty() {
            let key = take_varint(&mut bytes).ok_or_else(cut)?;
            let (number, wire_type) = (key >> 3, key & 7);
            let field = usize::try_from(number)
                .ok()
                .and_then(|number| shape.fields.get(number));
            let Some(Some(field)) = field else {
                let message = shape.name.clone();
                return Err(WireError::UnknownField { message, number });
            };
            match (wire_type, field.kind) {
                (0, Kind::Varint) => {
                    take_varint(&mut bytes).ok_or_else(cut)?;
                    self.take(8)?;
                }
                (1, Kind::Fixed64) => {
                    take(&mut bytes, 8).ok_or_else(cut)?;
                    self.take(8)?;
                }
                (5, Kind::Fixed32) => {
                    take(&mut bytes, 4).ok_or_else(cut)?;
                    self.take(4)?;
                }
                (2, kind) if kind == Kind::Bytes || field.is_list || matches!(kind, Kind::Message(_)) => {
                    let length = take_varint(&mut bytes).and_then(|length| usize::try_from(length).ok());
                    let inner = length
                        .and_then(|length| take(&mut bytes, length))
                        .ok_or_else(cut)?;
                    match kind {
                        Kind::Message(inner_shape) => self.message(inner_shape, inner, depth + 1)?,
                        Kind::Varint => self.take(LIST_BYTES + inner.len().saturating_mul(8))?,
                        Kind::Bytes | Kind::Fixed32 | Kind::Fixed64 => self.take(LIST_BYTES + inner.len())?,
                    }
                }
                _ => {
                    return Err(WireError::WrongType {
                        message: shape.name.clone(),
                        field: field.name.clone(),
                    });
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, bytes: usize) -> Result<(), WireError> {
        self.taken = self.taken.saturating_add(bytes);
        match self.taken > self.bytes_max {
            false => Ok(()),
            true => Err(WireError::TooLarge {
                limit: self.bytes_max,
            }),
        }
    }
}

/// The last value of a field of whole numbers at a message's top; none where the bytes end early or do not have it.
pub fn varint(mut bytes: &[u8], wanted: u32) -> Option<u64> {
    let mut found = None;
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        match key & 7 {
            0 => {
                let value = take_varint(&mut bytes)?;
                if key >> 3 == u64::from(wanted) {
                    found = Some(value);
                }
            }
            1 => _ = take(&mut bytes, 8)?,
            2 => {
                let length = usize::try_from(take_varint(&mut bytes)?).ok()?;
                take(&mut bytes, length)?;
            }
            5 => _ = take(&mut bytes, 4)?,
            _ => return None,
        }
    }
    found
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head)
}

fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for at in 0..10 {
        let byte = *bytes.get(at)?;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}
