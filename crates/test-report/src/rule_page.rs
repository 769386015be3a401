//! A rule explained: what `--explain` prints, and the pages of `docs/rules`.

use std::fmt::Write;

use marker_policy::{Policy, Rule, RuleLevel, rules};

/// How wide a line of text is.
const WIDTH: usize = 100;

/// What `--explain` prints of a rule under a policy.
#[must_use]
pub fn explain(rule: &Rule, policy: &Policy) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "{}: {}\n", rule.code, rule.summary);
    for line in wrapped(rule.explanation) {
        let _ = writeln!(text, "{line}");
    }
    let level = level(policy.level(rule));
    let usual = rule.severity.as_str();
    let _ = write!(text, "\nseverity  {level}");
    let _ = if level == usual { writeln!(text) } else { writeln!(text, " in this policy, {usual} by default") };
    let _ = writeln!(text, "change it [rules] {} = \"off\" | \"warning\" | \"error\", in the policy", rule.code);
    if rule.can_be_allowed() {
        let _ =
            writeln!(text, "allow it  # test-kit: allow({}) REASON, at the line of the finding or above it", rule.code);
    }
    text
}

/// The page of a rule, as Markdown.
#[must_use]
pub fn page(rule: &Rule) -> String {
    let code = rule.code;
    let mut text = format!("# {code}\n\n{}.\n\n", sentence(rule.summary));
    for line in wrapped(rule.explanation) {
        let _ = writeln!(text, "{line}");
    }
    let _ = write!(text, "\n| policy | severity |\n|---|---|\n| by default | {} |\n", rule.severity.as_str());
    for name in Policy::preset_names() {
        if let Some(policy) = Policy::preset(name) {
            let _ = writeln!(text, "| `{name}` | {} |", level(policy.level(rule)));
        }
    }
    let _ = write!(
        text,
        "\nA policy changes it with\n\n```toml\n[rules]\n{code} = \"off\" # or \"warning\", or \"error\"\n```\n"
    );
    if rule.can_be_allowed() {
        let _ = write!(
            text,
            "\nand a comment at the line of a finding, or right above it, allows that one (in Rust behind `//`):\n\n\
             ```python\n# test-kit: allow({code}) the reason\n```\n"
        );
    }
    text
}

/// The list of all rules, as Markdown: the page above the others.
#[must_use]
pub fn index() -> String {
    let mut text = "# The rules of `audit-markers`\n\nWritten by `cargo xtask policy rules --write docs/rules`.\n\n\
                    | rule | by default | asks that |\n|---|---|---|\n"
        .to_owned();
    for rule in rules::ALL {
        let _ = writeln!(text, "| [{0}]({0}.md) | {1} | {2} |", rule.code, rule.severity.as_str(), rule.summary);
    }
    text
}

/// The pages of all rules, each with its file's name, and the list of them.
#[must_use]
pub fn pages() -> Vec<(String, String)> {
    let pages = rules::ALL.iter().map(|rule| (format!("{}.md", rule.code), page(rule)));
    std::iter::once(("README.md".to_owned(), index())).chain(pages).collect()
}

fn level(level: RuleLevel) -> &'static str {
    match level {
        RuleLevel::Off => "off",
        RuleLevel::On(severity) => severity.as_str(),
    }
}

fn sentence(summary: &str) -> String {
    let mut characters = summary.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

fn wrapped(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_is_explained_with_its_severity_here() {
        let rule = rules::find("missing-lifecycle").unwrap();
        let policy =
            Policy::parse("p", "extends = \"dynamo-2025-10\"\n[rules]\nmissing-lifecycle = \"off\"\n").unwrap();
        let text = explain(rule, &policy);
        assert!(text.starts_with("missing-lifecycle: every test has at least one lifecycle marker\n\n"), "{text}");
        assert!(text.contains("\nseverity  off in this policy, error by default\n"), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        assert!(explain(rule, &Policy::embedded()).contains("\nseverity  error\n"));
    }
}
