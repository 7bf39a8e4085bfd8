//! Payload indexes of a bench: declared on the collection as it stands, built in the background as on any, timed.

use std::time::Instant;

use ruvector_core::{Collection, Database};
use ruvector_types::{FieldIndex, IndexKind, PayloadPath, TextOptions};
use serde_json::{Value, json};

use crate::error::CliError;

/// What indexes took.
#[derive(Default)]
pub(crate) struct Built {
    pub(crate) seconds: f64,
    /// Bytes on disk and in resident memory, by field.
    pub(crate) fields: Vec<Value>,
}

/// Declares `indexes` (`path:kind`), waits until they are built, and takes their sizes.
pub(crate) fn build(database: &Database, name: &str, indexes: &[String]) -> Result<Built, CliError> {
    if indexes.is_empty() {
        return Ok(Built::default());
    }
    let collection = database.collection(name)?;
    let started = Instant::now();
    for text in indexes {
        let (path, index) = parse(text)?;
        database.create_index(name, &path, index)?;
    }
    while collection.step()? {}
    Ok(Built {
        seconds: started.elapsed().as_secs_f64(),
        fields: sizes(&collection),
    })
}

fn sizes(collection: &Collection) -> Vec<Value> {
    let of_field = |(path, info): (PayloadPath, ruvector_core::IndexInfo)| {
        json!({
            "field": path.to_string(),
            "points": info.points,
            "disk_bytes": info.disk_bytes,
            "ram_bytes": info.ram_bytes,
        })
    };
    collection.indexes().into_iter().map(of_field).collect()
}

/// `path:kind`.
pub(super) fn parse(text: &str) -> Result<(PayloadPath, FieldIndex), CliError> {
    let refused = || CliError::Flag {
        flag: "index",
        rule: "takes PATH:KIND, the kind one of integer, float, datetime, keyword, uuid, bool, geo, text, null",
    };
    let (path, kind) = text.rsplit_once(':').ok_or_else(refused)?;
    let kind = match kind {
        "integer" => IndexKind::Integer {
            lookup: true,
            range: true,
        },
        "float" => IndexKind::Float,
        "datetime" => IndexKind::Datetime,
        "keyword" => IndexKind::Keyword { prefix: false },
        "uuid" => IndexKind::Uuid,
        "bool" => IndexKind::Bool,
        "geo" => IndexKind::Geo,
        "text" => IndexKind::Text(TextOptions::default()),
        "null" => IndexKind::Null,
        _ => return Err(refused()),
    };
    let path = PayloadPath::parse(path).map_err(|_| refused())?;
    let index = FieldIndex {
        kind,
        on_disk: false,
        is_principal: false,
    };
    Ok((path, index))
}
