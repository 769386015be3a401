//! Rust's configuration predicates: what must hold for a test to be compiled.

/// How deep a predicate may nest. A deeper one implies nothing that this module could say.
const MAX_DEPTH: usize = 64;

/// Whether a predicate such as `all(unix, feature = "integration")` cannot hold without the feature.
///
/// What does not parse implies nothing.
pub(crate) fn implies_feature(predicate: &str, feature: &str) -> bool {
    let mut reader = Reader { rest: predicate, feature };
    let implied = reader.predicate(0);
    implied == Some(true) && reader.rest.trim().is_empty()
}

struct Reader<'t> {
    rest: &'t str,
    feature: &'t str,
}

impl Reader<'_> {
    /// One predicate: whether it implies the feature, or `None` where it does not parse.
    fn predicate(&mut self, depth: usize) -> Option<bool> {
        let name = self.word()?;
        if self.eat('=') {
            let value = self.string()?;
            return Some(name == "feature" && value == self.feature);
        }
        if !self.eat('(') {
            return Some(false);
        }
        if depth == MAX_DEPTH {
            return None;
        }
        let mut operands = Vec::new();
        while !self.eat(')') {
            operands.push(self.predicate(depth + 1)?);
            if !self.eat(',') && !self.rest.trim_start().starts_with(')') {
                return None;
            }
        }
        match name.as_str() {
            "all" => Some(operands.contains(&true)),
            "any" => Some(!operands.is_empty() && operands.iter().all(|implied| *implied)),
            // What a negation implies would need the features that its operand excludes.
            _ => Some(false),
        }
    }

    fn eat(&mut self, expected: char) -> bool {
        self.rest = self.rest.trim_start();
        match self.rest.strip_prefix(expected) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn word(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    /// Features have no characters that a literal would have to escape.
    fn string(&mut self) -> Option<String> {
        self.eat('"').then_some(())?;
        let (value, rest) = self.rest.split_once('"')?;
        self.rest = rest;
        Some(value.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_predicate_implies_what_it_cannot_hold_without() {
        for implies in [
            r#"feature = "integration""#,
            r#"feature="integration""#,
            r#"all(unix, feature = "integration")"#,
            r#"any(feature = "integration", all(feature = "integration", unix))"#,
            r#"all(any(feature = "integration"), not(windows),)"#,
        ] {
            assert!(implies_feature(implies, "integration"), "{implies}");
        }
    }

    #[test]
    fn everything_else_implies_nothing() {
        for free in [
            "",
            "unix",
            r#"feature = "integration_more""#,
            r#"any(unix, feature = "integration")"#,
            r#"not(feature = "integration")"#,
            "any()",
            "all()",
            r#"all(feature = "integration""#,
            r#"all(feature = "integration") extra"#,
            r#"feature = "integration"#,
            r#"target_os = "integration""#,
        ] {
            assert!(!implies_feature(free, "integration"), "{free}");
        }
    }

    #[test]
    fn deep_nesting_is_refused() {
        let deep = format!(r#"{}feature = "integration"{}"#, "all(".repeat(100_000), ")".repeat(100_000));
        assert!(!implies_feature(&deep, "integration"));
    }
}
