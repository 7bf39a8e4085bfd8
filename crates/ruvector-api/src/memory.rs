//! What a body of JSON takes in memory once it is read, about, from its punctuation alone. Never reads a value and never
//! allocates.

/// Bytes of an object: a node of a map has room for eleven entries.
const OBJECT_BYTES: usize = 704;
/// Bytes of an entry of an object, its name included, where nodes are half full.
const ENTRY_BYTES: usize = 112;
/// Bytes of an item of a list.
const ITEM_BYTES: usize = 32;
/// An item that is written with so many bytes, or more, takes no more in memory than a few times those.
const ITEM_LONG: usize = 9;

/// Bytes that a body of JSON takes in memory beside its own, about. A few characters can take hundreds: what is counted is
/// what stays below a few times the body's own length otherwise. Cost: one pass.
pub fn json_memory(body: &[u8]) -> usize {
    let (mut bytes, mut last, mut at) = (0_usize, 0, 0);
    while let Some(byte) = body.get(at) {
        match byte {
            b'"' => at = end_of_text(body, at + 1),
            b'{' => bytes = bytes.saturating_add(OBJECT_BYTES),
            b':' => bytes = bytes.saturating_add(ENTRY_BYTES),
            b',' | b'[' => {
                if at - last < ITEM_LONG {
                    bytes = bytes.saturating_add(ITEM_BYTES);
                }
                last = at;
            }
            _ => {}
        }
        at += 1;
    }
    bytes
}

/// Where a text ends whose first character is at `at`.
fn end_of_text(body: &[u8], mut at: usize) -> usize {
    loop {
        match body.get(at) {
            None | Some(b'"') => return at,
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    //! Goal: whatever is short and takes much is counted, and vectors and texts as they are usually written are not.
    //! Method: a table of bodies, each with the least and the most that may be counted for it.
    use super::*;

    #[test]
    fn what_takes_much_is_counted() {
        let many = |item: &str| format!("[{}]", vec![item; 1_000].join(","));
        let table = [
            (many(r#"{"a":0}"#), 700_000, 900_000),
            (many("0"), 32_000, 33_000),
            (many("[]"), 32_000, 65_000),
            (many(r#""""#), 32_000, 33_000),
            (many("0.123456789"), 0, 100),
            (many(r#""a text: {it, is, not, [counted]}""#), 0, 100),
            (many(r#""\"{{{{{{\\""#), 0, 100),
            (r#"{"a"#.to_owned(), 704, 704),
            (r#""\"#.to_owned(), 0, 0),
            (String::new(), 0, 0),
        ];
        for (body, least, most) in table {
            let counted = json_memory(body.as_bytes());
            assert!(
                (least..=most).contains(&counted),
                "{counted}: {}",
                &body[..body.len().min(40)]
            );
        }
    }
}
