//! Reads a damaged collection in every way: an answer may be right, missing, or refused as damaged, never wrong.
//! Panics on the first wrong one.

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Error, ErrorKind};

use super::check::{USING, n_below, nearest, query, scrolled, stored};
use super::history::{History, Points, Stored};
use super::random::{LATE, Random, WORDS, id};

/// Asserts that an error is about damage.
pub(crate) fn is_corrupt(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
}

/// Reads everything in every way; each answer must be right, or missing, or refused as damaged. Returns the points
/// that are missing or refused.
pub(crate) fn read_all(collection: &Collection, expected: &Points) -> Vec<PointId> {
    let mut bad = Vec::new();
    for number in 0..400 {
        let id = id(number);
        let found = get(collection, &id);
        match (found, expected.get(&id)) {
            (Ok(found), stored) if found.as_ref() == stored => {}
            (Ok(Some(found)), stored) => panic!("{id}: {found:?} served, {stored:?} written"),
            (Ok(None), _) => bad.push(id),
            (Err(error), stored) => {
                is_corrupt(&error);
                assert!(stored.is_some(), "{id}: {error}");
                bad.push(id);
            }
        }
    }
    let count = collection
        .count(&Ctx::default(), &CountRequest::default())
        .unwrap();
    assert!(count <= expected.len() as u64);
    scroll(collection, expected);
    let mut random = Random::new(1);
    for (exact, using) in [(true, ""), (false, ""), (false, WORDS), (false, LATE)] {
        for filter in [None, Some(n_below(50))] {
            let mut request = query(&mut random, using, 64, 5);
            request.params = SearchParams {
                exact,
                hnsw_ef: Some(30),
                ..SearchParams::default()
            };
            request.filter = filter;
            search(collection, &mut request, expected);
        }
    }
    bad
}

pub(crate) fn get(collection: &Collection, id: &PointId) -> Result<Option<Stored>, Error> {
    let ids = std::slice::from_ref(id);
    let found = collection.get(&Ctx::default(), ids, &PayloadSelector::All, &VectorSelector::All)?;
    Ok(found.into_iter().next().map(|record| stored(record).1))
}

pub(crate) fn scroll(collection: &Collection, expected: &Points) {
    let request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 1000,
        filter: None,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::All,
    };
    match collection.scroll(&Ctx::default(), &request) {
        Err(error) => is_corrupt(&error),
        Ok(page) => {
            for (id, stored) in page.points.into_iter().map(stored) {
                assert_eq!(Some(&stored), expected.get(&id), "{id}");
            }
        }
    }
}

/// Every hit is a point that was written and matches, at its right distance, and no readable one is passed over.
pub(crate) fn search(collection: &Collection, request: &mut SearchRequest, expected: &Points) {
    let found = match collection.search(&Ctx::default(), request) {
        Err(error) => return is_corrupt(&error),
        Ok(found) => found,
    };
    let limit = std::mem::replace(&mut request.limit, expected.len());
    let ranked = nearest(request, expected);
    let mut from = 0;
    for hit in &found {
        let at = ranked
            .iter()
            .position(|(score, id)| *score == hit.score && *id == hit.id);
        let at = at.unwrap_or_else(|| panic!("{hit:?} is no match, or at a wrong distance"));
        assert!(at >= from, "out of order: {found:?}");
        from = at + 1;
    }
    request.limit = limit;
    request.with_payload = PayloadSelector::All;
    request.with_vectors = VectorSelector::All;
    match collection.search(&Ctx::default(), request) {
        Err(error) => is_corrupt(&error),
        Ok(found) => {
            for hit in found {
                let stored = &expected[&hit.id];
                assert_eq!(
                    (hit.payload.as_ref(), hit.vectors.as_ref()),
                    (Some(&stored.payload), Some(&stored.vectors))
                );
            }
        }
    }
}

/// Every point of the model is served as it was written last.
pub(crate) fn check_healed(collection: &Collection, history: &History) {
    assert_eq!(scrolled(collection), history.latest());
    for (id, stored) in &history.latest() {
        assert_eq!(get(collection, id).unwrap().as_ref(), Some(stored));
    }
    for using in USING {
        let mut request = query(&mut Random::new(3), using, 64, 5);
        request.params.exact = true;
        let found = collection.search(&Ctx::default(), &request).unwrap();
        let found: Vec<(f32, PointId)> = found.into_iter().map(|hit| (hit.score, hit.id)).collect();
        assert_eq!(found, nearest(&request, &history.latest()));
    }
}

/// Searches by graph find what a sound graph finds.
pub(crate) fn check_recall(collection: &Collection, expected: &Points) {
    let (mut right, mut wanted) = (0, 0);
    for stored in expected.values().step_by(7) {
        let mut request = SearchRequest::nearest(stored.vectors[""].clone(), 5);
        request.params.hnsw_ef = Some(30);
        let found = collection.search(&Ctx::default(), &request).unwrap();
        let nearest = nearest(&request, expected);
        wanted += nearest.len();
        right += nearest
            .iter()
            .filter(|(_, id)| found.iter().any(|hit| hit.id == *id))
            .count();
        assert_eq!(found.len(), 5);
    }
    assert!(right * 20 >= wanted * 19, "recall {right} of {wanted}");
}
