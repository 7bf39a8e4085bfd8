//! Checks an open collection against its history: every read there is must agree with one state that the history
//! allows. Panics on the first difference.

use ruvector_core::types::*;
use ruvector_core::{Collection, Ctx, Status};

use super::history::{History, Points, Stored, matches};
use super::random::{LATE, LATE_DIM, Random, WORDS};

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
    for (filter, using) in [None, Some(filter)]
        .into_iter()
        .flat_map(|filter| USING.map(|using| (filter.clone(), using)))
    {
        let mut request = query(&mut random, using, 4, 5);
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

/// The vector fields that are searched.
pub(crate) const USING: [&str; 3] = ["", WORDS, LATE];

/// A search of one of them for `limit` points; `dim` is that of the unnamed one.
pub(crate) fn query(random: &mut Random, using: &str, dim: usize, limit: usize) -> SearchRequest {
    let vector: Vector = match using {
        WORDS => random.sparse().into(),
        LATE => MultiVector {
            dim: LATE_DIM,
            numbers: random.vector(2 * LATE_DIM as usize),
        }
        .into(),
        _ => random.vector(dim).into(),
    };
    SearchRequest {
        using: using.to_owned(),
        ..SearchRequest::nearest(vector, limit)
    }
}

/// The nearest with their scores, equal ones by id: by Euclidean distance in the unnamed field, by inner products in
/// the others. Exact for vectors of whole numbers.
pub(crate) fn nearest(request: &SearchRequest, points: &Points) -> Vec<(f32, PointId)> {
    let matching = points.iter().filter(|(_, stored)| {
        request
            .filter
            .as_ref()
            .is_none_or(|f| matches(f, &stored.payload))
    });
    let mut all: Vec<(f32, PointId)> = matching
        .filter_map(|(id, stored)| {
            let vector = stored.vectors.get(&request.using)?;
            Some((score(&request.vector, vector)?, id.clone()))
        })
        .collect();
    let farther = |score: f32| if request.using.is_empty() { score } else { -score };
    all.sort_by(|a, b| farther(a.0).total_cmp(&farther(b.0)).then_with(|| a.1.cmp(&b.1)));
    all.truncate(request.limit);
    all
}

fn score(query: &Vector, vector: &Vector) -> Option<f32> {
    let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
    match (query, vector) {
        (Vector::Sparse(query), Vector::Sparse(vector)) => {
            let value = |at: u32| {
                vector
                    .indices
                    .iter()
                    .position(|index| *index == at)
                    .map(|at| vector.values[at])
            };
            let pairs = query.indices.iter().zip(&query.values);
            let parts: Vec<f32> = pairs
                .filter_map(|(at, weight)| Some(weight * value(*at)?))
                .collect();
            (!parts.is_empty()).then(|| 0.0 + parts.iter().sum::<f32>())
        }
        (Vector::Multi(query), Vector::Multi(vector)) => {
            let best = |row: &[f32]| {
                vector
                    .rows()
                    .map(|other| dot(row, other))
                    .fold(f32::MIN, f32::max)
            };
            Some(0.0 + query.rows().map(best).sum::<f32>())
        }
        (query, vector) => {
            let pairs = query.dense()?.iter().zip(vector.dense()?);
            Some(pairs.map(|(a, b)| (a - b) * (a - b)).sum::<f32>().sqrt())
        }
    }
}
