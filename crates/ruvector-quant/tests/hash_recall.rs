//! Goal: the learned hash finds more than random projections of as many bits. Method: both on the same real vectors,
//! of sentences and of words, every 25th a query and not learned from; recall@10 alone and rescored, at four widths.
#![allow(clippy::unwrap_used)]

mod vectors;

use ruvector_quant::{Quantization, QueryPrecision};
use ruvector_simd::Metric;
use vectors::{Rows, SENTENCES, WORDS};

/// Recall of the learned hash exceeds that of as many random projections by `margin`, alone and rescored.
fn learned_beat_random(file: &str, margin: f64) {
    let rows = Rows::read(file).unwrap();
    let set = rows.split(Metric::Dot);
    for bits in [64, 128, 256, 384] {
        let neural = set.encode(Quantization::Neural { bits }).unwrap();
        let lsh = set.encode(Quantization::Lsh { bits }).unwrap();
        assert_eq!(neural.0.code_bytes(), bits as usize / 8);
        for precision in [QueryPrecision::Same, QueryPrecision::Full] {
            let learned = set.recall(&neural, precision).unwrap();
            let random = set.recall(&lsh, precision).unwrap();
            for at in 0..2 {
                assert!(
                    learned[at] > random[at] + margin,
                    "{bits} {precision:?}: {learned:?} against {random:?}"
                );
            }
        }
    }
}

#[test]
fn learned_projections_of_sentences_beat_random_ones() {
    learned_beat_random(SENTENCES, 0.03);
}

#[test]
fn learned_projections_of_words_beat_random_ones() {
    learned_beat_random(WORDS, 0.0);
}

#[test]
fn a_width_that_is_no_multiple_of_eight() {
    let rows = Rows::read(SENTENCES).unwrap();
    let set = rows.split(Metric::Dot);
    let codes = set.encode(Quantization::Neural { bits: 100 }).unwrap();
    assert!(set.recall(&codes, QueryPrecision::Full).unwrap()[1] > 0.65);
}
