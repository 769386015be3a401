//! `pathlib` and `os`: paths as texts, and read-only questions about files inside the tree.

use std::rc::Rc;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::value::{Arguments, Value};
use super::super::{Frame, Interpreter, MOST_ELEMENTS};
use crate::syntax::ast::Range;

/// A path with `.` and doubled slashes taken out, as `pathlib` keeps it.
fn normal(text: &str) -> Rc<str> {
    if is_normal(text) {
        return text.into();
    }
    let parts: Vec<&str> = text.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    match (text.starts_with('/'), parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")).into(),
        (false, true) => ".".into(),
        (false, false) => parts.join("/").into(),
    }
}

/// Whether a path is as `pathlib` keeps it: hooks make the same paths anew for every test, and nearly all of them are.
fn is_normal(text: &str) -> bool {
    let relative = text.strip_prefix('/').unwrap_or(text);
    let mut start_of_part = true;
    for (at, byte) in relative.bytes().enumerate() {
        match byte {
            b'/' if start_of_part => return false,
            b'.' if start_of_part && matches!(relative.as_bytes().get(at + 1), None | Some(b'/')) => return false,
            _ => start_of_part = byte == b'/',
        }
    }
    !start_of_part
}

pub(super) fn text_of(value: &Value) -> Option<&str> {
    match value {
        Value::Path(path) => Some(path),
        other => other.as_str(),
    }
}

fn path(text: &str) -> Value {
    Value::Path(normal(text))
}

/// `path / part / ...`.
pub(in crate::eval) fn join(base: &Rc<str>, parts: &[Value]) -> Option<Value> {
    let mut whole = base.to_string();
    for part in parts {
        let part = text_of(part)?;
        // Two slashes in front are kept by `pathlib`: not followed.
        if part.starts_with("//") {
            return None;
        }
        whole = if part.starts_with('/') { part.to_owned() } else { format!("{whole}/{part}") };
    }
    Some(path(&whole))
}

fn name_of(path: &str) -> &str {
    match path {
        "." | "/" => "",
        path => path.rsplit('/').next().unwrap_or_default(),
    }
}

fn parent_of(path: &str) -> Rc<str> {
    match path.rsplit_once('/') {
        None => ".".into(),
        Some(("", _)) => "/".into(),
        Some((parent, _)) => parent.into(),
    }
}

/// Stem and suffix of a name.
fn split_name(name: &str) -> (&str, &str) {
    match name.rfind('.') {
        Some(at) if at > 0 && at + 1 < name.len() => name.split_at(at),
        _ => (name, ""),
    }
}

/// `path.name`, where that is no method.
pub(in crate::eval) fn attribute(path: &Rc<str>, name: &str) -> Option<Value> {
    // Names whose dots stand together are split in ways that changed.
    let odd = || name_of(path).starts_with('.') || name_of(path).contains("..");
    match name {
        "name" => Some(Value::str(name_of(path))),
        "stem" if !odd() => Some(Value::str(split_name(name_of(path)).0)),
        "suffix" if !odd() => Some(Value::str(split_name(name_of(path)).1)),
        "suffixes" if !odd() && !name_of(path).ends_with('.') => {
            Some(Value::list(name_of(path).split('.').skip(1).map(|part| Value::str(format!(".{part}"))).collect()))
        }
        "parent" => Some(Value::Path(parent_of(path))),
        "parents" => {
            let mut found = Vec::new();
            let mut here: Rc<str> = path.clone();
            while &*here != "/" && &*here != "." && found.len() < MOST_ELEMENTS {
                here = parent_of(&here);
                found.push(Value::Path(here.clone()));
            }
            Some(Value::tuple(found))
        }
        "parts" => {
            let root = path.starts_with('/').then(|| Value::str("/"));
            let parts = path.split('/').filter(|part| !part.is_empty() && *part != ".").map(Value::str);
            Some(Value::Tuple(root.into_iter().chain(parts).collect()))
        }
        "anchor" | "root" => Some(Value::str(if path.starts_with('/') { "/" } else { "" })),
        "drive" => Some(Value::str("")),
        _ => None,
    }
}

impl Interpreter<'_> {
    /// A path of the tree that is absolute and goes through no `..`: only such are looked at.
    pub(super) fn inside(&self, path: &str) -> Option<Utf8PathBuf> {
        let path = if path.starts_with('/') { Utf8PathBuf::from(path) } else { self.tree.join(path) };
        let plain = path.components().all(|part| part.as_str() != "..") && path.starts_with(self.tree);
        if !plain {
            return None;
        }
        // No link may lead out of the tree.
        let mut existing: &Utf8Path = &path;
        while existing != self.tree && self.real(existing).is_none() && !existing.exists() {
            existing = existing.parent()?;
        }
        let real = self.real(existing)?;
        let tree = self.real(self.tree)?;
        real.starts_with(tree).then_some(path)
    }

    /// The path without links; `None` for what does not exist. Hooks ask for the same files once a test, and for files
    /// of the same folders: what is no link itself lies where its folder does.
    fn real(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        if let Some(known) = self.real_paths.borrow().get(path.as_str()) {
            return known.clone();
        }
        let is_no_link =
            || self.imports.knows_no_link(path) || path.symlink_metadata().is_ok_and(|found| !found.is_symlink());
        let real = match (path.parent(), path.file_name()) {
            (Some(folder), Some(name)) if path.is_absolute() && is_no_link() => {
                self.real(folder).map(|folder| folder.join(name))
            }
            _ => path.canonicalize_utf8().ok(),
        };
        self.real_paths.borrow_mut().insert(path.to_string(), real.clone());
        real
    }

    /// `path.resolve()`, for what lies in the tree.
    fn resolved(&self, path: &Rc<str>) -> Option<Rc<str>> {
        if let Some(known) = self.resolved_paths.borrow().get(path) {
            return known.clone();
        }
        let resolved = self.inside(path).and_then(|inside| self.real(&inside)).map(|real| real.as_str().into());
        self.resolved_paths.borrow_mut().insert(path.clone(), resolved.clone());
        resolved
    }

    pub(super) fn path_method(
        &mut self,
        here: &Rc<str>,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        let arg = |index: usize| arguments.positional.get(index).and_then(|arg| text_of(&arg.value));
        match (name, arguments.positional.len()) {
            ("joinpath", _) => {
                let parts: Vec<Value> = arguments.positional.iter().map(|arg| arg.value.clone()).collect();
                join(here, &parts)
            }
            ("resolve", 0) => self.resolved(here).map(Value::Path),
            ("absolute", 0) => Some(Value::Path(self.inside(here)?.as_str().into())),
            ("expanduser", 0) if !here.starts_with('~') => Some(Value::Path(here.clone())),
            ("as_posix" | "__str__" | "__fspath__", 0) => Some(Value::str(&**here)),
            ("is_absolute", 0) => Some(Value::Bool(here.starts_with('/'))),
            ("with_suffix", 1) => {
                let suffix = arg(0)?;
                let name = name_of(here);
                if name.is_empty() || name.starts_with('.') || name.contains("..") {
                    return None;
                }
                let renamed = format!("{}{suffix}", split_name(name).0);
                Some(path(&format!("{}/{renamed}", parent_of(here))))
            }
            ("with_name", 1) => Some(path(&format!("{}/{}", parent_of(here), arg(0)?))),
            ("with_stem", 1) => {
                let (_, suffix) = split_name(name_of(here));
                Some(path(&format!("{}/{}{suffix}", parent_of(here), arg(0)?)))
            }
            ("relative_to", 1) => {
                let base = normal(arg(0)?);
                let rest = match &*base {
                    "." if !here.starts_with('/') => here,
                    base => {
                        let below = |rest: &&str| rest.is_empty() || rest.starts_with('/') || base == "/";
                        match here.strip_prefix(base).filter(below) {
                            Some(rest) => rest,
                            None if arguments.keywords.is_empty() => {
                                return Some(self.fail("ValueError", "a path outside".to_owned(), frame, range));
                            }
                            None => return None,
                        }
                    }
                };
                Some(path(rest.trim_start_matches('/')))
            }
            ("is_relative_to", 1) => {
                let base = normal(arg(0)?);
                let rest = here.strip_prefix(&*base);
                Some(Value::Bool(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/') || &*base == "/")))
            }
            ("exists" | "is_file" | "is_dir", 0) => {
                let path = self.inside(here)?;
                Some(Value::Bool(match name {
                    "exists" => path.exists(),
                    "is_file" => path.is_file(),
                    _ => path.is_dir(),
                }))
            }
            ("read_text", _) => self.file_text(here, false).map(Value::str),
            ("open", _) => self.opened(here, arguments, 0),
            ("iterdir", 0) => self.listing(here, "*", true),
            ("glob", 1) => self.listing(here, arg(0)?, false),
            ("rglob", 1) => self.listing(here, &format!("**/{}", arg(0)?), false),
            ("match", 1) if !arg(0)?.contains('/') => {
                Some(Value::Bool(crate::fnmatch::FnMatch::new(arg(0)?).matches(name_of(here))))
            }
            _ => None,
        }
    }

    /// `glob`, `os`, `os.path`, `pathlib`, `platform` and `shutil`.
    pub(super) fn system(
        &mut self,
        module: &str,
        name: &str,
        arguments: &Arguments,
        frame: &Frame,
        range: Range,
    ) -> Option<Value> {
        match (module, name) {
            ("pathlib", "Path" | "PurePath" | "PosixPath" | "PurePosixPath") => {
                self.has_pure_paths |= name.starts_with("Pure");
                let parts: Vec<Value> = arguments.plain()?.into_iter().cloned().collect();
                match parts.split_first() {
                    None => Some(Value::Path(".".into())),
                    Some((first, rest)) => {
                        let first = text_of(first)?;
                        if first.starts_with("//") {
                            return None;
                        }
                        if rest.is_empty() { Some(path(first)) } else { join(&normal(first), rest) }
                    }
                }
            }
            ("pathlib.Path", _) => None,
            ("platform", "system") => Some(Value::str("Linux")),
            ("platform", "machine") => Some(Value::str("x86_64")),
            ("platform", "python_implementation") => Some(Value::str("CPython")),
            ("os", "listdir") => self.listdir(arguments, frame, range),
            ("glob", "glob") => self.glob(arguments, frame, range),
            ("os", "getcwd") => Some(Value::str(self.tree.as_str())),
            ("os", "fspath") => match &arguments.plain()?[..] {
                [one] => text_of(one).map(Value::str),
                _ => None,
            },
            ("os" | "os.environ", "getenv" | "get") => {
                let name = arguments.get(0, "key")?.as_str()?.to_owned();
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                Some(self.environment(&name).unwrap_or(default))
            }
            ("os.environ", "setdefault") => {
                let name = arguments.get(0, "key")?.as_str()?.to_owned();
                let default = arguments.get(1, "default").cloned().unwrap_or(Value::None);
                if let Some(known) = self.environment(&name) {
                    return Some(known);
                }
                let value = self.current_doubt().cloned().map_or(default, Value::Unknown);
                self.set_environment(name, Some(value.clone()));
                Some(value)
            }
            ("os.environ", "pop") => {
                let name = arguments.get(0, "key")?.as_str()?.to_owned();
                let known = self.environment(&name);
                let gone = self.current_doubt().map(|doubt| Value::Unknown(doubt.clone()));
                self.set_environment(name, gone);
                match (known, arguments.get(1, "default")) {
                    (Some(known), _) => Some(known),
                    (None, Some(default)) => Some(default.clone()),
                    (None, None) => Some(self.fail("KeyError", "a variable that is not set".to_owned(), frame, range)),
                }
            }
            ("os.environ", "update") => {
                for (name, value) in self.pairs_of(arguments, frame, range)? {
                    let value = self.current_doubt().cloned().map_or(value, Value::Unknown);
                    self.set_environment(name.as_str()?.to_owned(), Some(value));
                }
                Some(Value::None)
            }
            ("os.path", _) => self.os_path(name, &arguments.plain()?),
            _ => None,
        }
    }

    fn os_path(&mut self, name: &str, values: &[&Value]) -> Option<Value> {
        let texts: Option<Vec<&str>> = values.iter().map(|value| text_of(value)).collect();
        let texts = texts?;
        match (name, &texts[..]) {
            ("join", [first, rest @ ..]) => {
                let mut whole = (*first).to_owned();
                for part in rest {
                    if part.starts_with('/') {
                        whole = (*part).to_owned();
                    } else if whole.is_empty() || whole.ends_with('/') {
                        whole.push_str(part);
                    } else {
                        whole = format!("{whole}/{part}");
                    }
                }
                Some(Value::str(whole))
            }
            ("basename", [one]) => Some(Value::str(one.rsplit('/').next().unwrap_or_default())),
            ("dirname", [one]) => Some(Value::str(dirname(one))),
            ("split", [one]) => {
                let base = one.rsplit('/').next().unwrap_or_default();
                Some(Value::tuple(vec![Value::str(dirname(one)), Value::str(base)]))
            }
            ("splitext", [one]) => {
                let base = one.rsplit('/').next().unwrap_or_default();
                let dots = base.len() - base.trim_start_matches('.').len();
                let at = base.rfind('.').filter(|at| *at > dots.saturating_sub(1) && *at >= dots).unwrap_or(base.len());
                let at = one.len() - base.len() + at;
                Some(Value::tuple(vec![Value::str(&one[..at]), Value::str(&one[at..])]))
            }
            ("isabs", [one]) => Some(Value::Bool(one.starts_with('/'))),
            ("normpath" | "abspath" | "realpath", [one]) => {
                let whole = match name {
                    "normpath" => (*one).to_owned(),
                    _ if one.starts_with('/') => (*one).to_owned(),
                    _ => format!("{}/{one}", self.tree),
                };
                let normal = normpath(&whole)?;
                if name == "realpath" {
                    let inside = self.inside(&normal)?;
                    (inside.canonicalize_utf8().ok()? == inside).then_some(())?;
                }
                Some(Value::str(normal))
            }
            ("exists" | "isfile" | "isdir", [one]) => {
                let path = self.inside(&normpath(one)?)?;
                Some(Value::Bool(match name {
                    "exists" => path.exists(),
                    "isfile" => path.is_file(),
                    _ => path.is_dir(),
                }))
            }
            ("expanduser", [one]) if !one.starts_with('~') => Some(Value::str(*one)),
            _ => None,
        }
    }
}

fn dirname(path: &str) -> &str {
    match path.rfind('/') {
        None => "",
        Some(at) => {
            let head = &path[..=at];
            let trimmed = head.trim_end_matches('/');
            if trimmed.is_empty() { head } else { trimmed }
        }
    }
}

/// `os.path.normpath`.
pub(super) fn normpath(path: &str) -> Option<String> {
    if path.starts_with("//") {
        return None;
    }
    let absolute = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => match parts.last() {
                Some(&"..") | None if !absolute => parts.push(".."),
                None => {}
                Some(_) => {
                    parts.pop();
                }
            },
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    Some(match (absolute, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    })
}
