//! What commands of the shell itself do to it.

use super::super::directory::Directory;
use super::super::text::{Part, Text};
use super::parser::is_name;
use super::state::End;

/// What a command does to the shell that runs it.
pub(super) enum Effect {
    Nothing,
    /// It changes folder.
    Enter(Text),
    /// It changes folder, to one that is not known.
    EnterUnknown(Directory),
    /// It sets variables; to nothing known, where there is no value.
    Set(Vec<(String, Option<Text>)>),
    /// It gives variables to programs, and sets those that have a value.
    Export(Vec<(String, Option<Option<Text>>)>),
    /// It takes variables away.
    Unset(Vec<String>),
    /// All that is set from now on is given to programs, or not any more.
    ExportAll(bool),
    /// It sets variables within a function only.
    SetLocal(Vec<(String, Option<Text>)>),
    /// It sets variables whose names are not known.
    Forget,
    Shift(usize),
    /// It sets `$1` and those behind it.
    SetParameters(Option<Vec<Text>>),
    End(End),
    /// It runs text in this shell.
    Eval(Text),
    /// It runs a file in this shell.
    Source,
}

/// The name of a program without its folder.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a command does to the shell that runs it.
pub(super) fn effect(prefix: &[Text], words: &[Text]) -> Effect {
    if prefix.first().and_then(Text::as_known) == Some("exec") {
        return Effect::End(End::Exited);
    }
    let Some((name, arguments)) = words.split_first() else { return Effect::Nothing };
    match name.as_known().unwrap_or_default() {
        "cd" | "pushd" => enter(arguments),
        "popd" => Effect::EnterUnknown(Directory::Unknown("popd".to_owned())),
        "exit" => Effect::End(match arguments {
            [status] if status.as_known().is_some_and(|status| status.parse::<u8>().is_ok_and(|status| status > 0)) => {
                End::Failed
            }
            _ => End::Exited,
        }),
        // Without a command, `exec` is for redirections only.
        "exec" if arguments.is_empty() => Effect::Nothing,
        "exec" => Effect::End(End::Exited),
        "return" => Effect::End(End::Returned),
        "break" | "continue" => Effect::End(End::Looped),
        "shift" => Effect::Shift(match arguments {
            [] => 1,
            [by] => by.as_known().and_then(|by| by.parse().ok()).unwrap_or(usize::MAX),
            _ => usize::MAX,
        }),
        "set" => match arguments.split_first() {
            Some((first, rest)) if first.as_known() == Some("--") => {
                Effect::SetParameters((!rest.iter().any(Text::splits)).then(|| rest.to_vec()))
            }
            _ if sets_options(arguments) => exports_all(arguments).map_or(Effect::Nothing, Effect::ExportAll),
            _ => Effect::SetParameters(None),
        },
        "export" | "readonly" | "declare" | "typeset" | "local" | "unset" | "read" | "mapfile" | "readarray"
            if arguments.iter().any(may_name_any) =>
        {
            Effect::Forget
        }
        "export" => Effect::Export(exported(arguments)),
        "declare" | "typeset"
            if arguments.iter().any(|argument| is_option(argument) && argument.to_string().contains('x')) =>
        {
            Effect::Export(exported(arguments))
        }
        "readonly" => Effect::Set(arguments.iter().filter_map(declared).collect()),
        "declare" | "typeset" | "local" => Effect::SetLocal(
            arguments
                .iter()
                .flat_map(|argument| match declared(argument) {
                    Some(value) => vec![value],
                    // Without a value, it has none.
                    None => named(argument).into_iter().map(|name| (name, None)).collect(),
                })
                .collect(),
        ),
        "unset" => Effect::Unset(arguments.iter().flat_map(named).collect()),
        "read" | "mapfile" | "readarray" | "getopts" | "let" | "printf" | "wait" => {
            Effect::Set(arguments.iter().flat_map(named).map(|name| (name, None)).collect())
        }
        "eval" => Effect::Eval(
            arguments
                .iter()
                .enumerate()
                .flat_map(|(index, argument)| {
                    let space = (index > 0).then(|| Part::Known(" ".to_owned()));
                    space.into_iter().chain(argument.parts().iter().cloned())
                })
                .collect(),
        ),
        "source" | "." => Effect::Source,
        _ => Effect::Nothing,
    }
}

fn enter(arguments: &[Text]) -> Effect {
    let mut paths = arguments.iter().filter(|argument| !matches!(argument.as_known(), Some("--" | "-P" | "-L")));
    match (paths.next(), paths.next()) {
        (Some(path), None) if path.as_known() != Some("-") && !path.splits() => match path.as_known() {
            Some("") => Effect::Nothing,
            Some(option) if option.starts_with(['-', '+']) => Effect::EnterUnknown(Directory::unknown(path)),
            _ => Effect::Enter(path.clone()),
        },
        (Some(path), _) => Effect::EnterUnknown(Directory::unknown(path)),
        (None, _) => Effect::EnterUnknown(Directory::Unknown("$HOME".to_owned())),
    }
}

/// What `export` is given: names, with their values where it sets them.
fn exported(arguments: &[Text]) -> Vec<(String, Option<Option<Text>>)> {
    let one = |argument: &Text| match declared(argument) {
        Some((name, value)) => vec![(name, Some(value))],
        None if is_option(argument) => Vec::new(),
        None => named(argument).into_iter().map(|name| (name, None)).collect(),
    };
    arguments.iter().flat_map(one).collect()
}

/// Whether `set` has all variables exported: `-a`, `-o allexport`; `None` where it leaves that as it is.
fn exports_all(arguments: &[Text]) -> Option<bool> {
    let mut named = false;
    let each = |argument: &Text| {
        let text = argument.as_known()?;
        let is_allexport = std::mem::take(&mut named) && text == "allexport";
        named = text.ends_with('o');
        (is_allexport || is_option(argument) && text.contains('a')).then(|| !text.starts_with('+'))
    };
    arguments.iter().filter_map(each).last()
}

/// Whether `set` only sets options: `-e`, `-euo pipefail`, `+x`.
fn sets_options(arguments: &[Text]) -> bool {
    let mut takes_name = false;
    arguments.iter().all(|argument| {
        let was_name = std::mem::take(&mut takes_name);
        takes_name = is_option(argument) && argument.to_string().ends_with('o');
        was_name || is_option(argument)
    })
}

/// `name=value` of `export` and its like; the value may be known in part only.
fn declared(argument: &Text) -> Option<(String, Option<Text>)> {
    let (first, rest) = argument.parts().split_first()?;
    let Part::Known(first) = first else { return None };
    let (name, value) = first.split_once('=')?;
    match name.strip_suffix('+') {
        Some(name) => Some((name.to_owned(), None)),
        None if argument.splits() => Some((name.to_owned(), None)),
        None => {
            let parts = std::iter::once(Part::Known(value.to_owned())).chain(rest.iter().cloned());
            Some((name.to_owned(), Some(parts.collect())))
        }
    }
}

/// Whether the name of what an argument sets is not known: `export $(cat variables)`.
fn may_name_any(argument: &Text) -> bool {
    match argument.parts() {
        [] | [Part::Known(_)] => false,
        [Part::Known(text), ..] => !text.contains('='),
        _ => true,
    }
}

/// The names in an argument.
fn named(argument: &Text) -> Vec<String> {
    let text = argument.to_string();
    let words = text.split(|one: char| !(one.is_ascii_alphanumeric() || one == '_'));
    words.filter(|name| is_name(name)).map(str::to_owned).collect()
}

fn is_option(argument: &Text) -> bool {
    argument.as_known().is_some_and(|option| option.starts_with(['-', '+']))
}

pub(super) fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}
