//! RFC 3339 dates and times to microseconds since 1970. Never guesses a time zone: none given means UTC.

/// Reads `2024-05-01T12:30:00.25Z`, with `T` or a space, an offset or none, seconds and fraction or none, or
/// a date alone; white space before it, a space before the offset, `UTC` for `Z`, and months, days and parts of a time of
/// one digit are read too. `None` if it is none of these or not a real date. Digits past the microsecond are dropped.
pub fn parse_micros(text: &str) -> Option<i64> {
    let mut reader = Reader {
        rest: text.trim_start().as_bytes(),
    };
    let year = reader.number(4)?;
    reader.byte(b"-")?;
    let month = reader.short()?;
    reader.byte(b"-")?;
    let day = reader.short()?;
    let days = days_from_civil(year, month, day)?;
    if reader.rest.is_empty() {
        return Some(days * 86_400_000_000);
    }
    reader.byte(b"Tt ")?;
    let hour = reader.short()?;
    reader.byte(b":")?;
    let minute = reader.short()?;
    let (mut second, mut micros) = (0, 0);
    if reader.byte(b":").is_some() {
        second = reader.short()?;
        if reader.byte(b".").is_some() {
            micros = reader.fraction()?;
        }
    }
    // 60 is a leap second, counted as the next second, as Unix time has it.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let offset_minutes = reader.offset()?;
    if !reader.rest.is_empty() {
        return None;
    }
    let seconds = days * 86_400 + hour * 3_600 + (minute - offset_minutes) * 60 + second;
    Some(seconds * 1_000_000 + micros)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    /// Exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (head, tail) = self.rest.split_at_checked(digits)?;
        let value = head.iter().try_fold(0, |value, byte| {
            byte.is_ascii_digit().then(|| value * 10 + i64::from(byte - b'0'))
        })?;
        self.rest = tail;
        Some(value)
    }

    /// Two digits, or one.
    fn short(&mut self) -> Option<i64> {
        self.number(2).or_else(|| self.number(1))
    }

    /// One byte of a set.
    fn byte(&mut self, set: &[u8]) -> Option<u8> {
        let (first, tail) = self.rest.split_first()?;
        if !set.contains(first) {
            return None;
        }
        self.rest = tail;
        Some(*first)
    }

    /// One or more digits after the point, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if digits == 0 {
            return None;
        }
        let (head, tail) = self.rest.split_at(digits);
        self.rest = tail;
        let taken = head.iter().chain([b'0'; 6].iter()).take(6);
        Some(taken.fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
    }

    /// `Z`, ` UTC`, nothing, or `±hh:mm`, `±hhmm`, `±hh`, with a space before it or none: minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        if self.rest == b" UTC" {
            self.rest = &[];
            return Some(0);
        }
        if let [b' ', b'+' | b'-', ..] = self.rest {
            self.rest = &self.rest[1..];
        }
        if self.rest.is_empty() || self.byte(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if self.byte(b"+-")? == b'-' { -1 } else { 1 };
        let hours = self.number(2)?;
        let minutes = if self.rest.is_empty() {
            0
        } else {
            let _colon = self.byte(b":");
            self.number(2)?
        };
        (hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

/// Days since 1970-01-01 of a date of the Gregorian calendar (Hinnant, "chrono-compatible low-level date
/// algorithms", days_from_civil).
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1..=last).contains(&day) {
        return None;
    }
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted.div_euclid(400);
    let year_of_era = shifted.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    Some(era * 146_097 + day_of_era - 719_468)
}

#[cfg(test)]
mod tests {
    //! Goal: spellings of one instant agree and non-dates are refused. Method: tables with known values.
    use super::parse_micros;

    #[test]
    fn known_instants() {
        for (text, micros) in [
            ("1970-01-01", 0),
            ("1970-01-01T00:00:00Z", 0),
            ("1969-12-31T23:59:59.999999Z", -1),
            ("2024-02-29 12:30", 1_709_209_800_000_000),
            ("2024-02-29T14:30:00.25+02:00", 1_709_209_800_250_000),
            ("2024-02-29t09:30:00.2500009-0300", 1_709_209_800_250_000),
            ("  2024-02-29 12:30:00 UTC", 1_709_209_800_000_000),
            ("2024-02-29T14:30:00.25 +0200", 1_709_209_800_250_000),
            ("2024-2-29 12:30", 1_709_209_800_000_000),
            ("2024-2-29T9:30:0.25-03:00", 1_709_209_800_250_000),
            ("2000-3-1", 951_868_800_000_000),
            ("2000-03-01", 951_868_800_000_000),
            ("0000-01-01", -62_167_219_200_000_000),
            ("9999-12-31T23:59:59Z", 253_402_300_799_000_000),
        ] {
            assert_eq!(parse_micros(text), Some(micros), "{text}");
        }
    }

    #[test]
    fn refused() {
        for text in [
            "",
            "2024",
            "2024-13-01",
            "2023-02-29",
            "2024-01-00",
            "2024-1-",
            "2024-001-01",
            "2024-1-1 1",
            "24-01-01",
            "2024-01-01T",
            "2024-01-01T25:00",
            "2024-01-01T00:00:00.",
            "2024-01-01T00:00:00x",
            "2024-01-01T00:00:00 ",
            "2024-01-01 UTC",
            "2024-01-01T00:00:00+24:00",
            "２024-01-01",
            "2024-01-01T00:00:00Zjunk",
            "-024-01-01",
        ] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
    }
}
