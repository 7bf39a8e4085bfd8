//! Runs of numbers of seven bits a byte, and the rows of a term read from them. Never trusts what it reads: whatever
//! does not ascend, ends early or goes on ends the reading as damaged.

/// Appends a number in bytes of seven bits, the lowest first.
pub(super) fn put_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Numbers read one after the other.
#[derive(Clone, Debug)]
pub(super) struct Varints<'a>(pub(super) &'a [u8]);

impl Varints<'_> {
    /// The next number. `None`: none is left, or it is too long.
    #[inline]
    pub(super) fn next(&mut self) -> Option<u64> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        if *first < 0x80 {
            return Some(u64::from(*first));
        }
        self.long(u64::from(*first & 0x7f))
    }

    fn long(&mut self, mut number: u64) -> Option<u64> {
        for shift in [7, 14, 21, 28, 35] {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if *byte < 0x80 {
                return Some(number);
            }
        }
        None
    }
}

/// The rows of a term and how often it occurs in each, ascending.
#[derive(Clone, Debug)]
pub(super) struct Postings<'a> {
    numbers: Varints<'a>,
    left: u32,
    rows: u32,
    next_min: u64,
    last: u64,
}

impl<'a> Postings<'a> {
    pub(super) fn new(bytes: &'a [u8], having: u32, rows: u32) -> Postings<'a> {
        Postings {
            numbers: Varints(bytes),
            left: having,
            rows,
            next_min: 0,
            last: 0,
        }
    }

    /// Shows `each` every row and how often it holds the term. `None`: damaged, or `each` said so.
    #[inline]
    pub(super) fn each(mut self, mut each: impl FnMut(u32, u32) -> Option<()>) -> Option<()> {
        while self.left > 0 {
            let number = self.numbers.next()?;
            let times = if number & 1 == 1 { self.numbers.next()? } else { 1 };
            let row = self.last + (number >> 1);
            if row < self.next_min || row >= u64::from(self.rows) {
                return None;
            }
            each(row as u32, u32::try_from(times).ok()?)?;
            (self.last, self.next_min) = (row, row + 1);
            self.left -= 1;
        }
        self.numbers.0.is_empty().then_some(())
    }
}
