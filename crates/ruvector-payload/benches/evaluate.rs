//! Nanoseconds per payload of filter evaluation on a payload of seven keys. Never asserts a time.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use ruvector_payload::{DecodeError, PayloadRef, Subject, compile, decode, encode};
use ruvector_types::{
    Condition, FieldCondition, FieldTest, Filter, Map, Match, PayloadPath, PointId, Range, Value,
};

struct Row<'a>(PayloadRef<'a>);

impl Subject for Row<'_> {
    fn payload(&self) -> PayloadRef<'_> {
        self.0
    }

    fn is_id_in(&self, ids: &[PointId]) -> bool {
        ids.binary_search(&PointId::Num(7)).is_ok()
    }

    fn has_vector(&self, name: &str) -> bool {
        name.is_empty()
    }
}

fn payload(row: i64) -> Map {
    let names = ["noun.animal", "noun.food", "verb.motion", "adj.all"];
    let lemmas = ["hare", "rabbit", "leveret"].map(Value::from);
    let gloss = "a swift long-eared mammal larger than its burrowing relatives";
    Map::from([
        ("word".to_owned(), Value::from(format!("word-{row}").as_str())),
        ("lemmas".to_owned(), Value::Array(lemmas.to_vec())),
        ("pos".to_owned(), Value::from("noun")),
        ("lexname".to_owned(), Value::from(names[row as usize % 4])),
        ("gloss".to_owned(), Value::from(gloss)),
        ("sense_count".to_owned(), Value::from(row % 11)),
        ("offset".to_owned(), Value::from(row * 131)),
    ])
}

fn field(key: &str, test: FieldTest) -> Filter {
    let path = PayloadPath::key(key);
    Filter::must(Condition::Field(FieldCondition { path, test }))
}

fn count(rows: &[Vec<u8>], matches: impl Fn(&Row<'_>) -> Result<bool, DecodeError>) -> usize {
    let mut matching = 0;
    for bytes in rows {
        let row = PayloadRef::new(bytes).map(Row);
        matching += usize::from(row.and_then(|row| matches(&row)).unwrap_or(false));
    }
    matching
}

fn evaluation(criterion: &mut Criterion) {
    let rows: Vec<Vec<u8>> = (0..1000).map(|row| encode(&payload(row))).collect();
    let keyword = |text: &str| Match::Keyword(text.to_owned());
    let filters = [
        (
            "keyword",
            field("lexname", FieldTest::Match(keyword("noun.food"))),
        ),
        (
            "keyword-last-key",
            field("word", FieldTest::Match(keyword("word-500"))),
        ),
        (
            "keyword-in-array",
            field("lemmas", FieldTest::Match(keyword("leveret"))),
        ),
        (
            "range",
            field(
                "sense_count",
                FieldTest::Range(Range {
                    gte: Some(3.0),
                    ..Range::default()
                }),
            ),
        ),
    ];
    let mut group = criterion.benchmark_group("evaluate-1000-payloads");
    for (name, filter) in filters {
        let compiled = compile(&filter);
        group.bench_function(name, |bench| {
            bench.iter(|| count(black_box(&rows), |row| compiled.matches(row)))
        });
    }
    group.bench_function("decode-to-tree", |bench| {
        bench.iter(|| {
            let trees = black_box(&rows).iter().map(|bytes| decode(bytes));
            trees.filter(Result::is_ok).count()
        })
    });
    group.finish();
}

criterion_group!(benches, evaluation);
criterion_main!(benches);
