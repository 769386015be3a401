//! Plans which selected test runs where, as a graph of steps with resources
