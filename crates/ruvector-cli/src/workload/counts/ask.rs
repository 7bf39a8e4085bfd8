//! A question as a request, and its answer: the engine's, and that of plain loops over the points. Never rounds a
//! difference away.

use std::collections::BTreeMap;

use ruvector_core::{Collection, Ctx};
use ruvector_types::{
    CountRequest, FacetRequest, OrderBy, OrderValue, PayloadPath, PayloadSelector, ScrollRequest, Value,
    VectorSelector,
};

use super::points::{KEYWORDS, Points, word};
use super::question::{Ask, Question};
use crate::error::CliError;

/// Points of a page.
const PAGE: usize = 10;

pub(crate) enum Request {
    Count(CountRequest),
    Facet(FacetRequest),
    Page(ScrollRequest),
}

/// What came of it.
#[derive(Debug, PartialEq)]
pub(crate) enum Answer {
    Count(u64),
    /// Points by keyword.
    Facet(BTreeMap<String, u64>),
    /// Integers, in order.
    Page(Vec<i64>),
}

impl Request {
    pub(crate) fn new(ask: Ask, question: &Question) -> Request {
        let filter = question.filter();
        match ask {
            Ask::Count => Request::Count(CountRequest { filter }),
            Ask::Facet => Request::Facet(FacetRequest {
                path: PayloadPath::key("k"),
                limit: KEYWORDS,
                filter,
                exact: true,
            }),
            Ask::Page => Request::Page(ScrollRequest {
                from: None,
                order_by: Some(OrderBy {
                    path: PayloadPath::key("a"),
                    descending: false,
                    start_from: Some(OrderValue::Int(question.start)),
                }),
                limit: PAGE,
                filter,
                with_payload: PayloadSelector::None,
                with_vectors: VectorSelector::None,
            }),
        }
    }

    pub(crate) fn ask(&self, collection: &Collection) -> Result<Answer, CliError> {
        let context = Ctx::default();
        Ok(match self {
            Request::Count(request) => Answer::Count(collection.count(&context, request)?),
            Request::Facet(request) => {
                let hits = collection.facet(&context, request)?.into_iter();
                Answer::Facet(hits.map(|hit| (text(hit.value), hit.count)).collect())
            }
            Request::Page(request) => {
                let points = collection.scroll(&context, request)?.points.into_iter();
                let integer = |value: Option<OrderValue>| match value {
                    Some(OrderValue::Int(integer)) => Some(integer),
                    _ => None,
                };
                Answer::Page(points.filter_map(|point| integer(point.order_value)).collect())
            }
        })
    }
}

impl Answer {
    /// The same from the points themselves.
    pub(crate) fn plain(ask: Ask, question: &Question, points: &Points) -> Answer {
        let matching = points.live().filter(|row| question.holds(row));
        match ask {
            Ask::Count => Answer::Count(matching.count() as u64),
            Ask::Facet => {
                let mut counts = [0; KEYWORDS];
                matching.for_each(|row| counts[usize::from(row.keyword)] += 1);
                let words = (0u8..).map(word).zip(counts);
                Answer::Facet(words.filter(|(_, count)| *count > 0).collect())
            }
            Ask::Page => {
                let mut integers: Vec<i64> = matching
                    .map(|row| row.a)
                    .filter(|a| *a >= question.start)
                    .collect();
                integers.sort_unstable();
                integers.truncate(PAGE);
                Answer::Page(integers)
            }
        }
    }

    /// Points counted.
    pub(crate) fn points(&self) -> u64 {
        match self {
            Answer::Count(count) => *count,
            Answer::Facet(counts) => counts.values().sum(),
            Answer::Page(integers) => integers.len() as u64,
        }
    }
}

fn text(value: Value) -> String {
    match value {
        Value::String(text) => text,
        other => format!("{other:?}"),
    }
}
