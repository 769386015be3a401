//! `policy`: what applies here, a file to begin with, and what can stand in one.

mod init;

use std::fs;

use camino::Utf8Path;
use marker_policy::{Effective, keys, nearest, rules};
use test_report::terminal::printable;
use test_report::{policy_page, rule_page};

use crate::cli::Global;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::subject::Subject;

pub(crate) use init::init;

/// `policy show`: a policy file that says all that applies.
pub(crate) fn show(global: &Global, key: Option<&str>) -> Result<Exit, Error> {
    let subject = Subject::locate(global)?;
    let effective = Effective::of(&subject.policy);
    let text = match key {
        None => {
            let (tree, source) = (printable(subject.tree.as_str()), printable(&subject.policy_source));
            format!("# tree    {tree}\n# policy  {source}\n\n{}", effective.text())
        }
        Some(key) => effective.part(key).ok_or_else(|| no_such_key(key, &effective))?.to_owned(),
    };
    output::write(&text)?;
    Ok(Exit::Success)
}

fn no_such_key(key: &str, effective: &Effective) -> Error {
    Error::NoSuchKey {
        key: key.to_owned(),
        meant: did_you_mean(key, keys::DOCUMENT.keys.iter().map(|key| key.name)),
        keys: effective.keys().collect::<Vec<_>>().join(", "),
    }
}

fn did_you_mean(name: &str, names: impl Iterator<Item = &'static str>) -> String {
    let near: Vec<String> = nearest(name, names).iter().map(|near| format!("`{near}`")).collect();
    if near.is_empty() { String::new() } else { format!("; did you mean {}?", near.join(" or ")) }
}

/// `policy schema`.
pub(crate) fn schema(file: Option<&Utf8Path>) -> Result<Exit, Error> {
    let schema = serde_json::to_string_pretty(&keys::schema()).map_err(|error| Error::Internal(error.to_string()))?;
    to_file_or_stdout(file, &(schema + "\n"))
}

/// `policy keys`.
pub(crate) fn keys(file: Option<&Utf8Path>) -> Result<Exit, Error> {
    to_file_or_stdout(file, &policy_page::page())
}

fn to_file_or_stdout(file: Option<&Utf8Path>, text: &str) -> Result<Exit, Error> {
    match file {
        Some(file) => output::to_file(file, text.as_bytes())?,
        None => output::write(text)?,
    }
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
