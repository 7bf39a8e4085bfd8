//! Goal: scans over codes of real embeddings find what they found when the baseline was written, and sharper queries
//! find more. Method: every 25th of 5,000 sentence embeddings, and of as many GloVe vectors, is a query, the rest are encoded;
//! recall@10 alone and with twenty candidates measured exactly, against `code_recall.json` less 0.005 and against fixed floors.
//!
//! `RUVECTOR_RECALL_PRINT=1 cargo test -p ruvector-quant --test code_recall -- --nocapture` prints a new baseline.
#![allow(clippy::unwrap_used)]

mod vectors;

use ruvector_quant::{BinaryEncoding, Compression, Encoder, Quantization, QueryPrecision, Width};
use ruvector_simd::Metric;
use vectors::{Rows, SENTENCES, Set, WORDS};

const BASELINE: &str = include_str!("code_recall.json");
const TOLERANCE: f64 = 0.005;
/// Of recall by sharper queries, at 1, 1.5 and 2 bits.
const GAINS: [f64; 3] = [0.08, 0.04, 0.02];

/// Floors of rotated codes at full query precision, alone and rescored.
type Floors = [(Width, [f64; 2]); 5];

/// What is asked of codes of sentence embeddings.
const FLOORS: Floors = [
    (Width::One, [0.68, 0.89]),
    (Width::OneAndHalf, [0.80, 0.96]),
    (Width::Two, [0.84, 0.98]),
    (Width::Four, [0.95, 0.995]),
    (Width::Eight, [0.99, 0.999]),
];

/// What was measured on GloVe, less 0.01: a hundred components leave a code fewer bits, and neighbours differ less.
const GLOVE_FLOORS: Floors = [
    (Width::One, [0.45, 0.65]),
    (Width::OneAndHalf, [0.63, 0.83]),
    (Width::Two, [0.70, 0.90]),
    (Width::Four, [0.91, 0.99]),
    (Width::Eight, [0.98, 0.99]),
];

fn with_set(metric: Metric, check: impl FnOnce(&Set<'_>)) {
    let rows = Rows::read(SENTENCES).unwrap();
    check(&rows.split(metric));
}

/// Compares with the baseline and returns what was found.
fn measure(set: &Set<'_>, codes: &(Encoder, Vec<u8>), name: &str, precision: QueryPrecision) -> [f64; 2] {
    let found = set.recall(codes, precision).unwrap();
    let name = format!("{name} {precision:?}");
    if std::env::var_os("RUVECTOR_RECALL_PRINT").is_some() {
        println!("  \"{name}\": [{:.4}, {:.4}],", found[0], found[1]);
        return found;
    }
    let baseline: serde_json::Value = serde_json::from_str(BASELINE).unwrap();
    for (at, found) in found.iter().enumerate() {
        let floor = baseline[&name][at].as_f64().unwrap() - TOLERANCE;
        assert!(*found >= floor, "{name}: recall {found}, floor {floor}");
    }
    found
}

/// `set` is named `name` in the baseline. Each width by the bytes it promises, the recall it had, and its gain by sharper
/// queries: `gains` are those of 1, 1.5 and 2 bits, of alone-recall at full precision over the codes' own.
fn rotated(set: &Set<'_>, name: &str, floors: &Floors, gains: [f64; 3]) {
    for (at, (width, floors)) in floors.iter().enumerate() {
        let codes = set.encode(Quantization::Rotated { width: *width }).unwrap();
        let dim = set.base[0].len().next_multiple_of(64);
        assert_eq!(codes.0.code_bytes(), width.format().code_bytes(dim) + 12);
        let name = format!("{name} {width:?}");
        let [same, four, _, full] =
            QueryPrecision::ALL.map(|precision| measure(set, &codes, &name, precision));
        for at in 0..2 {
            assert!(full[at] >= floors[at], "{name}: {} of {}", full[at], floors[at]);
        }
        // Asymmetric beats symmetric at equal storage: by much while codes are coarser than queries.
        let gain = gains.get(at).copied().unwrap_or(0.0);
        assert!(full[0] >= same[0] + gain, "{name}: {full:?} against {same:?}");
        assert!(
            gain == 0.0 || four[0] >= same[0] + gain / 2.0,
            "{name}: {four:?} against {same:?}"
        );
    }
}

#[test]
fn rotated_codes_of_inner_products() {
    with_set(Metric::Dot, |set| rotated(set, "Dot", &FLOORS, GAINS));
}

#[test]
fn rotated_codes_of_euclidean_distances() {
    with_set(Metric::Euclid, |set| rotated(set, "Euclid", &FLOORS, GAINS));
}

#[test]
fn rotated_codes_of_word_vectors() {
    let rows = Rows::read(WORDS).unwrap();
    rotated(&rows.split(Metric::Dot), "GloVe", &GLOVE_FLOORS, GAINS);
}

#[test]
fn scalar_codes() {
    for metric in [Metric::Dot, Metric::Euclid, Metric::Manhattan] {
        with_set(metric, |set| {
            for quantile in [None, Some(0.99)] {
                let codes = set.encode(Quantization::Scalar { quantile }).unwrap();
                let name = format!("{metric:?} scalar {quantile:?}");
                let found = QueryPrecision::ALL.map(|precision| measure(set, &codes, &name, precision));
                assert!(found.iter().all(|found| found[1] >= 0.99), "{name}: {found:?}");
            }
        });
    }
}

#[test]
fn product_codes() {
    with_set(Metric::Dot, |set| {
        for (compression, floor) in [
            (Compression::X16, 0.80),
            (Compression::X32, 0.65),
            (Compression::X64, 0.45),
        ] {
            let codes = set.encode(Quantization::Product { compression }).unwrap();
            assert_eq!(codes.0.code_bytes(), 384 / compression.components());
            let name = format!("product {compression:?}");
            let same = measure(set, &codes, &name, QueryPrecision::Same);
            let full = measure(set, &codes, &name, QueryPrecision::Full);
            assert!(
                full[0] >= floor && full[0] > same[0],
                "{name}: {full:?} against {same:?}"
            );
        }
    });
}

#[test]
fn binary_codes_are_rotated_codes() {
    with_set(Metric::Dot, |set| {
        for encoding in [
            BinaryEncoding::OneBit,
            BinaryEncoding::OneAndHalfBits,
            BinaryEncoding::TwoBits,
        ] {
            let binary = Encoder::train(Quantization::Binary { encoding }, set.space(), &set.base).unwrap();
            let width = encoding.width();
            let rotated = Encoder::train(Quantization::Rotated { width }, set.space(), &set.base).unwrap();
            assert_eq!(binary.to_bytes(), rotated.to_bytes());
        }
    });
}
