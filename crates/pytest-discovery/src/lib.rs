//! Finds the tests that pytest would collect, without running Python
