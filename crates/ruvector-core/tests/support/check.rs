//! Checks an open collection against its history: every read there is must agree with one state that the history
//! allows. Panics on the first difference.

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Status};

use super::history::{History, Points, Stored, matches};
use super::random::Random;

/// What a loss of power may have taken.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Least {
    /// Everything that was not fsynced.
    Acknowledged,
    /// Only what never reached the log.
    Accepted,
}

/// Checks that `collection` stands at a state between what was promised and what was begun, every batch whole or
/// not at all; returns that state as an operation of each shard.
pub(crate) fn recovered(collection: &Collection, history: &History, least: Least) -> Vec<u64> {
    let info = collection.info();
    assert_ne!(info.status, Status::Red, "{info:?}");
    assert!(info.damages.is_empty(), "{info:?}");
    let seqs: Vec<u64> = info.shards.iter().map(|shard| shard.visible_seq).collect();
    assert_eq!(seqs.len(), history.shards.len());
    for (info, shard) in info.shards.iter().zip(&history.shards) {
        let promised = if least == Least::Accepted {
            shard.accepted
        } else {
            shard.acknowledged
        };
        assert!(
            info.visible_seq >= promised,
            "lost a promised write: {promised} promised, {info:?}"
        );
        assert!(
            info.visible_seq <= shard.last(),
            "{} begun, {info:?}",
            shard.last()
        );
        let counters = [info.appended_seq, info.durable_seq, info.committed_seq];
        assert_eq!(counters, [info.visible_seq; 3], "{info:?}");
    }
    for parts in &history.batches {
        let there = parts.iter().filter(|(shard, seq)| *seq <= seqs[*shard]).count();
        assert!(
            there == 0 || there == parts.len(),
            "half a batch: {parts:?} at {seqs:?}"
        );
    }
    reads(collection, &history.points(&seqs));
    seqs
}

/// Checks that every read agrees with `expected`.
pub(crate) fn reads(collection: &Collection, expected: &Points) {
    let ctx = Ctx::default();
    assert_eq!(
        collection.count(&ctx, &CountRequest::default()).unwrap(),
        expected.len() as u64
    );
    assert_eq!(scrolled(collection), *expected);
    let filter = n_below(50);
    let matching = expected
        .iter()
        .filter(|(_, stored)| matches(&filter, &stored.payload));
    let request = CountRequest {
        filter: Some(filter.clone()),
    };
    assert_eq!(collection.count(&ctx, &request).unwrap(), matching.count() as u64);
    let ids: Vec<PointId> = expected.keys().cloned().collect();
    if !ids.is_empty() {
        let records = collection
            .get(&ctx, &ids, &PayloadSelector::All, &VectorSelector::All)
            .unwrap();
        assert_eq!(records.into_iter().map(stored).collect::<Points>(), *expected);
    }
    let mut random = Random::new(expected.len() as u64);
    for filter in [None, Some(filter)] {
        let mut request = SearchRequest::nearest(random.vector(4), 5);
        request.params.exact = true;
        request.filter = filter;
        let found = collection.search(&ctx, &request).unwrap();
        let found: Vec<(f32, PointId)> = found.into_iter().map(|hit| (hit.score, hit.id)).collect();
        assert_eq!(found, nearest(&request, expected));
    }
}

/// Every point, by pages of seven.
pub(crate) fn scrolled(collection: &Collection) -> Points {
    let mut points = Points::new();
    let mut request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 7,
        filter: None,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::All,
    };
    loop {
        let page = collection.scroll(&Ctx::default(), &request).unwrap();
        for record in page.points {
            let (id, stored) = stored(record);
            assert!(
                points.last_key_value().is_none_or(|(last, _)| *last < id),
                "out of order: {id}"
            );
            points.insert(id, stored);
        }
        match page.next {
            None => return points,
            next => request.from = next,
        }
    }
}

/// The filter of these tests.
pub(crate) fn n_below(bound: i64) -> Filter {
    let path = PayloadPath::parse("n").unwrap();
    let test = FieldTest::Range(Bounds {
        lt: Some(bound as f64),
        ..Bounds::default()
    });
    Filter::must(Condition::Field(FieldCondition { path, test }))
}

pub(crate) fn stored(record: PointRecord) -> (PointId, Stored) {
    let (payload, vectors) = (
        record.payload.unwrap_or_default(),
        record.vectors.unwrap_or_default(),
    );
    (
        record.id,
        Stored {
            version: record.version,
            payload,
            vectors,
        },
    )
}

/// The nearest by Euclidean distance in the unnamed field, equal ones by id. Exact for vectors of whole numbers.
pub(crate) fn nearest(request: &SearchRequest, points: &Points) -> Vec<(f32, PointId)> {
    let matching = points.iter().filter(|(_, stored)| {
        request
            .filter
            .as_ref()
            .is_none_or(|f| matches(f, &stored.payload))
    });
    let mut all: Vec<(f32, PointId)> = matching
        .filter_map(|(id, stored)| {
            let (vector, query) = (stored.vectors.get("")?.dense()?, request.vector.dense()?);
            let squares = vector.iter().zip(query).map(|(a, b)| (a - b) * (a - b));
            Some((squares.sum::<f32>().sqrt(), id.clone()))
        })
        .collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then_with(|| a.1.cmp(&b.1)));
    all.truncate(request.limit);
    all
}
