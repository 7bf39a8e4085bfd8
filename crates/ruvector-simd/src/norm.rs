//! Euclidean norm and normalisation, accumulated in f64 so that no finite f32 vector overflows. Never changes a
//! vector that has no direction.

const LANES: usize = 4;

/// √Σ xᵢ², accumulated in f64. NaN or infinite when a component is, and infinite when the norm exceeds `f32::MAX`.
pub fn norm(vector: &[f32]) -> f32 {
    length(vector) as f32
}

/// Scales `vector` to unit length and returns true. A zero vector, or one with a component that is not finite,
/// has no direction: it is left alone and the answer is false.
pub fn normalize(vector: &mut [f32]) -> bool {
    let length = length(vector);
    if length == 0.0 || !length.is_finite() {
        return false;
    }
    // Finite: no f32 that is not zero is below 1e-45.
    let scale = 1.0 / length;
    for x in vector {
        *x = (f64::from(*x) * scale) as f32;
    }
    true
}

fn length(vector: &[f32]) -> f64 {
    let (lanes, tail) = vector.as_chunks::<LANES>();
    let mut sums = [0.0f64; LANES];
    for x in lanes {
        for lane in 0..LANES {
            sums[lane] += f64::from(x[lane]) * f64::from(x[lane]);
        }
    }
    let tail: f64 = tail.iter().map(|&x| f64::from(x) * f64::from(x)).sum();
    (sums.iter().sum::<f64>() + tail).sqrt()
}
