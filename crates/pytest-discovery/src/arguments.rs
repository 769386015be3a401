//! What pytest is asked to collect.

use camino::{Utf8Path, Utf8PathBuf};

use crate::PytestVersion;
use crate::config::{Config, ConfigError};
use crate::fnmatch::FnMatch;
use crate::options::CommandLine;
use crate::paths::{absolute, is_within};

/// Finds the file or the folder of a module by its dotted name.
pub(crate) type FindModule<'f> = &'f dyn Fn(&str) -> Option<Utf8PathBuf>;

/// A path, the names below it, and the text in brackets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Argument {
    /// The file or folder, absolute.
    pub path: Utf8PathBuf,
    /// `TestClass`, `test_function`.
    pub names: Vec<String>,
    /// The parameters with their brackets.
    pub param: Option<String>,
    /// With `--pyargs`: the dotted name that led to the path.
    pub module_name: Option<String>,
}

impl Argument {
    /// Reads one argument. `modules` finds what a dotted name means, with `--pyargs`.
    ///
    /// # Errors
    /// The path does not exist, has brackets, or is a folder with names behind it.
    pub(crate) fn resolve(
        cwd: &Utf8Path,
        text: &str,
        pytest: PytestVersion,
        modules: Option<FindModule<'_>>,
    ) -> Result<Self, ConfigError> {
        let (base, param) = match text.find('[') {
            Some(at) => (&text[..at], Some(text[at..].to_owned())),
            None => (text, None),
        };
        let mut parts = base.split("::");
        let first = parts.next().unwrap_or_default();
        let module = modules.and_then(|search| search(first));
        let module_name = module.is_some().then(|| first.to_owned());
        let path = module.unwrap_or_else(|| absolute(cwd, first));
        let names: Vec<String> = parts.map(str::to_owned).collect();
        if param.is_some() && names.is_empty() && pytest >= PytestVersion::NORMALISED_ARGUMENTS {
            return Err(ConfigError::argument(text, "a path cannot contain brackets: name the folder above it"));
        }
        if !path.exists() {
            let what = match modules {
                None => format!("{path} does not exist: name a file or folder that does"),
                Some(_) => "is no module, file or folder of the tree: only modules of the tree are found".to_owned(),
            };
            return Err(ConfigError::argument(text, what));
        }
        if !names.is_empty() && path.is_dir() {
            return Err(ConfigError::argument(text, "a folder has no names behind `::`: name a file"));
        }
        if names.iter().any(String::is_empty) {
            return Err(ConfigError::argument(text, "there is no name behind `::`: name a class or a function"));
        }
        Ok(Self { path, names, param, module_name })
    }

    /// The outermost of the folders through which pytest comes to a module that is named; `None` where those of the path
    /// are gone through.
    fn top(&self) -> Option<&Utf8Path> {
        self.path.ancestors().nth(self.module_name.as_ref()?.matches('.').count())
    }

    /// Whether what `other` names is collected to find what `self` names.
    fn is_below(&self, other: &Self) -> bool {
        if self.top() != other.top() {
            return false;
        }
        if self.path != other.path {
            return other.names.is_empty() && is_within(&self.path, &other.path);
        }
        self.names.len() > other.names.len() && self.names.starts_with(&other.names) && other.param.is_none()
    }

    /// Whether `self` collects all that `other` does.
    fn covers(&self, other: &Self) -> bool {
        if self.path != other.path {
            return self.names.is_empty() && other.path.starts_with(&self.path);
        }
        other.names.starts_with(&self.names) && (self.param.is_none() || self.param == other.param)
    }
}

/// As on the command line.
impl std::fmt::Display for Argument {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}", self.path)?;
        self.names.iter().try_for_each(|name| write!(formatter, "::{name}"))?;
        formatter.write_str(self.param.as_deref().unwrap_or_default())
    }
}

/// Takes out every argument that another covers; the rest keep their order.
pub(crate) fn normalise(arguments: Vec<Argument>) -> Vec<Argument> {
    let mut sorted: Vec<(usize, Argument)> = arguments.into_iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| {
        let param = |argument: &Argument| argument.param.clone().unwrap_or_default();
        (&a.path, &a.names, param(a)).cmp(&(&b.path, &b.names, param(b)))
    });
    let mut kept: Vec<(usize, Argument)> = Vec::with_capacity(sorted.len());
    for (place, argument) in sorted {
        if !kept.last().is_some_and(|(_, last)| last.covers(&argument)) {
            kept.push((place, argument));
        }
    }
    kept.sort_by_key(|(place, _)| *place);
    kept.into_iter().map(|(_, argument)| argument).collect()
}

/// Whether an argument gives nothing, since one that lies below it was looked for in it, or since it is a folder that was
/// an argument before: what was collected on the way to another argument is a duplicate when it is collected for its own
/// sake. A file that is named makes the nodes beside it anew, so that those are others before and behind it.
///
/// Source: `Session._collect_one_node` and `genitems` of pytest 8.
pub(crate) fn is_passed_through(config: &Config, place: usize) -> bool {
    let arguments = &config.arguments;
    let applies = config.pytest >= PytestVersion::INTERLEAVED_WALK
        && config.pytest < PytestVersion::NORMALISED_ARGUMENTS
        && !config.options.keep_duplicates;
    let Some(argument) = arguments.get(place).filter(|_| applies) else { return false };
    let makes_anew = |other: &Argument| {
        let beside = other.path.parent().filter(|_| other.names.is_empty() && other.path.is_file());
        beside.is_some_and(|folder| argument.path != folder && is_within(&argument.path, folder))
    };
    let is_anew = argument.names.is_empty() && argument.path.is_file();
    arguments.iter().enumerate().any(|(other, below)| {
        let (first, last) = (place.min(other), place.max(other));
        if is_anew && other < place {
            return false;
        }
        let is_folder_again =
            || other < place && below.path == argument.path && below.top() == argument.top() && below.path.is_dir();
        (below.is_below(argument) || is_folder_again()) && !arguments.iter().take(last).skip(first + 1).any(makes_anew)
    })
}

/// How often what lies in the folders around an argument was made anew by the arguments before it: a test that is named
/// twice is one test unless that happened between.
pub(crate) fn times_made_anew(config: &Config, place: usize) -> usize {
    let (before, rest) = config.arguments.split_at(place.min(config.arguments.len()));
    let Some(argument) = rest.first().filter(|_| config.pytest >= PytestVersion::INTERLEAVED_WALK) else { return 0 };
    let files = before.iter().filter(|other| other.names.is_empty() && other.path.is_file());
    files.filter(|file| file.path.parent().is_some_and(|folder| is_within(&argument.path, folder))).count()
}

/// The command line's arguments, else what `testpaths` finds, else the working directory.
pub(crate) fn decide(cwd: &Utf8Path, rootdir: &Utf8Path, line: &CommandLine, testpaths: &[String]) -> Vec<String> {
    let given: Vec<String> = line
        .paths
        .iter()
        // A word behind an option that is not known is its value, unless it is a path.
        .filter(|path| {
            let file = path.text.split("::").next().unwrap_or_default();
            path.behind_unknown.is_none() || absolute(cwd, file).exists()
        })
        .map(|path| path.text.clone())
        .collect();
    if !given.is_empty() {
        return given;
    }
    let mut found = Vec::new();
    if cwd == rootdir {
        for pattern in testpaths {
            if line.pyargs {
                found.push(pattern.clone());
                continue;
            }
            let mut matches = glob(cwd, pattern);
            matches.sort();
            found.extend(matches);
        }
    }
    if found.is_empty() { vec![cwd.to_string()] } else { found }
}

/// Around which files and folders conftests are loaded before anything is collected: the arguments as they were given,
/// those too that others cover.
///
/// Source: `PytestPluginManager._set_initial_conftests`.
fn anchors(cwd: &Utf8Path, texts: &[String]) -> Vec<Utf8PathBuf> {
    let paths = texts.iter().map(|text| absolute(cwd, text.split("::").next().unwrap_or_default()));
    let found: Vec<Utf8PathBuf> = paths.filter(|path| path.exists()).collect();
    if found.is_empty() { vec![cwd.to_owned()] } else { found }
}

/// The initial conftests, in the order in which they are loaded: those around each anchor, from `confcutdir` on, then
/// those of its folders named `test*`. One may be there several times.
///
/// Source: `PytestPluginManager._try_load_conftest`.
pub(crate) fn initial_conftests(cwd: &Utf8Path, texts: &[String], confcutdir: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut conftests = Vec::new();
    for anchor in anchors(cwd, texts) {
        let is_dir = anchor.is_dir();
        let Some(folder) = (if is_dir { Some(anchor.as_path()) } else { anchor.parent() }) else { continue };
        let mut folders: Vec<Utf8PathBuf> = folder
            .ancestors()
            .filter(|above| !confcutdir.starts_with(above) || **above == *confcutdir)
            .map(Utf8Path::to_owned)
            .collect();
        folders.reverse();
        if is_dir {
            let mut of_tests: Vec<String> = names(folder).into_iter().filter(|name| name.starts_with("test")).collect();
            of_tests.sort();
            folders.extend(of_tests.into_iter().map(|name| folder.join(name)));
        }
        conftests.extend(folders.into_iter().map(|folder| folder.join("conftest.py")).filter(|path| path.is_file()));
    }
    conftests
}

/// Folders that `**` may enter before the pattern is given up: links can make a tree endless.
const MAX_GLOB_FOLDERS: usize = 50_000;

/// Python's `glob.iglob(pattern, recursive=True)`, relative patterns seen from `cwd`.
fn glob(cwd: &Utf8Path, pattern: &str) -> Vec<String> {
    let only_folders = pattern.ends_with('/');
    let (start, rest) = match pattern.strip_prefix('/') {
        Some(rest) => ("/".to_owned(), rest),
        None => (String::new(), pattern),
    };
    let mut found = vec![start];
    let mut budget = MAX_GLOB_FOLDERS;
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    for (place, part) in parts.iter().enumerate() {
        let last = place + 1 == parts.len() && !only_folders;
        let mut next = Vec::new();
        for folder in &found {
            let join = |name: &str| match folder.as_str() {
                "" => name.to_owned(),
                folder if folder.ends_with('/') => format!("{folder}{name}"),
                folder => format!("{folder}/{name}"),
            };
            if *part == "**" {
                if !folder.is_empty() || !last {
                    next.push(folder.clone());
                }
                below(cwd, folder, last, &mut budget, &mut next);
            } else if part.contains(['*', '?', '[']) {
                let wanted = FnMatch::new(part);
                for name in names(&cwd.join(folder)) {
                    let hidden = name.starts_with('.') && !part.starts_with('.');
                    if !hidden && wanted.matches(&name) && (last || cwd.join(join(&name)).is_dir()) {
                        next.push(join(&name));
                    }
                }
            } else if cwd.join(join(part)).symlink_metadata().is_ok() {
                next.push(join(part));
            }
        }
        found = next;
    }
    found.retain(|path| !path.is_empty());
    if only_folders {
        found.retain(|path| cwd.join(path).is_dir());
        found.iter_mut().for_each(|path| path.push('/'));
    }
    found
}

fn below(cwd: &Utf8Path, folder: &str, files_too: bool, budget: &mut usize, into: &mut Vec<String>) {
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for name in names(&cwd.join(&folder)) {
            if name.starts_with('.') {
                continue;
            }
            let path = if folder.is_empty() { name } else { format!("{}/{name}", folder.trim_end_matches('/')) };
            let is_folder = cwd.join(&path).is_dir();
            if is_folder && *budget > 0 {
                *budget -= 1;
                open.push(path.clone());
            }
            if is_folder || files_too {
                into.push(path);
            }
        }
    }
}

fn names(folder: &Utf8Path) -> Vec<String> {
    let Ok(entries) = folder.read_dir_utf8() else { return Vec::new() };
    entries.filter_map(Result::ok).map(|entry| entry.file_name().to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn argument(path: &str, names: &[&str], param: Option<&str>) -> Argument {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        Argument { path: path.into(), names, param: param.map(str::to_owned), module_name: None }
    }

    #[test]
    fn covered_arguments_go_and_the_rest_keeps_its_order() {
        let (b, a) = (argument("/b", &[], None), argument("/a", &[], None));
        let inside = argument("/a/x.py", &["test"], None);
        assert_eq!(normalise(vec![b.clone(), inside, a.clone()]), [b, a]);
    }

    #[test]
    fn names_compare_whole() {
        let (short, long) = (argument("/x.py", &["TestA"], None), argument("/x.py", &["TestAB"], None));
        assert_eq!(normalise(vec![short.clone(), long.clone()]), [short, long]);
    }
}
