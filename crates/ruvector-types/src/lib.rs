//! Point ids, payload values, filters, queries, configurations and limits. No I/O, no wire formats.
