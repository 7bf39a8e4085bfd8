//! Writes a graph in the plain layout. Never looks at vectors.

use super::PlainError;
use super::layout::{HEADER_BYTES, Header, Width};
use crate::access::{Entry, Links, linked_level};
use crate::params::{GraphParams, LEVEL_MAX};

/// Writes the first `len` nodes of a graph in the plain layout; links to others are left out, and lists longer
/// than the degree of `params` are cut to it. Where the entry is at or above `len`, the highest node below it
/// takes its place.
///
/// The graph may grow meanwhile, above `len`. Memory: the bytes returned, about 2 + 6m a node.
///
/// # Errors
/// [`PlainError::Source`] when a list cannot be read.
pub fn encode(links: &impl Links, len: u32, params: GraphParams) -> Result<Vec<u8>, PlainError> {
    let params = params.clamped();
    let width = Width::of(len);
    let lists_bytes = u64::from(len) * width.list_bytes(params.degree(0));
    let mut out = Vec::with_capacity(usize::try_from(HEADER_BYTES + lists_bytes).unwrap_or(0));
    out.resize(HEADER_BYTES as usize, 0);
    let mut buffer = Vec::new();
    let (mut index, mut upper) = (Vec::new(), Vec::new());
    let mut lists = 0;
    let mut highest: Option<Entry> = None;
    for node in 0..len {
        links.links(node, 0, &mut buffer)?;
        width.write_list(&mut out, &mut buffer, (len, params.degree(0)));
        let level = linked_level(links, node, &mut buffer).min(LEVEL_MAX);
        if highest.is_none_or(|entry| level > entry.level) {
            highest = Some(Entry { node, level });
        }
        if level > 0 {
            index.extend_from_slice(&node.to_le_bytes());
            index.extend_from_slice(&u32::to_le_bytes(lists));
            lists += u32::from(level);
        }
        for level in 1..=level {
            links.links(node, level, &mut buffer)?;
            width.write_list(&mut upper, &mut buffer, (len, params.degree(level)));
        }
    }
    let own = links.entry().filter(|entry| entry.node < len);
    let entry = own.or(highest.filter(|_| links.entry().is_some()));
    let header = Header {
        width,
        nodes: len,
        params,
        entry,
        upper_nodes: (index.len() / 8) as u32,
        upper_lists: lists,
    };
    out[..HEADER_BYTES as usize].copy_from_slice(&header.to_bytes());
    out.extend_from_slice(&index);
    out.extend_from_slice(&upper);
    Ok(out)
}
