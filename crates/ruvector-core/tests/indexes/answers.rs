//! Asks a collection for filters, pages by value and facets, and compares them with the model. An answer may be
//! refused as damaged where the caller allows it, and is never wrong.

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Error, ErrorKind};
use ruvector_testkit::{Generator, Model, OrderedPoint};

use crate::declared;

/// The answer; `None` if it was refused as damaged, which only `damaged` allows.
fn served<T>(answer: Result<T, Error>, damaged: bool) -> Option<T> {
    match answer {
        Ok(answer) => Some(answer),
        Err(error) => {
            assert!(damaged && error.kind() == ErrorKind::Corrupt, "{error}");
            None
        }
    }
}

/// Random filters, and a page and a facet of every field that has an index for them. Returns how many were refused.
pub(crate) fn are_right(
    collection: &Collection,
    model: &Model,
    random: &mut Generator,
    filters: usize,
    damaged: bool,
) -> usize {
    let mut refused = 0;
    for _ in 0..filters {
        let filter = random.filter(2);
        let expected = model.matching(Some(&filter));
        assert_eq!(matching(collection, Some(&filter)), expected, "{filter:?}");
    }
    for (path, index) in declared(collection) {
        let times = match index.kind {
            IndexKind::Integer { range: true, .. } | IndexKind::Float => Some(false),
            IndexKind::Datetime => Some(true),
            _ => None,
        };
        if let Some(times) = times {
            let request = random.ordered_page(path.clone(), times);
            let page = served(collection.scroll(&Ctx::default(), &request), damaged);
            match page {
                Some(page) => ordered_is_right(page, model, &request, times),
                None => refused += 1,
            }
        }
        if let IndexKind::Keyword
        | IndexKind::Uuid
        | IndexKind::Bool
        | IndexKind::Integer { lookup: true, .. } = index.kind
        {
            let request = random.facet(path);
            let expected = model.facet(&request, &index.kind);
            match served(collection.facet(&Ctx::default(), &request), damaged) {
                Some(found) => assert_eq!(found, expected, "{request:?}"),
                None => refused += 1,
            }
        }
    }
    refused
}

fn ordered_is_right(page: ScrollPage, model: &Model, request: &ScrollRequest, times: bool) {
    let found: Vec<OrderedPoint> = page
        .points
        .into_iter()
        .map(|record| OrderedPoint {
            value: record.order_value.unwrap(),
            id: record.id,
        })
        .collect();
    let order = request.order_by.as_ref().unwrap();
    let expected = model.ordered(order, times, request.filter.as_ref(), request.limit);
    assert_eq!(found, expected, "{request:?}");
}

/// The ids of the points that match.
pub(crate) fn matching(collection: &Collection, filter: Option<&Filter>) -> Vec<PointId> {
    scrolled(collection, filter)
        .into_iter()
        .map(|record| record.id)
        .collect()
}

/// The points that match, by one large page.
pub(crate) fn scrolled(collection: &Collection, filter: Option<&Filter>) -> Vec<PointRecord> {
    let request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 5_000,
        filter: filter.cloned(),
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::None,
    };
    collection.scroll(&Ctx::default(), &request).unwrap().points
}
