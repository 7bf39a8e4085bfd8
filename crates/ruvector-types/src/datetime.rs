//! RFC 3339 dates and times to microseconds since 1970. Never guesses a time zone: none given means UTC.

use std::ops::RangeInclusive;

/// Years before and after year 0 that microseconds in 64 bits surely reach; chrono, and so Qdrant, ends there too.
const YEAR_MAX: i64 = 262_142;

/// Reads `2024-05-01T12:30:00.25Z`, with `T` or white space, an offset or none, seconds and fraction or none, or
/// a date alone. Read too, as Qdrant does: white space before numbers, offsets and, where there is an offset, colons and
/// at the end; `UTC` for `Z`; years of fewer than four digits, or with a sign, then of up to six; months, days and parts of
/// a time of one digit. `None` if it is none of these or not a real date. Digits past the microsecond are dropped.
pub fn parse_micros(text: &str) -> Option<i64> {
    let mut reader = Reader {
        rest: text,
        is_spaced: false,
    };
    let days = reader.date()?;
    if reader.rest.is_empty() {
        return (!reader.is_spaced).then_some(days * 86_400_000_000);
    }
    if reader.byte(b"Tt").is_none() && !reader.skip_space() {
        return None;
    }
    let (second, micros) = reader.time()?;
    let offset_minutes = reader.offset()?;
    let seconds = days * 86_400 + second - offset_minutes * 60;
    Some(seconds * 1_000_000 + micros)
}

struct Reader<'a> {
    rest: &'a str,
    /// White space was before a dash or a colon, which only texts with an offset may have.
    is_spaced: bool,
}

impl<'a> Reader<'a> {
    /// Days since 1970.
    fn date(&mut self) -> Option<i64> {
        let year = self.year()?;
        self.mark(b'-')?;
        let month = self.short()?;
        self.mark(b'-')?;
        let day = self.short()?;
        days_from_civil(year, month, day)
    }

    fn year(&mut self) -> Option<i64> {
        self.skip_space();
        let year = match self.byte(b"+-") {
            None => self.number(1..=4)?,
            Some(b'-') => -self.number(1..=6)?,
            Some(_) => self.number(1..=6)?,
        };
        (year.abs() <= YEAR_MAX).then_some(year)
    }

    /// Seconds of the day, and microseconds.
    fn time(&mut self) -> Option<(i64, i64)> {
        let hour = self.short()?;
        self.mark(b':')?;
        let minute = self.short()?;
        let (mut second, mut micros) = (0, 0);
        if self.mark(b':').is_some() {
            second = self.short()?;
            if self.byte(b".").is_some() {
                micros = self.fraction()?;
            }
        }
        // 60 is a leap second, counted as the next second, as Unix time has it.
        (hour <= 23 && minute <= 59 && second <= 60).then_some((hour * 3_600 + minute * 60 + second, micros))
    }

    /// Whether there was white space.
    fn skip_space(&mut self) -> bool {
        let trimmed = self.rest.trim_start();
        let was_there = trimmed.len() < self.rest.len();
        self.rest = trimmed;
        was_there
    }

    /// As many digits as there are, of the numbers allowed.
    fn number(&mut self, allowed: RangeInclusive<usize>) -> Option<i64> {
        let digits = self.digits().min(*allowed.end());
        if digits < *allowed.start() {
            return None;
        }
        let head = self.take(digits);
        Some(
            head.bytes()
                .fold(0, |value, byte| value * 10 + i64::from(byte - b'0')),
        )
    }

    /// Digits that come next.
    fn digits(&self) -> usize {
        self.rest.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// The next bytes, which are whole characters.
    fn take(&mut self, bytes: usize) -> &'a str {
        let (head, tail) = self.rest.split_at_checked(bytes).unwrap_or((self.rest, ""));
        self.rest = tail;
        head
    }

    /// Two digits, or one.
    fn short(&mut self) -> Option<i64> {
        self.skip_space();
        self.number(1..=2)
    }

    /// One byte of a set of ASCII.
    fn byte(&mut self, set: &[u8]) -> Option<u8> {
        let first = *self.rest.as_bytes().first()?;
        if !set.contains(&first) {
            return None;
        }
        self.take(1);
        Some(first)
    }

    /// A dash or a colon between numbers.
    fn mark(&mut self, mark: u8) -> Option<u8> {
        self.is_spaced |= self.skip_space();
        self.byte(&[mark])
    }

    /// One or more digits after the point, as microseconds.
    fn fraction(&mut self) -> Option<i64> {
        let digits = self.digits();
        if digits == 0 {
            return None;
        }
        let taken = self.take(digits).bytes().chain([b'0'; 6]).take(6);
        Some(taken.fold(0, |value, byte| value * 10 + i64::from(byte - b'0')))
    }

    /// Nothing, or a zone and nothing after it: minutes east of UTC.
    fn offset(&mut self) -> Option<i64> {
        self.is_spaced |= self.skip_space();
        if self.rest.is_empty() {
            return (!self.is_spaced).then_some(0);
        }
        let minutes = self.zone()?;
        self.skip_space();
        self.rest.is_empty().then_some(minutes)
    }

    /// `Z`, `UTC`, or `±hh:mm`, `±hhmm`, `±hh`.
    fn zone(&mut self) -> Option<i64> {
        if self
            .rest
            .get(..3)
            .is_some_and(|head| head.eq_ignore_ascii_case("UTC"))
        {
            self.take(3);
            return Some(0);
        }
        if self.byte(b"Zz").is_some() {
            return Some(0);
        }
        let sign = if let Some(rest) = self.rest.strip_prefix('\u{2212}') {
            self.rest = rest;
            -1
        } else if self.byte(b"+-")? == b'-' {
            -1
        } else {
            1
        };
        let hours = self.number(2..=2)?;
        let is_between = |letter: char| letter == ':' || letter.is_whitespace();
        self.rest = self.rest.trim_start_matches(is_between);
        let minutes = if self.rest.is_empty() {
            0
        } else {
            self.number(2..=2)?
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
            // What only Qdrant's reader (chrono) taught us: each of these it takes, and means this.
            ("2024-02-29  12:30", 1_709_209_800_000_000),
            ("2024- 02-29T 12: 30:\t00", 1_709_209_800_000_000),
            ("2024-02 -29T12 :30 :00Z", 1_709_209_800_000_000),
            ("2024-02-29T12:30:00UTC", 1_709_209_800_000_000),
            ("2024-02-29 12:30:00 utc ", 1_709_209_800_000_000),
            ("2024-02-29T12:30:00 Z\n", 1_709_209_800_000_000),
            ("2024-02-29T14:30:00.25  +02 : 00", 1_709_209_800_250_000),
            ("2024-02-29T09:30:00\u{2212}03:00", 1_709_209_800_000_000),
            ("+2024-02-29 12:30", 1_709_209_800_000_000),
            ("24-1-1", -61_409_836_800_000_000),
            ("0-01-01", -62_167_219_200_000_000),
            ("-0044-03-15T00:00:00Z", -63_549_360_000_000_000),
            ("+10000-01-01", 253_402_300_800_000_000),
            ("+262142-12-31T23:59:59.999999Z", 8_210_266_876_799_999_999),
            ("-262142-01-01", -8_334_569_692_800_000_000),
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
            "02024-01-01",
            "12024-01-01",
            "+262143-01-01",
            "-9223372036854775808-01-01",
            "2024 -01-01",
            "2024-01-01 ",
            "2024-01-01 T00:00",
            "2024-01-01 00 :00:00",
            "2024-01-01T00:00:00+2:00",
            "2024-01-01T00:00:00+\u{2212}2:00",
            "2024-01-01T00:00:00\u{e9}\u{e9}",
            "2024-01-01T",
            "2024-01-01T25:00",
            "2024-01-01T00:00:00.",
            "2024-01-01T00:00:00x",
            "2024-01-01T00:00:00 ",
            "2024-01-01 UTC",
            "2024-01-01T00:00:00+24:00",
            "２024-01-01",
            "2024-01-01T00:00:00Zjunk",
            "--24-01-01",
        ] {
            assert_eq!(parse_micros(text), None, "{text}");
        }
    }
}
