//! Product codes with Qdrant's meaning: pieces of 1 to 16 components, each one byte, the nearest of 256 centroids
//! (Jégou, Douze and Schmid 2011); distances by tables. Never says how far a vector is from its centroids.

use ruvector_simd::{Metric, OrderedKernels};

use super::bytes::{Reader, put_f32s};
use super::kmeans::{CENTROIDS, Codebook};
use super::random::Random;
use super::{Compression, DecodeError, QueryPrecision, Space};

/// Rows that short pieces are trained from: sixteen a centroid.
const SHORT_ROWS_MAX: usize = 4_096;
/// Components below which a piece is short.
const SHORT: usize = 4;

#[derive(Clone, Debug)]
pub(crate) struct Product {
    metric: Metric,
    dim: usize,
    piece: usize,
    books: Vec<Codebook>,
    /// Mean squared distance of the sample's vectors from what their codes stand for.
    error_squared: f32,
}

impl Product {
    /// `sample` is not empty and its rows are finite.
    pub(crate) fn train(space: Space, compression: Compression, sample: &[&[f32]]) -> Product {
        let piece = compression.components();
        let mut random = Random::new(space.seed);
        let stride = match piece < SHORT {
            true => sample.len().div_ceil(SHORT_ROWS_MAX).max(1),
            false => 1,
        };
        let mut pieces = Vec::new();
        let mut train = |start: usize| {
            let end = (start + piece).min(space.dim);
            pieces.clear();
            for row in sample.iter().step_by(stride) {
                pieces.extend_from_slice(&row[start..end]);
            }
            Codebook::train(end - start, &pieces, &mut random)
        };
        let books = (0..space.dim).step_by(piece).map(&mut train).collect();
        let mut product = Product {
            metric: space.metric,
            dim: space.dim,
            piece,
            books,
            error_squared: 0.0,
        };
        product.measure(sample);
        product
    }

    fn measure(&mut self, sample: &[&[f32]]) {
        let stride = sample.len().div_ceil(256).max(1);
        let mut code = vec![0; self.code_bytes()];
        let (mut sum, mut count) = (0.0, 0.0f32);
        for row in sample.iter().step_by(stride) {
            self.encode(row, &mut code);
            let decoded = self.decode(&code);
            sum += row
                .iter()
                .zip(&decoded)
                .map(|(a, b)| (a - b) * (a - b))
                .sum::<f32>();
            count += 1.0;
        }
        self.error_squared = (sum / count.max(1.0)).min(f32::MAX);
    }

    pub(crate) fn code_bytes(&self) -> usize {
        self.books.len()
    }

    pub(crate) fn encode(&self, vector: &[f32], code: &mut [u8]) {
        let pieces = vector.chunks(self.piece).zip(&self.books);
        for (byte, (piece, book)) in code.iter_mut().zip(pieces) {
            *byte = book.nearest(piece);
        }
    }

    fn decode(&self, code: &[u8]) -> Vec<f32> {
        let pieces = code.iter().zip(&self.books);
        pieces
            .flat_map(|(byte, book)| (0..book.components).map(|d| book.value(*byte, d)))
            .collect()
    }

    pub(crate) fn prepare(&self, query: &[f32], precision: QueryPrecision, to: &mut TableQuery) {
        if precision != QueryPrecision::Same {
            return self.fill(query, 1.0, to);
        }
        let mut code = vec![0; self.code_bytes()];
        self.encode(query, &mut code);
        self.prepare_row(&code, to);
    }

    pub(crate) fn prepare_row(&self, code: &[u8], to: &mut TableQuery) {
        self.fill(&self.decode(code), 2.0, to);
    }

    /// `errors` is how many of the two sides are decoded codes.
    fn fill(&self, query: &[f32], errors: f32, to: &mut TableQuery) {
        to.tables.clear();
        to.tables.resize(self.books.len() * CENTROIDS, 0.0);
        let pieces = query.chunks(self.piece).zip(&self.books);
        for (table, (piece, book)) in to.tables.chunks_exact_mut(CENTROIDS).zip(pieces) {
            for (x, values) in piece.iter().zip(book.values.chunks_exact(CENTROIDS)) {
                for (to, value) in table.iter_mut().zip(values) {
                    *to += match self.metric {
                        Metric::Euclid => (x - value) * (x - value),
                        Metric::Dot | Metric::Manhattan => -x * value,
                    };
                }
            }
        }
        to.metric = Some(self.metric);
        let dot = OrderedKernels::detect().dot;
        to.length_squared = dot(query, query);
        to.error_squared = errors * self.error_squared;
        to.dim = self.dim as f32;
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.piece as u8);
        put_f32s(out, &[self.error_squared]);
        self.books.iter().for_each(|book| put_f32s(out, &book.values));
    }

    pub(crate) fn read(space: Space, reader: &mut Reader<'_>) -> Result<Product, DecodeError> {
        let piece = usize::from(reader.u8()?);
        if ![1, 2, 4, 8, 16].contains(&piece) {
            return Err(DecodeError::Field("compression"));
        }
        let error_squared = reader.f32("error_squared")?;
        let mut read = |start: usize| {
            let components = piece.min(space.dim - start);
            let values = reader.f32s(components * CENTROIDS, "centroids")?;
            Ok(Codebook::new(components, values))
        };
        let books = (0..space.dim).step_by(piece).map(&mut read);
        Ok(Product {
            metric: space.metric,
            dim: space.dim,
            piece,
            books: books.collect::<Result<_, _>>()?,
            error_squared: error_squared.max(0.0),
        })
    }
}

/// What each centroid adds to a distance.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableQuery {
    tables: Vec<f32>,
    metric: Option<Metric>,
    length_squared: f32,
    error_squared: f32,
    dim: f32,
}

impl TableQuery {
    pub(crate) fn distances(&self, rows: &[u8], out: &mut [f32]) {
        let (tables, _) = self.tables.as_chunks::<CENTROIDS>();
        for (row, out) in rows.chunks_exact(tables.len().max(1)).zip(out) {
            // Four sums, so that one look-up need not wait for another.
            let mut sums = [0.0f32; 4];
            let (tables, tables_rest) = tables.as_chunks::<4>();
            let (codes, codes_rest) = row.as_chunks::<4>();
            for (tables, codes) in tables.iter().zip(codes) {
                for lane in 0..4 {
                    sums[lane] += tables[lane][usize::from(codes[lane])];
                }
            }
            for (table, code) in tables_rest.iter().zip(codes_rest) {
                sums[0] += table[usize::from(*code)];
            }
            let distance = (sums[0] + sums[1]) + (sums[2] + sums[3]);
            *out = if distance.is_nan() {
                f32::INFINITY
            } else {
                distance
            };
        }
    }

    /// Takes the errors of codes for spread evenly over all directions, which they are only nearly.
    pub(crate) fn deviation(&self, row: &[u8]) -> f32 {
        let error = (self.error_squared / self.dim.max(1.0)).sqrt();
        if self.metric != Some(Metric::Euclid) {
            return self.length_squared.sqrt() * error;
        }
        let mut distance = [0.0];
        self.distances(row, &mut distance);
        2.0 * distance[0].max(0.0).sqrt() * error + self.error_squared
    }
}
