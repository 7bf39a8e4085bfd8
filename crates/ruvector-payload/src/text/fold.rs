//! Letters to their plain Latin form: é to e, ß to ss, ﬁ to fi. Letters of other scripts stay as they are, with their
//! marks: without these they would be other words.

use unicode_normalization::char::decompose_compatible;

/// Whether it is an accent that follows its letter.
pub(super) fn is_accent(letter: char) -> bool {
    ('\u{300}'..='\u{36f}').contains(&letter)
}

/// Appends `word` with its letters made plain.
pub(super) fn fold(word: &str, into: &mut String) {
    for letter in word.chars() {
        if letter.is_ascii() {
            into.push(letter);
        } else if let Some(plain) = special(letter) {
            into.push_str(plain);
        } else if !is_accent(letter) {
            fold_letter(letter, into);
        }
    }
}

/// A letter whose parts, accents left out, are all ASCII becomes these; every other stays.
fn fold_letter(letter: char, into: &mut String) {
    let start = into.len();
    let mut is_plain = true;
    decompose_compatible(letter, |part| {
        is_plain &= part.is_ascii() || is_accent(part);
        if part.is_ascii() {
            into.push(part);
        }
    });
    if !is_plain || into.len() == start {
        into.truncate(start);
        into.push(letter);
    }
}

/// Latin letters that Unicode does not take apart.
fn special(letter: char) -> Option<&'static str> {
    Some(match letter {
        'ß' => "ss",
        'ẞ' => "SS",
        'æ' => "ae",
        'Æ' => "AE",
        'œ' => "oe",
        'Œ' => "OE",
        'ø' => "o",
        'Ø' => "O",
        'đ' | 'ð' => "d",
        'Đ' | 'Ð' => "D",
        'ł' => "l",
        'Ł' => "L",
        'þ' => "th",
        'Þ' => "TH",
        'ħ' => "h",
        'Ħ' => "H",
        'ŋ' => "n",
        'Ŋ' => "N",
        'ŧ' => "t",
        'Ŧ' => "T",
        'ı' => "i",
        _ => return None,
    })
}
