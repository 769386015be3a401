//! Reads the words of a command of pytest.

use std::ffi::OsString;

use lexopt::{Arg, Parser};
use marker_expr::{KeywordExpr, MarkExpr};
use test_catalog::pytest_options::{self, PytestOption, Takes};

use super::{PytestCommand, Stop};
use crate::workflow::{Directory, Text};

/// Marks what is not known of a word: a character that Unicode will never assign. A script that writes it itself only
/// makes a word unknown that is not.
const UNKNOWN: char = '\u{10FFFF}';

impl PytestCommand {
    pub(super) fn read(&mut self, words: &[Text], directory: &Directory) -> Result<(), Stop> {
        let mut parser = Parser::from_args(words.iter().map(as_word));
        while let Some(option) = parser.next().map_err(refused)? {
            match option {
                Arg::Short(flag) => self.short(flag, &mut parser)?,
                Arg::Long(name) => {
                    let name = name.to_owned();
                    self.long(&name, &mut parser, directory)?;
                }
                Arg::Value(path) => self.paths.push(in_tree(&known(path)?, directory)?),
            }
        }
        Ok(())
    }

    fn short(&mut self, flag: char, parser: &mut Parser) -> Result<(), Stop> {
        match flag {
            'm' => {
                self.gives_marks = true;
                self.marks = read_marks(&value(parser)?)?;
            }
            'k' => {
                self.gives_keywords = true;
                match parser.value().map_err(refused).and_then(known) {
                    Ok(text) => self.keywords = read_keywords(&text)?,
                    Err(_) => self.is_narrowed = true,
                }
            }
            'o' => self.overridden(parser)?,
            'c' => self.configured_by_file(parser)?,
            'p' => match parser.value().map_err(refused).and_then(known) {
                Ok(plugin) => self.is_narrowed |= plugin.starts_with("no:") && plugin != "no:cacheprovider",
                Err(_) => self.is_narrowed = true,
            },
            other => match pytest_options::find(&format!("-{other}")) {
                Some(option) => self.other(option, parser)?,
                None => return Err(Stop::Doubt(format!("what the option `-{other}` does is not known"))),
            },
        }
        Ok(())
    }

    fn configured_by_file(&mut self, parser: &mut Parser) -> Result<(), Stop> {
        self.names_configuration = true;
        self.configured_by("-c", parser)
    }

    /// An option that decides about the configuration.
    fn configured_by(&mut self, option: &str, parser: &mut Parser) -> Result<(), Stop> {
        match parser.value().map_err(refused).and_then(known) {
            Ok(value) => self.configuring.push(format!("{option}={value}")),
            // Any configuration may hold.
            Err(_) => {
                self.names_configuration = true;
                self.configuring_is_unknown = true;
            }
        }
        Ok(())
    }

    /// `-o name=value`
    fn overridden(&mut self, parser: &mut Parser) -> Result<(), Stop> {
        let text = parser.value().map_err(refused)?;
        let text = text.to_string_lossy();
        if !text.contains(UNKNOWN) {
            self.configuring.extend(["-o".to_owned(), text.clone().into_owned()]);
        }
        match text.split_once('=') {
            Some(("addopts", options)) => {
                self.is_without_addopts = true;
                self.is_narrowed |= !options.is_empty();
            }
            Some(("cache_dir" | "junit_family" | "log_cli" | "log_level" | "filterwarnings", _)) => {}
            // It may decide which files, classes or functions are collected.
            _ => self.is_narrowed = true,
        }
        Ok(())
    }

    fn long(&mut self, name: &str, parser: &mut Parser, directory: &Directory) -> Result<(), Stop> {
        match name {
            "override-ini" => self.overridden(parser)?,
            "config-file" => self.configured_by_file(parser)?,
            "rootdir" | "confcutdir" => self.configured_by(&format!("--{name}"), parser)?,
            "ignore" => match parser.value().map_err(refused).and_then(known) {
                Ok(path) => self.ignored.push(in_tree(&path, directory)?),
                Err(_) => self.is_narrowed = true,
            },
            "deselect" => match parser.value().map_err(refused).and_then(known) {
                Ok(prefix) => self.deselected.push(prefix),
                Err(_) => self.is_narrowed = true,
            },
            "ignore-glob" => {
                any_value(parser)?;
                self.is_narrowed = true;
            }
            "max-vram-gib" => match known(parser.value().map_err(refused)?)?.as_str() {
                "" => {}
                text => {
                    self.max_vram_gib = {
                        let gib = text.parse().map_err(|_| Stop::Refused(format!("`{text}` is no number of GiB")))?;
                        Some(gib)
                    }
                }
            },
            // It may take away what adds markers.
            "noconftest" => self.is_without_conftests = true,
            _ => match pytest_options::find(&format!("--{name}")) {
                Some(option) => self.other(option, parser)?,
                None => {
                    // A plugin or the tree itself has it, and may choose tests by it.
                    self.is_narrowed = true;
                    // One with `=` has its value, and one in front of another option has none. Else the next word may be the
                    // value, or a path.
                    if parser.optional_value().is_none() && is_before_a_word(parser) {
                        return Err(Stop::Doubt(format!("whether the option `--{name}` takes a value is not known")));
                    }
                }
            },
        }
        Ok(())
    }

    /// An option of which no more matters than what it takes, and whether it chooses.
    fn other(&mut self, option: PytestOption, parser: &mut Parser) -> Result<(), Stop> {
        self.is_narrowed |= option.chooses;
        match option.takes {
            Takes::Nothing => {}
            Takes::Value => any_value(parser)?,
            Takes::MaybeValue => {
                if parser.optional_value().is_none() && is_before_a_word(parser) {
                    any_value(parser)?;
                }
            }
        }
        Ok(())
    }
}

/// Whether the next word is no option.
fn is_before_a_word(parser: &mut Parser) -> bool {
    let next = parser.try_raw_args().and_then(|rest| rest.peek().map(|word| word.to_string_lossy().into_owned()));
    next.is_some_and(|word| !word.starts_with('-'))
}

/// A file, folder or id as the tree names it.
fn in_tree(path: &str, directory: &Directory) -> Result<String, Stop> {
    let (file, node) = path.split_once("::").map_or((path, None), |(file, node)| (file, Some(node)));
    match directory.join(&Text::known(file)) {
        Directory::Tree(file) => Ok(node.map_or_else(|| file.clone(), |node| format!("{file}::{node}"))),
        Directory::Outside(path) => Err(Stop::Doubt(format!("`{path}` lies outside of the tree"))),
        Directory::Unknown(source) => Err(Stop::Doubt(format!("which folder `{source}` is is not known"))),
    }
}

pub(super) fn read_marks(text: &str) -> Result<Option<MarkExpr>, Stop> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    MarkExpr::parse(text).map(Some).map_err(|error| Stop::Refused(format!("pytest refuses `-m {text}`: {error}")))
}

pub(super) fn read_keywords(text: &str) -> Result<Option<KeywordExpr>, Stop> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    KeywordExpr::parse(text).map(Some).map_err(|error| Stop::Refused(format!("pytest refuses `-k {text}`: {error}")))
}

/// What is not known of a word is taken not to split it.
fn as_word(text: &Text) -> OsString {
    match text.as_known() {
        Some(known) => known.into(),
        None => {
            let start = text.known_start();
            format!("{start}{UNKNOWN}{}", text.to_string().trim_start_matches(start)).into()
        }
    }
}

#[allow(clippy::needless_pass_by_value)]
fn known(word: OsString) -> Result<String, Stop> {
    let text = word.to_string_lossy();
    match text.find(UNKNOWN) {
        None => Ok(text.into_owned()),
        Some(_) => Err(Stop::Doubt(format!("what `{}` stands for is not known", text.replace(UNKNOWN, "")))),
    }
}

fn value(parser: &mut Parser) -> Result<String, Stop> {
    known(parser.value().map_err(refused)?)
}

/// A value that nothing depends on: it need not be known.
fn any_value(parser: &mut Parser) -> Result<(), Stop> {
    parser.value().map(drop).map_err(refused)
}

#[allow(clippy::needless_pass_by_value)]
fn refused(error: lexopt::Error) -> Stop {
    Stop::Doubt(format!("its options cannot be read: {}", error.to_string().replace(UNKNOWN, "")))
}
