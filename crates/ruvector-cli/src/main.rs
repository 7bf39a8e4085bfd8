//! The `ruvector` command: parses arguments and hands over to one module a command.
fn main() {}
