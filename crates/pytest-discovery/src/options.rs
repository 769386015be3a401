//! pytest's command line, as far as collection depends on it.

use camino::Utf8Path;
use test_catalog::pytest_options::{self, Owner, Takes};

use crate::config::ConfigError;
use crate::paths::absolute;
use crate::{PytestVersion, read};

/// How test modules are imported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ImportMode {
    /// A module's root goes to the front of `sys.path`.
    #[default]
    Prepend,
    /// A module's root goes to the end of `sys.path`.
    Append,
    /// `sys.path` stays, and a module outside any package is named for its path.
    Importlib,
}

/// A word that is no option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Positional {
    /// The word.
    pub text: String,
    /// The option that it follows, where that option is not known and so might own the word.
    pub behind_unknown: Option<String>,
}

/// Options and arguments of one or more command lines, read one behind the other.
///
/// Of an option that is stored, the last wins; those that accumulate keep their order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CommandLine {
    /// Paths and ids.
    pub paths: Vec<Positional>,
    /// `-m`.
    pub mark_expression: Option<String>,
    /// `-k`.
    pub keyword_expression: Option<String>,
    /// `--ignore`.
    pub ignore: Vec<String>,
    /// `--ignore-glob`.
    pub ignore_glob: Vec<String>,
    /// How many of the leading entries of [`ignore`](Self::ignore) and [`ignore_glob`](Self::ignore_glob) come from
    /// the configuration file.
    pub ignores_configured: (usize, usize),
    /// `--deselect`: prefixes of ids.
    pub deselect: Vec<String>,
    /// `--confcutdir`.
    pub confcutdir: Option<String>,
    /// `--noconftest`.
    pub noconftest: bool,
    /// `--keep-duplicates`.
    pub keep_duplicates: bool,
    /// `--collect-in-virtualenv`.
    pub collect_in_virtualenv: bool,
    /// `--pyargs`.
    pub pyargs: bool,
    /// `--import-mode`.
    pub import_mode: ImportMode,
    /// `--config-file` or `-c`.
    pub config_file: Option<String>,
    /// `--rootdir`.
    pub rootdir: Option<String>,
    /// `-p`: names of plugins, and `no:name`.
    pub plugins: Vec<String>,
    /// `-o name=value`, and the `--strict` options, which are such overrides.
    pub overrides: Vec<(String, String)>,
    /// `--doctest-modules`.
    pub doctest_modules: bool,
    /// `--doctest-glob`.
    pub doctest_glob: Vec<String>,
    /// `--asyncio-mode` of pytest-asyncio.
    pub asyncio_mode: Option<String>,
    /// Every option with its value, in order: what `config.getoption` of a tree's own hooks can ask for.
    pub given: Vec<(String, Option<String>)>,
    /// Options that neither pytest nor a plugin that is known here has.
    pub unknown: Vec<String>,
}

/// Which options a reading knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// pytest's own: all that it knows itself while it looks for its configuration.
    Builtin,
    /// Those of widespread plugins too.
    WithPlugins,
}

/// Files of arguments that name files of arguments end somewhere.
const MAX_ARGUMENT_FILES: usize = 64;

/// pytest does not do without these.
const ESSENTIAL_PLUGINS: [&str; 5] = ["mark", "main", "runner", "fixtures", "helpconfig"];

/// Whether `-p no:NAME` keeps a plugin out. Of several words about one name the last counts.
///
/// Source of the rules: pytest's `consider_pluginarg`.
pub(crate) fn is_blocked(words: &[String], plugin: &str) -> bool {
    let short = plugin.strip_prefix("pytest_").unwrap_or(plugin);
    let said = words.iter().rev().find_map(|word| {
        let (blocks, name) = word.strip_prefix("no:").map_or((false, &**word), |name| (true, name));
        (name == plugin || name == short).then_some(blocks)
    });
    said == Some(true)
}

impl CommandLine {
    /// Whether a plugin of that name, which is there by itself, takes part: it may be named by its module as well.
    pub(crate) fn has_plugin(&self, name: &str, module: &str) -> bool {
        let is_named = self.plugins.iter().any(|word| word == module);
        !is_blocked(&self.plugins, name) || (is_named && !is_blocked(&self.plugins, module))
    }

    /// The same of one that pytest brings.
    pub(crate) fn has_own_plugin(&self, name: &str) -> bool {
        self.has_plugin(name, &format!("_pytest.{name}"))
    }

    /// The same of anyio's.
    pub(crate) fn has_anyio(&self) -> bool {
        self.has_plugin("anyio", "anyio.pytest_plugin")
    }

    /// Reads `words` behind what was read before.
    ///
    /// # Errors
    /// An option without its value, with a value that it does not take, or with one that it does not allow; an
    /// `@file` that cannot be read.
    pub(crate) fn read(
        &mut self,
        cwd: &Utf8Path,
        words: &[String],
        known: Known,
        pytest: PytestVersion,
    ) -> Result<(), ConfigError> {
        let mut expanded = Vec::with_capacity(words.len());
        let mut budget = MAX_ARGUMENT_FILES;
        for word in words {
            expand_argument_file(cwd, word, pytest, &mut budget, &mut expanded)?;
        }
        let mut words = expanded.into_iter().peekable();
        let mut behind_unknown = None;
        let mut only_paths = false;
        while let Some(word) = words.next() {
            if only_paths || !looks_like_option(&word, known) {
                self.paths.push(Positional { text: word, behind_unknown: behind_unknown.take() });
                continue;
            }
            behind_unknown = None;
            if word == "--" {
                only_paths = true;
                continue;
            }
            let mut next = || words.next_if(|word| !looks_like_option(word, known));
            behind_unknown = self.read_option(&word, known, pytest, &mut next)?;
        }
        Ok(())
    }

    /// Reads one option, or a bundle such as `-xvs`. Gives an option that is not known and has no value yet.
    fn read_option(
        &mut self,
        word: &str,
        known: Known,
        pytest: PytestVersion,
        next: &mut impl FnMut() -> Option<String>,
    ) -> Result<Option<String>, ConfigError> {
        let (mut option, mut value) = match word.split_once('=') {
            Some((option, value)) => (option.to_owned(), Some(value.to_owned())),
            None => (word.to_owned(), None),
        };
        if takes(&option, known).is_none() && !word.starts_with("--") {
            // `-mslow` is `-m slow`, and `-qx` is `-q -x`.
            let end = 1 + word.chars().nth(1).map_or(0, char::len_utf8);
            option = word[..end].to_owned();
            value = Some(word[end..].to_owned()).filter(|rest| !rest.is_empty());
        }
        loop {
            let Some(takes) = takes(&option, known) else {
                self.unknown.push(word.to_owned());
                self.given.push((option, value.clone()));
                return Ok(value.is_none().then(|| word.to_owned()));
            };
            match (takes, value.take()) {
                (Takes::Nothing, None) => {
                    self.store(&option, None, pytest)?;
                    return Ok(None);
                }
                (Takes::Nothing, Some(rest)) => {
                    let mut letters = rest.chars();
                    let (false, Some(letter)) = (option.starts_with("--"), letters.next()) else {
                        return Err(ConfigError::option(option, format!("takes no value, found `{rest}`")));
                    };
                    self.store(&option, None, pytest)?;
                    option = format!("-{letter}");
                    value = Some(letters.as_str().to_owned()).filter(|rest| !rest.is_empty());
                }
                (Takes::Value, given) => {
                    let Some(given) = given.or_else(&mut *next) else {
                        return Err(ConfigError::option(option, "needs a value: write it behind the option"));
                    };
                    self.store(&option, Some(given), pytest)?;
                    return Ok(None);
                }
                (Takes::MaybeValue, given) => {
                    let given = given.or_else(&mut *next);
                    self.store(&option, given, pytest)?;
                    return Ok(None);
                }
            }
        }
    }

    fn store(&mut self, option: &str, value: Option<String>, pytest: PytestVersion) -> Result<(), ConfigError> {
        self.given.push((option.to_owned(), value.clone()));
        let text = value.unwrap_or_default();
        match option {
            "-m" => self.mark_expression = Some(text),
            "-k" => self.keyword_expression = Some(text),
            "--ignore" => self.ignore.push(text),
            "--ignore-glob" => self.ignore_glob.push(text),
            "--deselect" => self.deselect.push(text),
            "--confcutdir" => self.confcutdir = Some(text),
            "--noconftest" => self.noconftest = true,
            "--keepduplicates" | "--keep-duplicates" => self.keep_duplicates = true,
            "--collect-in-virtualenv" => self.collect_in_virtualenv = true,
            "--pyargs" => self.pyargs = true,
            "--import-mode" => {
                self.import_mode = match text.as_str() {
                    "prepend" => ImportMode::Prepend,
                    "append" => ImportMode::Append,
                    "importlib" => ImportMode::Importlib,
                    _ => {
                        let what = format!("takes prepend, append or importlib, found `{text}`");
                        return Err(ConfigError::option(option, what));
                    }
                }
            }
            "-c" | "--config-file" => self.config_file = Some(text),
            "--rootdir" => self.rootdir = Some(text).filter(|text| !text.is_empty()),
            "-p" => {
                let plugin = text.trim();
                if let Some(name) = plugin.strip_prefix("no:").filter(|name| ESSENTIAL_PLUGINS.contains(name)) {
                    return Err(ConfigError::option(option, format!("cannot switch off the plugin `{name}`")));
                }
                self.plugins.push(plugin.to_owned());
            }
            "-o" | "--override-ini" => match text.split_once('=') {
                Some((name, value)) => self.overrides.push((name.to_owned(), value.to_owned())),
                None => return Err(ConfigError::option(option, format!("takes name=value, found `{text}`"))),
            },
            // Before 9.0 there is no option of these names in a configuration file. The override is harmless
            // there, and the one place that asks whether markers are strict reads it.
            "--strict-markers" => self.overrides.push(("strict_markers".to_owned(), "true".to_owned())),
            "--strict-config" => self.overrides.push(("strict_config".to_owned(), "true".to_owned())),
            "--strict" if pytest >= PytestVersion::NATIVE_TOML => {
                self.overrides.push(("strict".to_owned(), "true".to_owned()));
            }
            "--strict" => self.overrides.push(("strict_markers".to_owned(), "true".to_owned())),
            "--doctest-modules" => self.doctest_modules = true,
            "--doctest-glob" => self.doctest_glob.push(text),
            "--asyncio-mode" => self.asyncio_mode = Some(text),
            _ => {}
        }
        Ok(())
    }
}

/// `@file` stands for the lines of a file, and a line may be another `@file`.
fn expand_argument_file(
    cwd: &Utf8Path,
    word: &str,
    pytest: PytestVersion,
    budget: &mut usize,
    into: &mut Vec<String>,
) -> Result<(), ConfigError> {
    let Some(name) = word.strip_prefix('@').filter(|_| pytest >= PytestVersion::ARGUMENT_FILES) else {
        into.push(word.to_owned());
        return Ok(());
    };
    let Some(left) = budget.checked_sub(1) else {
        return Err(ConfigError::argument(word, "files of arguments name each other without end"));
    };
    *budget = left;
    let text = read::text(&absolute(cwd, name))
        .map_err(|cause| ConfigError::argument(word, format!("the file of arguments cannot be read: {cause}")))?;
    text.lines().try_for_each(|line| expand_argument_file(cwd, line, pytest, budget, into))
}

fn looks_like_option(word: &str, known: Known) -> bool {
    if !word.starts_with('-') || word == "-" {
        return false;
    }
    let name = word.split('=').next().unwrap_or(word);
    let starts_known = !word.starts_with("--") && word.chars().count() > 1 && {
        let end = 1 + word.chars().nth(1).map_or(0, char::len_utf8);
        takes(&word[..end], known).is_some()
    };
    takes(name, known).is_some() || starts_known || !word.contains(' ')
}

fn takes(option: &str, known: Known) -> Option<Takes> {
    let found = pytest_options::find(option)?;
    (known == Known::WithPlugins || found.owner == Owner::Pytest).then_some(found.takes)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(words: &[&str]) -> Result<CommandLine, ConfigError> {
        let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
        let mut line = CommandLine::default();
        line.read("/".into(), &words, Known::WithPlugins, PytestVersion::REFERENCE)?;
        Ok(line)
    }

    #[test]
    fn the_last_of_a_stored_option_wins_and_ignores_accumulate() {
        let line = read(&["-m", "slow", "--ignore=a", "-m=fast", "--ignore", "b"]).unwrap();
        assert_eq!(line.mark_expression.as_deref(), Some("fast"));
        assert_eq!(line.ignore, ["a", "b"]);
    }

    #[test]
    fn short_options_bundle_and_take_their_value_close_up() {
        let line = read(&["-qxmslow", "-pno:x", "-ra", "t.py"]).unwrap();
        assert_eq!(line.mark_expression.as_deref(), Some("slow"));
        assert_eq!(line.plugins, ["no:x"]);
        assert_eq!(line.paths.len(), 1);
        assert!(line.unknown.is_empty());
    }

    #[test]
    fn a_word_behind_an_unknown_option_remembers_it() {
        let line = read(&["--mystery", "a.py", "b.py"]).unwrap();
        assert_eq!(line.paths[0].behind_unknown.as_deref(), Some("--mystery"));
        assert_eq!(line.paths[1].behind_unknown, None);
        assert_eq!(line.unknown, ["--mystery"]);
    }

    #[test]
    fn misused_options_are_errors() {
        for words in [&["-m"][..], &["--import-mode", "x"], &["--noconftest=1"], &["-o", "x"], &["--ignore", "-x"]] {
            assert!(read(words).is_err(), "{words:?}");
        }
    }
}
