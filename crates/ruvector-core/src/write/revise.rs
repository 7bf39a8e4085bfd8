//! Changes single vectors of points: the whole point is read from the draft, changed, and logged as it then is, so
//! that replay needs nothing else. Cost: the bytes of the points changed, read and logged.

use std::collections::{BTreeMap, HashMap};

use ruvector_storage::LogPoint;
use ruvector_types::{Filter, Invalid, PointId, PointSelector, PointVectors, Problem, Vector};

use super::validate::{Prepared, Target, check_id, compile, target};
use super::vectors::prepare_vectors;
use crate::collection::{Core, at_most};
use crate::fields::Field;
use crate::read::{CompiledFilter, row_matches};
use crate::view::{SegmentView, ShardView};
use crate::{Ctx, Error};

/// New vectors of a point, by field, ascending.
pub(crate) struct VectorUpdate {
    id: PointId,
    vectors: Vec<(u16, Vector)>,
}

/// Checks an update of vectors. Of a point named several times the last of each vector counts, as if they were
/// applied one by one.
pub(super) fn prepare_updates(
    points: Vec<PointVectors>,
    condition: Option<Filter>,
    core: &Core,
) -> Result<Prepared, Error> {
    if points.is_empty() {
        return Err(Invalid::new("points", Problem::Empty).into());
    }
    let points_max = core.limits.batch_points_max;
    at_most("points", points.len(), points_max, "batch_points_max")?;
    let condition = condition.as_ref().map(|filter| compile(filter, core));
    let mut by_id: HashMap<PointId, BTreeMap<u16, Vector>> = HashMap::with_capacity(points.len());
    let mut order = Vec::with_capacity(points.len());
    for (at, point) in points.into_iter().enumerate() {
        let place = |invalid: Invalid| Error::from(invalid.within(format!("points[{at}]")));
        check_id("id", &point.id).map_err(place)?;
        if point.vectors.is_empty() {
            return Err(place(Invalid::new("vector", Problem::Empty)));
        }
        let vectors = prepare_vectors(point.vectors, core).map_err(place)?;
        if !by_id.contains_key(&point.id) {
            order.push(point.id.clone());
        }
        by_id.entry(point.id).or_default().extend(vectors);
    }
    let mut by_shard: Vec<Vec<VectorUpdate>> = core.shards.iter().map(|_| Vec::new()).collect();
    for id in order {
        let vectors = by_id.remove(&id).unwrap_or_default().into_iter().collect();
        by_shard[core.shard_of(&id)].push(VectorUpdate { id, vectors });
    }
    let condition = condition.transpose()?;
    Ok(Prepared::UpdateVectors { by_shard, condition })
}

/// Checks a removal of vectors.
pub(super) fn prepare_removal(
    names: &[String],
    points: PointSelector,
    core: &Core,
) -> Result<Prepared, Error> {
    if names.is_empty() {
        return Err(Invalid::new("vector", Problem::Empty).into());
    }
    let fields_max = core.limits.vector_fields_max;
    at_most("vector", names.len(), fields_max, "vector_fields_max")?;
    let schema = core.schema.load();
    let field = |name: &String| schema.named(name, "vector").map(|field| field.field().number());
    let fields = names.iter().map(field).collect::<Result<_, _>>()?;
    let target = target(points, core)?;
    Ok(Prepared::DeleteVectors { target, fields })
}

/// The points of `updates` with their new vectors. Without a condition every one must exist; with one, absent points
/// and those that do not match are passed over.
pub(super) fn update_vectors(
    core: &Core,
    updates: Vec<VectorUpdate>,
    condition: Option<&CompiledFilter>,
    draft: &ShardView,
) -> Result<Vec<LogPoint>, Error> {
    let mut revised = Revised::new(core);
    for update in updates {
        let Some((at, row)) = draft.find(&update.id) else {
            match condition {
                Some(_) => continue,
                None => return Err(Error::no_point(&update.id)),
            }
        };
        let segment = &draft.segments[at];
        if let Some(condition) = condition
            && !row_matches(segment, row, condition)?
        {
            continue;
        }
        let mut point = stored_point(core, segment, row, update.id)?;
        for (field, vector) in update.vectors {
            match point.vectors.binary_search_by_key(&field, |(field, _)| *field) {
                Ok(at) => point.vectors[at].1 = vector,
                Err(at) => point.vectors.insert(at, (field, vector)),
            }
        }
        revised.push(point)?;
    }
    Ok(revised.points)
}

/// The points of the shard that `target` names and that have one of `fields`, without these.
pub(super) fn delete_vectors(
    ctx: &Ctx,
    core: &Core,
    shard: usize,
    (target, fields): (&Target, &[u16]),
    draft: &ShardView,
) -> Result<Vec<LogPoint>, Error> {
    let mut revised = Revised::new(core);
    for id in super::resolve::present(ctx, core, shard, target, draft)? {
        let Some((at, row)) = draft.find(&id) else {
            continue;
        };
        let segment = &draft.segments[at];
        let has = |field: &u16| segment.ordinal_in(row, Field::of(*field)).is_some();
        if fields.iter().any(has) {
            let mut point = stored_point(core, segment, row, id)?;
            point.vectors.retain(|(field, _)| !fields.contains(field));
            revised.push(point)?;
        }
    }
    Ok(revised.points)
}

/// Points to be logged whole, within the limit of one write.
struct Revised<'a> {
    core: &'a Core,
    points: Vec<LogPoint>,
    bytes: usize,
}

impl<'a> Revised<'a> {
    fn new(core: &'a Core) -> Revised<'a> {
        let (points, bytes) = (Vec::new(), 0);
        Revised { core, points, bytes }
    }

    fn push(&mut self, point: LogPoint) -> Result<(), Error> {
        self.bytes += super::validate::point_bytes(&point);
        let limit = self.core.limits.batch_bytes_max;
        at_most("points, whole", self.bytes, limit, "batch_bytes_max")?;
        self.points.push(point);
        Ok(())
    }
}

/// A point as it stands in the draft.
fn stored_point(core: &Core, segment: &SegmentView, row: u32, id: PointId) -> Result<LogPoint, Error> {
    let damaged = |what: &str| {
        Error::corrupt(format!(
            "the {what} of point {id} is damaged; upsert the point to replace it"
        ))
    };
    let (payload, _) = segment.payload(row).ok_or_else(|| damaged("payload"))?;
    let mut vectors = Vec::new();
    let schema = core.schema.load();
    for field in schema.all_fields() {
        if let Some(vector) = segment.vector_in(row, field) {
            vectors.push((field.field().number(), vector.ok_or_else(|| damaged("vector"))?));
        }
    }
    let payload = payload.into();
    Ok(LogPoint { id, vectors, payload })
}
