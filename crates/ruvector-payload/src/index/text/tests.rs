//! Goal: what the index says of rows is what evaluation says of their payloads; scores are those of the texts
//! themselves; damaged bytes never panic. Method: random payloads, options and conditions beside evaluation row by row;
//! every bit of an index flipped once.

use ruvector_types::{Language, Map, PayloadPath, PointId, Text, TextOptions, Tokenizer, Value};

use super::{TextBuilder, TextIndex, TextStats};
use crate::compile::{Compiled, Field, Level, Node, Test};
use crate::index::leaves::each_leaf;
use crate::text::{Analyzer, Bm25, TermCounter, TextTest, idf};
use crate::{PayloadRef, Subject, encode};

struct Draw(u64);

impl Draw {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % end as u64) as usize
    }

    fn text(&mut self, words: usize) -> String {
        let list = [
            "a", "ab", "abc", "b", "Cats", "the", "cat", "été", "abcd", "x y", "zz", "zza",
        ];
        let words = self.below(words + 1);
        (0..words)
            .map(|_| list[self.below(12)].to_owned() + [" ", ", "][self.below(2)])
            .collect()
    }

    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 6 } else { 9 }) {
            0 => Value::Null,
            1 => Value::Int(7),
            2..6 => Value::String(self.text(8)),
            8 => Value::Object(Map::from([("b".to_owned(), self.value(depth - 1))])),
            _ => Value::Array((0..self.below(4)).map(|_| self.value(depth - 1)).collect()),
        }
    }

    fn options(&mut self) -> TextOptions {
        let tokenizers = [
            Tokenizer::Word,
            Tokenizer::Whitespace,
            Tokenizer::Prefix,
            Tokenizer::Multilingual,
        ];
        TextOptions {
            tokenizer: tokenizers[self.below(4)],
            token_chars_min: [None, Some(2)][self.below(2)],
            token_chars_max: [None, Some(3)][self.below(2)],
            ascii_folding: self.below(2) == 0,
            stop_words: ["the".to_owned()].into(),
            stemmer: [None, Some(Language::English)][self.below(2)],
            phrases: self.below(2) == 0,
            ..TextOptions::default()
        }
    }

    fn test(&mut self, options: &TextOptions) -> Test {
        let query = self.text(4);
        let text = match self.below(10) {
            0 => return Test::HasNull,
            1 => return Test::NotEmpty,
            2 | 3 => Text::All(query),
            4 | 5 => Text::Any(query),
            6 | 7 => Text::Phrase(query),
            _ => Text::Prefix(query),
        };
        Test::Text(TextTest::compile(&text, options))
    }
}

struct Row<'a>(PayloadRef<'a>);

impl Subject for Row<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.0
    }

    fn is_id_in(&self, _ids: &[PointId]) -> bool {
        false
    }

    fn has_vector(&self, _name: &str) -> bool {
        false
    }
}

/// Payloads of some rows, their path, and an index of them.
struct Segment {
    path: PayloadPath,
    payloads: Vec<Vec<u8>>,
    options: TextOptions,
    bytes: Vec<u8>,
}

impl Segment {
    fn draw(draw: &mut Draw, rows: usize) -> Segment {
        let path = PayloadPath::parse(["a", "a[]", "a[].b"][draw.below(3)]).unwrap();
        let options = draw.options();
        let payload = |draw: &mut Draw| match draw.below(5) {
            0 => Map::new(),
            _ => Map::from([("a".to_owned(), draw.value(2))]),
        };
        let payloads: Vec<Vec<u8>> = (0..rows).map(|_| encode(&payload(draw))).collect();
        let mut builder = TextBuilder::new(&options);
        for (row, payload) in (0..).zip(&payloads) {
            let payload = PayloadRef::new(payload).unwrap();
            each_leaf(payload, path.steps(), &mut |leaf| builder.push(row, leaf)).unwrap();
        }
        let bytes = builder.finish(rows as u32);
        Segment {
            path,
            payloads,
            options,
            bytes,
        }
    }

    fn index(&self) -> TextIndex<Vec<u8>> {
        TextIndex::open(self.bytes.clone(), self.payloads.len() as u32).unwrap()
    }

    fn matches(&self, test: &Test) -> Vec<bool> {
        let field = Field {
            steps: self.path.steps().into(),
            test: test.clone(),
            wanted: true,
        };
        let root = Level {
            must: [Node::Field(field)].into(),
            should: [].into(),
            must_not: [].into(),
            min_should: None,
        };
        let compiled = Compiled { root };
        let payloads = self
            .payloads
            .iter()
            .map(|payload| PayloadRef::new(payload).unwrap());
        payloads
            .map(|payload| compiled.matches(&Row(payload)).unwrap())
            .collect()
    }
}

#[test]
fn answers_are_those_of_evaluation() {
    let mut draw = Draw(11);
    let (mut sure, mut open, mut phrases) = (0, 0, 0);
    for _ in 0..300 {
        let rows = draw.below(90);
        let segment = Segment::draw(&mut draw, rows);
        let index = segment.index();
        for _ in 0..40 {
            let test = draw.test(&segment.options);
            let wanted = segment.matches(&test);
            let answer = index.answer(&test).unwrap();
            for (row, wanted) in (0..).zip(&wanted) {
                let is = (answer.sure.contains(row), answer.open.contains(row));
                assert!(!(is.0 && is.1));
                assert!(
                    is.1 || is.0 == *wanted,
                    "row {row} of {test:?} with {:?}: {is:?}",
                    segment.options
                );
            }
            let count = wanted.iter().filter(|wanted| **wanted).count() as u64;
            let estimate = index.estimate(&test).unwrap();
            assert!(
                estimate.min <= count && count <= estimate.max,
                "{count} {estimate:?} {test:?}"
            );
            assert!(
                (estimate.min..=estimate.max).contains(&estimate.expected),
                "{estimate:?}"
            );
            let is_phrase = matches!(
                &test,
                Test::Text(TextTest {
                    wanted: crate::text::Wanted::Phrase(_),
                    ..
                })
            );
            if is_phrase && index.head.has_positions {
                assert!(answer.is_exact());
                phrases += count;
            }
            (sure, open) = (sure + answer.sure.count(), open + answer.open.count());
        }
    }
    assert!(
        sure > 20_000 && open > 2_000 && phrases > 500,
        "{sure} {open} {phrases}"
    );
}

#[test]
fn scores_are_those_of_the_texts() {
    let mut draw = Draw(12);
    let mut hits = 0;
    for _ in 0..1_000 {
        let rows = draw.below(90);
        let segment = Segment::draw(&mut draw, rows);
        let (index, analyzer) = (segment.index(), Analyzer::new(&segment.options));
        let mut query = analyzer.query_words(&draw.text(4));
        query.sort_unstable();
        query.dedup();
        let terms: Vec<&str> = query.iter().map(|term| &**term).collect();
        let stats = index.stats(&terms).unwrap();
        let idfs: Vec<f32> = stats
            .having
            .iter()
            .map(|having| idf(stats.rows, *having))
            .collect();
        let weights: Vec<(&str, f32)> = terms.iter().copied().zip(idfs.iter().copied()).collect();
        let bm25 = Bm25::new(stats.tokens as f32 / stats.rows.max(1) as f32);

        let mut counter = TermCounter::new(&segment.options, &terms);
        let (mut wanted, mut sums) = (Vec::new(), TextStats::default());
        sums.having = vec![0; terms.len()];
        for (row, payload) in (0..).zip(&segment.payloads) {
            let payload = PayloadRef::new(payload).unwrap();
            let mut held = Vec::new();
            let len = counter.count(payload, segment.path.steps(), &mut held).unwrap();
            let parts = held.iter().map(|(at, times)| (idfs[*at as usize], *times));
            wanted.extend(bm25.score(parts, len).map(|score| (row, score)));
            sums.rows += u64::from(len > 0);
            sums.tokens += u64::from(len);
            held.iter().for_each(|(at, _)| sums.having[*at as usize] += 1);
        }
        assert_eq!(sums, stats);
        let mut found = Vec::new();
        index
            .scored(&weights, &bm25, &mut |row, score| found.push((row, score)))
            .unwrap();
        assert_eq!(found, wanted);
        hits += wanted.len();
    }
    assert!(hits > 1_000, "{hits}");
}

#[test]
fn damage_never_panics() {
    let mut draw = Draw(13);
    let segments = (0..60).map(|_| Segment::draw(&mut draw, 40));
    let with_positions = segments.filter(|segment| segment.index().head.has_positions);
    let segment = with_positions.max_by_key(|segment| segment.bytes.len()).unwrap();
    let tests: Vec<Test> = (0..12).map(|_| draw.test(&segment.options)).collect();
    let bm25 = Bm25::new(3.0);
    let ask = |bytes: &[u8]| {
        let Ok(index) = TextIndex::open(bytes.to_vec(), 40) else {
            return;
        };
        for test in &tests {
            let _answer = index.answer(test);
            let _estimate = index.estimate(test);
        }
        let _stats = index.stats(&["ab"]);
        let _scored = index.scored(&[("ab", 1.0), ("cat", 2.0)], &bm25, &mut |_, _| ());
    };
    for bit in 0..segment.bytes.len() * 8 {
        let mut bytes = segment.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        ask(&bytes);
    }
    for end in 0..segment.bytes.len() {
        assert!(TextIndex::open(segment.bytes[..end].to_vec(), 40).is_err());
    }
    assert!(TextIndex::open(segment.bytes.clone(), 41).is_err());
}
