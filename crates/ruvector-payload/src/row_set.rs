//! A set of a segment's rows, one bit each: what indexes answer with and filters are made of. Never larger than the
//! segment.

/// Some of the rows `0..rows`. Memory: an eighth of a byte a row; none while it never held one.
#[derive(Clone, Debug)]
pub struct RowSet {
    /// Empty, which stands for no row, or a bit for every row.
    words: Vec<u64>,
    rows: u32,
}

impl RowSet {
    /// None of `rows` rows.
    pub fn none(rows: u32) -> RowSet {
        RowSet {
            words: Vec::new(),
            rows,
        }
    }

    /// All of `rows` rows.
    pub fn all(rows: u32) -> RowSet {
        let mut set = RowSet {
            words: vec![!0; rows.div_ceil(64) as usize],
            rows,
        };
        set.trim();
        set
    }

    /// Of `rows` rows the listed ones; those beyond are left out.
    pub fn of(rows: u32, listed: impl IntoIterator<Item = u32>) -> RowSet {
        let mut set = RowSet::none(rows);
        listed.into_iter().for_each(|row| set.insert(row));
        set
    }

    /// Rows it chooses from.
    pub fn rows(&self) -> u32 {
        self.rows
    }

    /// Adds a row; one beyond is left out.
    #[inline]
    pub fn insert(&mut self, row: u32) {
        if row < self.rows {
            self.fill_in();
            self.words[(row / 64) as usize] |= 1 << (row % 64);
        }
    }

    /// Takes a row away.
    #[inline]
    pub fn remove(&mut self, row: u32) {
        if let Some(word) = self
            .words
            .get_mut((row / 64) as usize)
            .filter(|_| row < self.rows)
        {
            *word &= !(1 << (row % 64));
        }
    }

    /// Whether it holds a row.
    #[inline]
    pub fn contains(&self, row: u32) -> bool {
        let word = self.words.get((row / 64) as usize);
        word.is_some_and(|word| word >> (row % 64) & 1 == 1)
    }

    /// Rows it holds. Cost: a count of all bits.
    pub fn count(&self) -> u64 {
        self.words.iter().map(|word| u64::from(word.count_ones())).sum()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The rows it holds, ascending.
    pub fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(0u32..).flat_map(|(word, at)| {
            let mut left = *word;
            std::iter::from_fn(move || {
                let bit = (left != 0).then(|| left.trailing_zeros())?;
                left &= left - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// Appends the rows it holds, ascending.
    pub fn append_to(&self, out: &mut Vec<u32>) {
        for (word, first) in self.words.iter().zip((0u32..).step_by(64)) {
            let mut left = *word;
            while left != 0 {
                out.push(first + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }

    /// Bits of 64 rows a word, the first row lowest; no bit beyond the rows is set.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Changes whole words, whose bits beyond the rows are cleared after.
    pub fn change_words(&mut self, change: impl FnOnce(&mut [u64])) {
        self.fill_in();
        change(&mut self.words);
        self.trim();
    }

    /// Keeps what `other` holds too. Both choose from the same rows.
    pub fn and(&mut self, other: &RowSet) {
        match other.words.is_empty() {
            true => self.words.clear(),
            false => self.combine(other, |mine, theirs| mine & theirs),
        }
    }

    /// Adds what `other` holds.
    pub fn or(&mut self, other: &RowSet) {
        match self.words.is_empty() {
            true => self.words.clone_from(&other.words),
            false => self.combine(other, |mine, theirs| mine | theirs),
        }
    }

    /// Adds what both others hold.
    pub(crate) fn or_both(&mut self, left: &RowSet, right: &RowSet) {
        if left.words.is_empty() || right.words.is_empty() {
            return;
        }
        self.fill_in();
        let both = left.words.iter().zip(&right.words);
        for (mine, (left, right)) in self.words.iter_mut().zip(both) {
            *mine |= left & right;
        }
    }

    /// Takes away what `other` holds.
    pub fn and_not(&mut self, other: &RowSet) {
        self.combine(other, |mine, theirs| mine & !theirs);
    }

    /// Holds what it did not hold.
    pub fn invert(&mut self) {
        self.fill_in();
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    /// A word for every 64 rows, all clear, where there was none.
    #[inline]
    fn fill_in(&mut self) {
        if self.words.is_empty() {
            self.words.resize(self.rows.div_ceil(64) as usize, 0);
        }
    }

    fn combine(&mut self, other: &RowSet, join: impl Fn(u64, u64) -> u64) {
        debug_assert_eq!(self.rows, other.rows);
        for (mine, theirs) in self.words.iter_mut().zip(&other.words) {
            *mine = join(*mine, *theirs);
        }
    }

    fn trim(&mut self) {
        let used = self.rows % 64;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }
}

impl PartialEq for RowSet {
    fn eq(&self, other: &RowSet) -> bool {
        let both = self.words.iter().zip(&other.words);
        let same = both.clone().all(|(mine, theirs)| mine == theirs);
        let shorter = self.words.len().min(other.words.len());
        let rest = self.words[shorter..].iter().chain(&other.words[shorter..]);
        self.rows == other.rows && same && rest.copied().all(|word| word == 0)
    }
}

impl Eq for RowSet {}

#[cfg(test)]
mod tests {
    //! Goal: sets of bits are sets. Method: random operations beside a `BTreeSet`.
    use super::RowSet;
    use std::collections::BTreeSet;

    #[test]
    fn as_a_set() {
        let mut state = 1u64;
        let mut random = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) as u32 % below
        };
        for rows in [0, 1, 63, 64, 65, 200] {
            let all: BTreeSet<u32> = (0..rows).collect();
            for _ in 0..20 {
                let pick = |random: &mut dyn FnMut(u32) -> u32| -> BTreeSet<u32> {
                    (0..random(rows + 1)).map(|_| random(rows)).collect()
                };
                let (left, right) = (pick(&mut random), pick(&mut random));
                let of = |set: &BTreeSet<u32>| RowSet::of(rows, set.iter().copied());
                let check = |set: &RowSet, wanted: BTreeSet<u32>| {
                    assert_eq!(set.iter().collect::<BTreeSet<u32>>(), wanted);
                    let mut listed = Vec::new();
                    set.append_to(&mut listed);
                    assert!(listed.into_iter().eq(set.iter()));
                    assert_eq!(set.count(), wanted.len() as u64);
                    assert_eq!(set.is_empty(), wanted.is_empty());
                    assert!((0..rows + 70).all(|row| set.contains(row) == wanted.contains(&row)));
                };
                let (mut and, mut or, mut less, mut not) = (of(&left), of(&left), of(&left), of(&left));
                and.and(&of(&right));
                or.or(&of(&right));
                less.and_not(&of(&right));
                not.invert();
                let mut either = of(&left);
                let third = pick(&mut random);
                either.or_both(&of(&right), &of(&third));
                check(&either, &left | &(&right & &third));
                check(&and, &left & &right);
                check(&or, &left | &right);
                check(&less, &left - &right);
                check(&not, &all - &left);
            }
            assert_eq!(RowSet::all(rows).iter().collect::<BTreeSet<u32>>(), all);
        }
    }
}
