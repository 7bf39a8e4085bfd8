//! Clustered vectors, as embeddings are: a recall measured on uniform noise says little. Never normalises.

use crate::Random;

/// Gaussian clusters around random centres.
#[derive(Clone, Debug)]
pub struct Clusters {
    random: Random,
    centers: Vec<Vec<f32>>,
    spread: f64,
}

impl Clusters {
    /// `count` centres of `dim` standard normal components; vectors scatter around them with deviation `spread`.
    pub fn new(seed: u64, count: usize, dim: usize, spread: f64) -> Clusters {
        let mut random = Random::new(seed);
        let centers = (0..count)
            .map(|_| (0..dim).map(|_| random.normal() as f32).collect())
            .collect();
        Clusters {
            random,
            centers,
            spread,
        }
    }

    /// A vector and the number of its cluster.
    pub fn draw(&mut self) -> (Vec<f32>, usize) {
        let cluster = self.random.below(self.centers.len());
        (self.draw_near(cluster), cluster)
    }

    /// A vector of one cluster.
    pub fn draw_near(&mut self, cluster: usize) -> Vec<f32> {
        let random = &mut self.random;
        self.centers[cluster]
            .iter()
            .map(|x| x + (random.normal() * self.spread) as f32)
            .collect()
    }
}
