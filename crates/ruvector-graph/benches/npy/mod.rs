//! The first vectors of a two-dimensional .npy file of f2 or f4. Never more than the benches need.

use std::path::Path;

use half::f16;

use crate::dataset::Flat;

/// `None` if the file cannot be read or holds something else.
pub(crate) fn read(path: &Path, count: usize) -> Option<Flat> {
    let bytes = std::fs::read(path).ok()?;
    let header_bytes = usize::from(u16::from_le_bytes([*bytes.get(8)?, *bytes.get(9)?]));
    let header = std::str::from_utf8(bytes.get(10..10 + header_bytes)?).ok()?;
    let shape = header.split("'shape': (").nth(1)?.split(')').next()?;
    let dim: usize = shape.split(',').nth(1)?.trim().parse().ok()?;
    let body = bytes.get(10 + header_bytes..)?;
    let data: Vec<f32> = if header.contains("<f4") {
        let (numbers, _) = body.as_chunks::<4>();
        let numbers = numbers.iter().take(count * dim);
        numbers.map(|number| f32::from_le_bytes(*number)).collect()
    } else if header.contains("<f2") {
        let (numbers, _) = body.as_chunks::<2>();
        let numbers = numbers.iter().take(count * dim);
        numbers
            .map(|number| f16::from_le_bytes(*number).to_f32())
            .collect()
    } else {
        return None;
    };
    Some(Flat {
        dim,
        data,
        unreadable: Vec::new(),
    })
}
