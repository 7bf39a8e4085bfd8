//! Compares every kind of read with the model. Never changes either.

use std::collections::{BTreeMap, BTreeSet};

use ruvector_core::types::*;
use ruvector_core::{Ctx, Snapshot};
use ruvector_testkit::{Generator, Model, ModelPoint, Ranked};

/// Scores differ from the model's by rounding only.
const SCORE_TOLERANCE: f64 = 1e-4;

/// How much of the exact answers graph searches found.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Recall {
    pub(crate) found: usize,
    pub(crate) expected: usize,
}

impl Recall {
    pub(crate) fn add(&mut self, other: &Recall) {
        self.found += other.found;
        self.expected += other.expected;
    }

    pub(crate) fn share(&self) -> f64 {
        if self.expected == 0 {
            1.0
        } else {
            self.found as f64 / self.expected as f64
        }
    }
}

/// Engine and model at one moment.
pub(crate) struct Check<'a> {
    pub(crate) snapshot: &'a Snapshot,
    pub(crate) model: &'a Model,
    pub(crate) config: &'a CollectionConfig,
    pub(crate) what: &'a str,
}

/// Every point with its version, read in pages of random sizes.
pub(crate) fn scroll_all(
    snapshot: &Snapshot,
    random: &mut Generator,
    filter: Option<Filter>,
) -> Vec<PointRecord> {
    let mut request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 1,
        filter,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::All,
    };
    let mut all = Vec::new();
    loop {
        request.limit = random.random.within(1..=70);
        let page = snapshot.scroll(&Ctx::default(), &request).unwrap();
        assert!(
            page.points.len() == request.limit || page.next.is_none(),
            "a short page with a next one"
        );
        all.extend(page.points);
        match page.next {
            Some(next) => request.from = Some(next),
            None => return all,
        }
    }
}

/// Whether records and the model hold the same points.
pub(crate) fn same_points(records: &[PointRecord], model: &Model, config: &CollectionConfig) -> bool {
    records.len() == model.points().len()
        && records
            .iter()
            .zip(model.points())
            .all(|(record, (id, point))| record.id == *id && difference(record, point, config).is_none())
}

/// The points that differ between records and the model: what is missing, too much, or otherwise.
pub(crate) fn differences(records: &[PointRecord], model: &Model, config: &CollectionConfig) -> Vec<String> {
    let records: BTreeMap<&PointId, &PointRecord> =
        records.iter().map(|record| (&record.id, record)).collect();
    let too_much = records.keys().filter(|id| !model.points().contains_key(id));
    let mut found: Vec<String> = too_much.map(|id| format!("{id} is too much")).collect();
    for (id, point) in model.points() {
        match records.get(id) {
            None => found.push(format!("{id} is missing")),
            Some(record) => {
                found.extend(
                    difference(record, point, config).map(|difference| format!("{id}: {difference}")),
                );
            }
        }
    }
    found
}

/// What a record has otherwise than the model.
fn difference(record: &PointRecord, point: &ModelPoint, config: &CollectionConfig) -> Option<String> {
    if record.payload.as_ref() != Some(&point.payload) {
        return Some(format!(
            "payload {:?}, expected {:?}",
            record.payload, point.payload
        ));
    }
    let given = record.vectors.as_ref()?;
    let same = given.len() == point.vectors.len()
        && point.vectors.iter().all(|(name, vector)| {
            let field = config.vectors.get(name);
            let single = |field: &&VectorConfig| field.datatype == VectorDatatype::Float32;
            let field = field.filter(single);
            let cosine = field.is_some_and(|field| field.distance == Distance::Cosine);
            given
                .get(name)
                .is_some_and(|given| same_vector(given, vector, cosine))
        });
    (!same).then(|| format!("vectors {given:?}, expected {:?}", point.vectors))
}

/// Cosine vectors in single precision come back with length 1, others as they are kept, dimensions of sparse ones ascending, and one vector of a multi-vector as such.
fn same_vector(given: &Vector, written: &Vector, cosine: bool) -> bool {
    match (given, written) {
        (Vector::Sparse(given), Vector::Sparse(written)) => {
            let mut pairs: Vec<(u32, f32)> = written
                .indices
                .iter()
                .copied()
                .zip(written.values.iter().copied())
                .collect();
            pairs.sort_by_key(|(index, _)| *index);
            given
                .indices
                .iter()
                .copied()
                .zip(given.values.iter().copied())
                .eq(pairs)
        }
        (Vector::Multi(given), Vector::Multi(written)) => {
            let rows = given.rows().zip(written.rows());
            given.numbers.len() == written.numbers.len()
                && rows.into_iter().all(|(g, w)| same_numbers(g, w, cosine))
        }
        (Vector::Multi(given), Vector::Dense(written)) => same_numbers(&given.numbers, written, cosine),
        (Vector::Dense(given), Vector::Dense(written)) => same_numbers(given, written, cosine),
        _ => false,
    }
}

fn same_numbers(given: &[f32], written: &[f32], cosine: bool) -> bool {
    let norm = written
        .iter()
        .map(|x| f64::from(*x) * f64::from(*x))
        .sum::<f64>()
        .sqrt();
    if !cosine || norm == 0.0 {
        return given == written;
    }
    given.len() == written.len()
        && given
            .iter()
            .zip(written)
            .all(|(g, w)| (f64::from(*g) - f64::from(*w) / norm).abs() < 1e-6)
}

impl Check<'_> {
    /// Count, every point by scroll and by id. Returns the versions.
    pub(crate) fn points(&self, random: &mut Generator) -> BTreeMap<PointId, u64> {
        let what = self.what;
        let count = self
            .snapshot
            .count(&Ctx::default(), &CountRequest::default())
            .unwrap();
        assert_eq!(count, self.model.points().len() as u64, "{what}: count");
        let records = scroll_all(self.snapshot, random, None);
        let ids: Vec<_> = records.iter().map(|record| &record.id).collect();
        assert_eq!(
            ids,
            self.model.points().keys().collect::<Vec<_>>(),
            "{what}: ids of the scroll"
        );
        for record in &records {
            let difference = difference(record, &self.model.points()[&record.id], self.config);
            assert_eq!(difference, None, "{what}: point {}", record.id);
        }
        let asked = random.ids(20);
        let (all, vectors) = (PayloadSelector::All, VectorSelector::All);
        let got = self
            .snapshot
            .get(&Ctx::default(), &asked, &all, &vectors)
            .unwrap();
        let expected = asked.iter().filter(|id| self.model.points().contains_key(id));
        assert_eq!(
            got.iter().map(|record| &record.id).collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "{what}: get"
        );
        for record in &got {
            assert!(
                records.contains(record),
                "{what}: get and scroll differ in {}",
                record.id
            );
        }
        records
            .into_iter()
            .map(|record| (record.id, record.version))
            .collect()
    }

    /// One filter, counted and scrolled.
    pub(crate) fn filtered(&self, random: &mut Generator) {
        let filter = random.filter(2);
        let expected = self.model.matching(Some(&filter));
        let count = CountRequest {
            filter: Some(filter.clone()),
        };
        let count = self.snapshot.count(&Ctx::default(), &count).unwrap();
        assert_eq!(count, expected.len() as u64, "{}: count of {filter:?}", self.what);
        let found = scroll_all(self.snapshot, random, Some(filter.clone()));
        let found: Vec<_> = found.into_iter().map(|record| record.id).collect();
        assert_eq!(found, expected, "{}: scroll of {filter:?}", self.what);
    }

    /// One random search, exact or not.
    pub(crate) fn search(&self, random: &mut Generator) -> Recall {
        let request = self.request(random);
        let found = self.snapshot.search(&Ctx::default(), &request).unwrap();
        let expected = self.model.nearest(&request);
        self.sound(&request, &found);
        // Several at once find what each finds alone.
        let others = (0..random.random.within(1..=6)).map(|_| self.request(random));
        let batch: Vec<SearchRequest> = std::iter::once(request.clone()).chain(others).collect();
        let together = self.snapshot.search_batch(&Ctx::default(), &batch).unwrap();
        for (request, together) in batch.iter().zip(&together) {
            let alone = self.snapshot.search(&Ctx::default(), request).unwrap();
            assert_eq!(*together, alone, "{}: {request:?}", self.what);
        }
        if request.params.exact || self.is_always_exact(&request.using) {
            self.exact(&request, &found, &expected);
            return Recall::default();
        }
        assert!(
            found.len() <= expected.len(),
            "{}: too many for {request:?}",
            self.what
        );
        let hits = found.iter().zip(&expected).filter(|(found, expected)| {
            let worse = match self.distance(&request.using).higher_is_closer() {
                true => expected.score - f64::from(found.score),
                false => f64::from(found.score) - expected.score,
            };
            worse <= SCORE_TOLERANCE
        });
        Recall {
            found: hits.count(),
            expected: expected.len(),
        }
    }

    fn request(&self, random: &mut Generator) -> SearchRequest {
        let using = random.field();
        let mut request = SearchRequest::nearest(random.vector(&using), random.random.within(1..=12));
        request.using = using;
        request.filter = random.random.one_in(2).then(|| random.filter(1));
        request.params.exact = random.random.one_in(2);
        request.params.hnsw_ef =
            Some(random.random.within(16..=40) as u32).filter(|_| !random.random.one_in(3));
        if random.random.one_in(4) {
            request.offset = random.random.below(8);
        }
        if random.random.one_in(4) {
            request.score_threshold = Some(self.threshold(random, &request.using));
        }
        request
    }

    /// A bound that no score can be equal to but for rounding: scores of whole vectors are whole or roots of whole
    /// numbers.
    fn threshold(&self, random: &mut Generator, using: &str) -> f32 {
        let whole = random.random.below(60) as f32 + 0.5;
        match self.distance(using) {
            Distance::Dot if self.is_rounded(using) => random.random.unit() as f32 * 40.0,
            Distance::Dot => whole - 30.0,
            Distance::Manhattan => whole,
            Distance::Euclid => (whole * 3.0).sqrt(),
            Distance::Cosine => random.random.unit() as f32,
        }
    }

    fn distance(&self, using: &str) -> Distance {
        self.model.distance(using).unwrap()
    }

    /// Whether scores are no whole numbers, or roots of such.
    fn is_rounded(&self, using: &str) -> bool {
        let sparse = self.config.sparse_vectors.get(using);
        let idf = sparse.is_some_and(|field| field.modifier == Modifier::Idf);
        idf || self.distance(using) == Distance::Cosine
    }

    /// Whether a search without a graph answers exactly whatever was asked.
    fn is_always_exact(&self, using: &str) -> bool {
        let field = self.config.vectors.get(using);
        field.is_none_or(|field| field.multivector.is_some())
    }

    /// Whatever was asked: known points, each once, that match, with their true scores, best first.
    fn sound(&self, request: &SearchRequest, found: &[ScoredPoint]) {
        let what = self.what;
        let ranked = self
            .model
            .ranked(&request.using, &request.vector, request.filter.as_ref());
        let scores: BTreeMap<&PointId, f64> =
            ranked.iter().map(|ranked| (&ranked.id, ranked.score)).collect();
        assert!(found.len() <= request.limit, "{what}: more than asked for");
        let ids: BTreeSet<&PointId> = found.iter().map(|point| &point.id).collect();
        assert_eq!(ids.len(), found.len(), "{what}: a point twice in {found:?}");
        let higher = self.distance(&request.using).higher_is_closer();
        for pair in found.windows(2) {
            let sorted = if higher {
                pair[0].score >= pair[1].score
            } else {
                pair[0].score <= pair[1].score
            };
            assert!(sorted, "{what}: not sorted: {found:?}");
        }
        for point in found {
            let score = scores.get(&point.id).copied();
            let close = score.is_some_and(|score| (score - f64::from(point.score)).abs() <= SCORE_TOLERANCE);
            assert!(
                close,
                "{what}: {point:?} has score {score:?} in the model; {request:?}"
            );
            let bound = request.score_threshold;
            let kept = bound.is_none_or(|bound| {
                if higher {
                    point.score >= bound
                } else {
                    point.score <= bound
                }
            });
            assert!(
                kept,
                "{what}: {point:?} does not pass the threshold of {request:?}"
            );
        }
    }

    /// The same list as the model's. Rounding may order cosine scores otherwise that are equal within tolerance.
    fn exact(&self, request: &SearchRequest, found: &[ScoredPoint], expected: &[Ranked]) {
        let what = self.what;
        assert_eq!(found.len(), expected.len(), "{what}: {request:?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(
                (f64::from(found.score) - expected.score).abs() <= SCORE_TOLERANCE,
                "{what}: {request:?}"
            );
            if !self.is_rounded(&request.using) {
                assert_eq!(found.id, expected.id, "{what}: {request:?}");
            }
        }
    }
}
