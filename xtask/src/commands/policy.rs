//! `policy`: what applies here.

use std::fmt::Write;

use marker_policy::{Category, RuleLevel, Severity, rules};

use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::subject::Subject;

/// `policy show`.
pub(crate) fn show(global: &Global) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let policy = &subject.policy;
    let mut text = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = writeln!(text, "tree    {}\npolicy  {}\n", subject.tree, subject.policy_source);
    for category in Category::ALL {
        let _ = writeln!(text, "{:<10} {}", category.to_string(), policy.members(category).join(" "));
    }
    text.push('\n');
    for rule in rules::ALL {
        let level = match policy.level(rule) {
            RuleLevel::Off => "off",
            RuleLevel::On(Severity::Error) => "error",
            RuleLevel::On(Severity::Warning) => "warning",
        };
        let _ = writeln!(text, "{level:<8} {}", rule.code);
    }
    output::write(&text)?;
    Ok(Exit::Success)
}
