//! Numbers packed into as few bits as their largest needs. Never reads beyond the bytes it is given.

/// Bits that `largest` needs, 0 to 32.
pub(crate) fn bits_of(largest: u32) -> u32 {
    32 - largest.leading_zeros()
}

/// Bytes of `count` numbers of `bits` bits.
pub(crate) fn packed_bytes(count: usize, bits: u32) -> usize {
    (count * bits as usize).div_ceil(8)
}

/// Appends numbers below 2^`bits`, the first in the lowest bits.
pub(crate) fn pack(numbers: &[u32], bits: u32, out: &mut Vec<u8>) {
    let (mut held, mut held_bits) = (0u64, 0);
    for number in numbers {
        held |= u64::from(*number) << held_bits;
        held_bits += bits;
        while held_bits >= 8 {
            out.push(held as u8);
            held >>= 8;
            held_bits -= 8;
        }
    }
    if held_bits > 0 {
        out.push(held as u8);
    }
}

/// Reads as many numbers of `bits` (at most 32) bits as `out` holds; missing bytes read as zeros.
pub(crate) fn unpack(bytes: &[u8], bits: u32, out: &mut [u32]) {
    if bits == 0 {
        out.fill(0);
        return;
    }
    let mask = u64::MAX >> (64 - bits);
    let mut at = 0usize;
    for number in out {
        let first = at / 8;
        let word = match bytes.get(first..first + 8) {
            Some(word) => word.try_into().map_or(0, u64::from_le_bytes),
            None => tail(bytes, first),
        };
        *number = ((word >> (at % 8)) & mask) as u32;
        at += bits as usize;
    }
}

fn tail(bytes: &[u8], first: usize) -> u64 {
    let mut word = [0; 8];
    let left = bytes.get(first..).unwrap_or_default();
    let count = left.len().min(8);
    word[..count].copy_from_slice(&left[..count]);
    u64::from_le_bytes(word)
}
