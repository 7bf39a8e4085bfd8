//! Goal: every scan kernel gives, to the bit, the sum that the formats define. Method: random codes, strides, lengths
//! and queries of 8 and 16 bits against a sum over `CodeFormat::level` in i64; wrong lengths are refused.

use proptest::prelude::*;
use ruvector_simd::scan::{CodeFormat, ROWS_AHEAD, ScanKernel, ScanQuery};

const FORMATS: [CodeFormat; 5] = [
    CodeFormat::Bits,
    CodeFormat::Trits,
    CodeFormat::Crumbs,
    CodeFormat::Nibbles,
    CodeFormat::Bytes,
];

/// Rows chosen: the last ones are looked ahead to, and some follow when nothing is left to look ahead to.
const CHOSEN: usize = ROWS_AHEAD + 44;

/// Bytes that a trit code can hold: others have no meaning, but all kernels must still agree on them.
fn codes() -> impl Strategy<Value = Vec<u8>> {
    prop::collection::vec(any::<u8>(), 3_000..9_000)
}

fn exact(format: CodeFormat, code: &[u8], query: &[i16]) -> f32 {
    let products = query.iter().enumerate();
    products
        .map(|(at, x)| i64::from(*x) * i64::from(format.level(code, at)))
        .sum::<i64>() as f32
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(150))]

    #[test]
    fn exact_everywhere(
        codes in codes(),
        query in prop::collection::vec(-32_512i16..=32_512, 0..700),
        extra in 0usize..20,
        which in 0usize..5,
        wide: bool,
    ) {
        let format = FORMATS[which];
        let query: Vec<i16> = if wide { query } else { query.iter().map(|x| x / 256).collect() };
        let mut prepared = ScanQuery::default();
        if wide {
            prepared.fill_wide(format, &query);
        } else {
            let narrow: Vec<i8> = query.iter().map(|x| *x as i8).collect();
            prepared.fill(format, &narrow);
        }
        let bytes = format.code_bytes(query.len());
        prop_assert_eq!(prepared.code_bytes(), bytes);
        let stride = bytes + extra;
        let rows = if format == CodeFormat::Bits { 6 } else { 3 };
        for kernel in ScanKernel::all() {
            let mut sums = vec![0.0; rows];
            prop_assert!((kernel.scan)(&prepared, &codes, stride, &mut sums));
            for (row, sum) in sums.iter().enumerate() {
                let code = &codes[row * stride..][..bytes];
                prop_assert_eq!(*sum, exact(format, code, &query), "{} {:?} {}", kernel.name, format, wide);
            }
            // Chosen rows; a later one may be out of range, one of those asked for may not.
            let chosen: Vec<u32> = (0..CHOSEN as u32).map(|at| at * at % rows as u32).chain([u32::MAX]).collect();
            let mut scattered = vec![0.0; CHOSEN];
            prop_assert!((kernel.scan_chosen)(&prepared, &codes, (stride, &chosen), &mut scattered));
            for (sum, row) in scattered.iter().zip(&chosen) {
                prop_assert_eq!(*sum, sums[*row as usize], "{} row {}", kernel.name, row);
            }
            scattered.push(0.0);
            prop_assert!(bytes == 0 || !(kernel.scan_chosen)(&prepared, &codes, (stride, &chosen), &mut scattered));
            prop_assert!(!(kernel.scan_chosen)(&prepared, &codes, (stride, &chosen[..CHOSEN - 1]), &mut scattered[..CHOSEN]));
            let short = &codes[..((rows - 1) * stride + bytes).saturating_sub(1)];
            prop_assert!(bytes == 0 || !(kernel.scan)(&prepared, short, stride, &mut sums));
            prop_assert!(bytes == 0 || !(kernel.scan)(&prepared, &codes, bytes - 1, &mut sums));
        }
    }
}

#[test]
fn the_longest_exact_sum() {
    let most = [i8::MAX; 65_536];
    for format in FORMATS {
        let code = vec![255; format.code_bytes(most.len())];
        let mut query = ScanQuery::default();
        query.fill(format, &most);
        for kernel in ScanKernel::all() {
            let mut sum = [0.0];
            assert!((kernel.scan)(&query, &code, code.len(), &mut sum));
            assert_eq!(
                sum[0],
                exact(format, &code, &[127; 65_536]),
                "{} {format:?}",
                kernel.name
            );
        }
    }
}
