//! Paths into a payload: `a.b`, `a[].b`, `a[0]`, `"a.b".c`.

use std::fmt;

use crate::limits::{PATH_BYTES_MAX, PATH_STEPS_MAX};

/// One step of a path.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// The member of an object.
    Key(String),
    /// Every item of an array (`[]`).
    Each,
    /// One item of an array (`[3]`).
    Index(u32),
}

/// A parsed path: a key, then any steps.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PayloadPath(Vec<Step>);

/// Why a text is not a path.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// Nothing there, or nothing between two dots.
    #[error("a key is missing at byte {at} of the path")]
    MissingKey {
        /// Byte position.
        at: usize,
    },
    /// A quote or bracket that never closes, or something odd between brackets or after them.
    #[error("malformed path at byte {at}")]
    Malformed {
        /// Byte position.
        at: usize,
    },
    /// Over the limit of bytes or steps.
    #[error("a path has at most {bytes_max} bytes and {steps_max} steps")]
    TooLong {
        /// Bytes allowed.
        bytes_max: usize,
        /// Steps allowed.
        steps_max: usize,
    },
}

impl PayloadPath {
    /// Parses a path. Keys with dots, brackets or quotes are written in double quotes (no escapes inside).
    pub fn parse(text: &str) -> Result<PayloadPath, PathError> {
        let too_long = PathError::TooLong {
            bytes_max: PATH_BYTES_MAX,
            steps_max: PATH_STEPS_MAX,
        };
        if text.len() > PATH_BYTES_MAX {
            return Err(too_long);
        }
        let mut parser = Parser {
            text,
            at: 0,
            steps: Vec::new(),
        };
        parser.key()?;
        while parser.at < text.len() {
            match text.as_bytes()[parser.at] {
                b'.' => {
                    parser.at += 1;
                    parser.key()?;
                }
                b'[' => parser.bracket()?,
                _ => return Err(PathError::Malformed { at: parser.at }),
            }
            if parser.steps.len() > PATH_STEPS_MAX {
                return Err(too_long);
            }
        }
        Ok(PayloadPath(parser.steps))
    }

    /// A path of a single key, taken literally.
    pub fn key(name: &str) -> PayloadPath {
        PayloadPath(vec![Step::Key(name.to_owned())])
    }

    /// The steps; the first is always a key.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
    steps: Vec<Step>,
}

impl Parser<'_> {
    fn key(&mut self) -> Result<(), PathError> {
        let rest = &self.text[self.at..];
        let (key, used) = if let Some(quoted) = rest.strip_prefix('"') {
            let end = quoted.find('"').ok_or(PathError::Malformed { at: self.at })?;
            (&quoted[..end], end + 2)
        } else {
            let end = rest.find(['.', '[']).unwrap_or(rest.len());
            (&rest[..end], end)
        };
        if used == 0 {
            return Err(PathError::MissingKey { at: self.at });
        }
        self.steps.push(Step::Key(key.to_owned()));
        self.at += used;
        Ok(())
    }

    fn bracket(&mut self) -> Result<(), PathError> {
        let malformed = PathError::Malformed { at: self.at };
        let rest = &self.text[self.at + 1..];
        let end = rest.find(']').ok_or_else(|| malformed.clone())?;
        let step = match &rest[..end] {
            "" => Step::Each,
            digits if digits.bytes().all(|b| b.is_ascii_digit()) => {
                Step::Index(digits.parse().map_err(|_| malformed)?)
            }
            _ => return Err(malformed),
        };
        self.steps.push(step);
        self.at += end + 2;
        Ok(())
    }
}

impl fmt::Display for PayloadPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        WrittenSteps(&self.0).fmt(f)
    }
}

/// Steps as a path is written.
#[derive(Clone, Copy, Debug)]
pub struct WrittenSteps<'a>(pub &'a [Step]);

impl fmt::Display for WrittenSteps<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.0.iter().enumerate() {
            match step {
                Step::Key(key) => {
                    if position > 0 {
                        f.write_str(".")?;
                    }
                    if key.is_empty() || key.contains(['.', '[']) || key.starts_with('"') {
                        write!(f, "\"{key}\"")?;
                    } else {
                        f.write_str(key)?;
                    }
                }
                Step::Each => f.write_str("[]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    //! Goal: paths parse, print back the same, and malformed ones are refused. Method: tables.
    use super::*;

    #[test]
    fn good_paths_round_trip() {
        for text in ["a", "a.b", "a[].b", "a[0]", "a[][1].c", "\"a.b\".c", "ü.ß"] {
            let path = PayloadPath::parse(text).unwrap();
            assert_eq!(path.to_string(), text);
            assert_eq!(PayloadPath::parse(&path.to_string()).unwrap(), path);
        }
        let steps = PayloadPath::parse("a[].b").unwrap();
        assert_eq!(
            steps.steps(),
            [Step::Key("a".into()), Step::Each, Step::Key("b".into())]
        );
    }

    #[test]
    fn bad_paths_are_refused() {
        for text in [
            "",
            ".a",
            "a.",
            "a..b",
            "a[",
            "a[x]",
            "a[-1]",
            "a[]b",
            "\"a",
            "[]",
            "a[99999999999]",
        ] {
            assert!(PayloadPath::parse(text).is_err(), "{text}");
        }
        assert!(PayloadPath::parse(&"a.".repeat(200)).is_err());
    }
}
