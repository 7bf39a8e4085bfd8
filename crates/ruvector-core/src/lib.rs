//! The embedded vector database: collections, write path, queries, optimizer.
