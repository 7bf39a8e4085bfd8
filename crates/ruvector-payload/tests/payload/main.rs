//! Tests of the crate at its boundary, on generated payloads. Never looks inside the crate.

#[cfg(test)]
mod definition;
#[cfg(test)]
mod edits;
#[cfg(test)]
mod encoding;
#[cfg(test)]
mod evaluation;
#[cfg(test)]
mod generate;
#[cfg(test)]
mod projection;
