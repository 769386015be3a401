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
    /// The same, within a function only.
    SetLocal(Vec<(String, Option<Text>)>),
    /// It sets variables whose names are not known.
    Forget,
    Shift(usize),
    /// It sets `$1` and those behind it.
    SetParameters(Option<Vec<Text>>),
    End(End),
    /// It runs text or a file that is not known in this shell.
    Anything,
    /// Another shell runs this text.
    Script(String),
}

/// Programs that run the program behind them.
const RUNNERS: [&str; 10] =
    ["command", "builtin", "exec", "nohup", "sudo", "env", "nice", "stdbuf", "xvfb-run", "timeout"];

/// The words in front of a program that run it, and the program with its arguments.
pub(super) fn without_prefix<'w>(words: &'w [Text], programs: &[&str]) -> (&'w [Text], &'w [Text]) {
    let mut start = 0;
    while let Some(name) = words.get(start).and_then(Text::as_known) {
        let behind = match name {
            // Its duration.
            "timeout" => 2,
            name if RUNNERS.contains(&name) => 1,
            // `env NAME=value`
            _ if start > 0 && is_assignment(name) => 1,
            _ => break,
        };
        match words.get(start + 1).and_then(Text::as_known) {
            // Which of its options have a value is not known: the program is the first one that is asked for.
            Some(option) if option.starts_with('-') => {
                let program = |word: &Text| word.as_known().is_some_and(|name| programs.contains(&base_name(name)));
                start += words[start..].iter().position(program).unwrap_or(0);
                break;
            }
            Some(_) if start + behind < words.len() => start += behind,
            _ => break,
        }
    }
    words.split_at(start)
}

/// The name of a program without its folder.
pub(super) fn base_name(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// What a command does to the shell.
pub(super) fn effect(prefix: &[Text], words: &[Text]) -> Effect {
    let runner = prefix.first().and_then(Text::as_known);
    // Another process changes nothing here.
    if !matches!(runner, None | Some("command" | "builtin" | "exec")) {
        return script(words).unwrap_or(Effect::Nothing);
    }
    if runner == Some("exec") {
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
            _ if arguments.iter().all(is_option) => Effect::Nothing,
            _ => Effect::SetParameters(None),
        },
        "export" | "readonly" | "declare" | "typeset" | "local" | "unset" | "read" | "mapfile" | "readarray"
            if arguments.iter().any(may_name_any) =>
        {
            Effect::Forget
        }
        "export" | "readonly" => Effect::Set(arguments.iter().filter_map(declared).collect()),
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
        "unset" | "read" | "mapfile" | "readarray" | "getopts" | "let" | "printf" | "wait" => {
            Effect::Set(arguments.iter().flat_map(named).map(|name| (name, None)).collect())
        }
        "eval" | "source" | "." => Effect::Anything,
        _ => script(words).unwrap_or(Effect::Nothing),
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

/// The text that `bash -c` runs.
fn script(words: &[Text]) -> Option<Effect> {
    let (name, arguments) = words.split_first()?;
    let name = name.as_known()?;
    if !matches!(base_name(name), "bash" | "sh" | "dash") {
        return None;
    }
    for (index, argument) in arguments.iter().enumerate() {
        let option = argument.as_known()?;
        if !option.starts_with('-') || option.starts_with("--") {
            return None;
        }
        if option.contains('c') {
            return arguments.get(index + 1)?.as_known().map(|text| Effect::Script(text.to_owned()));
        }
    }
    None
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

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| is_name(name))
}
