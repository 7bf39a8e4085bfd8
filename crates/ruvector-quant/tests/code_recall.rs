//! Goal: scans over codes of real embeddings find what they found when the baseline was written, and sharper queries
//! find more. Method: every 25th of 5,000 sentence embeddings is a query, the rest are encoded; recall@10 alone and with
//! twenty candidates measured exactly, against `code_recall.json` less 0.005 and against fixed floors.
//!
//! `RUVECTOR_RECALL_PRINT=1 cargo test -p ruvector-quant --test code_recall -- --nocapture` prints a new baseline.
#![allow(clippy::unwrap_used)]

mod vectors;

use ruvector_quant::{BinaryEncoding, Compression, Encoder, Quantization, QueryPrecision, Width};
use ruvector_simd::Metric;
use vectors::{Rows, Set};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/wordnet/vectors.npy");
const BASELINE: &str = include_str!("code_recall.json");
const TOLERANCE: f64 = 0.005;

/// Floors of rotated codes at full query precision, alone and rescored.
const FLOORS: [(Width, [f64; 2]); 5] = [
    (Width::One, [0.68, 0.89]),
    (Width::OneAndHalf, [0.80, 0.96]),
    (Width::Two, [0.84, 0.98]),
    (Width::Four, [0.95, 0.995]),
    (Width::Eight, [0.99, 0.999]),
];

fn with_set(metric: Metric, check: impl FnOnce(&Set<'_>)) {
    let rows = Rows::read(VECTORS).unwrap();
    let of = |query: bool| {
        let rows = rows.all().into_iter().enumerate();
        rows.filter(|(at, _)| (at % 25 == 0) == query)
            .map(|(_, row)| row)
            .collect()
    };
    check(&Set::new(of(false), of(true), metric));
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

fn rotated(metric: Metric) {
    with_set(metric, |set| {
        for (width, floors) in FLOORS {
            let codes = set.encode(Quantization::Rotated { width }).unwrap();
            let dim = set.base[0].len().next_multiple_of(64);
            assert_eq!(codes.0.code_bytes(), width.format().code_bytes(dim) + 12);
            let name = format!("{metric:?} {width:?}");
            let [same, four, _, full] =
                QueryPrecision::ALL.map(|precision| measure(set, &codes, &name, precision));
            for at in 0..2 {
                assert!(full[at] >= floors[at], "{name}: {} of {}", full[at], floors[at]);
            }
            // Asymmetric beats symmetric at equal storage: by much while codes are coarser than queries.
            let margin = match width {
                Width::One => 0.08,
                Width::OneAndHalf => 0.04,
                Width::Two => 0.02,
                Width::Four | Width::Eight => 0.0,
            };
            assert!(full[0] >= same[0] + margin, "{name}: {full:?} against {same:?}");
            assert!(
                margin == 0.0 || four[0] >= same[0] + margin / 2.0,
                "{name}: {four:?} against {same:?}"
            );
        }
    });
}

#[test]
fn rotated_codes_of_inner_products() {
    rotated(Metric::Dot);
}

#[test]
fn rotated_codes_of_euclidean_distances() {
    rotated(Metric::Euclid);
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
