//! Vectors as a query gives them: themselves, or those of points, here or in another collection. Never searches.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use ruvector_types::{PayloadSelector, PointId, QueryStage, Vector, VectorInput, VectorSelector};

use super::{Run, at_place};
use crate::view::Snapshot;
use crate::{Database, Error};

/// The collections that lend vectors, each read as it was when first asked for.
pub(super) struct Lenders<'a> {
    database: &'a Database,
    opened: RefCell<BTreeMap<String, Snapshot>>,
}

impl<'a> Lenders<'a> {
    pub(super) fn new(database: &'a Database) -> Lenders<'a> {
        Lenders {
            database,
            opened: RefCell::default(),
        }
    }

    fn snapshot(&self, name: &str) -> Result<Snapshot, Error> {
        let mut opened = self.opened.borrow_mut();
        if let Some(snapshot) = opened.get(name) {
            return Ok(snapshot.clone());
        }
        let snapshot = self.database.collection(name)?.snapshot()?;
        opened.insert(name.to_owned(), snapshot.clone());
        Ok(snapshot)
    }
}

/// The vectors of a stage as it gives them, and the points of this collection that gave some: they are no results.
pub(super) struct Inputs<'r> {
    run: &'r Run<'r>,
    stage: &'r QueryStage,
    /// Of the stage; empty, or ends with a dot.
    place: &'r str,
    pub(super) mentioned: Vec<PointId>,
}

impl<'r> Inputs<'r> {
    pub(super) fn new(run: &'r Run<'r>, stage: &'r QueryStage, place: &'r str) -> Inputs<'r> {
        Inputs {
            run,
            stage,
            place,
            mentioned: Vec::new(),
        }
    }

    /// The vector that the stage has at `leaf`. Cost: of one by id, a lookup in each segment's id table and a copy.
    pub(super) fn vector(&mut self, input: &VectorInput, leaf: &str) -> Result<Vector, Error> {
        let place = self.place;
        self.looked_up(input).map_err(|error| match place.is_empty() {
            // Of the only stage, the answer says it as that to a request for a point does.
            true => error,
            false => at_place(error, place).asked_by(format_args!("{place}{leaf}")),
        })
    }

    fn looked_up(&mut self, input: &VectorInput) -> Result<Vector, Error> {
        let id = match input {
            VectorInput::Vector(vector) => return Ok(vector.clone()),
            VectorInput::Id(id) => id,
        };
        let (run, using) = (self.run, &self.stage.using);
        let Some(lender) = &self.stage.lookup_from else {
            self.mentioned.push(id.clone());
            return stored(run, run.snapshot, using, id);
        };
        let field = lender.vector.as_ref().unwrap_or(using);
        let snapshot = run.lenders.snapshot(&lender.collection)?;
        if Arc::ptr_eq(&snapshot.core, &run.snapshot.core) {
            self.mentioned.push(id.clone());
            return stored(run, run.snapshot, field, id);
        }
        stored(run, &snapshot, field, id)
    }

    /// The vectors of the list that the stage has at `leaf`.
    pub(super) fn vectors(&mut self, inputs: &[VectorInput], leaf: &str) -> Result<Vec<Vector>, Error> {
        let inputs = inputs.iter().enumerate();
        inputs
            .map(|(at, input)| self.vector(input, &format!("{leaf}[{at}]")))
            .collect()
    }
}

fn stored(run: &Run<'_>, snapshot: &Snapshot, field: &str, id: &PointId) -> Result<Vector, Error> {
    snapshot.schema().named(field, "lookup_from.vector")?;
    let wanted = VectorSelector::Names(vec![field.to_owned()]);
    let found = snapshot.get(run.ctx, std::slice::from_ref(id), &PayloadSelector::None, &wanted)?;
    let Some(record) = found.into_iter().next() else {
        return Err(Error::no_point(id));
    };
    let vector = record.vectors.and_then(|mut vectors| vectors.remove(field));
    vector.ok_or_else(|| Error::no_vector(field, id))
}
