//! pytest's configuration of a tree: rootdir, configuration file, options and arguments.

mod error;
mod file;
mod ini;
mod ini_file;
mod own;
mod rootdir;
mod setting;

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};

pub use error::ConfigError;
pub use ini::{EmptyParameterSet, IniOptions, LongStringIds, MarkerLine};
pub(crate) use own::{OwnSettings, OwnValue};

use crate::PytestVersion;
use crate::arguments::{self, Argument, FindModule};
use crate::find_spec::{self, Spec, find_spec};
use crate::folders::Folders;
use crate::imports;
use crate::options::{CommandLine, Known, is_blocked};
use crate::paths::absolute;
use crate::shell_words;
use setting::{Named, Setting};

/// How pytest would be called.
#[derive(Debug, Clone, Default)]
pub struct Invocation {
    /// The tree, absolute; also the working directory.
    pub tree: Utf8PathBuf,
    /// The command line.
    pub args: Vec<String>,
    /// The environment; `PYTEST_ADDOPTS` is read from here.
    pub env: BTreeMap<String, String>,
    /// The release to follow.
    pub pytest: PytestVersion,
    /// Further `-o name=value`, behind those of the command line.
    pub overrides: Vec<(String, String)>,
}

/// pytest's configuration of one call.
#[derive(Debug, Clone)]
pub struct Config {
    /// What node ids are relative to.
    pub rootdir: Utf8PathBuf,
    /// The configuration file.
    pub file: Option<Utf8PathBuf>,
    /// The working directory.
    pub invocation_dir: Utf8PathBuf,
    /// A conftest strictly above this folder does not count.
    pub confcutdir: Utf8PathBuf,
    /// The release that is followed.
    pub pytest: PytestVersion,
    /// The options of the file, overrides applied.
    pub ini: IniOptions,
    /// `addopts`, `PYTEST_ADDOPTS` and the command line, in this order.
    pub options: CommandLine,
    /// What is collected, overlaps taken out.
    pub arguments: Vec<Argument>,
    /// The arguments as written, before overlaps were taken out: initial conftests depend on them.
    pub argument_texts: Vec<String>,
    /// The words of the configuration's `addopts`.
    pub addopts: Vec<String>,
    /// Where the configuration file has `addopts`: a line, from 1.
    pub addopts_line: Option<u32>,
    /// What conftests may ask for that they declare themselves.
    pub(crate) own: OwnSettings,
}

impl Config {
    /// Finds and reads the configuration.
    ///
    /// # Errors
    /// What pytest would answer with a usage error.
    pub fn locate(invocation: &Invocation) -> Result<Self, ConfigError> {
        let cwd = invocation.tree.as_path();
        let pytest = invocation.pytest;
        let split =
            |text: &str| shell_words::split(text).map_err(|cause| ConfigError::words("PYTEST_ADDOPTS", text, cause));
        let env_words = invocation.env.get("PYTEST_ADDOPTS").map_or(Ok(Vec::new()), |text| split(text))?;
        let mut early = CommandLine::default();
        early.read(cwd, &env_words, Known::Builtin, pytest)?;
        early.read(cwd, &invocation.args, Known::Builtin, pytest)?;

        let located = rootdir::locate(cwd, &early, &invocation.env, pytest)?;
        let (file, mut settings) = match located.file {
            Some(file) => (Some(file.path), file.settings),
            None => (None, BTreeMap::new()),
        };
        apply(&mut settings, early.overrides.iter().chain(&invocation.overrides));
        let addopts_line = settings.get("addopts").map(Setting::line);
        let addopts = match settings.get("addopts") {
            Some(setting) => Named { setting, option: "addopts", file: file.as_deref() }.words()?,
            None => Vec::new(),
        };
        let mut options = CommandLine::default();
        options.read(cwd, &addopts, Known::WithPlugins, pytest)?;
        options.ignores_configured = (options.ignore.len(), options.ignore_glob.len());
        // Until 9.1 `-o` in `addopts` comes too late; 9.0 alone has the strict options as such.
        if pytest < PytestVersion::STRICT_MARKERS_IN_ADDOPTS {
            let strict_is_an_option = pytest < PytestVersion::NATIVE_TOML;
            options.overrides.retain(|(name, _)| strict_is_an_option && name.starts_with("strict"));
        }
        options.read(cwd, &env_words, Known::WithPlugins, pytest)?;
        options.read(cwd, &invocation.args, Known::WithPlugins, pytest)?;
        apply(&mut settings, options.overrides.iter().chain(&invocation.overrides));
        check_minversion(&settings, file.as_deref(), pytest)?;

        let mut ini = IniOptions::read(&settings, file.as_deref(), cwd)?;
        if let Some(mode) = &options.asyncio_mode {
            ini.asyncio_auto = mode == "auto";
        }
        ini.asyncio_auto &= options.has_plugin("asyncio", "pytest_asyncio.plugin");
        ini.anyio_auto &= options.has_anyio();
        let file_folder = file.as_deref().and_then(camino::Utf8Path::parent);
        let confcutdir = match &options.confcutdir {
            Some(folder) => absolute(cwd, folder),
            None => file_folder.unwrap_or(&located.rootdir).to_owned(),
        };
        let argument_texts = arguments::decide(cwd, &located.rootdir, &options, &ini.testpaths);
        check_plugins(&options, cwd, &ini, pytest)?;
        let folders = Folders::default();
        let mut path = if options.pyargs { find_spec::path_at_start(cwd, Some(&ini)) } else { Vec::new() };
        if options.pyargs && !options.noconftest {
            for conftest in arguments::initial_conftests(cwd, &argument_texts, &confcutdir) {
                let by_namespace = ini.consider_namespace_packages;
                if !(by_namespace && imports::can_be_imported(&conftest, &path, &folders)) {
                    imports::put_root_on(&mut path, &conftest, options.import_mode);
                }
            }
        }
        let search = |name: &str| match find_spec(name, &path, &folders)? {
            Spec::Module(path) | Spec::Package(path) => Some(path),
            Spec::Namespace(folders) => {
                let is_taken = ini.consider_namespace_packages && pytest >= PytestVersion::NORMALISED_ARGUMENTS;
                folders.into_iter().next().filter(|_| is_taken)
            }
        };
        let modules: Option<FindModule<'_>> = if options.pyargs { Some(&search) } else { None };
        let resolved: Result<Vec<Argument>, ConfigError> =
            argument_texts.iter().map(|text| Argument::resolve(cwd, text, pytest, modules)).collect();
        let mut arguments = resolved?;
        if pytest >= PytestVersion::NORMALISED_ARGUMENTS && !options.keep_duplicates {
            arguments = arguments::normalise(arguments);
        }
        let rootdir = located.rootdir;
        let own = OwnSettings { settings, file: file.clone() };
        Ok(Self {
            rootdir,
            file,
            invocation_dir: cwd.to_owned(),
            confcutdir,
            pytest,
            ini,
            options,
            arguments,
            argument_texts,
            addopts,
            addopts_line,
            own,
        })
    }
}

fn apply<'a>(settings: &mut file::Settings, overrides: impl Iterator<Item = &'a (String, String)>) {
    for (name, value) in overrides {
        settings.insert(name.clone(), Setting::from_command_line(value));
    }
}

/// A module that only `pythonpath` leads to was not found by `-p`.
fn check_plugins(
    options: &CommandLine,
    cwd: &Utf8Path,
    ini: &IniOptions,
    pytest: PytestVersion,
) -> Result<(), ConfigError> {
    if pytest >= PytestVersion::EARLY_PYTHONPATH || options.plugins.is_empty() {
        return Ok(());
    }
    let (before, path) = (find_spec::path_at_start(cwd, None), find_spec::path_at_start(cwd, Some(ini)));
    let names = options.plugins.iter().filter(|name| !name.starts_with("no:") && !is_blocked(&options.plugins, name));
    let folders = Folders::default();
    let find = |name: &str, path: &[Utf8PathBuf]| find_spec(name, path, &folders);
    match names.into_iter().find(|name| find(name, &path).is_some() && find(name, &before).is_none()) {
        None => Ok(()),
        Some(name) => Err(ConfigError::option(
            "-p",
            format!(
                "names `{name}`, which only `pythonpath` leads to, and pytest {pytest} loads it before that counts"
            ),
        )),
    }
}

fn check_minversion(
    settings: &file::Settings,
    file: Option<&Utf8Path>,
    pytest: PytestVersion,
) -> Result<(), ConfigError> {
    let (Some(setting), Some(file)) = (settings.get("minversion"), file) else { return Ok(()) };
    let wanted = setting.text();
    match wanted.parse::<PytestVersion>() {
        Ok(version) if version > pytest => Err(ConfigError::MinVersion {
            file: file.to_owned(),
            line: setting.line(),
            wanted,
            followed: pytest.to_string(),
        }),
        _ => Ok(()),
    }
}
