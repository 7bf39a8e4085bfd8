//! Filters of stages and of those above them, as one. Never widens one.

use ruvector_types::{Condition, Filter, PointId};

/// What matches both filters and is none of `without`; `None` if that is every point.
pub(super) fn merged(outer: Option<&Filter>, inner: Option<&Filter>, without: &[PointId]) -> Option<Filter> {
    let mut merged = match (outer, inner) {
        (Some(outer), Some(inner)) => both(outer, inner),
        (Some(one), None) | (None, Some(one)) => one.clone(),
        (None, None) if without.is_empty() => return None,
        (None, None) => Filter::default(),
    };
    if !without.is_empty() {
        merged.must_not.push(Condition::HasId(without.to_vec()));
    }
    Some(merged)
}

/// The clauses side by side, so that filters do not grow deeper with each stage; a second `should` or `min_should` is a
/// condition of its own: as a part of the first one it would be a way around it.
fn both(outer: &Filter, inner: &Filter) -> Filter {
    let mut merged = outer.clone();
    merged.must.extend_from_slice(&inner.must);
    merged.must_not.extend_from_slice(&inner.must_not);
    if merged.should.is_empty() {
        merged.should.clone_from(&inner.should);
    } else if !inner.should.is_empty() {
        let should = inner.should.clone();
        merged.must.push(condition(Filter {
            should,
            ..Filter::default()
        }));
    }
    match (&merged.min_should, &inner.min_should) {
        (_, None) => {}
        (None, given) => merged.min_should.clone_from(given),
        (Some(_), given) => merged.must.push(condition(Filter {
            min_should: given.clone(),
            ..Filter::default()
        })),
    }
    merged
}

fn condition(filter: Filter) -> Condition {
    Condition::Filter(Box::new(filter))
}
