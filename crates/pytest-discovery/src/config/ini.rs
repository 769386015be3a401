//! The options of a configuration file that collection depends on.

use camino::{Utf8Path, Utf8PathBuf};

use super::ConfigError;
use super::file::Settings;
use super::setting::Named;

/// A marker that the configuration declares.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MarkerLine {
    /// Its name: what stands before the first `:`, then before the first `(`.
    pub name: String,
    /// The line of the configuration file, from 1; `None` for one that `-o` gives.
    pub line: Option<u32>,
}

/// What becomes of a test that is parametrized with no values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EmptyParameterSet {
    /// It is skipped.
    #[default]
    Skip,
    /// It is expected to fail.
    Xfail,
    /// Its module is lost.
    FailAtCollect,
}

/// What pytest makes of a string of more than 100 characters where an id is made of it (9.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LongStringIds {
    /// The argument's name and the set's index.
    #[default]
    Short,
    /// A digest of the string.
    Sha256,
    /// The string.
    Legacy,
    /// It refuses the test.
    Disallow,
}

/// Options with pytest's types and defaults.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IniOptions {
    /// `python_files`.
    pub python_files: Vec<String>,
    /// `python_classes`.
    pub python_classes: Vec<String>,
    /// `python_functions`.
    pub python_functions: Vec<String>,
    /// `testpaths`.
    pub testpaths: Vec<String>,
    /// `norecursedirs`.
    pub norecursedirs: Vec<String>,
    /// `usefixtures`.
    pub usefixtures: Vec<String>,
    /// `pythonpath`.
    pub pythonpath: Vec<Utf8PathBuf>,
    /// `markers`.
    pub markers: Vec<MarkerLine>,
    /// `empty_parameter_set_mark`.
    pub empty_parameter_set_mark: EmptyParameterSet,
    /// `collect_imported_tests`.
    pub collect_imported_tests: bool,
    /// `consider_namespace_packages`.
    pub consider_namespace_packages: bool,
    /// `strict_markers`, or `strict` where that is not set.
    pub strict_markers: bool,
    /// `strict_parametrization_ids`, or `strict` where that is not set.
    pub strict_parametrization_ids: bool,
    /// `parametrize_long_str_id_strategy`.
    pub long_string_ids: LongStringIds,
    /// `disable_test_id_escaping_and_forfeit_all_rights_to_community_support`.
    pub unescaped_ids: bool,
    /// `asyncio_mode = auto` of pytest-asyncio.
    pub asyncio_auto: bool,
    /// `anyio_mode = auto` of anyio.
    pub anyio_auto: bool,
}

impl IniOptions {
    pub(super) fn read(settings: &Settings, file: Option<&Utf8Path>, cwd: &Utf8Path) -> Result<Self, ConfigError> {
        let named = |option: &'static str| settings.get(option).map(|setting| Named { setting, option, file });
        let words = |option, otherwise: &[&str]| match named(option) {
            Some(setting) => setting.words(),
            None => Ok(otherwise.iter().map(|word| (*word).to_owned()).collect()),
        };
        let truth = |option| named(option).map(|setting| setting.bool()).transpose();
        let strict = truth("strict")?.unwrap_or(false);
        let markers = named("markers").map(|setting| setting.lines()).transpose()?.unwrap_or_default();
        Ok(Self {
            python_files: words("python_files", &["test_*.py", "*_test.py"])?,
            python_classes: words("python_classes", &["Test"])?,
            python_functions: words("python_functions", &["test"])?,
            testpaths: words("testpaths", &[])?,
            norecursedirs: words(
                "norecursedirs",
                &["*.egg", ".*", "_darcs", "build", "CVS", "dist", "node_modules", "venv", "{arch}"],
            )?,
            usefixtures: words("usefixtures", &[])?,
            pythonpath: named("pythonpath").map(|setting| setting.paths(cwd)).transpose()?.unwrap_or_default(),
            markers: markers
                .into_iter()
                .map(|line| MarkerLine {
                    name: line
                        .text
                        .split(':')
                        .next()
                        .and_then(|text| text.split('(').next())
                        .unwrap_or("")
                        .trim()
                        .to_owned(),
                    line: Some(line.line).filter(|line| *line > 0),
                })
                .collect(),
            empty_parameter_set_mark: named("empty_parameter_set_mark")
                .map(|setting| {
                    setting.choice(&[
                        ("skip", EmptyParameterSet::Skip),
                        ("xfail", EmptyParameterSet::Xfail),
                        ("fail_at_collect", EmptyParameterSet::FailAtCollect),
                    ])
                })
                .transpose()?
                .unwrap_or_default(),
            collect_imported_tests: truth("collect_imported_tests")?.unwrap_or(true),
            consider_namespace_packages: truth("consider_namespace_packages")?.unwrap_or(false),
            strict_markers: truth("strict_markers")?.unwrap_or(strict),
            strict_parametrization_ids: truth("strict_parametrization_ids")?.unwrap_or(strict),
            long_string_ids: named("parametrize_long_str_id_strategy")
                .map(|setting| {
                    setting.choice(&[
                        ("short", LongStringIds::Short),
                        ("sha256", LongStringIds::Sha256),
                        ("legacy", LongStringIds::Legacy),
                        ("disallow", LongStringIds::Disallow),
                    ])
                })
                .transpose()?
                .unwrap_or_default(),
            unescaped_ids: truth("disable_test_id_escaping_and_forfeit_all_rights_to_community_support")?
                .unwrap_or(false),
            asyncio_auto: named("asyncio_mode").is_some_and(|setting| setting.setting.text() == "auto"),
            anyio_auto: named("anyio_mode").is_some_and(|setting| setting.setting.text() == "auto"),
        })
    }
}
