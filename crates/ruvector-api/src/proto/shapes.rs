//! The messages of the interface as their bytes show them: which fields there are, of what type, and what they take in
//! memory. Read from the interface's own description; never reads a message.

use std::collections::HashMap;
use std::sync::LazyLock;

use prost::Message;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{DescriptorProto, FileDescriptorSet};

/// Bytes that a message takes for itself, about, and for each field it could have.
const MESSAGE_BYTES: usize = 32;
const FIELD_BYTES: usize = 48;

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
    pub(super) shape: usize,
    /// Number of the message's field `timeout`, if it has one.
    pub timeout: Option<u32>,
}

/// One message.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) role: Role,
    fields: Vec<Option<Field>>,
    /// Bytes it takes in memory for itself, about.
    pub(super) bytes: usize,
}

impl Shape {
    /// The field of that number.
    pub(super) fn field(&self, number: u64) -> Option<&Field> {
        let number = usize::try_from(number).ok()?;
        self.fields.get(number)?.as_ref()
    }
}

/// What a message is to a filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Filter,
    Condition,
    Other,
}

/// One field of a message.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
}

/// How a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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

    /// The message of that number.
    pub(super) fn shape(&self, number: usize) -> Option<&Shape> {
        self.shapes.get(number)
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
        role: match name {
            ".qdrant.Filter" => Role::Filter,
            ".qdrant.Condition" => Role::Condition,
            _ => Role::Other,
        },
        fields,
        bytes: MESSAGE_BYTES + FIELD_BYTES * message.field.len(),
    }
}
