//! Finding, or making, a Python that has pytest.

use std::fs::{self, File, TryLockError};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use crate::process::Launcher;
use crate::stop::StopSignal;
use crate::tool::Supervision;

/// How Python is found. The caller reads the environment; this crate does not.
#[derive(Debug, Clone, Default)]
pub struct PythonSettings {
    /// The interpreter that was asked for; nothing else is tried then.
    pub interpreter: Option<Utf8PathBuf>,
    /// What `VIRTUAL_ENV` says.
    pub virtual_env: Option<Utf8PathBuf>,
    /// What is installed beside pytest and pytest-timeout where an environment has to be made.
    pub requirements: Vec<String>,
}

/// Looks for pytest and what it needs without importing them, which would take as long as half of a start of pytest.
const HAS_PYTEST: &str = "import importlib.util, sys\n\
    for name in ('pytest', '_pytest', 'pluggy', 'iniconfig', 'packaging'):\n \
    if importlib.util.find_spec(name) is None: sys.exit(f'No module named {name!r}')";

/// The interpreter to run pytest with: the one asked for, that of `VIRTUAL_ENV`, the tree's `.venv`, `python3`. Where
/// it has no pytest, a virtual environment is made in the state folder, under a lock and stamped when complete.
///
/// # Errors
/// A fragment that says what is missing: Python 3.10, the venv module, the network.
pub fn prepare(settings: &PythonSettings, tree: &Utf8Path, state_dir: &Utf8Path) -> Result<Utf8PathBuf, String> {
    let (launcher, stop) = (Launcher::of_this_program(), StopSignal::default());
    let supervision = Supervision { launcher: &launcher, stop: &stop, grace: Duration::ZERO, limit: None };
    find(settings, tree, state_dir, supervision)
}

/// [`prepare`], ended where the run stops.
pub(crate) fn find(
    settings: &PythonSettings,
    tree: &Utf8Path,
    state_dir: &Utf8Path,
    supervision: Supervision<'_>,
) -> Result<Utf8PathBuf, String> {
    let run = |python: &Utf8Path, arguments: &[&str]| run(python, arguments, supervision);
    let has_pytest = |python: &Utf8Path| run(python, &["-c", HAS_PYTEST]).is_ok();
    if let Some(python) = &settings.interpreter {
        run(python, &["-c", HAS_PYTEST]).map_err(|error| format!("{python} has no pytest: {error}"))?;
        return Ok(python.clone());
    }
    let environment = settings.virtual_env.iter().map(|venv| venv.join("bin/python"));
    let base = environment.chain([tree.join(".venv/bin/python")]).find(|python| python.is_file());
    let base = base.unwrap_or_else(|| "python3".into());
    if has_pytest(&base) {
        return Ok(base);
    }
    run(&base, &["-c", "import sys; sys.exit(sys.version_info < (3, 10) and 'Python is older than 3.10')"])
        .map_err(|error| format!("{base} cannot be used: {error}"))?;
    let venv = state_dir.join("venv");
    let io = |error: std::io::Error| format!("cannot write {venv}: {error}");
    fs::create_dir_all(state_dir).map_err(io)?;
    let lock = File::create(state_dir.join("venv.lock")).map_err(io)?;
    loop {
        match lock.try_lock() {
            Ok(()) => break,
            Err(TryLockError::WouldBlock) if supervision.stop.is_raised() => {
                return Err("the run was stopped".to_owned());
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(crate::process::TICK),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
    }
    let python = venv.join("bin/python");
    let mut wanted = vec!["pytest".to_owned(), "pytest-timeout".to_owned()];
    wanted.extend(settings.requirements.iter().cloned());
    let stamp = venv.join("complete");
    let has_all = |installed: String| wanted.iter().all(|one| installed.lines().any(|line| line == one));
    if fs::read_to_string(&stamp).is_ok_and(has_all) && has_pytest(&python) {
        return Ok(python);
    }
    run(&base, &["-m", "venv", "--clear", venv.as_str()])
        .map_err(|error| format!("{base} cannot make a virtual environment in {venv}: {error}"))?;
    let mut install = vec!["-m", "pip", "install", "--quiet", "--disable-pip-version-check"];
    install.extend(wanted.iter().map(String::as_str));
    run(&python, &install).map_err(|error| format!("cannot install {} into {venv}: {error}", wanted.join(", ")))?;
    fs::write(&stamp, wanted.join("\n")).map_err(io)?;
    Ok(python)
}

fn run(python: &Utf8Path, arguments: &[&str], supervision: Supervision<'_>) -> Result<(), String> {
    let mut command = supervision.launcher.command(python);
    let output = supervision.run(command.args(arguments)).map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let text = String::from_utf8_lossy(&output.stderr);
    let lines: Vec<_> = text.lines().collect();
    Err(lines[lines.len().saturating_sub(5)..].join("; "))
}
