//! Goal: no field that a caller can send is passed over: it changes what the engine is asked for, is refused by name, or
//! stands in the table of what is kept anyway. Method: for every call that is read here, every field of its message
//! and of the messages inside it is set, alone, and what comes of it is compared with what comes without it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test stops at the first surprise"
)]

use std::collections::BTreeMap;
use std::fmt::Debug;

use prost::Message;
use prost_reflect::{
    DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MapKey, MessageDescriptor, ReflectMessage, Value,
};
use ruvector_api::ApiError;
use ruvector_api::proto::{self, messages as m};
use ruvector_types::{CollectionConfig, Distance, Limits, VectorConfig};

/// A call's message, what is in it at least, and how it is read.
struct Call {
    message: &'static str,
    base: &'static str,
    read: fn(&[u8]) -> Result<String, ApiError>,
}

fn shown<T: Debug>(read: Result<T, ApiError>) -> Result<String, ApiError> {
    read.map(|read| format!("{read:?}"))
}

macro_rules! calls {
    ($($message:ident $base:literal => $read:expr),* $(,)?) => {
        &[$(Call {
            message: stringify!($message),
            base: $base,
            read: |bytes| {
                let read: fn(m::$message) -> Result<String, ApiError> = $read;
                read(m::$message::decode(bytes).unwrap())
            },
        }),*]
    };
}

const CALLS: &[Call] = calls! {
    SearchPoints "vector: [1, 2] limit: 3" => |r| shown(r.into_request(&Limits::default())),
    SearchBatchPoints "" => |r| shown(r.into_requests(&Limits::default())),
    QueryPoints "query { nearest { dense { data: [1, 2] } } }" => |r| shown(r.into_request(&Limits::default())),
    QueryBatchPoints "" => |r| shown(r.into_requests(&Limits::default())),
    RecommendPoints "positive { num: 1 } limit: 3" => |r| shown(r.into_request(&Limits::default())),
    RecommendBatchPoints "" => |r| shown(r.into_requests(&Limits::default())),
    GetPoints "ids { num: 1 }" => |r| shown(r.into_request(&Limits::default())),
    ScrollPoints "" => |r| shown(r.into_request(&Limits::default())),
    CountPoints "" => |r| shown(r.into_request(&Limits::default())),
    FacetCounts "key: \"k\"" => |r| shown(r.into_request(&Limits::default())),
    UpsertPoints "points { id { num: 1 } }" => |r| shown(r.into_write(&Limits::default())),
    DeletePoints "points { points { ids { num: 1 } } }" => |r| shown(r.into_write(&Limits::default())),
    UpdatePointVectors "points { id { num: 1 } vectors { vector { dense { data: [1] } } } }"
        => |r| shown(r.into_write(&Limits::default())),
    DeletePointVectors "points_selector { points { ids { num: 1 } } } vectors { names: \"v\" }"
        => |r| shown(r.into_write(&Limits::default())),
    SetPayloadPoints "points_selector { points { ids { num: 1 } } }" => |r| shown(r.into_set(&Limits::default())),
    SetPayloadPoints "points_selector { points { ids { num: 1 } } }"
        => |r| shown(r.into_overwrite(&Limits::default())),
    DeletePayloadPoints "keys: \"k\" points_selector { points { ids { num: 1 } } }"
        => |r| shown(r.into_write(&Limits::default())),
    ClearPayloadPoints "points { points { ids { num: 1 } } }" => |r| shown(r.into_write(&Limits::default())),
    UpdateBatchPoints "operations { delete_points { points { points { ids { num: 1 } } } } }"
        => |r| shown(r.into_writes(&Limits::default())),
    CreateFieldIndexCollection "field_name: \"f\" field_type: FieldTypeKeyword" => |r| shown(r.into_write()),
    CreateFieldIndexCollection "field_name: \"f\"" => |r| shown(r.into_write()),
    DeleteFieldIndexCollection "field_name: \"f\"" => |r| shown(r.into_write()),
    CreateVectorNameRequest "dense_config { size: 4 distance: Cosine }" => |r| {
        let write = r.into_write()?;
        let (name, field) = write.op;
        let field = field.into_field(&CollectionConfig::single(4, Distance::Dot))?;
        Ok(format!("{} {:?} {name} {field:?}", write.collection, write.wait))
    },
    DeleteVectorNameRequest "" => |r| shown(r.into_write()),
    CreateCollection "vectors_config { params { size: 4 distance: Cosine } }"
        => |r| shown(r.into_config(&Limits::default())),
    UpdateCollection "" => |r| {
        let (name, update) = r.into_update(&Limits::default())?;
        let mut config = CollectionConfig::single(4, Distance::Dot);
        config.vectors.insert("m".to_owned(), VectorConfig::new(4, Distance::Dot));
        update.apply(&mut config, &Limits::default())?;
        Ok(format!("{name}{config:?}"))
    },
    DeleteCollection "" => |r| shown(r.into_name()),
    ChangeAliases "actions { delete_alias { alias_name: \"a\" } }" => |r| shown(r.into_actions(&Limits::default())),
};

/// What a message inside another needs beside the field that is looked at.
const NEEDED: &[(&str, &str)] = &[
    ("FieldCondition", "key: \"k\" match { keyword: \"v\" }"),
    ("NestedCondition", "key: \"k\" filter {}"),
    ("IsEmptyCondition", "key: \"k\""),
    ("IsNullCondition", "key: \"k\""),
    (
        "GeoBoundingBox",
        "top_left { lon: 1 lat: 2 } bottom_right { lon: 3 lat: 1 }",
    ),
    ("GeoRadius", "center { lon: 1 lat: 2 } radius: 3"),
    (
        "GeoPolygon",
        "exterior { points { lon: 1 } points { lon: 2 } points { lat: 2 } points { lon: 1 } }",
    ),
    ("MinShould", "min_count: 1"),
    ("Range", "gt: 1"),
    ("DatetimeRange", "gt { seconds: 1 }"),
    ("ValuesCount", "gt: 1"),
    ("OrderBy", "key: \"k\""),
    ("PointStruct", "id { num: 1 }"),
    (
        "PointVectors",
        "id { num: 1 } vectors { vector { dense { data: [1] } } }",
    ),
    ("VectorParams", "size: 4 distance: Cosine"),
    ("DenseVectorCreationConfig", "size: 4 distance: Cosine"),
    ("ScalarQuantization", "type: Int8"),
    ("SearchPoints", "vector: [1, 2] limit: 3"),
    ("RecommendPoints", "positive { num: 1 } limit: 3"),
    ("QueryPoints", "query { nearest { dense { data: [1, 2] } } }"),
    ("PrefetchQuery", "query { nearest { dense { data: [1, 2] } } }"),
    ("NearestInputWithMmr", "nearest { dense { data: [1, 2] } } mmr {}"),
    ("RecommendInput", "positive { id { num: 1 } }"),
    ("PointStructList", "points { id { num: 1 } }"),
    ("SetPayload", "points_selector { points { ids { num: 1 } } }"),
    (
        "OverwritePayload",
        "points_selector { points { ids { num: 1 } } }",
    ),
    (
        "DeletePayload",
        "keys: \"k\" points_selector { points { ids { num: 1 } } }",
    ),
    (
        "UpdateVectors",
        "points { id { num: 1 } vectors { vector { dense { data: [1] } } } }",
    ),
    (
        "DeleteVectors",
        "vectors { names: \"v\" } points_selector { points { ids { num: 1 } } }",
    ),
    ("DeletePoints", "points { points { ids { num: 1 } } }"),
    ("ClearPayload", "points { points { ids { num: 1 } } }"),
    ("SparseVector", "values: 1 indices: 1"),
    ("Document", "text: \"hare\" model: \"bm25\""),
    ("StrictModeConfig", "enabled: true"),
];

/// Messages that are refused as a whole, wherever they stand: what is inside them is not looked at.
const REFUSED_WHOLE: &[&str] = &[
    "DiscoverInput",
    "ContextInput",
    "Formula",
    "RelevanceFeedbackInput",
    "TextQuery",
    "Image",
    "InferenceObject",
    "SliceCondition",
    "ShardKeySelector",
    "AcornSearchParams",
    "IdfParams",
    "TurboQuantization",
    "StrictModeConfig",
    "WalConfigDiff",
    "PayloadStorageParams",
    "IdTrackerParams",
    "TextScoringParams",
];

/// Values of a field that are not its default; the second of a kind where the first is.
fn samples(field: &FieldDescriptor) -> Vec<Value> {
    let one = match field.kind() {
        Kind::Bool => vec![Value::Bool(true), Value::Bool(false)],
        Kind::String => vec![
            Value::String("s".to_owned()),
            Value::String("2024-01-01".to_owned()),
        ],
        Kind::Bytes => Vec::new(),
        Kind::Float => vec![Value::F32(0.5), Value::F32(0.25)],
        Kind::Double => vec![Value::F64(0.5)],
        Kind::Int32 | Kind::Sint32 | Kind::Sfixed32 => vec![Value::I32(7), Value::I32(7_000)],
        Kind::Int64 | Kind::Sint64 | Kind::Sfixed64 => vec![Value::I64(7)],
        Kind::Uint32 | Kind::Fixed32 => vec![Value::U32(7), Value::U32(1)],
        Kind::Uint64 | Kind::Fixed64 => vec![Value::U64(7), Value::U64(1), Value::U64(0)],
        Kind::Enum(kind) => {
            let known = kind.values().map(|value| value.number());
            known.chain([99]).map(Value::EnumNumber).collect()
        }
        Kind::Message(message) => vec![Value::Message(needed(&message, ""))],
    };
    if field.is_list() {
        return one.into_iter().map(|value| Value::List(vec![value])).collect();
    }
    one
}

/// What a message needs where `field` is to be looked at.
fn needed(message: &MessageDescriptor, field: &str) -> DynamicMessage {
    let text = NEEDED
        .iter()
        .find(|(name, _)| *name == message.name())
        .map_or("", |(_, text)| text);
    let text = match (message.name(), field) {
        // Of the tests of a condition there is one alone.
        ("FieldCondition", test) if test != "key" => "key: \"k\"",
        _ => text,
    };
    DynamicMessage::parse_text_format(message.clone(), text).unwrap()
}

/// `root` with `value` at the end of the way, messages on it made where they are missing.
fn with(
    mut root: DynamicMessage,
    way: &[FieldDescriptor],
    field: &FieldDescriptor,
    value: Value,
) -> DynamicMessage {
    match way.split_first() {
        None => {
            root.set_field(field, value);
            root
        }
        Some((first, rest)) => {
            let inner = inner_message(first);
            let next = rest.first().unwrap_or(field);
            let inner = Value::Message(with(needed(&inner, next.name()), rest, field, value));
            root.set_field(first, wrapped(first, inner));
            root
        }
    }
}

fn inner_message(field: &FieldDescriptor) -> MessageDescriptor {
    match field.kind() {
        Kind::Message(message) if field.is_map() => match message.map_entry_value_field().kind() {
            Kind::Message(value) => value,
            other => panic!("{other:?}"),
        },
        Kind::Message(message) => message,
        other => panic!("{other:?}"),
    }
}

fn wrapped(field: &FieldDescriptor, inner: Value) -> Value {
    if field.is_map() {
        Value::Map([(MapKey::String("m".to_owned()), inner)].into())
    } else if field.is_list() {
        Value::List(vec![inner])
    } else {
        inner
    }
}

#[derive(Default)]
struct Seen {
    differs: bool,
    refused: Vec<String>,
}

struct Walk<'a> {
    call: &'a Call,
    root: DynamicMessage,
    seen: &'a mut BTreeMap<String, Seen>,
}

impl Walk<'_> {
    fn outcome(&self, message: &DynamicMessage) -> Result<String, ApiError> {
        (self.call.read)(&message.encode_to_vec())
    }

    fn fields(&mut self, way: &mut Vec<FieldDescriptor>) {
        let message = way.last().map_or_else(|| self.root.descriptor(), inner_message);
        if way.len() > 7 || REFUSED_WHOLE.contains(&message.name()) {
            return;
        }
        for field in message.fields() {
            let without = match way.split_last() {
                None => self.root.clone(),
                Some((last, before)) => {
                    let inner = wrapped(last, Value::Message(needed(&message, field.name())));
                    with(self.root.clone(), before, last, inner)
                }
            };
            let without = format!("{:?}", self.outcome(&without));
            let is_map = field.is_map();
            let values = if is_map {
                vec![map_sample(&field)]
            } else {
                samples(&field)
            };
            for value in values {
                let with = with(self.root.clone(), way, &field, value);
                let outcome = self.outcome(&with);
                let seen = self
                    .seen
                    .entry(format!("{}.{}", message.name(), field.name()))
                    .or_default();
                // What is inside a message shows whether it counts.
                seen.differs |= matches!(field.kind(), Kind::Message(_)) || format!("{outcome:?}") != without;
                if let Err(error @ ApiError::NotSupported { .. }) = outcome {
                    seen.refused.push(error.to_string());
                }
            }
            let is_message = matches!(field.kind(), Kind::Message(_));
            let holds_messages = is_message
                && (!is_map
                    || matches!(field.kind(), Kind::Message(entry)
                    if matches!(entry.map_entry_value_field().kind(), Kind::Message(_))));
            if holds_messages && !way.iter().any(|one| inner_message(one) == inner_message(&field)) {
                way.push(field);
                self.fields(way);
                way.pop();
            }
        }
    }
}

fn map_sample(field: &FieldDescriptor) -> Value {
    let Kind::Message(entry) = field.kind() else {
        panic!("a map of no messages");
    };
    let value = samples(&entry.map_entry_value_field()).remove(0);
    Value::Map([(MapKey::String("m".to_owned()), value)].into())
}

#[test]
fn every_field_counts() {
    let pool = DescriptorPool::decode(proto::DESCRIPTORS).unwrap();
    let mut seen = BTreeMap::new();
    for call in CALLS {
        let message = pool
            .get_message_by_name(&format!("qdrant.{}", call.message))
            .unwrap();
        let root = DynamicMessage::parse_text_format(message, call.base).unwrap();
        let mut walk = Walk {
            call,
            root,
            seen: &mut seen,
        };
        walk.fields(&mut Vec::new());
    }
    assert!(seen.len() > 250, "{}", seen.len());
    let mut wrong = Vec::new();
    for (name, seen) in &seen {
        let (message, field) = name.split_once('.').unwrap();
        let refused = proto::REFUSED
            .iter()
            .find(|entry| proto::is_about(entry.field, message, field));
        let kept = proto::ALWAYS_KEPT
            .iter()
            .any(|(entry, _)| proto::is_about(entry, message, field));
        match refused {
            Some(entry) if !seen.refused.iter().any(|text| text.contains(entry.named)) => {
                wrong.push(format!("{name} is not refused by name: {:?}", seen.refused));
            }
            None if !kept && !seen.differs => wrong.push(format!("{name} is passed over")),
            None => {
                let own = seen
                    .refused
                    .iter()
                    .filter(|text| text.contains(&format!("{field}:")));
                wrong.extend(own.map(|text| format!("{name} is refused and not in the table: {text}")));
            }
            Some(_) => {}
        }
    }
    let entries = proto::REFUSED.iter().map(|entry| entry.field);
    for entry in entries.chain(proto::ALWAYS_KEPT.iter().map(|(entry, _)| *entry)) {
        let mut names = seen.keys().filter_map(|name| name.split_once('.'));
        if !names.any(|(message, field)| proto::is_about(entry, message, field)) {
            wrong.push(format!("{entry} stands in a table, and no call has it"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
