//! Point ids: unsigned 64-bit numbers, UUIDs and other strings, in one total order.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use crate::limits::POINT_ID_BYTES_MAX;

/// The id of a point, unique within its collection.
///
/// Order: numbers, then UUIDs, then strings. A string in canonical decimal form of a `u64` *is* that number
/// (`"1"` equals `1`), and any standard spelling of a UUID is that UUID, so one point has one id.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PointId {
    /// An unsigned 64-bit number.
    Num(u64),
    /// A UUID, as its 128 bits in big-endian order.
    Uuid(u128),
    /// Any other UTF-8 string, 1 to 512 bytes.
    Str(Arc<str>),
}

/// Why a string is not a point id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointIdError {
    /// The empty string names no point.
    #[error("a point id must not be empty")]
    Empty,
    /// Longer than the limit.
    #[error("a point id has at most {bytes_max} bytes, this one has {bytes}")]
    TooLong {
        /// Bytes given.
        bytes: usize,
        /// Bytes allowed.
        bytes_max: usize,
    },
}

impl PointId {
    /// Reads an id from text: canonical decimal `u64`, any standard UUID form (hyphenated, simple, braced, URN),
    /// otherwise the string itself. Cost: linear in the text.
    pub fn parse(text: &str) -> Result<PointId, PointIdError> {
        if text.is_empty() {
            return Err(PointIdError::Empty);
        }
        if text.len() > POINT_ID_BYTES_MAX {
            return Err(PointIdError::TooLong {
                bytes: text.len(),
                bytes_max: POINT_ID_BYTES_MAX,
            });
        }
        if is_canonical_decimal(text)
            && let Ok(number) = text.parse::<u64>()
        {
            return Ok(PointId::Num(number));
        }
        if let Ok(uuid) = uuid::Uuid::try_parse(text) {
            return Ok(PointId::Uuid(uuid.as_u128()));
        }
        Ok(PointId::Str(Arc::from(text)))
    }

    /// A well-mixed 64-bit hash that never changes between versions: it places points on shards.
    pub fn stable_hash(&self) -> u64 {
        match self {
            PointId::Num(number) => mix(*number ^ 0x9e37_79b9_7f4a_7c15),
            PointId::Uuid(bits) => mix(mix(*bits as u64) ^ (*bits >> 64) as u64),
            PointId::Str(text) => {
                let seed = mix(text.len() as u64 ^ 0x51_7c_c1_b7_27_22_0a_95);
                text.as_bytes().chunks(8).fold(seed, |hash, chunk| {
                    let mut word = [0u8; 8];
                    word[..chunk.len()].copy_from_slice(chunk);
                    mix(hash ^ u64::from_le_bytes(word))
                })
            }
        }
    }
}

/// The finaliser of SplitMix64 (Steele, Lea, Flood 2014).
fn mix(mut word: u64) -> u64 {
    word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

fn is_canonical_decimal(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'))
}

impl FromStr for PointId {
    type Err = PointIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        PointId::parse(text)
    }
}

impl From<u64> for PointId {
    fn from(number: u64) -> Self {
        PointId::Num(number)
    }
}

impl fmt::Display for PointId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PointId::Num(number) => write!(f, "{number}"),
            PointId::Uuid(bits) => write!(f, "{}", uuid::Uuid::from_u128(*bits).as_hyphenated()),
            PointId::Str(text) => f.write_str(text),
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: one point has one id, whatever its spelling. Method: table of spellings, order, limits.
    use super::*;

    #[test]
    fn spellings_are_canonicalised() {
        assert_eq!(PointId::parse("1"), Ok(PointId::Num(1)));
        assert_eq!(PointId::parse("18446744073709551615"), Ok(PointId::Num(u64::MAX)));
        for text in ["01", "18446744073709551616", "-1", "1.0", " 1", "+1"] {
            assert!(matches!(PointId::parse(text), Ok(PointId::Str(_))), "{text}");
        }
        let uuid = PointId::parse("936DA01F-9abd-4d9d-80c7-02af85c822a8").unwrap();
        for text in [
            "936da01f9abd4d9d80c702af85c822a8",
            "{936da01f-9abd-4d9d-80c7-02af85c822a8}",
            "urn:uuid:936da01f-9abd-4d9d-80c7-02af85c822a8",
        ] {
            assert_eq!(PointId::parse(text).unwrap(), uuid);
        }
        assert_eq!(uuid.to_string(), "936da01f-9abd-4d9d-80c7-02af85c822a8");
    }

    #[test]
    fn order_and_limits() {
        let mut ids: Vec<PointId> = ["b", "7", "936da01f9abd4d9d80c702af85c822a8", "a"]
            .iter()
            .map(|t| PointId::parse(t).unwrap())
            .collect();
        ids.sort();
        let text: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(text, ["7", "936da01f-9abd-4d9d-80c7-02af85c822a8", "a", "b"]);
        assert_eq!(PointId::parse(""), Err(PointIdError::Empty));
        assert!(PointId::parse(&"x".repeat(512)).is_ok());
        assert!(matches!(
            PointId::parse(&"x".repeat(513)),
            Err(PointIdError::TooLong { bytes: 513, .. })
        ));
    }
}
