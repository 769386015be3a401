//! pytest's -m and -k expressions: parse, print, evaluate and reason about them
