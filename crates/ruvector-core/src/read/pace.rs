//! When a read of many payloads looks at its deadline: after a thousand rows, sooner where payloads are long. Never reads one.

use crate::collection::Core;
use crate::{Ctx, Error};

/// Bytes of payloads between two looks; a row counts as [`ROW_BYTES`] more.
const BYTES_PER_CHECK: usize = 1 << 20;

/// What a row costs beside its payload.
const ROW_BYTES: usize = 1 << 10;

/// Payload bytes to be read until the next look.
#[derive(Default)]
pub(super) struct Pace(usize);

impl Pace {
    /// To be called before each row, the first included: an error once the time is up.
    pub(super) fn before_row(&mut self, ctx: &Ctx, core: &Core) -> Result<(), Error> {
        match self.is_due() {
            true => ctx.check(core.io.as_ref()),
            false => Ok(()),
        }
    }

    /// So many bytes of a payload were read.
    #[inline]
    pub(super) fn read(&mut self, bytes: usize) {
        self.0 = self.0.saturating_sub(bytes);
    }

    fn is_due(&mut self) -> bool {
        let is_due = self.0 == 0;
        if is_due {
            self.0 = BYTES_PER_CHECK;
        }
        self.0 = self.0.saturating_sub(ROW_BYTES);
        is_due
    }
}

#[cfg(test)]
mod tests {
    //! Goal: a read looks at its deadline first, and again after a thousand rows or a mebibyte of payloads. Method: looks
    //! counted over payloads of one length each.
    use super::Pace;

    #[test]
    fn looks_by_bytes() {
        for (bytes, rows, looks) in [(0, 2_048, 2), (1 << 10, 2_048, 4), (8 << 20, 10, 10), (0, 1, 1)] {
            let mut pace = Pace::default();
            let mut seen = 0;
            for _ in 0..rows {
                seen += u32::from(pace.is_due());
                pace.read(bytes);
            }
            assert_eq!(seen, looks, "{rows} payloads of {bytes} bytes");
        }
    }
}
