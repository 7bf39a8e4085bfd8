//! The gRPC code of every refusal and failure, beside the HTTP status in `error.rs`. Never hides a cause.

use ruvector_core::ErrorKind;
use tonic::Code;

use super::WireError;
use crate::ApiError;

/// The code that clients see. One exhaustive match, as for the HTTP status.
pub fn code(error: &ApiError) -> Code {
    match error {
        ApiError::Json { .. }
        | ApiError::Invalid(_)
        | ApiError::WrongType { .. }
        | ApiError::Unknown { .. }
        | ApiError::UnknownLanguage { .. }
        | ApiError::Missing { .. }
        | ApiError::Length { .. }
        | ApiError::BadTime { .. }
        | ApiError::BadParameter { .. }
        | ApiError::BadPathParameter(_)
        | ApiError::BadUrl
        | ApiError::BadGzip
        | ApiError::BodyCut
        | ApiError::MediaType { .. }
        | ApiError::Message(
            WireError::Cut { .. }
            | WireError::UnknownField { .. }
            | WireError::WrongType { .. }
            | WireError::TooDeep { .. }
            | WireError::SeveralMessages
            | WireError::BadFrame
            | WireError::Filter(_)
            | WireError::Decode(_),
        ) => Code::InvalidArgument,
        ApiError::NotSupported { .. }
        | ApiError::ContentEncoding { .. }
        | ApiError::NoRoute { .. }
        | ApiError::NoMethod { .. }
        | ApiError::NoCall { .. } => Code::Unimplemented,
        ApiError::Message(WireError::TooLarge { .. }) => Code::ResourceExhausted,
        ApiError::NoPoint { .. } => Code::NotFound,
        ApiError::Timeout { .. } | ApiError::BodySlow { .. } => Code::DeadlineExceeded,
        ApiError::IndexGone { .. } => Code::Aborted,
        ApiError::BodyTooLarge { .. } | ApiError::MemoryTooLarge { .. } | ApiError::Busy { .. } => {
            Code::ResourceExhausted
        }
        ApiError::Panicked | ApiError::Response(_) => Code::Internal,
        ApiError::NoRoom { .. } | ApiError::Closing => Code::Unavailable,
        ApiError::Engine(error) => code_of(error.kind()),
    }
}

fn code_of(kind: ErrorKind) -> Code {
    match kind {
        ErrorKind::Invalid | ErrorKind::LimitExceeded => Code::InvalidArgument,
        ErrorKind::NotSupported => Code::Unimplemented,
        ErrorKind::Unauthenticated => Code::Unauthenticated,
        ErrorKind::Denied => Code::PermissionDenied,
        ErrorKind::NotFound => Code::NotFound,
        ErrorKind::Timeout => Code::DeadlineExceeded,
        ErrorKind::Cancelled => Code::Cancelled,
        ErrorKind::Conflict => Code::AlreadyExists,
        ErrorKind::Locked => Code::Aborted,
        ErrorKind::RateLimited | ErrorKind::Busy | ErrorKind::DiskFull => Code::ResourceExhausted,
        ErrorKind::Corrupt => Code::DataLoss,
        ErrorKind::Internal => Code::Internal,
        ErrorKind::Unavailable => Code::Unavailable,
    }
}

/// What the caller reads: as over REST, but there is no JSON here.
pub fn message(error: &ApiError) -> String {
    let text = error.text();
    for (place, here) in [("JSON body", "body"), ("query parameters", "metadata")] {
        if let Some((kind @ ("Format" | "Validation"), rest)) =
            text.split_once(&format!(" error in {place}: "))
        {
            return format!("{kind} error in {here}: {rest}");
        }
    }
    text
}
