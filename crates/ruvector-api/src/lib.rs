//! Wire types, all conversions, and the mapping from errors to status codes.
