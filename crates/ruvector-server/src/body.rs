//! The body of a request, within its limits and at a pace. Never holds more bytes than were counted, and never waits
//! for a caller that stopped sending.

use std::future::poll_fn;
use std::io::Read;
use std::pin::Pin;
use std::time::Duration;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::HeaderMap;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE};
use flate2::read::MultiGzDecoder;
use ruvector_api::ApiError;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::timeout;

use crate::app::App;

/// Longest pause between two pieces of a body.
const PAUSE_MAX: Duration = Duration::from_secs(15);
/// Room made at once for a body that comes in pieces.
const ROOM_BYTES: usize = 1 << 20;
/// Bytes inflated between two looks at the limits.
const INFLATE_BYTES: usize = 64 << 10;

/// A body that was read, and its share of the bytes that all bodies may hold.
#[derive(Debug, Default)]
pub(crate) struct Held {
    pub(crate) bytes: Bytes,
    pub(crate) is_gzip: bool,
    permit: Option<OwnedSemaphorePermit>,
    counted_kib: usize,
}

impl Held {
    /// Counts `bytes` in all against what all bodies may hold.
    fn count(&mut self, app: &App, bytes: usize) -> Result<(), ApiError> {
        let more = bytes.div_ceil(1024).saturating_sub(self.counted_kib);
        if more == 0 {
            return Ok(());
        }
        let permits = u32::try_from(more).unwrap_or(u32::MAX);
        let permit = app.bodies_kib.clone().try_acquire_many_owned(permits);
        let permit = permit.map_err(|_| ApiError::Busy {
            limit: app.config.bodies_bytes_max,
            limit_name: "bodies_bytes_max",
        })?;
        match &mut self.permit {
            Some(held) => held.merge(permit),
            none => *none = Some(permit),
        }
        self.counted_kib += more;
        Ok(())
    }

    /// Undoes a `gzip` encoding; what comes out has the limits of a body too. Bound to the processor.
    pub(crate) fn inflate(&mut self, app: &App) -> Result<(), ApiError> {
        if !std::mem::take(&mut self.is_gzip) {
            return Ok(());
        }
        let limit = app.config.body_bytes_max;
        let packed = std::mem::take(&mut self.bytes);
        let mut reader = MultiGzDecoder::new(&packed[..]);
        let mut bytes = Vec::new();
        loop {
            let held = bytes.len();
            self.count(app, packed.len() + held + INFLATE_BYTES)?;
            let mut piece = (&mut reader).take(INFLATE_BYTES as u64);
            let read = piece.read_to_end(&mut bytes).map_err(|_| ApiError::BadGzip)?;
            if bytes.len() > limit {
                return Err(ApiError::BodyTooLarge { limit });
            }
            if read == 0 {
                self.bytes = Bytes::from(bytes);
                return Ok(());
            }
        }
    }
}

/// Reads a body of JSON.
pub(crate) async fn read(app: &App, headers: &HeaderMap, body: Body) -> Result<Held, ApiError> {
    let length = length(headers);
    if length == Some(0) || (length.is_none() && body.is_end_stream()) {
        return Ok(Held::default());
    }
    check_media_type(headers)?;
    let is_gzip = is_gzip(headers)?;
    let held = read_any(app, headers, body).await?;
    Ok(Held { is_gzip, ..held })
}

/// The bytes that a request says its body has.
fn length(headers: &HeaderMap) -> Option<usize> {
    let length = headers.get(CONTENT_LENGTH).and_then(|value| value.to_str().ok());
    length.and_then(|text| text.parse::<usize>().ok())
}

/// Reads a body, whatever it holds. One that says it is too large is refused before a byte of it is read.
pub(crate) async fn read_any(app: &App, headers: &HeaderMap, mut body: Body) -> Result<Held, ApiError> {
    let limit = app.config.body_bytes_max;
    let length = length(headers);
    let mut held = Held::default();
    if length.is_some_and(|length| length > limit) {
        return Err(ApiError::BodyTooLarge { limit });
    }
    let mut pieces = Vec::new();
    loop {
        let piece = match timeout(PAUSE_MAX, next_piece(&mut body)).await {
            Ok(piece) => piece?,
            Err(_) => {
                let pause_s = PAUSE_MAX.as_secs();
                return Err(ApiError::BodySlow { pause_s });
            }
        };
        let Some(piece) = piece else {
            break;
        };
        let total = held.bytes.len() + pieces.len() + piece.len();
        if total > limit {
            return Err(ApiError::BodyTooLarge { limit });
        }
        held.count(app, total)?;
        if held.bytes.is_empty() && pieces.is_empty() {
            // Most bodies come in one piece, which is taken as it is.
            held.bytes = piece;
            continue;
        }
        if pieces.is_empty() {
            pieces.reserve_exact(length.unwrap_or(0).clamp(total, total.max(ROOM_BYTES)));
            pieces.extend_from_slice(&std::mem::take(&mut held.bytes));
        }
        pieces.extend_from_slice(&piece);
    }
    if !pieces.is_empty() {
        held.bytes = Bytes::from(pieces);
    }
    Ok(held)
}

/// The next bytes of a body; none at its end.
async fn next_piece(body: &mut Body) -> Result<Option<Bytes>, ApiError> {
    loop {
        match poll_fn(|cx| Pin::new(&mut *body).poll_frame(cx)).await {
            None => return Ok(None),
            Some(Err(_)) => return Err(ApiError::BodyCut),
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Ok(Some(data));
                }
            }
        }
    }
}

/// Refuses a body that says it is something else than JSON.
fn check_media_type(headers: &HeaderMap) -> Result<(), ApiError> {
    let Some(value) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let given = String::from_utf8_lossy(value.as_bytes());
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let given = given.into_owned();
    Err(ApiError::MediaType { given })
}

/// Whether a body is packed; refuses an encoding that is not read here.
fn is_gzip(headers: &HeaderMap) -> Result<bool, ApiError> {
    let mut is_gzip = false;
    for value in headers.get_all(CONTENT_ENCODING) {
        let given = String::from_utf8_lossy(value.as_bytes());
        match given.trim().to_ascii_lowercase().as_str() {
            "" | "identity" => {}
            "gzip" | "x-gzip" if !is_gzip => is_gzip = true,
            _ => {
                let given = given.into_owned();
                return Err(ApiError::ContentEncoding { given });
            }
        }
    }
    Ok(is_gzip)
}
