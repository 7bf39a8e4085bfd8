//! What the numbers of a vector become when its field keeps them in fewer bits. Plain arithmetic on their values.

use ruvector_types::{Distance, NamedVectors, Vector, VectorConfig, VectorDatatype};

use super::Model;

impl Model {
    /// Vectors as they are kept: those that single precision holds as they were given.
    pub(super) fn kept(&self, mut vectors: NamedVectors) -> NamedVectors {
        for (name, vector) in &mut vectors {
            match (self.config.vectors.get(name), vector) {
                (Some(field), Vector::Dense(numbers)) => keep(field, numbers),
                (Some(field), Vector::Multi(multi)) => {
                    let rows = multi.numbers.chunks_mut(multi.dim as usize);
                    rows.for_each(|row| keep(field, row));
                }
                _ => {}
            }
        }
        vectors
    }
}

fn keep(field: &VectorConfig, numbers: &mut [f32]) {
    match field.datatype {
        VectorDatatype::Float32 => {}
        VectorDatatype::Float16 => {
            let squares = numbers.iter().map(|x| f64::from(*x) * f64::from(*x));
            let length = squares.sum::<f64>().sqrt();
            if field.distance == Distance::Cosine && length > 0.0 {
                numbers
                    .iter_mut()
                    .for_each(|x| *x = (f64::from(*x) * (1.0 / length)) as f32);
            }
            numbers.iter_mut().for_each(|x| *x = half(f64::from(*x)) as f32);
        }
        VectorDatatype::Uint8 => numbers.iter_mut().for_each(|x| *x = x.trunc().abs()),
    }
}

/// The nearest multiple of the step that half precision takes there, of two the even one.
fn half(x: f64) -> f64 {
    let exponent = if x == 0.0 {
        -14.0
    } else {
        x.abs().log2().floor().max(-14.0)
    };
    let step = (exponent - 10.0).exp2();
    (x / step).round_ties_even() * step
}
