//! Text: how it is cut into words, and whether the words of a value are those that a condition asks for.

use ruvector_types::{Text, TextOptions};

/// A text condition, its own words cut as the field's are.
#[derive(Clone, Debug)]
pub(crate) struct TextTest {}

impl TextTest {
    /// Cuts the words of a condition on a field with these options.
    pub(crate) fn compile(_text: &Text, _options: &TextOptions) -> TextTest {
        TextTest {}
    }

    /// Whether the words of `value` are those asked for.
    pub(crate) fn passes(&self, _value: &str) -> bool {
        false
    }
}
