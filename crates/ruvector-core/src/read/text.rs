//! Search by words: the points most relevant to them by BM25, over all segments of a view. How rare a word is and how long
//! texts are is found out over the whole collection first, so no score depends on the segment a point is in.

use std::collections::BTreeMap;

use ruvector_payload::index::{TextIndex, TextStats};
use ruvector_payload::text::{Analyzer, Bm25, TermCounter, idf};
use ruvector_storage::Component;
use ruvector_types::{
    IndexKind, Invalid, PayloadPath, Problem, ScoredPoint, Step, TextOptions, TextSearchRequest,
};

use super::compiled::{CompiledFilter, compile_filter};
use super::fetch::{Fetch, check_fetched};
use super::matching::SegmentFilter;
use super::nearest::Place;
use super::observe::Observer;
use super::text_rows::{CountedRows, stored_index};
use super::top::{Hit, TopHits};
use crate::collection::{Core, at_most};
use crate::view::{SegmentView, Snapshot};
use crate::{Ctx, Error, Way};

/// Rows offered between two looks at the deadline.
const ROWS_PER_CHECK: u32 = 1024;

/// A checked search, the same for every segment.
pub(super) struct Query<'a> {
    pub(super) ctx: &'a Ctx,
    pub(super) core: &'a Core,
    /// The number of the declared index.
    pub(super) index: u32,
    pub(super) steps: &'a [Step],
    /// Distinct, ascending.
    pub(super) words: Vec<&'a str>,
    filter: Option<CompiledFilter>,
    score_threshold: Option<f32>,
}

/// What the scores depend on: known once the figures of all segments are.
pub(super) struct Weights<'a> {
    pub(super) bm25: Bm25,
    pub(super) words: Vec<(&'a str, f32)>,
}

/// A segment: its index, and the rows that this does not know.
struct Part<'a> {
    place: Place,
    segment: &'a SegmentView,
    observer: Option<Observer<'a>>,
    stored: Option<&'a TextIndex<Component>>,
    counted: CountedRows,
}

impl Snapshot {
    /// The points most relevant to the words of a text by BM25, the best first, equal scores by id; only those that have
    /// one of the words. Deleted points of sealed segments count among those that make a word frequent, until their
    /// segment is rewritten. Cost: the postings of the words, five bytes a row for the time of it, and a reading of the
    /// payloads that no index knows: of active segments, changed since, or whose index is still to be built.
    pub fn search_text(&self, ctx: &Ctx, request: &TextSearchRequest) -> Result<Vec<ScoredPoint>, Error> {
        let core = &self.core;
        core.check_results(request.limit, request.offset, request.score_threshold)?;
        check_text(core, &request.text)?;
        let fetch = Fetch::new(self, &request.with_payload, &request.with_vectors)?;
        let (index, options) = declared(core, &request.path)?;
        let filter = request.filter.as_ref();
        let asked = times_asked(&options, &request.text);
        let query = Query {
            ctx,
            core,
            index,
            steps: request.path.steps(),
            words: asked.keys().map(|word| &**word).collect(),
            filter: filter
                .map(|filter| compile_filter(filter, core, self.schema()))
                .transpose()?,
            score_threshold: request.score_threshold,
        };
        if query.words.is_empty() {
            return Ok(Vec::new());
        }
        let mut counter = TermCounter::new(&options, &query.words);
        let (parts, figures) = query.parts(self, &mut counter)?;
        let times = asked.values().copied();
        let weights = Weights::new(&query.words, times, &figures);
        let mut top = TopHits::new(request.limit + request.offset);
        for part in parts {
            part.offer(&query, &weights, &mut counter, &mut top)?;
        }
        let hits = top.into_sorted().into_iter().skip(request.offset);
        hits.enumerate()
            .map(|(at, hit)| {
                check_fetched(ctx, &self.core, at)?;
                let score = 0.0 - hit.distance;
                self.scored(hit, score, &fetch)
            })
            .collect()
    }
}

fn check_text(core: &Core, text: &str) -> Result<(), Invalid> {
    if text.trim().is_empty() {
        return Err(Invalid::new("text", Problem::Empty));
    }
    let limit = core.limits.query_text_bytes_max;
    at_most("text", text.len(), limit, "query_text_bytes_max")
}

/// The number of the text index of a field, and how its words are cut.
fn declared(core: &Core, path: &PayloadPath) -> Result<(u32, TextOptions), Invalid> {
    let declared = core.indexes.load();
    let found = declared.iter().find(|declared| declared.path == *path);
    match found.map(|declared| (declared.number, &declared.index.kind)) {
        Some((number, IndexKind::Text(options))) => Ok((number, options.clone())),
        _ => {
            let path = path.to_string();
            Err(Invalid::new("key", Problem::NoTextIndex { path }))
        }
    }
}

/// The words of a text and how often it has each.
fn times_asked(options: &TextOptions, text: &str) -> BTreeMap<Box<str>, u32> {
    let mut asked = BTreeMap::new();
    for word in Analyzer::new(options).query_words(text) {
        *asked.entry(word).or_default() += 1;
    }
    asked
}

impl<'a> Query<'a> {
    /// The segments with live rows, and the sums of their figures.
    fn parts<'s>(
        &'s self,
        snapshot: &'s Snapshot,
        counter: &mut TermCounter,
    ) -> Result<(Vec<Part<'s>>, TextStats), Error> {
        let mut parts = Vec::new();
        let mut sums = TextStats {
            having: vec![0; self.words.len()],
            ..TextStats::default()
        };
        for (place, segment) in snapshot.segments() {
            if segment.live_rows() == 0 {
                continue;
            }
            self.ctx.check(self.core.io.as_ref())?;
            let mut observer = Observer::begin(self.ctx, self.core, place.shard, segment);
            let mut stored = stored_index(segment, self.index);
            let stats = stored.map(|index| index.stats(&self.words));
            if let Some(None) = stats {
                self.core.note_damage();
                stored = None;
            }
            let counted = CountedRows::of(self, segment, stored.is_some(), counter)?;
            stats.flatten().iter().for_each(|stats| add(&mut sums, stats));
            counted.add_to(&mut sums);
            observer.iter_mut().for_each(Observer::pause);
            parts.push(Part {
                place,
                segment,
                observer,
                stored,
                counted,
            });
        }
        Ok((parts, sums))
    }
}

fn add(sums: &mut TextStats, more: &TextStats) {
    sums.rows = sums.rows.saturating_add(more.rows);
    sums.tokens = sums.tokens.saturating_add(more.tokens);
    for (sum, more) in sums.having.iter_mut().zip(&more.having) {
        *sum = sum.saturating_add(*more);
    }
}

impl<'a> Weights<'a> {
    fn new(words: &[&'a str], asked: impl Iterator<Item = u32>, figures: &TextStats) -> Weights<'a> {
        let rows = figures.rows;
        let rare = figures.having.iter().map(|having| idf(rows, *having));
        let weights = rare.zip(asked).map(|(idf, times)| idf * times as f32);
        Weights {
            bm25: Bm25::new((figures.tokens as f64 / rows.max(1) as f64) as f32),
            words: words.iter().copied().zip(weights).collect(),
        }
    }
}

impl Part<'_> {
    /// Offers the live matching rows that have a word.
    fn offer(
        mut self,
        query: &Query<'_>,
        weights: &Weights<'_>,
        counter: &mut TermCounter,
        top: &mut TopHits,
    ) -> Result<(), Error> {
        self.observer.iter_mut().for_each(Observer::resume);
        let compiled = query.filter.as_ref();
        let mut filter =
            compiled.map(|filter| SegmentFilter::new(query.ctx, query.core, self.segment, filter));
        if let Some(filter) = &mut filter {
            if let Some(observer) = &mut self.observer {
                observer.filtered(filter);
            }
            filter.settle_few(query.ctx)?;
        }
        if filter.as_ref().is_none_or(|filter| filter.rows_max() > 0) {
            query.ctx.took(Way::Text);
            let mut offers = Offers {
                query,
                place: self.place,
                segment: self.segment,
                filter: filter.as_ref(),
                seen: 0,
                ended: Ok(()),
                top,
            };
            let segment = self.segment;
            let scored = self.stored.map(|index| {
                index.scored(&weights.words, &weights.bm25, &mut |row, score| {
                    if segment.delta.get(row).is_none() {
                        offers.offer(row, score);
                    }
                })
            });
            if let Some(None) = scored {
                query.core.note_damage();
                self.counted = CountedRows::of(query, segment, false, counter)?;
            }
            self.counted
                .each_score(weights, &mut |row, score| offers.offer(row, score));
            offers.ended?;
        }
        self.observer.map_or(Ok(()), |observer| observer.end(compiled))
    }
}

/// Takes the scored rows of one segment.
struct Offers<'a, 't> {
    query: &'a Query<'a>,
    place: Place,
    segment: &'a SegmentView,
    filter: Option<&'a SegmentFilter<'a>>,
    seen: u32,
    /// An error once the request's time is up: nothing is taken from then on.
    ended: Result<(), Error>,
    top: &'t mut TopHits,
}

impl Offers<'_, '_> {
    /// The filter is asked only about rows that would be among the best.
    fn offer(&mut self, row: u32, score: f32) {
        self.seen = self.seen.wrapping_add(1);
        if self.seen.is_multiple_of(ROWS_PER_CHECK) && self.ended.is_ok() {
            self.ended = self.query.ctx.check(self.query.core.io.as_ref());
        }
        let distance = 0.0 - score;
        let is_low = self.query.score_threshold.is_some_and(|least| score < least);
        if self.ended.is_err() || is_low || !self.top.admits(distance) {
            return;
        }
        let accepted = match self.filter {
            Some(filter) => filter.accepts(row),
            None => self.segment.is_live(row),
        };
        if let (true, Some(id)) = (accepted, self.segment.id(row)) {
            let Place { shard, segment } = self.place;
            self.top.offer(Hit {
                distance,
                id,
                shard,
                segment,
                row,
            });
        }
    }
}
