//! One connection that is kept open: the bytes of a request out, the bytes of its answer in. Never builds a request,
//! never reads JSON, never retries: what is timed is the server.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;

use prost::bytes::Bytes;
use ureq::http::Uri;

use super::super::interface::Wire;
use super::super::measure::ANSWER;
use crate::client::refused;
use crate::error::CliError;

const ANSWER_BYTES_MAX: usize = 256 << 20;
/// Room for most answers in one read.
const BUFFER_BYTES: usize = 64 << 10;

/// What every request to one place begins with.
#[derive(Clone)]
pub(super) struct Address {
    url: String,
    authority: String,
    prefix: String,
    api_key: Option<String>,
}

impl Address {
    pub(super) fn new(url: &str, api_key: Option<&str>) -> Result<Address, CliError> {
        let rule = "takes http://HOST:PORT";
        let uri: Uri = url.parse().map_err(|_| CliError::Flag { flag: "url", rule })?;
        let authority = uri.authority().ok_or(CliError::Flag { flag: "url", rule })?;
        let is_header = |text: &str| text.bytes().all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if api_key.is_some_and(|key| !is_header(key)) {
            let rule = "takes printable ASCII";
            return Err(CliError::Flag {
                flag: "api-key",
                rule,
            });
        }
        Ok(Address {
            url: url.to_owned(),
            authority: authority.to_string(),
            prefix: uri.path().trim_end_matches('/').to_owned(),
            api_key: api_key.map(str::to_owned),
        })
    }

    /// The bytes of a `POST` of JSON.
    pub(super) fn post(&self, path: &str, body: &[u8]) -> Bytes {
        let key = self.api_key.as_ref();
        let key = key.map_or(String::new(), |key| format!("api-key: {key}\r\n"));
        let head = format!(
            "POST {}{path} HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\n{key}content-length: {}\r\n\r\n",
            self.prefix,
            self.authority,
            body.len()
        );
        [head.as_bytes(), body].concat().into()
    }

    fn gone(&self) -> CliError {
        CliError::NoServer {
            url: self.url.clone(),
        }
    }
}

/// An open connection.
pub(super) struct Socket {
    address: Address,
    stream: TcpStream,
    bytes: Vec<u8>,
    filled: usize,
}

/// What the head of an answer says of its body.
enum Body {
    Sized(usize),
    Chunked,
}

impl Socket {
    /// Opens one.
    pub(super) fn open(address: &Address) -> Result<Socket, CliError> {
        let port = if address.authority.ends_with(']') || !address.authority.contains(':') {
            ":80"
        } else {
            ""
        };
        let stream = TcpStream::connect(format!("{}{port}", address.authority));
        let stream = stream.map_err(|_| address.gone())?;
        let set = stream.set_nodelay(true);
        set.and_then(|()| stream.set_read_timeout(Some(ANSWER)))
            .map_err(|_| address.gone())?;
        Ok(Socket {
            address: address.clone(),
            stream,
            bytes: vec![0; BUFFER_BYTES],
            filled: 0,
        })
    }

    /// Reads on to the end of a chunked body that begins at `at`; where that is.
    fn skip_chunks(&mut self, mut at: usize) -> Result<usize, CliError> {
        loop {
            let line = loop {
                let found = self.bytes[at..self.filled]
                    .windows(2)
                    .position(|two| two == b"\r\n");
                match found {
                    Some(length) => break length,
                    None => self.fill()?,
                }
            };
            let size = std::str::from_utf8(&self.bytes[at..at + line]).ok();
            let size = size.and_then(|text| text.split(';').next());
            let size = size.and_then(|text| usize::from_str_radix(text.trim(), 16).ok());
            let size = size.filter(|size| *size <= ANSWER_BYTES_MAX);
            let size = size.ok_or(CliError::Answer("a chunk without a size"))?;
            at += line + 2 + size + 2;
            while self.filled < at {
                self.fill()?;
            }
            if size == 0 {
                return Ok(at);
            }
        }
    }

    /// Reads what has come, at least a byte.
    fn fill(&mut self) -> Result<(), CliError> {
        if self.filled == self.bytes.len() {
            if self.filled >= ANSWER_BYTES_MAX {
                return Err(CliError::Answer("it is too long"));
            }
            self.bytes.resize(2 * self.filled, 0);
        }
        loop {
            match self.stream.read(&mut self.bytes[self.filled..]) {
                Ok(0) => return Err(self.address.gone()),
                Ok(count) => {
                    self.filled += count;
                    return Ok(());
                }
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {
                    return Err(CliError::Answer("it did not come in time"));
                }
                Err(_) => return Err(self.address.gone()),
            }
        }
    }
}

impl Wire for Socket {
    fn exchange(&mut self, request: &Bytes) -> Result<(), CliError> {
        self.stream.write_all(request).map_err(|_| self.address.gone())?;
        self.filled = 0;
        let mut searched = 0;
        let head = loop {
            self.fill()?;
            let new = &self.bytes[searched..self.filled];
            if let Some(at) = new.windows(4).position(|four| four == b"\r\n\r\n") {
                break searched + at + 4;
            }
            searched = self.filled.saturating_sub(3);
        };
        let (status, body) = read_head(&self.bytes[..head])?;
        let end = match body {
            Body::Sized(length) => {
                let end = head.saturating_add(length);
                while self.filled < end {
                    self.fill()?;
                }
                end
            }
            Body::Chunked => self.skip_chunks(head)?,
        };
        if self.filled != end {
            return Err(CliError::Answer("it is longer than its head says"));
        }
        match status {
            200 => Ok(()),
            status => Err(refused(status, &self.bytes[head..end])),
        }
    }
}

/// The status of an answer, and how its body ends.
fn read_head(head: &[u8]) -> Result<(u16, Body), CliError> {
    let text = std::str::from_utf8(head).map_err(|_| CliError::Answer("its head is no text"))?;
    let mut lines = text.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    let status = status.and_then(|status| status.parse().ok());
    let status = status.ok_or(CliError::Answer("it has no status"))?;
    for line in lines {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        if name.eq_ignore_ascii_case("content-length") {
            let length = value.trim().parse().ok();
            let length = length.filter(|length| *length <= ANSWER_BYTES_MAX);
            let length = length.ok_or(CliError::Answer("its length is no number, or too great"))?;
            return Ok((status, Body::Sized(length)));
        }
        if name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked") {
            return Ok((status, Body::Chunked));
        }
    }
    Err(CliError::Answer("it has neither a length nor chunks"))
}
