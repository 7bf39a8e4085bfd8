//! Recall of scans over the codes of a set of real vectors: every family, width and query precision, alone and with
//! twice as many candidates rescored. Never asserts; prints a table.
//!
//! `cargo bench -p ruvector-quant --bench recall -- vectors.npy queries.npy truth.npy [dot|euclid] [family]`

#[allow(dead_code)] // The set given here brings its truth along.
#[path = "../tests/vectors/mod.rs"]
mod vectors;

use std::time::Instant;

use ruvector_quant::{Compression, Quantization, QueryPrecision, Width};
use ruvector_simd::{Metric, distance};
use vectors::{Failure, Rows, Set};

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|x| !x.starts_with("--"))
        .collect();
    let [base, queries, truth, rest @ ..] = arguments.as_slice() else {
        println!("usage: recall vectors.npy queries.npy truth.npy [dot|euclid] [family]");
        return Ok(());
    };
    let (base, queries, truth) = (Rows::read(base)?, Rows::read(queries)?, Rows::read(truth)?);
    let metric = match rest.first().map(String::as_str) {
        Some("euclid") => Metric::Euclid,
        _ => Metric::Dot,
    };
    let truth = truth.all();
    let ten = |row: &&[f32]| row[..10].iter().map(|id| *id as usize).collect();
    let set = Set {
        base: base.all(),
        queries: queries.all(),
        truth: truth.iter().map(ten).collect(),
        metric,
    };
    println!(
        "{:44} {:>5} {:>8} {:>8}  recall@10 alone / rescored by query precision",
        "", "bytes", "train", "encode"
    );
    if rest
        .get(1)
        .is_none_or(|family| "plain signs".starts_with(family.as_str()))
    {
        plain_signs(&set)?;
    }
    for config in configs() {
        let name = format!("{config:?}");
        if rest.get(1).is_none_or(|family| name.starts_with(family.as_str())) {
            report(&set, config, &name)?;
        }
    }
    Ok(())
}

/// What one bit a component finds without rotation, centre and factors: the query's components against bare signs.
fn plain_signs(set: &Set<'_>) -> Result<(), Failure> {
    let mut found = [0usize; 2];
    let signs = |row: &&[f32]| row.iter().map(|x| 1f32.copysign(*x)).collect::<Vec<f32>>();
    let codes: Vec<Vec<f32>> = set.base.iter().map(signs).collect();
    let (dot, exact) = (distance(Metric::Dot), distance(set.metric));
    for (query, truth) in set.queries.iter().zip(&set.truth) {
        let estimates: Vec<f32> = codes.iter().map(|code| dot(query, code)).collect();
        let twenty = vectors::nearest(20, &estimates);
        let measured: Vec<f32> = twenty.iter().map(|row| exact(query, set.base[*row])).collect();
        let hits = |rows: &[usize]| rows.iter().filter(|row| truth.contains(row)).count();
        let rescored: Vec<usize> = vectors::nearest(10, &measured)
            .into_iter()
            .map(|at| twenty[at])
            .collect();
        found[0] += hits(&twenty[..10]);
        found[1] += hits(&rescored);
    }
    let [alone, rescored] = found.map(|found| found as f64 / (10 * set.queries.len()) as f64);
    println!("plain signs, query in full: {alone:.3}/{rescored:.3}");
    Ok(())
}

fn configs() -> Vec<Quantization> {
    let rotated = Width::ALL.map(|width| Quantization::Rotated { width });
    let scalar = [None, Some(0.99)].map(|quantile| Quantization::Scalar { quantile });
    let compressions = [
        Compression::X4,
        Compression::X8,
        Compression::X16,
        Compression::X32,
        Compression::X64,
    ];
    let product = compressions.map(|compression| Quantization::Product { compression });
    let hashes =
        [64, 128, 256, 384, 512].map(|bits| [Quantization::Lsh { bits }, Quantization::Neural { bits }]);
    let all: [&[Quantization]; 4] = [&rotated, &scalar, &product, hashes.as_flattened()];
    all.concat()
}

fn report(set: &Set<'_>, config: Quantization, name: &str) -> Result<(), Failure> {
    let start = Instant::now();
    ruvector_quant::Encoder::train(config, set.space(), &set.base)?;
    let train = start.elapsed();
    let codes = set.encode(config)?;
    let encode = (start.elapsed() - 2 * train) / set.base.len() as u32;
    print!("{name:44} {:5} {train:8.1?} {encode:8.1?} ", codes.0.code_bytes());
    for precision in QueryPrecision::ALL {
        let [alone, rescored] = set.recall(&codes, precision)?;
        print!(" {precision:?} {alone:.3}/{rescored:.3}");
    }
    println!();
    Ok(())
}
