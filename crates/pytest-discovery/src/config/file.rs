//! Configuration files: which of them count, and what they say.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use toml::de::{DeTable, DeValue};

use super::ConfigError;
use super::ini_file::IniFile;
use super::setting::{Line, Native, Setting};
use crate::{PytestVersion, read};

/// The options that a file sets.
pub(super) type Settings = BTreeMap<String, Setting>;

/// A file that counts as pytest's configuration.
#[derive(Debug)]
pub(super) struct ConfigFile {
    pub(super) path: Utf8PathBuf,
    pub(super) settings: Settings,
}

/// How a file is read, by its name or its ending.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    /// `pytest.toml`: the table `[pytest]`; counts even when empty.
    PytestToml,
    /// `pytest.ini`: the section `[pytest]`; counts even when empty.
    PytestIni,
    /// As `pytest.ini`, but before 9.0 it counts only with its section.
    HiddenPytestIni,
    /// `[tool.pytest]` or `[tool.pytest.ini_options]`.
    Pyproject,
    /// Any other `.ini`: the section `[pytest]`.
    Ini,
    /// Any `.cfg`: the section `[tool:pytest]`.
    Cfg,
    /// Any other `.toml` that `--config-file` names.
    Toml,
}

/// The names that are searched for in a folder, in this order, with the release that first did.
const BY_NAME: [(&str, Format, PytestVersion); 7] = [
    ("pytest.toml", Format::PytestToml, PytestVersion::NATIVE_TOML),
    (".pytest.toml", Format::PytestToml, PytestVersion::NATIVE_TOML),
    ("pytest.ini", Format::PytestIni, PytestVersion::new(0, 0, 0)),
    (".pytest.ini", Format::HiddenPytestIni, PytestVersion::new(0, 0, 0)),
    ("pyproject.toml", Format::Pyproject, PytestVersion::new(0, 0, 0)),
    ("tox.ini", Format::Ini, PytestVersion::new(0, 0, 0)),
    ("setup.cfg", Format::Cfg, PytestVersion::new(0, 0, 0)),
];

/// Searches upwards from each of `starts` for the first file that counts, as all releases do since 7.4.
///
/// # Errors
/// Any candidate on the way that cannot be read, even one that would not count.
pub(super) fn search(starts: &[Utf8PathBuf], pytest: PytestVersion) -> Result<Option<ConfigFile>, ConfigError> {
    let mut bare_pyproject = None;
    for folder in starts.iter().flat_map(|start| start.ancestors()) {
        let mut found = None;
        for (name, format, since) in BY_NAME {
            let path = folder.join(name);
            if pytest < since || !path.is_file() {
                continue;
            }
            if found.is_some() && pytest < PytestVersion::NATIVE_TOML {
                break;
            }
            // Since 9.0 the files behind the one that counts are read too, to warn that they do not.
            let settings = format.load(&path, pytest)?;
            if found.is_none() {
                found = settings.map(|settings| ConfigFile { path: path.clone(), settings });
            }
            if format == Format::Pyproject && bare_pyproject.is_none() {
                bare_pyproject = Some(path);
            }
        }
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(bare_pyproject
        .filter(|_| pytest >= PytestVersion::BARE_PYPROJECT_ROOT)
        .map(|path| ConfigFile { path, settings: Settings::new() }))
}

/// The file that `--config-file` names: `None` for one that is no regular file, such as `/dev/null`.
pub(super) fn named(path: &Utf8Path, pytest: PytestVersion) -> Result<Option<ConfigFile>, ConfigError> {
    let wrong = |what: &str| Err(ConfigError::option("--config-file", format!("{path} {what}")));
    if path.is_dir() {
        return wrong("is a folder: name a file");
    }
    if !path.exists() {
        return wrong("does not exist: name a file that does");
    }
    let by_name = BY_NAME.iter().find(|(name, _, since)| path.file_name() == Some(name) && pytest >= *since);
    let format = match (by_name, path.extension()) {
        (Some((_, format, _)), _) => *format,
        (None, Some("ini")) => Format::Ini,
        (None, Some("cfg")) => Format::Cfg,
        (None, Some("toml")) => Format::Toml,
        (None, _) if !path.is_file() => return Ok(None),
        (None, _) if pytest < PytestVersion::CHECKED_CONFIG_FILE => {
            return Ok(Some(ConfigFile { path: path.to_owned(), settings: Settings::new() }));
        }
        (None, _) => return wrong("has no known format: use a file that ends in .ini, .cfg or .toml"),
    };
    let settings = format.load(path, pytest)?.unwrap_or_default();
    Ok(Some(ConfigFile { path: path.to_owned(), settings }))
}

impl Format {
    /// The settings, or `None` where the file does not count.
    fn load(self, path: &Utf8Path, pytest: PytestVersion) -> Result<Option<Settings>, ConfigError> {
        let text = read::text(path)
            .map_err(|cause| ConfigError::Unreadable { file: path.to_owned(), what: cause.to_string() })?;
        match self {
            Self::PytestToml | Self::Pyproject | Self::Toml => self.load_toml(path, &text, pytest),
            Self::PytestIni => Ok(Some(IniFile::parse(path, &text)?.take("pytest").unwrap_or_default())),
            Self::HiddenPytestIni => {
                let settings = IniFile::parse(path, &text)?.take("pytest");
                Ok(settings.or_else(|| (pytest >= PytestVersion::NATIVE_TOML).then(Settings::new)))
            }
            Self::Ini => Ok(IniFile::parse(path, &text)?.take("pytest")),
            Self::Cfg => {
                let mut file = IniFile::parse(path, &text)?;
                if !file.has("tool:pytest") && file.has("pytest") {
                    let what = "pytest does not accept [pytest] here: rename the section to [tool:pytest]";
                    return Err(ConfigError::malformed(path, 1, what));
                }
                Ok(file.take("tool:pytest"))
            }
        }
    }

    fn load_toml(self, path: &Utf8Path, text: &str, pytest: PytestVersion) -> Result<Option<Settings>, ConfigError> {
        let document = Document::new(path, text);
        let root = DeTable::parse(text).map_err(|cause| {
            let line = cause.span().map_or(1, |span| document.line_at(span.start));
            ConfigError::malformed(path, line, cause.message())
        })?;
        let root = root.get_ref();
        match self {
            Self::PytestToml => Ok(Some(document.pytest_table(root)?.unwrap_or_default())),
            Self::Pyproject => document.tool_pytest(root, pytest),
            _ => {
                let Some(settings) = document.tool_pytest(root, pytest)? else {
                    return if pytest >= PytestVersion::CHECKED_CONFIG_FILE {
                        document.pytest_table(root)
                    } else {
                        Ok(None)
                    };
                };
                if root.contains_key("pytest") && pytest >= PytestVersion::CHECKED_CONFIG_FILE {
                    let what = "has both [pytest] and [tool.pytest]: keep [pytest]";
                    return Err(ConfigError::malformed(path, 1, what));
                }
                Ok(Some(settings))
            }
        }
    }
}

/// A TOML file, for the lines of its values.
struct Document<'a> {
    path: &'a Utf8Path,
    /// Where the ends of its lines are: hundreds of values ask for theirs.
    line_ends: Vec<usize>,
}

impl<'a> Document<'a> {
    fn new(path: &'a Utf8Path, text: &str) -> Self {
        Self { path, line_ends: memchr::memchr_iter(b'\n', text.as_bytes()).collect() }
    }

    fn line_at(&self, offset: usize) -> u32 {
        let before = self.line_ends.partition_point(|end| *end < offset);
        u32::try_from(before).map_or(u32::MAX, |count| count.saturating_add(1))
    }

    /// The table `[pytest]`, whose values keep their types.
    fn pytest_table(&self, root: &DeTable<'_>) -> Result<Option<Settings>, ConfigError> {
        match root.get("pytest").map(|value| value.get_ref()) {
            Some(DeValue::Table(table)) => Ok(Some(self.native(table.iter()))),
            Some(other) => Err(self.no_table("pytest", other)),
            None => match root.iter().find(|(_, value)| !value.get_ref().is_table()) {
                None => Ok(None),
                Some((name, _)) => Err(ConfigError::malformed(
                    self.path,
                    self.line_at(name.span().start),
                    format!("`{}` stands outside any table: put it below [pytest]", name.get_ref()),
                )),
            },
        }
    }

    /// `[tool.pytest]`, or `[tool.pytest.ini_options]`, but not both.
    fn tool_pytest(&self, root: &DeTable<'_>, pytest: PytestVersion) -> Result<Option<Settings>, ConfigError> {
        let Some(tool) = root.get("tool").map(|value| value.get_ref()) else { return Ok(None) };
        let tool = tool.as_table().ok_or_else(|| self.no_table("tool", tool))?;
        let Some(table) = tool.get("pytest").map(|value| value.get_ref()) else { return Ok(None) };
        let table = table.as_table().ok_or_else(|| self.no_table("tool.pytest", table))?;
        let ini_options = match table.get("ini_options").map(|value| value.get_ref()) {
            None => None,
            Some(DeValue::Table(options)) => Some(options),
            Some(other) => return Err(self.no_table("tool.pytest.ini_options", other)),
        };
        if pytest >= PytestVersion::NATIVE_TOML {
            let native = self.native(table.iter().filter(|(name, _)| name.get_ref() != "ini_options"));
            if let (false, Some(options)) = (native.is_empty(), ini_options)
                && !options.is_empty()
            {
                let line = native.values().map(Setting::line).min().unwrap_or(1);
                let what =
                    "both [tool.pytest] and [tool.pytest.ini_options] set options: move them into one of the two";
                return Err(ConfigError::malformed(self.path, line, what));
            }
            if !native.is_empty() {
                return Ok(Some(native));
            }
        }
        Ok(ini_options.map(|options| self.ini_options(options)))
    }

    fn native<'t, 'i: 't>(
        &self,
        values: impl Iterator<Item = (&'t toml::Spanned<toml::de::DeString<'i>>, &'t toml::Spanned<DeValue<'i>>)>,
    ) -> Settings {
        values
            .map(|(name, value)| {
                let native = match value.get_ref() {
                    DeValue::Array(items) => {
                        let strings = items.iter().map(|item| {
                            let line = self.line_at(item.span().start);
                            item.get_ref().as_str().map(|text| Line { text: text.to_owned(), line })
                        });
                        let strings: Option<Vec<Line>> = strings.collect();
                        strings.map_or_else(|| Native::Other("a list of other things".to_owned()), Native::Strings)
                    }
                    DeValue::String(text) => Native::Text(text.to_string()),
                    DeValue::Boolean(value) => Native::Bool(*value),
                    other => Native::Other(format!("a value of type {}", other.type_str())),
                };
                (name.get_ref().to_string(), Setting::native(native, self.line_at(name.span().start)))
            })
            .collect()
    }

    /// Values of `ini_options` are read as those of an INI file, except that lists stay lists.
    fn ini_options(&self, options: &DeTable<'_>) -> Settings {
        let settings = options.iter().map(|(name, value)| {
            let line = self.line_at(name.span().start);
            let setting = match value.get_ref() {
                DeValue::Array(items) => {
                    let items = items
                        .iter()
                        .map(|item| Line { text: python_str(item.get_ref()), line: self.line_at(item.span().start) });
                    Setting::list(items.collect(), line)
                }
                scalar => {
                    let first = self.line_at(value.span().start);
                    let text = python_str(scalar);
                    let lines = (first..).zip(text.split('\n'));
                    Setting::ini(lines.map(|(line, text)| Line { text: text.to_owned(), line }).collect(), line)
                }
            };
            (name.get_ref().to_string(), setting)
        });
        settings.collect()
    }

    fn no_table(&self, name: &str, found: &DeValue<'_>) -> ConfigError {
        let what = format!("`{name}` is a value of type {}: make it a table, [{name}]", found.type_str());
        ConfigError::malformed(self.path, 1, what)
    }
}

/// What Python's `str()` makes of a scalar.
fn python_str(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => text.to_string(),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(true) => "True".to_owned(),
        DeValue::Boolean(false) => "False".to_owned(),
        DeValue::Datetime(time) => time.to_string(),
        // No option that collection reads is written so.
        DeValue::Array(_) | DeValue::Table(_) => format!("{value:?}"),
    }
}
