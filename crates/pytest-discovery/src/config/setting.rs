//! One option's value as a configuration file or `-o` writes it, and what it reads as.

use camino::{Utf8Path, Utf8PathBuf};

use super::ConfigError;
use super::ini_file::is_space;
use crate::paths::absolute;
use crate::shell_words;

/// A line of a value, with the line of the file that it stands on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    pub(super) line: u32,
}

/// A value and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Setting {
    form: Form,
    /// The line of the option's name, from 1; 0 for one that `-o` gives.
    line: u32,
}

#[derive(Debug, Clone, PartialEq)]
enum Form {
    /// The lines of a text that is read by the option's type.
    Text(Vec<Line>),
    /// A list of `[tool.pytest.ini_options]`, taken as it is.
    List(Vec<Line>),
    /// A value that keeps its type.
    Native(Native),
}

/// A value of a native TOML table.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Native {
    Strings(Vec<Line>),
    Text(String),
    Bool(bool),
    /// No option that collection reads has this type: its name, for the message.
    Other(String),
}

impl Setting {
    pub(super) fn ini(lines: Vec<Line>, line: u32) -> Self {
        Self { form: Form::Text(lines), line }
    }

    pub(super) fn list(items: Vec<Line>, line: u32) -> Self {
        Self { form: Form::List(items), line }
    }

    pub(super) fn native(value: Native, line: u32) -> Self {
        Self { form: Form::Native(value), line }
    }

    /// What `-o name=text` gives.
    pub(super) fn from_command_line(text: &str) -> Self {
        Self::ini(text.split('\n').map(|text| Line { text: text.to_owned(), line: 0 }).collect(), 0)
    }

    pub(super) fn continue_with(&mut self, line: Line) {
        if let Form::Text(lines) = &mut self.form {
            lines.push(line);
        }
    }

    /// The value as one text; the items of a list on lines of their own.
    pub(super) fn text(&self) -> String {
        match &self.form {
            Form::Text(lines) | Form::List(lines) | Form::Native(Native::Strings(lines)) => join(lines),
            Form::Native(Native::Text(text) | Native::Other(text)) => text.clone(),
            Form::Native(Native::Bool(value)) => value.to_string(),
        }
    }

    /// The text of one that has no type of its own.
    pub(super) fn plain_text(&self) -> Option<String> {
        matches!(self.form, Form::Text(_)).then(|| self.text())
    }

    pub(super) fn line(&self) -> u32 {
        self.line
    }
}

fn join(lines: &[Line]) -> String {
    lines.iter().map(|line| line.text.as_str()).collect::<Vec<_>>().join("\n")
}

/// A setting together with its name and file: what messages need.
pub(super) struct Named<'a> {
    pub(super) setting: &'a Setting,
    pub(super) option: &'a str,
    pub(super) file: Option<&'a Utf8Path>,
}

impl Named<'_> {
    /// pytest's type `args`: words.
    pub(super) fn words(&self) -> Result<Vec<String>, ConfigError> {
        match &self.setting.form {
            Form::Text(lines) => {
                let text = join(lines);
                shell_words::split(&text).map_err(|cause| ConfigError::words(self.place(), &text, cause))
            }
            Form::List(items) | Form::Native(Native::Strings(items)) => {
                Ok(items.iter().map(|item| item.text.clone()).collect())
            }
            Form::Native(_) => Err(self.wrong("a list of strings")),
        }
    }

    /// pytest's type `linelist`: lines that hold something.
    pub(super) fn lines(&self) -> Result<Vec<Line>, ConfigError> {
        match &self.setting.form {
            Form::Text(lines) => Ok(lines
                .iter()
                .map(|line| Line { text: line.text.trim_matches(is_space).to_owned(), line: line.line })
                .filter(|line| !line.text.is_empty())
                .collect()),
            Form::List(items) | Form::Native(Native::Strings(items)) => Ok(items.clone()),
            Form::Native(_) => Err(self.wrong("a list of strings")),
        }
    }

    /// pytest's type `paths`: words, each from the configuration file's folder, or from `otherwise` without one.
    pub(super) fn paths(&self, otherwise: &Utf8Path) -> Result<Vec<Utf8PathBuf>, ConfigError> {
        let folder = self.file.and_then(Utf8Path::parent).unwrap_or(otherwise);
        Ok(self.words()?.into_iter().map(|word| absolute(folder, &word)).collect())
    }

    /// pytest's type `bool`.
    pub(super) fn bool(&self) -> Result<bool, ConfigError> {
        match &self.setting.form {
            Form::Text(_) => match self.setting.text().trim_matches(is_space).to_lowercase().as_str() {
                "y" | "yes" | "t" | "true" | "on" | "1" => Ok(true),
                "n" | "no" | "f" | "false" | "off" | "0" => Ok(false),
                _ => Err(self.wrong("true or false")),
            },
            Form::Native(Native::Bool(value)) => Ok(*value),
            Form::List(_) | Form::Native(_) => Err(self.wrong("true or false")),
        }
    }

    /// A text that must be one of several.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Result<T, ConfigError> {
        let names = || choices.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
        match &self.setting.form {
            Form::Text(_) | Form::Native(Native::Text(_)) => {
                let text = self.setting.text();
                let chosen = choices.iter().find(|(name, _)| *name == text);
                chosen.map(|(_, value)| *value).ok_or_else(|| self.wrong(&format!("one of {}", names())))
            }
            Form::List(_) | Form::Native(_) => Err(self.wrong(&format!("one of {}", names()))),
        }
    }

    fn wrong(&self, expected: &str) -> ConfigError {
        let found = match &self.setting.form {
            Form::Text(_) | Form::Native(Native::Text(_)) => format!("`{}`", self.setting.text()),
            Form::List(_) | Form::Native(Native::Strings(_)) => "a list".to_owned(),
            Form::Native(Native::Bool(value)) => value.to_string(),
            Form::Native(Native::Other(what)) => what.clone(),
        };
        ConfigError::Value { place: self.place(), option: self.option.to_owned(), expected: expected.to_owned(), found }
    }

    /// `pytest.ini:3`, or `-o` for what the command line overrides.
    pub(super) fn place(&self) -> String {
        match (self.file, self.setting.line) {
            (Some(file), line) if line > 0 => format!("{file}:{line}"),
            _ => "-o".to_owned(),
        }
    }
}
