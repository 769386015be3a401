//! `policy`: what applies here, and the rules that there are.

use std::fmt::Write;
use std::fs;

use camino::Utf8Path;
use marker_policy::{Category, RuleLevel, Severity, rules};
use test_report::rule_page;

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

/// `policy rules`: the rules, or a page for each.
pub(crate) fn rules(folder: Option<&Utf8Path>) -> Result<Exit, Error> {
    let Some(folder) = folder else {
        let width = rules::ALL.iter().map(|rule| rule.code.as_str().len()).max().unwrap_or(0);
        let lines = rules::ALL
            .iter()
            .map(|rule| format!("{:<width$}  {:<8} {}\n", rule.code.as_str(), rule.severity.as_str(), rule.summary));
        output::write(&lines.collect::<String>())?;
        return Ok(Exit::Success);
    };
    let failed = |source| Error::Target { path: folder.to_owned(), source };
    fs::create_dir_all(folder).map_err(failed)?;
    for (name, page) in rule_page::pages() {
        output::to_file(&folder.join(name), page.as_bytes())?;
    }
    Ok(Exit::Success)
}
