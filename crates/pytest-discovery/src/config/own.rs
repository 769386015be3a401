//! Settings that a tree's conftests declare, by `parser.addini`.
//!
//! Source of the rules: pytest's `Config._getini`, for files without types of their own.

use camino::Utf8PathBuf;

use super::file::Settings;
use super::setting::Named;

/// What a configuration sets, whatever declares it.
#[derive(Debug, Clone, Default)]
pub(crate) struct OwnSettings {
    pub(super) settings: Settings,
    pub(super) file: Option<Utf8PathBuf>,
}

/// A setting by the type that it was declared with.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum OwnValue {
    Text(String),
    Bool(bool),
    List(Vec<String>),
}

impl OwnSettings {
    pub(crate) fn has(&self, name: &str) -> bool {
        self.settings.contains_key(name)
    }

    /// Whether pytest-timeout ends every test that runs too long, by its own setting or by its option in `addopts`.
    pub(crate) fn sets_timeout(&self) -> bool {
        let by_setting = self.settings.get("timeout").is_some_and(|setting| setting.text().trim() != "0");
        let by_option = |word: &String| word == "--timeout" || word.starts_with("--timeout=");
        by_setting
            || matches!(self.value("addopts", "args"), Some(OwnValue::List(words)) if words.iter().any(by_option))
    }

    /// The setting by a declared type; `None` where it is not followed, or pytest refuses it.
    pub(crate) fn value(&self, name: &str, kind: &str) -> Option<OwnValue> {
        let setting = self.settings.get(name)?;
        let named = Named { setting, option: name, file: self.file.as_deref() };
        match kind {
            "string" => setting.plain_text().map(OwnValue::Text),
            "bool" => named.bool().ok().map(OwnValue::Bool),
            "args" => named.words().ok().map(OwnValue::List),
            "linelist" => {
                let lines = named.lines().ok()?;
                Some(OwnValue::List(lines.into_iter().map(|line| line.text).collect()))
            }
            _ => None,
        }
    }
}
