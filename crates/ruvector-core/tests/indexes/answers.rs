//! Asks a collection for filters, words, pages by value and facets, and compares them with the model. Panics at
//! the first difference.

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx};
use ruvector_testkit::{Generator, Model, OrderedPoint};

use crate::declared;

/// Random filters, and a search by words, a page and a facet of every field that has an index for them.
pub(crate) fn are_right(collection: &Collection, model: &Model, random: &mut Generator, filters: usize) {
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
        if let IndexKind::Text(_) = index.kind {
            words_are_right(collection, model, random, &path);
        }
        if let Some(times) = times {
            let request = random.ordered_page(path.clone(), times);
            let page = collection.scroll(&Ctx::default(), &request).unwrap();
            ordered_is_right(page, model, &request, times);
        }
        if let IndexKind::Keyword { .. }
        | IndexKind::Uuid
        | IndexKind::Bool
        | IndexKind::Integer { lookup: true, .. } = index.kind
        {
            let request = random.facet(path);
            let expected = model.facet(&request, &index.kind);
            let found = collection.facet(&Ctx::default(), &request).unwrap();
            assert_eq!(found, expected, "{request:?}");
        }
    }
}

/// Those that have one of the words are found, the best first; their scores are compared in `tests/text.rs`.
fn words_are_right(collection: &Collection, model: &Model, random: &mut Generator, path: &PayloadPath) {
    let text = random
        .random
        .of(&["red", "FOX green", "the é", "le foxes, BLUE", "nobody"]);
    let test = FieldTest::Text(Text::Any(text.to_owned()));
    let path = path.clone();
    let request = TextSearchRequest {
        path: path.clone(),
        text: text.to_owned(),
        limit: 10_000,
        offset: 0,
        filter: None,
        score_threshold: None,
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    };
    let found = collection.search_text(&Ctx::default(), &request).unwrap();
    assert!(found.is_sorted_by(|a, b| a.score > b.score || (a.score == b.score && a.id < b.id)));
    let mut found: Vec<PointId> = found.into_iter().map(|hit| hit.id).collect();
    found.sort_unstable();
    let filter = Filter::must(Condition::Field(FieldCondition { path, test }));
    assert_eq!(found, model.matching(Some(&filter)), "{text:?}");
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
