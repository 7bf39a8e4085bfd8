//! A connection for searches that are timed: its own thread drives it, which nothing else wakes. Never reads what was
//! found.

use prost::bytes::Bytes;
use tokio::runtime::{Builder, Runtime};

use super::super::interface::Wire;
use super::super::measure::ANSWER;
use super::channel::{Address, Channel};
use crate::error::CliError;

/// An open connection and what drives it.
pub(super) struct Stream {
    runtime: Runtime,
    channel: Channel,
    path: &'static str,
}

impl Stream {
    /// Opens one for calls of one path.
    pub(super) fn open(address: &Address, path: &'static str) -> Result<Stream, CliError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(CliError::Runtime)?;
        let channel = runtime.block_on(Channel::open(address))?;
        Ok(Stream {
            runtime,
            channel,
            path,
        })
    }
}

impl Wire for Stream {
    fn exchange(&mut self, request: &Bytes) -> Result<(), CliError> {
        let answer = self.channel.call(self.path, request.clone(), ANSWER);
        self.runtime.block_on(answer).map(drop)
    }
}
