//! What tests share: generators, exact search, the model database.
