//! The Dynamo test kit on the command line.

fn main() {}
