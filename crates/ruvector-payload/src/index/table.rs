//! Runs of fixed-width little-endian numbers inside an index, read one at a time or as a whole. Never reads what
//! was not checked to be there, and never trusts what it reads.

use std::ops::Range;

use super::{IndexBytes, MalformedIndex};

/// Takes the parts of an index one after the other. Every part begins at a multiple of eight.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Layout {
    at: u64,
    end: u64,
}

impl Layout {
    /// Parts from byte `at` on, in an index of `end` bytes.
    pub(crate) fn new(at: u64, end: u64) -> Layout {
        Layout { at, end }
    }

    /// Where the next part begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The next part: `count` items of `width` bytes.
    pub(crate) fn take(&mut self, count: u64, width: u64) -> Result<Range<u64>, MalformedIndex> {
        let start = self.at;
        let malformed = |rule| MalformedIndex { at: start, rule };
        let end = count
            .checked_mul(width)
            .and_then(|bytes| start.checked_add(bytes));
        let end = end
            .filter(|end| *end <= self.end)
            .ok_or(malformed("a part goes past the end"))?;
        let next = end.checked_next_multiple_of(8).filter(|next| *next <= self.end);
        self.at = next.ok_or(malformed("a part is not filled up"))?;
        Ok(start..end)
    }

    /// All parts are taken: nothing may follow.
    pub(crate) fn finish(&self) -> Result<(), MalformedIndex> {
        let rule = "bytes follow the last part";
        if self.at == self.end {
            Ok(())
        } else {
            Err(MalformedIndex { at: self.at, rule })
        }
    }
}

/// Fills up with zeros to a multiple of eight.
pub(crate) fn pad(out: &mut Vec<u8>) {
    out.resize(out.len().next_multiple_of(8), 0);
}

/// Fixed bytes at `at`. `None`: damaged.
pub(crate) fn array_at<const N: usize>(bytes: &(impl IndexBytes + ?Sized), at: u64) -> Option<[u8; N]> {
    let end = at.checked_add(N as u64)?;
    bytes.bytes(at..end)?.try_into().ok()
}

/// The item `index` of a part of `N`-byte items. `None`: outside the part, or damaged.
pub(crate) fn item<const N: usize>(
    bytes: &(impl IndexBytes + ?Sized),
    part: &Range<u64>,
    index: u64,
) -> Option<[u8; N]> {
    let at = index.checked_mul(N as u64)?.checked_add(part.start)?;
    if at.checked_add(N as u64)? > part.end {
        return None;
    }
    array_at(bytes, at)
}

/// The items `span` of a part of `N`-byte items, where they lie. `None`: outside the part, or damaged.
pub(crate) fn items<'a, const N: usize>(
    bytes: &'a (impl IndexBytes + ?Sized),
    part: &Range<u64>,
    span: Range<u64>,
) -> Option<&'a [[u8; N]]> {
    let place = |index: u64| index.checked_mul(N as u64)?.checked_add(part.start);
    let (start, end) = (place(span.start)?, place(span.end)?);
    if start > end || end > part.end {
        return None;
    }
    let (items, rest) = bytes.bytes(start..end)?.as_chunks::<N>();
    rest.is_empty().then_some(items)
}

/// The first of `0..count` for which `is_low` does not hold, which holds up to some point. `None`: it said so.
pub(crate) fn partition_point(count: u64, is_low: impl FnMut(u64) -> Option<bool>) -> Option<u64> {
    partition_point_in(0..count, is_low)
}

/// As [`partition_point`], where it is not before `from` and probably near it: by steps that double.
pub(crate) fn partition_point_from(
    from: u64,
    count: u64,
    mut is_low: impl FnMut(u64) -> Option<bool>,
) -> Option<u64> {
    let (mut low, mut step) = (from, 1);
    while low < count {
        let probe = (low + step - 1).min(count - 1);
        if !is_low(probe)? {
            return partition_point_in(low..probe, is_low);
        }
        (low, step) = (probe + 1, step * 2);
    }
    Some(low)
}

fn partition_point_in(span: Range<u64>, mut is_low: impl FnMut(u64) -> Option<bool>) -> Option<u64> {
    let (mut low, mut high) = (span.start, span.end);
    while low < high {
        let middle = low + (high - low) / 2;
        if is_low(middle)? {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Some(low)
}
