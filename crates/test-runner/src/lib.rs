//! Runs a plan of tests with real pytest and real cargo, and tells each result as it happens
