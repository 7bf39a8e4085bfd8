//! Reads payloads and vectors of chosen rows. A damaged row is an error here: its bytes were asked for.

use ruvector_payload::PayloadRef;
use ruvector_types::{Invalid, Map, NamedVectors, PayloadSelector, Problem, VectorSelector};

use crate::collection::Core;
use crate::schema::FieldRef;
use crate::view::{SegmentView, Snapshot};
use crate::{Ctx, Error};

/// Points fetched between two looks at the deadline.
const ROWS_PER_CHECK: usize = 64;

/// Looks at the deadline before every so many points fetched, but not before the first ones: most requests want no more.
pub(super) fn check_fetched(ctx: &Ctx, core: &Core, fetched: usize) -> Result<(), Error> {
    match fetched % ROWS_PER_CHECK == ROWS_PER_CHECK - 1 {
        true => ctx.check(core.io.as_ref()),
        false => Ok(()),
    }
}

/// What to return of each point, checked against the schema.
#[derive(Debug)]
pub(crate) struct Fetch<'a> {
    payload: &'a PayloadSelector,
    fields: Option<Vec<FieldRef<'a>>>,
}

/// The parts of a point that were asked for.
#[derive(Debug)]
pub(crate) struct Fetched {
    pub(crate) version: u64,
    pub(crate) payload: Option<Map>,
    pub(crate) vectors: Option<NamedVectors>,
}

impl<'a> Fetch<'a> {
    pub(crate) fn new(
        snapshot: &'a Snapshot,
        payload: &'a PayloadSelector,
        vectors: &VectorSelector,
    ) -> Result<Fetch<'a>, Invalid> {
        let (core, schema) = (&snapshot.core, snapshot.schema());
        let fields = match vectors {
            VectorSelector::None => None,
            VectorSelector::All => Some(schema.all_fields().collect()),
            VectorSelector::Names(names) => {
                if names.len() > core.limits.vector_fields_max {
                    let (given, limit) = (names.len() as u64, core.limits.vector_fields_max as u64);
                    let problem = Problem::AboveLimit {
                        given,
                        limit,
                        limit_name: "vector_fields_max",
                    };
                    return Err(Invalid::new("with_vector", problem));
                }
                Some(
                    names
                        .iter()
                        .map(|name| schema.named(name, "with_vector"))
                        .collect::<Result<_, _>>()?,
                )
            }
        };
        Ok(Fetch { payload, fields })
    }

    /// Whether a row's payload bytes are wanted.
    fn wants_payload(&self) -> bool {
        *self.payload != PayloadSelector::None
    }

    pub(crate) fn row(&self, segment: &SegmentView, row: u32) -> Result<Fetched, Error> {
        let damaged = |what: &str| {
            let name = segment.id(row).map(|id| id.to_string()).unwrap_or_default();
            Error::corrupt(format!(
                "the {what} of point {name:?} is damaged in segment {}",
                segment.id
            ))
        };
        let version = segment.version(row).ok_or_else(|| damaged("version"))?;
        let payload = match self.wants_payload() {
            false => None,
            true => {
                let (bytes, _) = segment.payload(row).ok_or_else(|| damaged("payload"))?;
                let view = PayloadRef::new(bytes).map_err(|error| damaged("payload").because(error))?;
                let map = ruvector_payload::project(&view, self.payload);
                Some(map.map_err(|error| damaged("payload").because(error))?)
            }
        };
        let mut vectors = self.fields.as_ref().map(|_| NamedVectors::new());
        if let (Some(named), Some(fields)) = (&mut vectors, &self.fields) {
            for field in fields {
                if let Some(vector) = segment.vector_in(row, *field) {
                    let vector = vector.ok_or_else(|| damaged("vector"))?;
                    named.insert(field.name().to_owned(), vector);
                }
            }
        }
        Ok(Fetched {
            version,
            payload,
            vectors,
        })
    }
}
