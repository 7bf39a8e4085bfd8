//! What filters cost that indexes answer, and what indexes cost to build: one segment of 1,000,000 rows. Never asserts a
//! time.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use ruvector_payload::index::{Index, IndexBuilder};
use ruvector_payload::{Compiled, Indexed, PayloadRef, RowSet, compile, encode};
use ruvector_types::{
    Bounds, Condition, FieldCondition, FieldTest, Filter, GeoPoint, IndexKind, Map, PayloadPath, PointId,
    Step, TextOptions, Value,
};

const ROWS: u32 = 1_000_000;

/// Rows whose texts are indexed: a build is slower.
const TEXTS: u32 = 100_000;

const INTEGER: IndexKind = IndexKind::Integer {
    lookup: true,
    range: true,
};

/// A number below `ROWS`, another for each row, in no order: 20 bits are mixed until they are one.
fn number(row: u32) -> u32 {
    let mix = |bits: u32| {
        let once = (bits ^ bits >> 11).wrapping_mul(0x9_e375) & 0xf_ffff;
        (once ^ once >> 9).wrapping_mul(0x5_d2f7) & 0xf_ffff
    };
    let mut mixed = mix(row % ROWS);
    while mixed >= ROWS {
        mixed = mix(mixed);
    }
    mixed
}

/// Distinct numbers in no order, a hundred frequent ones, places evenly spread over the sphere.
fn payload(row: u32) -> Vec<u8> {
    let share = f64::from(number(row)) / f64::from(ROWS);
    let place = [
        (
            "lon".to_owned(),
            Value::Float(f64::from(row % 36_000) / 100.0 - 180.0),
        ),
        (
            "lat".to_owned(),
            Value::Float((2.0 * share - 1.0).asin().to_degrees()),
        ),
    ];
    encode(&Map::from([
        ("n".to_owned(), Value::Int(number(row).into())),
        ("few".to_owned(), Value::Int((row % 100).into())),
        ("place".to_owned(), Value::Object(Map::from(place))),
    ]))
}

/// Twelve words, the frequent ones as frequent as in a language.
fn text(row: u32) -> Vec<u8> {
    let word = |at: u32| {
        let drawn = f64::from(number(row * 12 + at)) / f64::from(ROWS);
        format!("word{} ", (50_000f64.powf(drawn)) as u32)
    };
    let words: String = (0..12).map(word).collect();
    encode(&Map::from([("gloss".to_owned(), Value::from(words.as_str()))]))
}

fn build(kind: &IndexKind, key: &str, payloads: &[Vec<u8>]) -> Vec<u8> {
    let mut builder = IndexBuilder::new(kind, PayloadPath::key(key).steps());
    for (row, payload) in (0..).zip(payloads) {
        let pushed = PayloadRef::new(payload).and_then(|payload| builder.push(row, payload));
        assert_eq!(pushed, Ok(()));
    }
    builder.finish(payloads.len() as u32)
}

/// A segment with its indexes by field.
struct Segment(Vec<(PayloadPath, Index<Vec<u8>>)>);

impl Segment {
    fn new(payloads: &[Vec<u8>]) -> Segment {
        let fields = [("n", INTEGER), ("few", INTEGER), ("place", IndexKind::Geo)];
        let indexes = fields.iter().filter_map(|(key, kind)| {
            let bytes = build(kind, key, payloads);
            println!("index of {key}: {} bytes", bytes.len());
            Some((PayloadPath::key(key), Index::open(bytes, ROWS).ok()?))
        });
        Segment(indexes.collect())
    }
}

impl Indexed for Segment {
    type Bytes = Vec<u8>;

    fn rows(&self) -> u32 {
        ROWS
    }

    fn index(&self, steps: &[Step]) -> Option<&Index<Vec<u8>>> {
        let found = self.0.iter().find(|(path, _)| path.steps() == steps);
        found.map(|(_, index)| index)
    }

    fn rows_of(&self, _: &[PointId]) -> RowSet {
        RowSet::none(ROWS)
    }

    fn rows_with_vector(&self, _: &str) -> Option<RowSet> {
        None
    }

    fn changed(&self) -> impl Iterator<Item = u32> {
        std::iter::empty()
    }
}

fn field(key: &str, test: FieldTest) -> Condition {
    let path = PayloadPath::key(key);
    Condition::Field(FieldCondition { path, test })
}

/// The values of this share from `first` percent on; `most` is the end of all.
fn range(key: &str, first: f64, percent: f64, most: f64) -> Condition {
    let bounds = Bounds {
        gte: Some(most * first / 100.0),
        lt: Some(most * (first + percent) / 100.0),
        ..Bounds::default()
    };
    field(key, FieldTest::Range(bounds))
}

fn filters() -> Vec<(&'static str, Compiled)> {
    let most = f64::from(ROWS);
    // A tenth of the sphere: a cap whose height is a fifth of the radius.
    let tenth = FieldTest::GeoRadius {
        center: GeoPoint { lon: 10.0, lat: 20.0 },
        radius_m: 0.8f64.acos() * 6_371_008.8,
    };
    let both = Filter {
        must: vec![range("n", 20.0, 50.0, most), range("few", 10.0, 30.0, 100.0)],
        ..Filter::default()
    };
    let one = |condition| compile(&Filter::must(condition));
    vec![
        ("range, 1 %", one(range("n", 30.0, 1.0, most))),
        ("range, 10 %", one(range("n", 30.0, 10.0, most))),
        ("range, 50 %", one(range("n", 30.0, 50.0, most))),
        ("range of 100 values, 10 %", one(range("few", 30.0, 10.0, 100.0))),
        ("ranges of 50 % and 30 %", compile(&both)),
        ("radius, 10 %", one(field("place", tenth))),
    ]
}

fn answers(criterion: &mut Criterion) {
    let payloads: Vec<Vec<u8>> = (0..ROWS).map(payload).collect();
    let segment = Segment::new(&payloads);
    let mut group = criterion.benchmark_group("answer-1000000-rows");
    group
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(1));
    for (name, filter) in filters() {
        let answer = filter.answer(&segment);
        assert!(answer.is_exact());
        println!("{name}: {} rows", answer.sure.count());
        group.bench_function(name, |bench| bench.iter(|| filter.answer(black_box(&segment))));
    }
    group.finish();

    let texts: Vec<Vec<u8>> = (0..TEXTS).map(text).collect();
    let mut group = criterion.benchmark_group("build");
    group
        .sample_size(10)
        .warm_up_time(Duration::from_millis(100))
        .measurement_time(Duration::from_secs(2));
    for (name, key, kind, payloads) in [
        ("1000000 distinct integers", "n", INTEGER, &payloads),
        ("1000000 rows, 100 integers", "few", INTEGER, &payloads),
        ("1000000 places", "place", IndexKind::Geo, &payloads),
        (
            "100000 texts of 12 words",
            "gloss",
            IndexKind::Text(TextOptions::default()),
            &texts,
        ),
    ] {
        group.bench_function(name, |bench| {
            bench.iter(|| build(&kind, key, black_box(payloads)))
        });
    }
    group.finish();
}

criterion_group!(benches, answers);
criterion_main!(benches);
