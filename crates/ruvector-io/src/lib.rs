//! Sole owner of files, mappings, clock, randomness and threads: real, in memory, simulated.
