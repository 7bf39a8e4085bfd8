//! Pages in the order of values, and facets, from the payloads themselves: all pairs of a value and a point, sorted.

use std::cmp::Ordering;

use ruvector_types::{
    FacetHit, FacetRequest, IndexKind, Map, OrderBy, OrderValue, PayloadPath, PointId, Value,
};

use super::Model;
use super::filter::{collect, matches};
use crate::values::TIMES;

/// A point at one of its values.
#[derive(Clone, Debug, PartialEq)]
pub struct OrderedPoint {
    /// The value as the engine names it.
    pub value: OrderValue,
    /// The point.
    pub id: PointId,
}

impl Model {
    /// The first `limit` pairs of the order; `times` says that values are times and not numbers.
    pub fn ordered(
        &self,
        order: &OrderBy,
        times: bool,
        filter: Option<&ruvector_types::Filter>,
        limit: usize,
    ) -> Vec<OrderedPoint> {
        let mut all = Vec::new();
        for (id, point) in self.points() {
            if filter.is_some_and(|filter| !matches(filter, id, point)) {
                continue;
            }
            let mut values: Vec<OrderValue> = Vec::new();
            for value in leaves(&point.payload, &order.path) {
                let value = if times { time(&value) } else { number(&value) };
                // A value that a point has twice counts once.
                values.extend(value.filter(|value| values.iter().all(|seen| compare(seen, value).is_ne())));
            }
            all.extend(values.into_iter().map(|value| OrderedPoint {
                value,
                id: id.clone(),
            }));
        }
        let turned = |order_of: Ordering| {
            if order.descending {
                order_of.reverse()
            } else {
                order_of
            }
        };
        all.retain(|one| {
            let start = order.start_from.as_ref();
            start.is_none_or(|start| turned(compare(&one.value, start)).is_ge())
        });
        all.sort_by(|a, b| turned(compare(&a.value, &b.value)).then_with(|| a.id.cmp(&b.id)));
        all.truncate(limit);
        all
    }

    /// The most frequent values of the types that an index of `kind` counts.
    pub fn facet(&self, request: &FacetRequest, kind: &IndexKind) -> Vec<FacetHit> {
        let mut hits: Vec<FacetHit> = Vec::new();
        for (id, point) in self.points() {
            if request
                .filter
                .as_ref()
                .is_some_and(|filter| !matches(filter, id, point))
            {
                continue;
            }
            let mut seen: Vec<Value> = Vec::new();
            for value in leaves(&point.payload, &request.path) {
                seen.extend(counted(value, kind).filter(|value| !seen.contains(value)));
            }
            for value in seen {
                match hits.iter_mut().find(|hit| hit.value == value) {
                    Some(hit) => hit.count += 1,
                    None => hits.push(FacetHit { value, count: 1 }),
                }
            }
        }
        hits.sort_by(|a, b| {
            b.count
                .cmp(&a.count)
                .then_with(|| facet_order(&a.value, &b.value))
        });
        hits.truncate(request.limit);
        hits
    }
}

/// The values a path leads to, the items of an array at its end one by one.
pub(super) fn leaves(payload: &Map, path: &PayloadPath) -> Vec<Value> {
    let root = Value::Object(payload.clone());
    let mut found = Vec::new();
    collect(&root, path.steps(), &mut found);
    let single = found.into_iter().flat_map(|value| match value {
        Value::Array(items) => items.clone(),
        value => vec![value.clone()],
    });
    single.collect()
}

/// A whole number is named by its integer, if 64 bits hold it.
pub(super) fn number(value: &Value) -> Option<OrderValue> {
    match value {
        Value::Int(integer) => Some(OrderValue::Int(*integer)),
        Value::UInt(integer) => Some(OrderValue::UInt(*integer)),
        Value::Float(number) if number.fract() == 0.0 && number.abs() < 1e30 => {
            let whole = *number as i128;
            let signed = i64::try_from(whole).ok().map(OrderValue::Int);
            let unsigned = || u64::try_from(whole).ok().map(OrderValue::UInt);
            signed.or_else(unsigned).or(Some(OrderValue::Float(*number)))
        }
        Value::Float(number) => Some(OrderValue::Float(*number)),
        _ => None,
    }
}

pub(super) fn time(value: &Value) -> Option<OrderValue> {
    let Value::String(text) = value else { return None };
    let known = TIMES.iter().find(|(spelled, _)| spelled == text)?;
    known.1.map(OrderValue::Time)
}

/// By value: as integers where both are, else as reals. No random integer lies within rounding of another's float.
fn compare(a: &OrderValue, b: &OrderValue) -> Ordering {
    let whole = |value: &OrderValue| match value {
        OrderValue::Int(integer) | OrderValue::Time(integer) => Some(i128::from(*integer)),
        OrderValue::UInt(integer) => Some(i128::from(*integer)),
        OrderValue::Float(number) if number.fract() == 0.0 && number.abs() < 1e30 => Some(*number as i128),
        OrderValue::Float(_) => None,
    };
    let real = |value: &OrderValue| match value {
        OrderValue::Float(number) => *number,
        other => whole(other).unwrap_or_default() as f64,
    };
    match (whole(a), whole(b)) {
        (Some(a), Some(b)) => a.cmp(&b),
        _ => real(a).total_cmp(&real(b)),
    }
}

fn counted(value: Value, kind: &IndexKind) -> Option<Value> {
    match (kind, value) {
        (IndexKind::Keyword { .. } | IndexKind::Uuid, Value::String(text)) => Some(Value::String(text)),
        (IndexKind::Bool, Value::Bool(flag)) => Some(Value::Bool(flag)),
        (IndexKind::Integer { .. }, value) => match number(&value)? {
            OrderValue::Int(integer) => Some(Value::Int(integer)),
            OrderValue::UInt(integer) => Some(Value::UInt(integer)),
            _ => None,
        },
        _ => None,
    }
}

/// Values of one facet are of one type.
fn facet_order(a: &Value, b: &Value) -> Ordering {
    match (a, b) {
        (Value::String(a), Value::String(b)) => a.cmp(b),
        (Value::Int(a), Value::Int(b)) => a.cmp(b),
        (Value::UInt(a), Value::UInt(b)) => a.cmp(b),
        (Value::Int(_), Value::UInt(_)) => Ordering::Less,
        (Value::UInt(_), Value::Int(_)) => Ordering::Greater,
        (Value::Bool(a), Value::Bool(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}
