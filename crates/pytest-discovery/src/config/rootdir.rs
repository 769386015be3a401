//! The rootdir, which node ids are relative to, and the configuration file.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

use super::ConfigError;
use super::file::{self, ConfigFile};
use crate::PytestVersion;
use crate::options::CommandLine;
use crate::paths::{absolute, common_ancestor};

/// Where the configuration was found.
#[derive(Debug)]
pub(super) struct Located {
    pub(super) rootdir: Utf8PathBuf,
    pub(super) file: Option<ConfigFile>,
}

/// Decides the rootdir from the arguments that are known before `addopts` is read.
pub(super) fn locate(
    cwd: &Utf8Path,
    line: &CommandLine,
    env: &BTreeMap<String, String>,
    pytest: PytestVersion,
) -> Result<Located, ConfigError> {
    let folders = argument_folders(cwd, line);
    let mut located = match &line.config_file {
        Some(named) => {
            let path = absolute(cwd, named);
            let file = file::named(&path, pytest)?;
            let folder = if file.is_some() { path.parent().map(Utf8Path::to_owned) } else { None };
            let rootdir = folder.unwrap_or_else(|| {
                let ancestor = ancestor_of(cwd, &folders);
                if is_filesystem_root(&ancestor) { cwd.to_owned() } else { ancestor }
            });
            Located { rootdir, file }
        }
        None => search(cwd, &folders, line.rootdir.is_some(), pytest)?,
    };
    if let Some(rootdir) = &line.rootdir {
        located.rootdir = absolute(cwd, &expand_variables(rootdir, env));
        if !located.rootdir.is_dir() {
            let what = format!("{} is no folder: name one that exists", located.rootdir);
            return Err(ConfigError::option("--rootdir", what));
        }
    }
    Ok(located)
}

fn search(
    cwd: &Utf8Path,
    folders: &[Utf8PathBuf],
    rootdir_is_given: bool,
    pytest: PytestVersion,
) -> Result<Located, ConfigError> {
    let at = |file: ConfigFile| {
        let rootdir = file.path.parent().unwrap_or(cwd).to_owned();
        Located { rootdir, file: Some(file) }
    };
    let ancestor = ancestor_of(cwd, folders);
    if let Some(file) = file::search(std::slice::from_ref(&ancestor), pytest)? {
        return Ok(at(file));
    }
    let without_file = |rootdir: Utf8PathBuf| Located { rootdir, file: None };
    if rootdir_is_given {
        return Ok(without_file(ancestor));
    }
    if let Some(with_setup) = ancestor.ancestors().find(|folder| folder.join("setup.py").is_file()) {
        return Ok(without_file(with_setup.to_owned()));
    }
    if folders != [ancestor.clone()] {
        let starts = if folders.is_empty() { &[cwd.to_owned()] } else { folders };
        if let Some(file) = file::search(starts, pytest)? {
            return Ok(at(file));
        }
    }
    let rootdir = common_ancestor(cwd, &ancestor);
    Ok(without_file(if is_filesystem_root(&rootdir) { ancestor } else { rootdir }))
}

/// The folders of the arguments that exist. A word behind an option that is not known counts too: at this time
/// pytest cannot tell that it is the option's value.
fn argument_folders(cwd: &Utf8Path, line: &CommandLine) -> Vec<Utf8PathBuf> {
    let paths = line.paths.iter().filter(|path| !path.text.starts_with('-'));
    paths
        .map(|path| absolute(cwd, path.text.split("::").next().unwrap_or(&path.text)))
        .filter(|path| path.exists())
        .map(|path| if path.is_dir() { path } else { path.parent().unwrap_or(&path).to_owned() })
        .collect()
}

fn ancestor_of(cwd: &Utf8Path, folders: &[Utf8PathBuf]) -> Utf8PathBuf {
    let mut folders = folders.iter();
    let first = folders.next().map_or(cwd, Utf8PathBuf::as_path).to_owned();
    folders.fold(first, |ancestor, folder| common_ancestor(&ancestor, folder))
}

fn is_filesystem_root(path: &Utf8Path) -> bool {
    path.parent().is_none()
}

/// `$NAME` and `${NAME}`; one that is not set stays as it is.
fn expand_variables(text: &str, env: &BTreeMap<String, String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, behind)) = rest.split_once('$') {
        expanded.push_str(before);
        let braced = behind.strip_prefix('{').and_then(|inside| inside.split_once('}'));
        let (name, next) = braced.unwrap_or_else(|| {
            let end = behind.find(|letter: char| !(letter.is_ascii_alphanumeric() || letter == '_'));
            behind.split_at(end.unwrap_or(behind.len()))
        });
        match env.get(name) {
            Some(value) => expanded.push_str(value),
            None => expanded.push_str(&rest[before.len()..rest.len() - next.len()]),
        }
        rest = next;
    }
    expanded.push_str(rest);
    expanded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_that_are_set_are_expanded() {
        let env = BTreeMap::from([("A".to_owned(), "x".to_owned())]);
        assert_eq!(expand_variables("$A/${A}b/$B/${B}/$", &env), "x/xb/$B/${B}/$");
    }
}
