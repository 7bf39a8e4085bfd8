//! Goal: a query of any stages answers as the plainest evaluation of each stage would, wherever the points are; what is
//! wrong with one is refused with its place. Method: random trees on a small collection in memory and sealed, beside the
//! model; samples by their size and, many times over, by how often each point comes; a table of refusals.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod world;

use std::collections::BTreeMap;

use ruvector_core::types::*;
use ruvector_core::{Ctx, ErrorKind};
use ruvector_testkit::{Random, Ranked, seeds};
use world::{id, stage, world};

/// Scores place by place; ids too, but where the next score is as good as equal.
fn same(found: &[ScoredPoint], expected: &[Ranked], about: &dyn Fn() -> String) {
    let near = |a: f64, b: f64| (a - b).abs() <= 1e-4 * (1.0 + a.abs());
    assert_eq!(found.len(), expected.len(), "{}", about());
    for (at, (ours, theirs)) in found.iter().zip(expected).enumerate() {
        assert!(
            near(ours.score.into(), theirs.score),
            "{at}: {ours:?} {theirs:?} {}",
            about()
        );
        let beside = [at.wrapping_sub(1), at + 1].map(|other| expected.get(other));
        let tied = beside
            .into_iter()
            .flatten()
            .any(|other| near(other.score, theirs.score));
        assert!(
            tied || at + 1 == found.len() || ours.id == theirs.id,
            "{at}: {ours:?} {theirs:?} {}",
            about()
        );
    }
}

#[test]
fn trees_answer_as_the_model() {
    for seed in seeds(12) {
        let random = &mut Random::new(seed);
        let world = world(random);
        for round in 0..3 {
            let requests: Vec<QueryRequest> = (0..25)
                .map(|_| QueryRequest {
                    stage: stage(random, 3),
                    offset: random.of(&[0, 0, 3]),
                    with_payload: PayloadSelector::None,
                    with_vectors: VectorSelector::None,
                })
                .collect();
            let ctx = Ctx::default();
            let batch = world.database.query_batch(&ctx, "c", &requests).unwrap();
            for (request, batched) in requests.iter().zip(batch) {
                let about = || format!("seed {seed}, round {round}: {request:#?}");
                let found = world.database.query(&ctx, "c", request).unwrap();
                assert_eq!(found, batched, "{}", about());
                same(&found, &world.model.query(request, &world.lender), &about);
            }
            // The first round in memory, the second in pieces, the third as one.
            let collection = world.database.collection("c").unwrap();
            match round {
                0 => drop(collection.step().unwrap()),
                _ => collection.optimize().unwrap(),
            }
        }
    }
}

fn plain(query: Option<Query>) -> QueryRequest {
    let stage = QueryStage {
        prefetch: Vec::new(),
        query,
        using: "a".to_owned(),
        filter: None,
        score_threshold: None,
        params: SearchParams::default(),
        limit: 10,
        lookup_from: None,
    };
    QueryRequest {
        stage,
        offset: 0,
        with_payload: PayloadSelector::All,
        with_vectors: VectorSelector::None,
    }
}

#[test]
fn samples_are_uniform() {
    let world = world(&mut Random::new(5));
    let mut request = plain(Some(Query::Sample));
    // A sample looks at no vector, so it needs no name of one.
    request.stage.using = String::new();
    request.stage.filter = Some(Filter {
        must_not: vec![Condition::HasId(vec![PointId::Num(2)])],
        ..Filter::default()
    });
    let mut seen: BTreeMap<PointId, usize> = BTreeMap::new();
    for _ in 0..1_000 {
        let found = world.database.query(&Ctx::default(), "c", &request).unwrap();
        let mut ids: Vec<PointId> = found.into_iter().map(|point| point.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), 10);
        ids.into_iter().for_each(|id| *seen.entry(id).or_default() += 1);
    }
    // 79 points, each in 126.6 samples on average, with a deviation of 10.5.
    assert_eq!(seen.len(), world.model.points().len() - 1);
    assert!(seen.values().all(|times| (70..190).contains(times)), "{seen:?}");
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table")]
fn refusals_name_the_place() {
    let world = world(&mut Random::new(1));
    let by_id = |id| Some(Query::Nearest(VectorInput::Id(PointId::Num(id))));
    let recommend = |positive: Vec<VectorInput>, strategy| {
        Some(Query::Recommend {
            positive,
            negative: Vec::new(),
            strategy,
        })
    };
    let rrf = |k, weights: Option<Vec<f32>>| Some(Query::Fusion(Fusion::Rrf { k, weights }));
    let short = VectorInput::Vector(vec![1.0].into());
    let over = |query, inner: Option<Query>| {
        let mut request = plain(query);
        request.stage.prefetch = vec![plain(by_id(2)).stage, plain(inner).stage];
        request
    };
    let mut deep = plain(by_id(2));
    for _ in 0..16 {
        let inner = std::mem::replace(&mut deep.stage, plain(by_id(2)).stage);
        deep.stage.prefetch = vec![inner];
    }
    let mut wide = plain(rrf(2, None));
    wide.stage.prefetch = vec![plain(by_id(2)).stage; 256];
    let mut elsewhere = plain(by_id(3));
    elsewhere.stage.lookup_from = Some(LookupFrom {
        collection: "nowhere".to_owned(),
        vector: None,
    });
    let mut without = plain(by_id(14));
    without.stage.using = "b".to_owned();
    let (best, sum) = (RecommendStrategy::BestScore, RecommendStrategy::SumScores);
    let diverse = |diversity, candidates| {
        Some(Query::Diverse {
            nearest: VectorInput::Id(PointId::Num(2)),
            diversity,
            candidates,
        })
    };
    let invalid = ErrorKind::Invalid;
    let cases = [
        (plain(by_id(1)), ErrorKind::NotFound, "No point with id 1"),
        (
            without,
            ErrorKind::NotFound,
            "Vector with name \"b\" for point 14",
        ),
        (elsewhere, ErrorKind::NotFound, "`nowhere`"),
        (
            plain(recommend(vec![], RecommendStrategy::AverageVector)),
            invalid,
            "query.recommend.positive",
        ),
        (plain(recommend(vec![], sum)), invalid, "query.recommend"),
        (
            plain(recommend(vec![id(&mut Random::new(1)); 1025], best)),
            invalid,
            "query_examples_max",
        ),
        (
            over(
                by_id(2),
                recommend(vec![VectorInput::Id(PointId::Num(2)), short], best),
            ),
            invalid,
            "prefetch[1].query.recommend.positive[1]",
        ),
        (over(None, by_id(2)), invalid, "query"),
        (plain(rrf(2, None)), invalid, "needs a prefetch"),
        (over(rrf(0, None), by_id(2)), invalid, "query.rrf.k"),
        (
            over(rrf(2, Some(vec![1.0])), by_id(2)),
            invalid,
            "query.rrf.weights",
        ),
        (
            over(rrf(2, Some(vec![1.0, f32::NAN])), by_id(2)),
            invalid,
            "query.rrf.weights[1]",
        ),
        (plain(diverse(f32::NAN, None)), invalid, "diversity"),
        (plain(diverse(0.5, Some(0))), invalid, "candidates_limit"),
        (plain(diverse(0.5, Some(20_000))), invalid, "query_diverse_max"),
        (deep, invalid, "query_depth_max"),
        (wide, invalid, "query_stages_max"),
    ];
    for (request, kind, says) in cases {
        let error = world.database.query(&Ctx::default(), "c", &request).unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(says), "{error} lacks {says}");
        let batch = [plain(by_id(2)), request];
        let error = world
            .database
            .query_batch(&Ctx::default(), "c", &batch)
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(
            kind != invalid || error.to_string().starts_with("searches[1]."),
            "{error}"
        );
    }
}
