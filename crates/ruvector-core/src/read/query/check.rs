//! Refuses queries that break a rule or a limit, with the place in the tree. Never looks at a point.

use ruvector_types::{Fusion, Invalid, Problem, Query, QueryRequest, QueryStage, RecommendStrategy};

use crate::collection::{Core, at_most};
use crate::schema::Schema;
use crate::view::Snapshot;

/// Checks what can be checked without looking at points. Cost: a walk of the tree.
pub(super) fn check(snapshot: &Snapshot, request: &QueryRequest) -> Result<(), Invalid> {
    let (core, schema) = (&snapshot.core, snapshot.schema());
    let stage = &request.stage;
    core.check_results(stage.limit, request.offset, stage.score_threshold)?;
    let together = stage.limit.saturating_add(request.offset);
    if !matches!(stage.query, Some(Query::Nearest(_))) || !stage.prefetch.is_empty() {
        core.check_limit("limit and offset, together", together)?;
    }
    let mut walk = Walk {
        core,
        schema,
        stages: 0,
    };
    walk.stage(stage, "", 1)
}

struct Walk<'a> {
    core: &'a Core,
    schema: &'a Schema,
    stages: usize,
}

impl Walk<'_> {
    /// `place` is empty, or ends with a dot.
    fn stage(&mut self, stage: &QueryStage, place: &str, depth: usize) -> Result<(), Invalid> {
        let limits = &self.core.limits;
        let at = |field: &str| format!("{place}{field}");
        self.stages += 1;
        at_most(&at("prefetch"), depth, limits.query_depth_max, "query_depth_max")?;
        at_most(
            &at("prefetch"),
            self.stages,
            limits.query_stages_max,
            "query_stages_max",
        )?;
        let results = self.core.check_results(stage.limit, 0, stage.score_threshold);
        results.map_err(|invalid| within(invalid, place))?;
        let ef = stage.params.hnsw_ef.unwrap_or(1) as usize;
        at_most(
            &at("params.hnsw_ef"),
            ef,
            limits.hnsw_ef_max as usize,
            "hnsw_ef_max",
        )?;
        // Fusions, orders and samples look at no vector; a name that is given for nothing must be one, too.
        if needs_vector(&stage.query) || !stage.using.is_empty() {
            self.schema.named(&stage.using, &at("using"))?;
        }
        if let Some(filter) = &stage.filter {
            filter.validate_at(&at("filter"), limits)?;
        }
        match &stage.query {
            Some(query) => self.query(query, stage, place)?,
            None if stage.prefetch.is_empty() => {}
            None => {
                let rule = "is needed to order what the prefetches found";
                return Err(Invalid::new(at("query"), Problem::Contradiction { rule }));
            }
        }
        for (number, inner) in stage.prefetch.iter().enumerate() {
            self.stage(inner, &format!("{place}prefetch[{number}]."), depth + 1)?;
        }
        Ok(())
    }

    fn query(&self, query: &Query, stage: &QueryStage, place: &str) -> Result<(), Invalid> {
        let limits = &self.core.limits;
        let at = |field: &str| format!("{place}query.{field}");
        match query {
            Query::Nearest(_) | Query::OrderBy(_) | Query::Sample => Ok(()),
            Query::Diverse {
                diversity,
                candidates,
                ..
            } => {
                if !(0.0..=1.0).contains(diversity) {
                    return refuse(at("mmr.diversity"), "must be from 0 to 1");
                }
                let (field, given) = match candidates {
                    Some(candidates) => (at("mmr.candidates_limit"), *candidates),
                    None => (format!("{place}limit"), stage.limit),
                };
                if given == 0 {
                    return Err(Invalid::new(field, Problem::BelowLimit { given: 0, limit: 1 }));
                }
                at_most(&field, given, limits.query_diverse_max, "query_diverse_max")
            }
            Query::Recommend {
                positive,
                negative,
                strategy,
            } => {
                let examples = positive.len().saturating_add(negative.len());
                let field = at("recommend");
                at_most(&field, examples, limits.query_examples_max, "query_examples_max")?;
                match strategy {
                    RecommendStrategy::AverageVector if positive.is_empty() => {
                        Err(Invalid::new(at("recommend.positive"), Problem::Empty))
                    }
                    _ if examples == 0 => refuse(field, "needs a positive or a negative example"),
                    _ => Ok(()),
                }
            }
            Query::Fusion(fusion) => check_fusion(fusion, stage, place),
        }
    }
}

fn needs_vector(query: &Option<Query>) -> bool {
    match query {
        None | Some(Query::OrderBy(_) | Query::Fusion(_) | Query::Sample) => false,
        Some(Query::Nearest(_) | Query::Diverse { .. } | Query::Recommend { .. }) => true,
    }
}

fn check_fusion(fusion: &Fusion, stage: &QueryStage, place: &str) -> Result<(), Invalid> {
    let at = |field: &str| format!("{place}query.{field}");
    if stage.prefetch.is_empty() {
        return refuse(format!("{place}query"), "a fusion needs a prefetch");
    }
    let Fusion::Rrf { k, weights } = fusion else {
        return Ok(());
    };
    if *k == 0 {
        return Err(Invalid::new(
            at("rrf.k"),
            Problem::BelowLimit { given: 0, limit: 1 },
        ));
    }
    let Some(weights) = weights else { return Ok(()) };
    if weights.len() != stage.prefetch.len() {
        return refuse(at("rrf.weights"), "needs one weight for each prefetch");
    }
    match weights
        .iter()
        .position(|weight| !weight.is_finite() || *weight < 0.0)
    {
        None => Ok(()),
        Some(number) => refuse(
            at(&format!("rrf.weights[{number}]")),
            "must be a number, at least 0",
        ),
    }
}

fn refuse(field: String, rule: &'static str) -> Result<(), Invalid> {
    Err(Invalid::new(field, Problem::Contradiction { rule }))
}

fn within(invalid: Invalid, place: &str) -> Invalid {
    match place.strip_suffix('.') {
        Some(outer) => invalid.within(outer),
        None => invalid,
    }
}
