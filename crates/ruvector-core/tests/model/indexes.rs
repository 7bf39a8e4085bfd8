//! Payload indexes of a run: created and dropped between its writes, and what they alone serve compared with the
//! model. Never expects an index to be built, except after an optimization.

use std::collections::BTreeMap;

use ruvector_core::types::*;
use ruvector_core::{Ctx, ErrorKind, Snapshot};
use ruvector_testkit::{Generator, OrderedPoint};

use crate::check::Check;
use crate::run::Run;

/// What is declared.
pub(crate) type Declared = BTreeMap<PayloadPath, FieldIndex>;

/// So many at most, so that they are often dropped.
const INDEXES_MAX: usize = 9;

impl Run {
    /// Creates an index, drops one or drops all; a snapshot taken before answers the same before and after.
    pub(crate) fn change_indexes(&mut self) {
        let snapshot = self.collection.snapshot().unwrap();
        let filters: Vec<Filter> = (0..3).map(|_| self.random.filter(2)).collect();
        let before: Vec<Vec<PointId>> = filters.iter().map(|filter| matching(&snapshot, filter)).collect();
        for (filter, before) in filters.iter().zip(&before) {
            assert_eq!(*before, self.model.matching(Some(filter)), "{filter:?}");
        }
        let full = self.declared.len() >= INDEXES_MAX;
        match self.random.random.below(if full { 4 } else { 12 }) {
            0 => {
                for path in std::mem::take(&mut self.declared).into_keys() {
                    assert!(self.database.drop_index("c", &path).unwrap());
                }
            }
            1..=3 => {
                let known = self.declared.keys().cloned().collect::<Vec<_>>();
                let path = match known.is_empty() {
                    true => self.random.random.path(),
                    false => known[self.random.random.below(known.len())].clone(),
                };
                let was_there = self.declared.remove(&path).is_some();
                assert_eq!(self.database.drop_index("c", &path).unwrap(), was_there, "{path}");
            }
            _ => {
                let path = self.random.random.path();
                let index = self.random.random.index(&path);
                self.database.create_index("c", &path, index.clone()).unwrap();
                self.declared.insert(path, index);
            }
        }
        self.check_declared();
        for (filter, before) in filters.iter().zip(&before) {
            assert_eq!(
                *before,
                matching(&snapshot, filter),
                "seed {}: {filter:?}",
                self.seed
            );
        }
    }

    pub(crate) fn check_declared(&self) {
        let infos = self.collection.indexes().into_iter();
        let found: Declared = infos.map(|(path, info)| (path, info.index)).collect();
        assert_eq!(found, self.declared, "seed {}", self.seed);
    }

    /// Indexes say of how many points they know values, deleted, changed and unsealed ones included.
    pub(crate) fn check_figures(&self) {
        for (path, info) in self.collection.indexes() {
            let points = self.model.indexed(&path, &info.index.kind);
            let waiting = info.points_waiting;
            assert!(
                info.points <= points && (info.points == points || waiting > 0),
                "seed {}: {path}, {points} expected: {info:?}",
                self.seed
            );
        }
    }

    /// Every segment has every index.
    pub(crate) fn check_built(&self) {
        self.check_figures();
        for (path, info) in self.collection.indexes() {
            assert_eq!(info.points_waiting, 0, "seed {}: {path}: {info:?}", self.seed);
            let points = self.model.points().len() as u64;
            assert!(
                points == 0 || info.disk_bytes > 0,
                "seed {}: {path}: {info:?}",
                self.seed
            );
        }
    }
}

/// The ids of the points that match, by one large page.
fn matching(snapshot: &Snapshot, filter: &Filter) -> Vec<PointId> {
    let request = ScrollRequest {
        order_by: None,
        from: None,
        limit: 2_000,
        filter: Some(filter.clone()),
        with_payload: PayloadSelector::None,
        with_vectors: VectorSelector::None,
    };
    let page = snapshot.scroll(&Ctx::default(), &request).unwrap();
    page.points.into_iter().map(|record| record.id).collect()
}

impl Check<'_> {
    /// One page in the order of a field's values and one facet: as the model's if the field has an index that serves
    /// them, refused if not.
    pub(crate) fn by_value(&self, random: &mut Generator, declared: &Declared) {
        let known: Vec<&PayloadPath> = declared.keys().collect();
        let path = match known.is_empty() || random.random.one_in(6) {
            true => random.random.path(),
            false => known[random.random.below(known.len())].clone(),
        };
        let kind = declared.get(&path).map(|index| &index.kind);
        self.ordered(random, path.clone(), kind);
        self.facet(random, path, kind);
    }

    fn ordered(&self, random: &mut Generator, path: PayloadPath, kind: Option<&IndexKind>) {
        let times = match kind {
            Some(IndexKind::Integer { range: true, .. } | IndexKind::Float) => Some(false),
            Some(IndexKind::Datetime) => Some(true),
            _ => None,
        };
        let request = random.ordered_page(path, times == Some(true));
        let page = self.snapshot.scroll(&Ctx::default(), &request);
        let (Some(times), Some(order)) = (times, &request.order_by) else {
            let error = page.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{}: {error}", self.what);
            return;
        };
        let found: Vec<OrderedPoint> = page
            .unwrap()
            .points
            .into_iter()
            .map(|record| OrderedPoint {
                value: record.order_value.unwrap(),
                id: record.id,
            })
            .collect();
        let expected = self
            .model
            .ordered(order, times, request.filter.as_ref(), request.limit);
        assert_eq!(found, expected, "{}: {request:?}", self.what);
    }

    fn facet(&self, random: &mut Generator, path: PayloadPath, kind: Option<&IndexKind>) {
        let mut request = random.facet(path);
        let found = self.snapshot.facet(&Ctx::default(), &request);
        let Some(
            kind @ (IndexKind::Keyword { .. }
            | IndexKind::Uuid
            | IndexKind::Bool
            | IndexKind::Integer { lookup: true, .. }),
        ) = kind
        else {
            let error = found.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid, "{}: {error}", self.what);
            return;
        };
        assert_eq!(
            found.unwrap(),
            self.model.facet(&request, kind),
            "{}: {request:?}",
            self.what
        );
        // Not exact: deleted points may be counted, and none that is there is passed over.
        request.exact = false;
        request.limit = 1_000;
        let roughly = self.snapshot.facet(&Ctx::default(), &request).unwrap();
        for exact in self.model.facet(&request, kind) {
            let hit = roughly.iter().find(|hit| hit.value == exact.value);
            assert!(
                hit.is_some_and(|hit| hit.count >= exact.count),
                "{}: {exact:?}, {request:?}",
                self.what
            );
        }
    }
}
