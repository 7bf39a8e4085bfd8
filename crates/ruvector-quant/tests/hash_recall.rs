//! Goal: the learned hash finds more than random projections of as many bits. Method: both on the same real embeddings,
//! every 25th a query and not learned from; recall@10 alone and rescored, at four widths.
#![allow(clippy::unwrap_used)]

mod vectors;

use ruvector_quant::{Quantization, QueryPrecision};
use ruvector_simd::Metric;
use vectors::{Rows, Set};

const VECTORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/wordnet/vectors.npy");

#[test]
fn learned_projections_beat_random_ones() {
    let rows = Rows::read(VECTORS).unwrap();
    let of = |query: bool| {
        let rows = rows.all().into_iter().enumerate();
        rows.filter(|(at, _)| (at % 25 == 0) == query)
            .map(|(_, row)| row)
            .collect()
    };
    let set = Set::new(of(false), of(true), Metric::Dot);
    for bits in [64, 128, 256, 384] {
        let neural = set.encode(Quantization::Neural { bits }).unwrap();
        let lsh = set.encode(Quantization::Lsh { bits }).unwrap();
        assert_eq!(neural.0.code_bytes(), bits as usize / 8);
        for precision in [QueryPrecision::Same, QueryPrecision::Full] {
            let learned = set.recall(&neural, precision).unwrap();
            let random = set.recall(&lsh, precision).unwrap();
            for at in 0..2 {
                assert!(
                    learned[at] > random[at] + 0.03,
                    "{bits} {precision:?}: {learned:?} against {random:?}"
                );
            }
        }
    }
    // Any width, one that is no multiple of eight too.
    let found = set.recall(
        &set.encode(Quantization::Neural { bits: 100 }).unwrap(),
        QueryPrecision::Full,
    );
    assert!(found.unwrap()[1] > 0.65);
}
