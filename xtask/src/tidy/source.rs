//! Takes a Rust file apart into lines of code and comment, and marks what is compiled for tests only.
//! A scanner, not a parser: it knows strings, characters, comments and braces, and never fails.

/// One line of a Rust file.
#[derive(Debug, Default, Clone)]
pub(super) struct Line {
    /// The code, with the contents of strings and characters left out.
    pub(super) code: String,
    /// The comments, with their slashes.
    pub(super) comment: String,
    /// Inside an item under `#[cfg(test)]` or `#[test]`.
    pub(super) is_test: bool,
}

#[derive(Clone, Copy)]
enum State {
    Code,
    LineComment,
    BlockComment { depth: u32 },
    Text,
    RawText { hashes: usize },
}

/// Takes `text` apart. Cost: linear in its length.
pub(super) fn lines(text: &str) -> Vec<Line> {
    let chars: Vec<char> = text.chars().collect();
    let mut scanner = Scanner {
        chars: &chars,
        at: 0,
        state: State::Code,
        lines: vec![Line::default()],
    };
    while scanner.at < chars.len() {
        scanner.step();
    }
    let mut lines = scanner.lines;
    if text.ends_with('\n') {
        lines.pop();
    }
    mark_tests(&mut lines);
    lines
}

struct Scanner<'a> {
    chars: &'a [char],
    at: usize,
    state: State,
    lines: Vec<Line>,
}

impl Scanner<'_> {
    fn step(&mut self) {
        let Some(&char) = self.chars.get(self.at) else {
            return;
        };
        if char == '\n' {
            self.lines.push(Line::default());
            self.at += 1;
            if matches!(self.state, State::LineComment) {
                self.state = State::Code;
            }
            return;
        }
        match self.state {
            State::Code => self.step_code(char),
            State::LineComment => self.take_comment(1),
            State::BlockComment { depth } => self.step_block(depth),
            State::Text => self.step_text(char),
            State::RawText { hashes } => self.step_raw(char, hashes),
        }
    }

    fn peek(&self, ahead: usize) -> Option<char> {
        self.chars.get(self.at + ahead).copied()
    }

    fn step_code(&mut self, char: char) {
        match (char, self.peek(1)) {
            ('/', Some('/')) => self.state = State::LineComment,
            ('/', Some('*')) => {
                self.state = State::BlockComment { depth: 1 };
                self.take_comment(2);
            }
            ('"', _) => {
                self.state = State::Text;
                self.take_code(1);
            }
            ('\'', _) => self.step_quote(),
            ('r', _) if !self.follows_name() => self.step_raw_start(),
            _ => self.take_code(1),
        }
    }

    /// A character literal is left out; a lifetime is code.
    fn step_quote(&mut self) {
        let length = match (self.peek(1), self.peek(2)) {
            (Some('\\'), Some(_)) => (3..14).find(|ahead| self.peek(*ahead) == Some('\'')),
            (Some(_), Some('\'')) => Some(2),
            _ => None,
        };
        match length {
            None => self.take_code(1),
            Some(length) => self.at += length + 1,
        }
    }

    /// `r"…"`, `r#"…"#`; anything else that begins with `r` is code.
    fn step_raw_start(&mut self) {
        let mut hashes = 0;
        while self.peek(1 + hashes) == Some('#') {
            hashes += 1;
        }
        if self.peek(1 + hashes) == Some('"') {
            self.take_code(1);
            self.at += hashes + 1;
            self.state = State::RawText { hashes };
        } else {
            self.take_code(1);
        }
    }

    /// Whether the character before is part of a name (`b` and `c` alone are string prefixes).
    fn follows_name(&self) -> bool {
        let before = |steps: usize| {
            self.at
                .checked_sub(steps)
                .and_then(|at| self.chars.get(at))
                .copied()
        };
        let is_name = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
        if matches!(before(1), Some('b' | 'c')) {
            is_name(before(2))
        } else {
            is_name(before(1))
        }
    }

    fn step_block(&mut self, depth: u32) {
        let pair = (self.peek(0), self.peek(1));
        let depth = match pair {
            (Some('/'), Some('*')) => depth + 1,
            (Some('*'), Some('/')) => depth - 1,
            _ => return self.take_comment(1),
        };
        self.take_comment(2);
        self.state = if depth == 0 {
            State::Code
        } else {
            State::BlockComment { depth }
        };
    }

    fn step_text(&mut self, char: char) {
        match char {
            // The character after a backslash is skipped, except the line's end, which is counted.
            '\\' => self.at += if self.peek(1) == Some('\n') { 1 } else { 2 },
            '"' => {
                self.state = State::Code;
                self.take_code(1);
            }
            _ => self.at += 1,
        }
    }

    fn step_raw(&mut self, char: char, hashes: usize) {
        let closes = char == '"' && (1..=hashes).all(|ahead| self.peek(ahead) == Some('#'));
        if closes {
            self.state = State::Code;
        }
        self.at += if closes { 1 + hashes } else { 1 };
    }

    fn take_code(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        let taken: String = self.chars.get(self.at..end).unwrap_or_default().iter().collect();
        if let Some(line) = self.lines.last_mut() {
            line.code.push_str(&taken);
        }
        self.at = end;
    }

    fn take_comment(&mut self, count: usize) {
        let end = (self.at + count).min(self.chars.len());
        let taken: String = self.chars.get(self.at..end).unwrap_or_default().iter().collect();
        if let Some(line) = self.lines.last_mut() {
            line.comment.push_str(&taken);
        }
        self.at = end;
    }
}

/// Marks the item after each test attribute: to its closing brace, or to its semicolon if it has none.
fn mark_tests(lines: &mut [Line]) {
    let (mut is_open, mut depth) = (false, 0_i32);
    for line in lines {
        let code = line.code.trim();
        let start = ["#[cfg(test)]", "#[cfg(all(test", "#[test]"]
            .iter()
            .find_map(|mark| code.find(mark));
        let rest = match (is_open, start) {
            (true, _) => code,
            (false, None) => continue,
            (false, Some(start)) => {
                (is_open, depth) = (true, 0);
                code.get(start..).unwrap_or_default()
            }
        };
        line.is_test = true;
        for char in rest.chars() {
            depth += match char {
                '{' | '(' | '[' => 1,
                '}' | ')' | ']' => -1,
                _ => 0,
            };
            if depth == 0 && matches!(char, '}' | ';') {
                is_open = false;
                break;
            }
        }
    }
}

/// Whether `needle` stands in `text` at `at` as a whole word.
fn is_whole(text: &str, at: usize, needle: &str) -> bool {
    let is_name = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let starts = !needle.starts_with(|char: char| char.is_alphanumeric())
        || !is_name(text.get(..at).and_then(|before| before.chars().last()));
    let after = text
        .get(at + needle.len()..)
        .and_then(|after| after.chars().next());
    let ends = !needle.ends_with(|char: char| char.is_alphanumeric()) || !is_name(after);
    starts && ends
}

/// Whether `text` holds `needle` as a whole word (or words).
pub(super) fn has_word(text: &str, needle: &str) -> bool {
    text.match_indices(needle)
        .any(|(at, _)| is_whole(text, at, needle))
}

/// The name after `mod`, if a line of code declares a module.
pub(super) fn declared_module(code: &str) -> Option<&str> {
    let mut words = code
        .split(|char: char| !(char.is_alphanumeric() || char == '_'))
        .filter(|word| !word.is_empty());
    let is_visibility = |word: &&str| matches!(*word, "pub" | "crate" | "super" | "in" | "self");
    let first = words.find(|word| !is_visibility(word))?;
    if first == "mod" { words.next() } else { None }
}
