//! Reads `.npy` files of real vectors, scans codes of them and counts what is found: shared by the recall tests and the
//! recall bench. Never interprets more of a header than these files need.

use ruvector_quant::{CodeQuery, Encoder, Quantization, QueryPrecision, Space};
use ruvector_simd::{Metric, distance};

pub(crate) type Failure = Box<dyn std::error::Error>;

/// Sentence embeddings of 384 components and word vectors of 100, as the repository has them.
pub(crate) const SENTENCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/wordnet/vectors.npy");
pub(crate) const WORDS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/glove/vectors.npy");

/// Rows of numbers.
pub(crate) struct Rows {
    pub(crate) columns: usize,
    pub(crate) values: Vec<f32>,
}

impl Rows {
    /// Of an `.npy` file of version 1 with two axes of `<f2`, `<f4` or `<i4`.
    pub(crate) fn read(path: &str) -> Result<Rows, Failure> {
        let bytes = std::fs::read(path)?;
        let length = bytes.get(8..10).ok_or("too short")?;
        let start = 10 + usize::from(u16::from_le_bytes([length[0], length[1]]));
        let header = std::str::from_utf8(bytes.get(10..start).ok_or("too short")?)?;
        let shape = header.split(['(', ')']).nth(1).ok_or("no shape")?;
        let columns = shape.split(',').nth(1).ok_or("one axis")?.trim().parse()?;
        let body = &bytes[start..];
        let kind = ["<f2", "<f4", "<i4"]
            .into_iter()
            .find(|kind| header.contains(kind));
        let words = body.as_chunks().0.iter();
        let values = match kind.ok_or("numbers of another type")? {
            "<f2" => {
                let halves = body.as_chunks().0.iter();
                halves
                    .map(|two| half::f16::from_le_bytes(*two).to_f32())
                    .collect()
            }
            "<f4" => words.map(|four| f32::from_le_bytes(*four)).collect(),
            _ => words.map(|four| i32::from_le_bytes(*four) as f32).collect(),
        };
        Ok(Rows { columns, values })
    }

    pub(crate) fn all(&self) -> Vec<&[f32]> {
        self.values.chunks_exact(self.columns).collect()
    }

    /// Every 25th row as a query, the rest as the base.
    pub(crate) fn split(&self, metric: Metric) -> Set<'_> {
        let of = |query: bool| {
            let rows = self.all().into_iter().enumerate();
            rows.filter(|(at, _)| (at % 25 == 0) == query)
                .map(|(_, row)| row)
                .collect()
        };
        Set::new(of(false), of(true), metric)
    }
}

/// Base rows, queries and what is nearest to these.
pub(crate) struct Set<'a> {
    pub(crate) base: Vec<&'a [f32]>,
    pub(crate) queries: Vec<&'a [f32]>,
    /// The ten nearest rows of each query.
    pub(crate) truth: Vec<Vec<usize>>,
    pub(crate) metric: Metric,
}

impl<'a> Set<'a> {
    /// Finds the truth by an exact scan.
    pub(crate) fn new(base: Vec<&'a [f32]>, queries: Vec<&'a [f32]>, metric: Metric) -> Set<'a> {
        let exact = distance(metric);
        let truth = queries
            .iter()
            .map(|query| nearest(10, &base.iter().map(|row| exact(query, row)).collect::<Vec<_>>()))
            .collect();
        Set {
            base,
            queries,
            truth,
            metric,
        }
    }

    pub(crate) fn space(&self) -> Space {
        Space {
            dim: self.base[0].len(),
            metric: self.metric,
            seed: 42,
        }
    }

    pub(crate) fn encode(&self, config: Quantization) -> Result<(Encoder, Vec<u8>), Failure> {
        let encoder = Encoder::train(config, self.space(), &self.base)?;
        let row_bytes = encoder.code_bytes();
        let mut codes = vec![0; row_bytes * self.base.len()];
        for (vector, row) in self.base.iter().zip(codes.chunks_exact_mut(row_bytes)) {
            encoder.encode(vector, row)?;
        }
        Ok((encoder, codes))
    }

    /// Recall@10 of a scan over codes: alone, and with the twenty nearest measured exactly.
    pub(crate) fn recall(
        &self,
        (encoder, codes): &(Encoder, Vec<u8>),
        precision: QueryPrecision,
    ) -> Result<[f64; 2], Failure> {
        let exact = distance(self.metric);
        let mut query = CodeQuery::default();
        let mut estimates = vec![0.0; self.base.len()];
        let mut found = [0usize; 2];
        for (vector, truth) in self.queries.iter().zip(&self.truth) {
            encoder.prepare_into(vector, precision, &mut query)?;
            query.distances(codes, &mut estimates)?;
            let twenty = nearest(20, &estimates);
            let measured: Vec<f32> = twenty.iter().map(|row| exact(vector, self.base[*row])).collect();
            let hits = |rows: &mut dyn Iterator<Item = usize>| rows.filter(|row| truth.contains(row)).count();
            found[0] += hits(&mut twenty.iter().copied().take(10));
            found[1] += hits(&mut nearest(10, &measured).into_iter().map(|place| twenty[place]));
        }
        Ok(found.map(|found| found as f64 / (10 * self.queries.len()) as f64))
    }
}

/// Places of the least distances, nearest first.
pub(crate) fn nearest(count: usize, distances: &[f32]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..distances.len()).collect();
    let order = |a: &usize, b: &usize| distances[*a].total_cmp(&distances[*b]);
    if count < places.len() {
        places.select_nth_unstable_by(count, order);
        places.truncate(count);
    }
    places.sort_by(order);
    places
}
