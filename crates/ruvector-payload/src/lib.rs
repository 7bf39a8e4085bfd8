//! Payload encoding and the evaluation of filter conditions.
