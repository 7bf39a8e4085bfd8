//! The kinds of questions that are measured, and one question with fresh bounds: as the engine is asked it, and as the
//! points themselves answer it. Never measures.

use ruvector_types::{Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, Match, PayloadPath};

use super::points::{INTEGERS, KEYWORDS, Points, Row, metres, word};
use crate::workload::random::Random;

/// Points by which the radius of a circle is chosen.
const SAMPLED: usize = 1_000;

/// What is asked about the points that match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ask {
    Count,
    /// How many points have each keyword.
    Facet,
    /// The ten least integers from a random one on.
    Page,
}

/// A kind of question; shares are of the points that its conditions keep, each by itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind {
    pub(crate) name: &'static str,
    pub(crate) ask: Ask,
    a: Option<f64>,
    b: Option<f64>,
    circle: Option<f64>,
    keyword: bool,
    /// Microseconds within which half of the answers are to come.
    pub(crate) p50_max_us: Option<f64>,
}

const ANY: Kind = Kind {
    name: "",
    ask: Ask::Count,
    a: None,
    b: None,
    circle: None,
    keyword: false,
    p50_max_us: None,
};

const fn range(name: &'static str, share: f64) -> Kind {
    Kind {
        name,
        a: Some(share),
        p50_max_us: Some(1_000.0),
        ..ANY
    }
}

const fn ranges(name: &'static str, share: f64) -> Kind {
    Kind {
        b: Some(share),
        p50_max_us: Some(3_000.0),
        ..range(name, share)
    }
}

const fn circle(name: &'static str, share: f64) -> Kind {
    Kind {
        name,
        circle: Some(share),
        p50_max_us: Some(2_000.0),
        ..ANY
    }
}

const fn other(name: &'static str, ask: Ask, a: Option<f64>, keyword: bool) -> Kind {
    Kind {
        name,
        ask,
        a,
        keyword,
        ..ANY
    }
}

pub(crate) const KINDS: [Kind; 12] = [
    range("integer range, 1 %", 0.01),
    range("integer range, 10 %", 0.1),
    range("integer range, 50 %", 0.5),
    ranges("integer 10 % and float 10 %", 0.1),
    ranges("integer 50 % and float 50 %", 0.5),
    circle("geo radius, 1 %", 0.01),
    circle("geo radius, 10 %", 0.1),
    other("keyword, 1 %", Ask::Count, None, true),
    other("keyword 1 % and integer 10 %", Ask::Count, Some(0.1), true),
    other("facet, exact", Ask::Facet, None, false),
    other("facet, exact, integer 10 %", Ask::Facet, Some(0.1), false),
    other("page of 10 by the integer", Ask::Page, None, false),
];

/// A question of some kind, with bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question {
    /// From, inclusive; to, exclusive.
    a: Option<(i64, i64)>,
    b: Option<(f64, f64)>,
    circle: Option<(GeoPoint, f64)>,
    keyword: Option<u8>,
    /// Where a page starts.
    pub(crate) start: i64,
}

impl Question {
    pub(crate) fn new(kind: &Kind, points: &Points, random: &mut Random) -> Question {
        let mut bounds = |share: f64| {
            let from = (1.0 - share) * random.unit();
            (from, from + share)
        };
        let integer = |(from, to): (f64, f64)| {
            let scale = INTEGERS as f64;
            ((from * scale) as i64, (to * scale) as i64)
        };
        Question {
            a: kind.a.map(&mut bounds).map(integer),
            b: kind.b.map(&mut bounds),
            circle: kind.circle.map(|share| around(share, points, random)),
            keyword: kind.keyword.then(|| random.below(KEYWORDS) as u8),
            start: random.below(INTEGERS) as i64,
        }
    }

    /// As the engine is asked it; `None` if every point matches.
    pub(crate) fn filter(&self) -> Option<Filter> {
        let range = |from: f64, to: f64| {
            FieldTest::Range(Bounds {
                gte: Some(from),
                lt: Some(to),
                ..Bounds::default()
            })
        };
        let a = self.a.map(|(from, to)| ("a", range(from as f64, to as f64)));
        let b = self.b.map(|(from, to)| ("b", range(from, to)));
        let circle = self
            .circle
            .map(|(center, radius_m)| ("place", FieldTest::GeoRadius { center, radius_m }));
        let keyword = self
            .keyword
            .map(|number| ("k", FieldTest::Match(Match::Keyword(word(number)))));
        let given = [a, b, circle, keyword].into_iter().flatten();
        let must: Vec<Condition> = given.map(|(field, test)| condition(field, test)).collect();
        (!must.is_empty()).then(|| Filter {
            must,
            ..Filter::default()
        })
    }

    /// Whether a point matches.
    pub(crate) fn holds(&self, row: &Row) -> bool {
        self.a.is_none_or(|(from, to)| (from..to).contains(&row.a))
            && self.b.is_none_or(|(from, to)| (from..to).contains(&row.b))
            && self.keyword.is_none_or(|keyword| row.keyword == keyword)
            && self
                .circle
                .is_none_or(|(center, radius_m)| metres(center, row.place) < radius_m)
    }
}

/// A circle around some point that holds about this share of all: as many of a sample as that.
fn around(share: f64, points: &Points, random: &mut Random) -> (GeoPoint, f64) {
    let center = points.any(random).place;
    let mut sample: Vec<f64> = (0..SAMPLED)
        .map(|_| metres(center, points.any(random).place))
        .collect();
    sample.sort_by(f64::total_cmp);
    let at = (share * SAMPLED as f64) as usize;
    // Between two points of the sample: on neither does rounding decide.
    (center, (sample[at] + sample[at + 1]) / 2.0)
}

fn condition(field: &str, test: FieldTest) -> Condition {
    let path = PayloadPath::key(field);
    Condition::Field(FieldCondition { path, test })
}
