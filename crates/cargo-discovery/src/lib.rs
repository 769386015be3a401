//! Finds the tests that cargo test would list, without cargo and without compiling
