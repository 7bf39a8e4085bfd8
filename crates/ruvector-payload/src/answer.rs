//! What indexes know of a filter: rows that surely match, and rows that must be looked at. Three values instead of two,
//! so that a filter is answered rightly by indexes that understand part of it.

use crate::RowSet;

/// An answer about the rows of a segment. No row is in both sets; those in neither do not match.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Rows that match.
    pub sure: RowSet,
    /// Rows to be evaluated.
    pub open: RowSet,
}

impl Answer {
    /// Nothing is known of `rows` rows.
    pub fn unknown(rows: u32) -> Answer {
        Answer {
            sure: RowSet::none(rows),
            open: RowSet::all(rows),
        }
    }

    /// Exactly these rows match.
    pub fn exact(sure: RowSet) -> Answer {
        let open = RowSet::none(sure.rows());
        Answer { sure, open }
    }

    /// Whether no row must be looked at.
    pub fn is_exact(&self) -> bool {
        self.open.is_empty()
    }

    /// Rows that match both.
    pub fn and(&mut self, other: &Answer) {
        if self.is_exact() && other.is_exact() {
            self.sure.and(&other.sure);
            return;
        }
        // Open where both may match and not both surely do.
        let mut may = self.sure.clone();
        may.or(&self.open);
        let mut theirs = other.sure.clone();
        theirs.or(&other.open);
        may.and(&theirs);
        self.sure.and(&other.sure);
        may.and_not(&self.sure);
        self.open = may;
    }

    /// Rows that match either.
    pub fn or(&mut self, other: &Answer) {
        self.sure.or(&other.sure);
        self.open.or(&other.open);
        self.open.and_not(&self.sure);
    }

    /// Rows that do not match.
    pub fn invert(&mut self) {
        self.sure.or(&self.open);
        self.sure.invert();
    }

    /// These rows are not as the index saw them: they must be looked at.
    pub fn reopen(&mut self, rows: impl IntoIterator<Item = u32>) {
        for row in rows {
            self.sure.remove(row);
            self.open.insert(row);
        }
    }
}
