//! 256 centroids of short vectors: k-means (Lloyd 1982) from seeded rows, in a fixed number of rounds. Never runs
//! longer for strange data.

use ruvector_simd::OrderedKernels;

use super::random::Random;

/// Centroids of a codebook.
pub(crate) const CENTROIDS: usize = 256;
const ROUNDS: usize = 10;

/// Centroids of vectors of `components` numbers: those of component `d` at `d·256`, so that one pass over a component
/// serves all centroids.
#[derive(Clone, Debug)]
pub(crate) struct Codebook {
    pub(crate) components: usize,
    pub(crate) values: Vec<f32>,
    /// Half the squared length of each centroid.
    half_squares: Vec<f32>,
    kernels: OrderedKernels,
}

impl Codebook {
    /// `values` has 256 numbers a component.
    pub(crate) fn new(components: usize, values: Vec<f32>) -> Codebook {
        let mut book = Codebook {
            components,
            values,
            half_squares: Vec::new(),
            kernels: OrderedKernels::detect(),
        };
        book.measure();
        book
    }

    fn measure(&mut self) {
        self.half_squares = vec![0.0; CENTROIDS];
        for values in self.values.chunks_exact(CENTROIDS) {
            for (half, x) in self.half_squares.iter_mut().zip(values) {
                *half += 0.5 * x * x;
            }
        }
    }

    /// The number of the nearest centroid. Cost: `256·(components + 1)` steps.
    pub(crate) fn nearest(&self, vector: &[f32]) -> u8 {
        let mut distances = [0.0; CENTROIDS];
        distances.copy_from_slice(&self.half_squares);
        for (x, values) in vector.iter().zip(self.values.chunks_exact(CENTROIDS)) {
            (self.kernels.add_scaled)(&mut distances, -x, values);
        }
        least(&distances)
    }

    /// Component `d` of a centroid.
    pub(crate) fn value(&self, centroid: u8, d: usize) -> f32 {
        let at = d * CENTROIDS + usize::from(centroid);
        self.values.get(at).copied().unwrap_or(0.0)
    }

    /// `rows` holds vectors of `components` numbers, adjacent, and is not empty.
    pub(crate) fn train(components: usize, rows: &[f32], random: &mut Random) -> Codebook {
        let count = rows.len() / components.max(1);
        let row = |at: usize| &rows[at * components..][..components];
        let mut values = vec![0.0; components * CENTROIDS];
        for centroid in 0..CENTROIDS {
            // Of each equal part of the sample one row.
            let (start, end) = (centroid * count / CENTROIDS, (centroid + 1) * count / CENTROIDS);
            let chosen = row((start + random.below(end - start)).min(count - 1));
            put(&mut values, centroid, chosen);
        }
        let mut book = Codebook::new(components, values);
        for _ in 0..ROUNDS {
            let mut sums = vec![0.0; components * CENTROIDS];
            let mut counts = [0u32; CENTROIDS];
            for vector in rows.chunks_exact(components) {
                let centroid = usize::from(book.nearest(vector));
                counts[centroid] += 1;
                for (d, x) in vector.iter().enumerate() {
                    sums[d * CENTROIDS + centroid] += x;
                }
            }
            for (centroid, count_here) in counts.iter().enumerate() {
                if *count_here == 0 {
                    put(&mut sums, centroid, row(random.below(count)));
                    continue;
                }
                for d in 0..components {
                    sums[d * CENTROIDS + centroid] /= *count_here as f32;
                }
            }
            book.values = sums;
            book.measure();
        }
        book
    }
}

fn put(values: &mut [f32], centroid: usize, vector: &[f32]) {
    for (d, x) in vector.iter().enumerate() {
        values[d * CENTROIDS + centroid] = *x;
    }
}

/// The place of the least number, the first of equals.
fn least(distances: &[f32; CENTROIDS]) -> u8 {
    let mut lanes = [f32::INFINITY; 16];
    for chunk in distances.as_chunks::<16>().0 {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane = if x < lane { *x } else { *lane };
        }
    }
    let least = lanes.iter().fold(f32::INFINITY, |least, x| least.min(*x));
    distances.iter().position(|x| *x <= least).unwrap_or(0) as u8
}
