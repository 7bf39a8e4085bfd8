//! The proximity graph: insert, search, filtered search, carry-over. Knows no storage.
