//! The frame of a message: a byte that says whether it is packed, four of its length, itself. Never reads a message.

use axum::body::Bytes;
use axum::http::HeaderMap;
use ruvector_api::ApiError;
use ruvector_api::proto::WireError;

use crate::body::Held;

/// Bytes before a message.
pub(super) const HEAD_BYTES: usize = 5;

/// Takes the frame off the one message that a body holds.
pub(super) fn open(headers: &HeaderMap, mut held: Held) -> Result<Held, ApiError> {
    let cut = || {
        let message = "its frame".to_owned();
        ApiError::Message(WireError::Cut { message })
    };
    let &[packed, a, b, c, d, ..] = held.bytes.as_ref() else {
        return Err(cut());
    };
    let length = u32::from_be_bytes([a, b, c, d]) as usize;
    if held.bytes.len() - HEAD_BYTES != length {
        return Err(match held.bytes.len() - HEAD_BYTES < length {
            true => cut(),
            false => ApiError::Message(WireError::SeveralMessages),
        });
    }
    held.is_gzip = match packed {
        0 => false,
        1 => is_gzip(headers)?,
        _ => return Err(ApiError::Message(WireError::BadFrame)),
    };
    held.bytes = held.bytes.slice(HEAD_BYTES..);
    Ok(held)
}

fn is_gzip(headers: &HeaderMap) -> Result<bool, ApiError> {
    let given = headers
        .get("grpc-encoding")
        .map_or(&b""[..], |value| value.as_bytes());
    match given {
        b"gzip" => Ok(true),
        _ => Err(ApiError::ContentEncoding {
            given: String::from_utf8_lossy(given).into_owned(),
        }),
    }
}

/// A message in its frame.
pub(super) fn close(packed: bool, write: impl FnOnce(&mut Vec<u8>), length: usize) -> Bytes {
    let mut bytes = Vec::with_capacity(HEAD_BYTES + length);
    bytes.extend_from_slice(&[packed.into(), 0, 0, 0, 0]);
    write(&mut bytes);
    let length = u32::try_from(bytes.len() - HEAD_BYTES).unwrap_or(u32::MAX);
    if let Some(place) = bytes.get_mut(1..HEAD_BYTES) {
        place.copy_from_slice(&length.to_be_bytes());
    }
    Bytes::from(bytes)
}
