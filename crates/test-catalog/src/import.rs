//! What modules with tests import.

use crate::SourceSpan;

/// An import that a test file makes of another module by its name, when it is imported itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// What is imported, with dots: `vllm`, or `vllm.engine.LLM` of `from vllm.engine import LLM`. Whether the last part is
    /// a module or a name in one is not told.
    pub name: String,
    /// The statement.
    pub at: SourceSpan,
}

impl Import {
    /// Whether it imports the package or something inside of it: `vllm` holds `vllm` and `vllm.engine`, not `vllm_omni`.
    #[must_use]
    pub fn is_of(&self, package: &str) -> bool {
        self.name.strip_prefix(package).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_holds_itself_and_what_is_inside() {
        let of = |name: &str, package| {
            Import { name: name.to_owned(), at: SourceSpan::line("tests/test_a.py".into(), 1) }.is_of(package)
        };
        assert!(of("vllm", "vllm"));
        assert!(of("vllm.engine.LLM", "vllm"));
        assert!(of("dynamo.vllm.args", "dynamo.vllm"));
        assert!(!of("vllm_omni", "vllm"));
        assert!(!of("dynamo.vllm", "vllm"));
        assert!(!of("dynamo", "dynamo.vllm"));
    }
}
