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
    let installed = fs::read_to_string(&stamp).ok().filter(|_| has_pytest(&python));
    let has = |one: &String| installed.iter().flat_map(|all| all.lines()).any(|line| line == one);
    if wanted.iter().all(has) {
        return Ok(python);
    }
    match &installed {
        // Another run may be using it: what is missing is added.
        Some(installed) => {
            let more: Vec<_> = installed.lines().filter(|line| !wanted.iter().any(|one| one == line)).collect();
            wanted.extend(more.into_iter().map(str::to_owned));
        }
        None => run(&base, &["-m", "venv", "--clear", venv.as_str()])
            .map_err(|error| format!("{base} cannot make a virtual environment in {venv}: {error}"))?,
    }
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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    /// Stands for a Python without pytest, and for one in an environment that it makes, which has it.
    const PYTHON: &str = "#!/bin/sh\n\
        echo \"$*\" | head -1 >> LOG\n\
        case \"$*\" in\n\
        *'-m venv'*) mkdir -p VENV/bin && cp \"$0\" VENV/bin/python;;\n\
        *find_spec*) case \"$0\" in */venv/*) ;; *) exit 1;; esac;;\n\
        esac\n";

    #[test]
    fn an_environment_that_another_run_may_be_using_is_added_to_and_not_made_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = Utf8PathBuf::try_from(folder.path().to_owned()).unwrap();
        let (base, log, state_dir) = (path.join("base"), path.join("log"), path.join("state"));
        fs::create_dir_all(base.join("bin")).unwrap();
        let script = PYTHON.replace("LOG", log.as_str()).replace("VENV", state_dir.join("venv").as_str());
        fs::write(base.join("bin/python"), script).unwrap();
        fs::set_permissions(base.join("bin/python"), fs::Permissions::from_mode(0o755)).unwrap();
        let asked = |requirements: &[&str]| {
            let requirements = requirements.iter().map(|one| (*one).to_owned()).collect();
            let settings = PythonSettings { interpreter: None, virtual_env: Some(base.clone()), requirements };
            let python = prepare(&settings, &path, &state_dir).unwrap();
            assert_eq!(python, state_dir.join("venv/bin/python"));
            let said = fs::read_to_string(&log).unwrap();
            fs::remove_file(&log).unwrap();
            let of = |word: &str| said.lines().any(|line| line.contains(word));
            (of("-m venv --clear"), of("-m pip install"))
        };
        assert_eq!(asked(&[]), (true, true));
        assert_eq!(asked(&["pytest-cov"]), (false, true));
        assert_eq!(asked(&["pytest-cov"]), (false, false));
        assert_eq!(asked(&[]), (false, false));
        fs::remove_file(state_dir.join("venv/complete")).unwrap();
        assert_eq!(asked(&[]), (true, true), "one that was not completed");
    }
}
