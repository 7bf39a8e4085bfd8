//! What `serve` is set up with: one table gives flags, environment names, the file's keys, the help and
//! `docs/config.md`. Never keeps a setting outside the table.

mod docs;
mod load;
mod qdrant;
mod row;
mod table;

pub(crate) use docs::docs;
pub(crate) use load::{Settings, load};
pub(crate) use row::{SettingError, arguments, flags};
