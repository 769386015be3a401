//! Methods of strings and bytes.

use num_traits::ToPrimitive;

use super::super::compare::integer;
use super::super::value::{Arguments, Value};
use super::super::{Frame, Interpreter, MOST_TEXT};
use crate::syntax::ast::Range;

/// What `str.isspace` says of a character, and `str.strip` and `str.split` take off without an argument: Unicode's white space,
/// and four separators.
fn is_space(one: char) -> bool {
    one.is_whitespace() || matches!(one, '\x1c'..='\x1f')
}

/// Where `str.splitlines` ends a line.
fn is_line_end(one: char) -> bool {
    matches!(one, '\n'..='\r' | '\x1c'..='\x1e' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

impl Interpreter<'_> {
    pub(in crate::eval) fn string_method(
        &mut self,
        text: &str,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match name {
            "format" => return self.str_format(text, arguments, frame, range).map(Value::str),
            "join" => {
                let [items] = &arguments.plain()?[..] else { return None };
                let mut parts = Vec::new();
                for item in self.iterate(items, frame, range).ok()? {
                    parts.push(item.as_str()?.to_owned());
                }
                let size: usize = parts.iter().map(|part| part.len() + text.len()).sum();
                return (size <= MOST_TEXT).then(|| Value::str(parts.join(text)));
            }
            "split" | "rsplit" => return split(text, name == "rsplit", arguments),
            "splitlines" => {
                let keep = arguments.get(0, "keepends").map_or(Some(false), super::super::truth)?;
                return splitlines(text, keep);
            }
            "encode" => {
                let encoding = match arguments.get(0, "encoding") {
                    None => "utf-8".to_owned(),
                    Some(name) => name.as_str()?.to_ascii_lowercase(),
                };
                let fits = matches!(&*encoding, "utf-8" | "utf8")
                    || (text.is_ascii() && matches!(&*encoding, "ascii" | "latin-1"));
                return fits.then(|| Value::Bytes(text.as_bytes().into()));
            }
            _ => {}
        }
        let values = arguments.plain()?;
        plain_method(text, name, &values).or_else(|| self.failing_method(text, name, &values, frame, range))
    }

    fn failing_method(
        &mut self,
        text: &str,
        name: &str,
        values: &[&Value],
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match (name, values) {
            ("index" | "rindex", [part]) => {
                let part = part.as_str()?;
                if text.contains(part) {
                    return None;
                }
                Some(self.fail("ValueError", "a substring that is not there".to_owned(), frame, range))
            }
            _ => None,
        }
    }
}

fn plain_method(text: &str, name: &str, values: &[&Value]) -> Option<Value> {
    let arg = |index: usize| values.get(index).and_then(|value| value.as_str());
    let number = |index: usize| values.get(index).and_then(|value| integer(value)).and_then(|number| number.to_i64());
    let ascii = text.is_ascii();
    let strip = |left: bool, right: bool| -> Option<Value> {
        let chosen: Option<Vec<char>> = match values {
            [] | [Value::None] => None,
            [_] => Some(arg(0)?.chars().collect()),
            _ => return None,
        };
        let goes = |one: char| chosen.as_ref().map_or_else(|| is_space(one), |chosen| chosen.contains(&one));
        let mut rest = text;
        if left {
            rest = rest.trim_start_matches(goes);
        }
        if right {
            rest = rest.trim_end_matches(goes);
        }
        Some(Value::str(rest))
    };
    match (name, values.len()) {
        ("lower" | "casefold", 0) if ascii => Some(Value::str(text.to_ascii_lowercase())),
        ("upper", 0) if ascii => Some(Value::str(text.to_ascii_uppercase())),
        ("swapcase", 0) if ascii => {
            let swap =
                |one: char| if one.is_ascii_lowercase() { one.to_ascii_uppercase() } else { one.to_ascii_lowercase() };
            Some(Value::str(text.chars().map(swap).collect::<String>()))
        }
        ("capitalize", 0) if ascii => {
            let (first, rest) = text.split_at(usize::from(!text.is_empty()));
            Some(Value::str(first.to_ascii_uppercase() + &rest.to_ascii_lowercase()))
        }
        ("title", 0) if ascii => {
            let mut inside = false;
            let title = text.chars().map(|one| {
                let shown = if inside { one.to_ascii_lowercase() } else { one.to_ascii_uppercase() };
                inside = one.is_ascii_alphabetic();
                shown
            });
            Some(Value::str(title.collect::<String>()))
        }
        ("strip", _) => strip(true, true),
        ("lstrip", _) => strip(true, false),
        ("rstrip", _) => strip(false, true),
        ("replace", 2 | 3) => {
            let (from, to) = (arg(0)?, arg(1)?);
            let times = if values.len() == 3 { number(2)? } else { -1 };
            if from.is_empty() || text.len().saturating_mul(to.len().max(1)) > MOST_TEXT {
                return None;
            }
            Some(Value::str(match usize::try_from(times) {
                Ok(times) => text.replacen(from, to, times),
                Err(_) => text.replace(from, to),
            }))
        }
        ("startswith" | "endswith", 1) => {
            let fits = |part: &str| if name == "startswith" { text.starts_with(part) } else { text.ends_with(part) };
            match values[0] {
                Value::Tuple(parts) => {
                    let answers: Option<Vec<bool>> = parts.iter().map(|part| part.as_str().map(fits)).collect();
                    Some(Value::Bool(answers?.contains(&true)))
                }
                _ => Some(Value::Bool(fits(arg(0)?))),
            }
        }
        ("removeprefix", 1) => Some(Value::str(text.strip_prefix(arg(0)?).unwrap_or(text))),
        ("removesuffix", 1) => Some(Value::str(text.strip_suffix(arg(0)?).unwrap_or(text))),
        ("partition", 1) => {
            let mark = arg(0).filter(|mark| !mark.is_empty())?;
            let parts = text.split_once(mark).map_or([text, "", ""], |(one, other)| [one, mark, other]);
            Some(Value::Tuple(parts.map(Value::str).into()))
        }
        ("rpartition", 1) => {
            let mark = arg(0).filter(|mark| !mark.is_empty())?;
            let parts = text.rsplit_once(mark).map_or(["", "", text], |(one, other)| [one, mark, other]);
            Some(Value::Tuple(parts.map(Value::str).into()))
        }
        ("find" | "index", 1) => {
            let found = text.find(arg(0)?).map(|at| text[..at].chars().count());
            match found {
                Some(at) => Some(Value::int(at)),
                None => (name == "find").then(|| Value::int(-1)),
            }
        }
        ("rfind" | "rindex", 1) => {
            let found = text.rfind(arg(0)?).map(|at| text[..at].chars().count());
            match found {
                Some(at) => Some(Value::int(at)),
                None => (name == "rfind").then(|| Value::int(-1)),
            }
        }
        ("count", 1) => arg(0).filter(|part| !part.is_empty()).map(|part| Value::int(text.matches(part).count())),
        ("zfill", 1) => {
            let width = usize::try_from(number(0)?).unwrap_or(0);
            if width > 10_000 {
                return None;
            }
            let missing = "0".repeat(width.saturating_sub(text.chars().count()));
            let (sign, digits) = match text.strip_prefix(['+', '-']) {
                Some(digits) => (&text[..1], digits),
                None => ("", text),
            };
            Some(Value::str(format!("{sign}{missing}{digits}")))
        }
        ("ljust" | "rjust" | "center", 1 | 2) => {
            let width = usize::try_from(number(0)?).unwrap_or(0);
            let fill = if values.len() == 2 { arg(1)? } else { " " };
            if width > 10_000 || fill.chars().count() != 1 {
                return None;
            }
            let missing = width.saturating_sub(text.chars().count());
            // The odd one goes left where the width is odd as well.
            let left = match name {
                "ljust" => 0,
                "rjust" => missing,
                _ => missing / 2 + (missing & width & 1),
            };
            Some(Value::str(format!("{}{text}{}", fill.repeat(left), fill.repeat(missing - left))))
        }
        ("expandtabs", _) => None,
        ("isascii", 0) => Some(Value::Bool(ascii)),
        ("isdigit" | "isdecimal" | "isnumeric", 0) if ascii => {
            Some(Value::Bool(!text.is_empty() && text.bytes().all(|one| one.is_ascii_digit())))
        }
        ("isalpha", 0) if ascii => {
            Some(Value::Bool(!text.is_empty() && text.bytes().all(|one| one.is_ascii_alphabetic())))
        }
        ("isalnum", 0) if ascii => {
            Some(Value::Bool(!text.is_empty() && text.bytes().all(|one| one.is_ascii_alphanumeric())))
        }
        ("isspace", 0) => Some(Value::Bool(!text.is_empty() && text.chars().all(is_space))),
        ("islower", 0) if ascii => Some(Value::Bool(
            text.bytes().any(|one| one.is_ascii_lowercase()) && !text.bytes().any(|one| one.is_ascii_uppercase()),
        )),
        ("isupper", 0) if ascii => Some(Value::Bool(
            text.bytes().any(|one| one.is_ascii_uppercase()) && !text.bytes().any(|one| one.is_ascii_lowercase()),
        )),
        ("isidentifier", 0) if ascii => Some(Value::Bool(
            text.bytes().all(|one| one == b'_' || one.is_ascii_alphanumeric())
                && text.bytes().next().is_some_and(|one| !one.is_ascii_digit()),
        )),
        _ => None,
    }
}

fn split(text: &str, from_right: bool, arguments: &Arguments) -> Option<Value> {
    let times = match arguments.get(1, "maxsplit") {
        None => -1,
        Some(times) => integer(times)?.to_i64()?,
    };
    let limit = usize::try_from(times).ok();
    let parts = match arguments.get(0, "sep") {
        None | Some(Value::None) => split_at_spaces(text, from_right, limit),
        Some(mark) => {
            let mark = mark.as_str().filter(|mark| !mark.is_empty())?;
            match (limit, from_right) {
                (None, _) => text.split(mark).map(str::to_owned).collect(),
                (Some(limit), false) => text.splitn(limit + 1, mark).map(str::to_owned).collect(),
                (Some(limit), true) => {
                    let mut parts: Vec<String> = text.rsplitn(limit + 1, mark).map(str::to_owned).collect();
                    parts.reverse();
                    parts
                }
            }
        }
    };
    (parts.len() <= super::super::MOST_ELEMENTS).then(|| Value::list(parts.into_iter().map(Value::str).collect()))
}

/// The words between white space. What is left behind the last split keeps its spaces at the far end.
fn split_at_spaces(text: &str, from_right: bool, limit: Option<usize>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let trim =
        |rest| if from_right { str::trim_end_matches(rest, is_space) } else { str::trim_start_matches(rest, is_space) };
    let mut rest = trim(text);
    while !rest.is_empty() {
        let found = if limit.is_some_and(|limit| words.len() >= limit) {
            None
        } else if from_right {
            rest.char_indices().rfind(|(_, one)| is_space(*one)).map(|(at, one)| (at, at + one.len_utf8()))
        } else {
            rest.find(is_space).map(|at| (at, at))
        };
        let Some((end, next)) = found else {
            words.push(rest.to_owned());
            break;
        };
        let (word, others) = if from_right { (&rest[next..], &rest[..end]) } else { (&rest[..end], &rest[end..]) };
        words.push(word.to_owned());
        rest = trim(others);
    }
    if from_right {
        words.reverse();
    }
    words
}

fn splitlines(text: &str, keep: bool) -> Option<Value> {
    let mut lines = Vec::new();
    let mut rest = text;
    while let Some(end) = rest.find(is_line_end) {
        let behind = &rest[end..];
        let length = if behind.starts_with("\r\n") { 2 } else { behind.chars().next().map_or(0, char::len_utf8) };
        lines.push(Value::str(&rest[..if keep { end + length } else { end }]));
        rest = &behind[length..];
    }
    if !rest.is_empty() {
        lines.push(Value::str(rest));
    }
    (lines.len() <= super::super::MOST_ELEMENTS).then(|| Value::list(lines))
}

pub(super) fn bytes_method(bytes: &[u8], name: &str, arguments: &Arguments) -> Option<Value> {
    match (name, &arguments.plain()?[..]) {
        ("decode", [] | [_]) => {
            let encoding = match arguments.get(0, "encoding") {
                None => "utf-8".to_owned(),
                Some(name) => name.as_str()?.to_ascii_lowercase(),
            };
            if !matches!(&*encoding, "utf-8" | "utf8" | "ascii") {
                return None;
            }
            let text = std::str::from_utf8(bytes).ok()?;
            (text.is_ascii() || encoding != "ascii").then(|| Value::str(text))
        }
        ("hex", []) => Some(Value::str(bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>())),
        ("upper", []) => Some(Value::Bytes(bytes.to_ascii_uppercase().into())),
        ("lower", []) => Some(Value::Bytes(bytes.to_ascii_lowercase().into())),
        ("startswith", [Value::Bytes(part)]) => Some(Value::Bool(bytes.starts_with(part))),
        ("endswith", [Value::Bytes(part)]) => Some(Value::Bool(bytes.ends_with(part))),
        _ => None,
    }
}
