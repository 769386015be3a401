//! A written policy for test markers, held against a catalog of tests
