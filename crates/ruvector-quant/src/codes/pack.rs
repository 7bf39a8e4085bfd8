//! Packs levels into the bytes of a code format, and takes them out again. Never changes a level that the format has.

use ruvector_simd::scan::{CRUMB_LEVELS, CodeFormat, NIBBLE_LEVELS};

/// Writes the code of `levels`; `code` has `format.code_bytes(levels.len())` bytes. A level that the format does not
/// have becomes its next lower one.
pub(crate) fn pack(format: CodeFormat, levels: &[i8], code: &mut [u8]) {
    let bytes = code.len();
    code.fill(0);
    match format {
        CodeFormat::Bits => {
            for (byte, levels) in code.iter_mut().zip(levels.chunks(8)) {
                let bits = levels.iter().enumerate();
                *byte = bits.fold(0, |byte, (bit, level)| byte | u8::from(*level > 0) << bit);
            }
        }
        CodeFormat::Trits => pack_trits(levels, code),
        CodeFormat::Crumbs => put_digits(levels, code, |level| rank(&CRUMB_LEVELS, level), 2),
        CodeFormat::Nibbles => put_digits(levels, code, |level| rank(&NIBBLE_LEVELS, level), 4),
        CodeFormat::Bytes => {
            for (byte, level) in code.iter_mut().zip(&levels[..bytes.min(levels.len())]) {
                *byte = *level as u8;
            }
        }
    }
}

/// The levels of a code's first `components` components.
pub(crate) fn unpack(format: CodeFormat, code: &[u8], components: usize, levels: &mut Vec<i8>) {
    levels.clear();
    levels.extend((0..components).map(|component| format.level(code, component)));
}

fn pack_trits(levels: &[i8], code: &mut [u8]) {
    let bytes = code.len();
    for (at, byte) in code.iter_mut().enumerate() {
        let digit = |place: usize| match levels.get(place * bytes + at) {
            Some(level) => (level.signum() + 1) as u32,
            None => 1,
        };
        let number = (0..5).fold(0, |number, place| 3 * number + digit(place));
        *byte = (number * 256).div_ceil(243) as u8;
    }
}

fn put_digits(levels: &[i8], code: &mut [u8], digit: impl Fn(i8) -> u8, bits: usize) {
    for (place, levels) in levels.chunks(code.len().max(1)).enumerate() {
        for (byte, level) in code.iter_mut().zip(levels) {
            *byte |= digit(*level) << (bits * place);
        }
    }
}

fn rank(table: &[i8], level: i8) -> u8 {
    table.iter().filter(|x| **x <= level).count().saturating_sub(1) as u8
}

#[cfg(test)]
mod tests {
    //! Goal: what is packed comes out again. Method: every level of every format in random order and length.
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn round_trip(draws in prop::collection::vec(any::<u8>(), 1..500)) {
            let bytes: Vec<i8> = (-127..=127).collect();
            let formats: [(CodeFormat, &[i8]); 5] = [
                (CodeFormat::Bits, &[-1, 1]),
                (CodeFormat::Trits, &[-1, 0, 1]),
                (CodeFormat::Crumbs, &CRUMB_LEVELS),
                (CodeFormat::Nibbles, &NIBBLE_LEVELS),
                (CodeFormat::Bytes, &bytes),
            ];
            for (format, levels) in formats {
                let levels: Vec<i8> = draws.iter().map(|draw| levels[usize::from(*draw) % levels.len()]).collect();
                let mut code = vec![0; format.code_bytes(levels.len())];
                pack(format, &levels, &mut code);
                let mut back = Vec::new();
                unpack(format, &code, levels.len(), &mut back);
                prop_assert_eq!(back, levels, "{:?}", format);
            }
        }
    }
}
