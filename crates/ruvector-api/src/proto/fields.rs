//! The fields of a message, one behind another, as bytes. Never knows what a field is called.

/// How often a message has a field.
pub(super) fn occurrences(mut bytes: &[u8], wanted: u64) -> usize {
    let mut found = 0;
    while let Some(key) = take_varint(&mut bytes) {
        if pass(&mut bytes, key).is_none() {
            break;
        }
        found += usize::from(key == wanted);
    }
    found
}

/// The last value of a field of whole numbers at a message's top; none where the bytes end early or do not have it.
pub fn varint(mut bytes: &[u8], wanted: u32) -> Option<u64> {
    let mut found = None;
    while !bytes.is_empty() {
        let key = take_varint(&mut bytes)?;
        let mut value = bytes;
        pass(&mut bytes, key)?;
        if key == u64::from(wanted) << 3 {
            found = take_varint(&mut value);
        }
    }
    found
}

/// Passes over the value of a field.
fn pass(bytes: &mut &[u8], key: u64) -> Option<()> {
    match key & 7 {
        0 => _ = take_varint(bytes)?,
        1 => _ = take(bytes, 8)?,
        2 => {
            let length = usize::try_from(take_varint(bytes)?).ok()?;
            take(bytes, length)?;
        }
        5 => _ = take(bytes, 4)?,
        _ => return None,
    }
    Some(())
}

/// The next `count` bytes.
pub(super) fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (head, tail) = bytes.split_at_checked(count)?;
    *bytes = tail;
    Some(head)
}

/// The next number.
pub(super) fn take_varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for at in 0..10 {
        let byte = *bytes.get(at)?;
        value |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            *bytes = &bytes[at + 1..];
            return Some(value);
        }
    }
    None
}
