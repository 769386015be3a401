//! `test --container IMAGE`: this program runs once more, as the command of a container that has the tree, and does there
//! what it does here.
//!
//! The container's processes are none of this one's, so that whatever supervises tests has to be inside. Results come
//! back in the tree, which both see; a container is stopped by its name. `docs/decisions/0019-container.md` says why.

mod left;
mod summary;
mod words;

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use camino::{Utf8Path, Utf8PathBuf};
use marker_policy::Container;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use test_runner::Interrupt;

use crate::cli::{ContainerArgs, Global, TestArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::past;
use crate::progress::note;
use crate::subject::Subject;
use left::Left;
use summary::Summary;
use words::Workspace;

/// How long a container may take to end after it was told to end at once.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often it is looked after.
const TICK: Duration = Duration::from_millis(50);

/// Runs the tests in a container, and ends as the run there ended.
pub(crate) fn run(
    global: &Global,
    args: &TestArgs,
    interrupt: &Interrupt,
    github_step_summary: Option<&Utf8Path>,
) -> Result<Exit, Error> {
    let asked = Arc::new(AtomicBool::new(false));
    signal_hook::flag::register(signal_hook::consts::SIGUSR1, Arc::clone(&asked)).map_err(Error::Signals)?;
    let subject = Subject::locate(global)?;
    let container = subject.policy.container();
    let script = script(&subject, "--container", &container.run, "container.run")?;
    let workspace = Workspace::new(&subject.tree, &container.workspace)?;
    workspace.check(global, args)?;
    if args.container.build && !build(&subject, container, &args.container, interrupt)? {
        return Ok(Exit::Interrupted);
    }
    let folder = folder(&subject.tree);
    let program = own_program(&folder)?;
    left::stop(&folder, &container.engine);
    let left = Left::new(&folder, &name())?;
    let mut command = Command::new(&script);
    command.current_dir(&subject.tree).stdin(Stdio::null());
    for (option, value) in [("--image", &args.container.container), ("--framework", &args.container.framework)] {
        command.args(value.iter().flat_map(|value| [option, value]));
    }
    command.args(["--name", &left.name, "--workdir", workspace.folder().as_str()]).args(&container.arguments);
    for variable in variables(container)? {
        command.args(["-e", variable]);
    }
    let summary = github_step_summary.and_then(|file| Summary::begin(&folder, &left.name, file));
    if let Some(summary) = &summary {
        command.args(["-e", summary::VARIABLE]).env(summary::VARIABLE, workspace.inside(&summary.inside));
    }
    command.arg("--").arg(workspace.inside(&program)).args(workspace.words(&left.name)?);
    // Ctrl-C reaches the container through this process alone, and once.
    let child = command.process_group(0).spawn();
    let child = child.map_err(|error| failed(format!("{script} cannot be started: {error}")))?;
    let status = supervise(child, &left, &container.engine, interrupt, &asked)?;
    if !left.has_started() && interrupt.count() == 0 {
        return Err(failed(format!(
            "{script} ended with {}, and the run in the container never began: what stands above says why. Where it is \
             about libraries, those of the image are older than the ones that this program was built with",
            status.code().map_or_else(|| status.to_string(), |code| code.to_string())
        )));
    }
    exit(status, &script, interrupt)
}

/// Where runs in containers keep what they need beside the tests.
fn folder(tree: &Utf8Path) -> Utf8PathBuf {
    past::state_dir(tree).join("container")
}

/// Tells whoever started this container that the run in it has begun.
pub(crate) fn started(tree: &Utf8Path, name: &str) {
    left::started(&folder(tree), name);
}

/// A script of the tree that a key of the policy names.
fn script(subject: &Subject, option: &'static str, path: &str, key: &str) -> Result<Utf8PathBuf, Error> {
    let script = subject.tree.join(path);
    if script.is_file() {
        return Ok(script);
    }
    let why = format!("the tree has no such script; name the one that it has under `{key}` of the policy");
    Err(Error::Option { option, text: script.into_string(), why })
}

/// Builds the image; `false` where that was interrupted.
fn build(subject: &Subject, container: &Container, args: &ContainerArgs, interrupt: &Interrupt) -> Result<bool, Error> {
    let script = script(subject, "--build", &container.build, "container.build")?;
    note(&format!("building the image with {}", container.build));
    let mut command = Command::new(&script);
    command.args(args.framework.iter().flat_map(|name| ["--framework", name])).current_dir(&subject.tree);
    // A signal that only this process got ends the script, too, and one of a terminal reaches it once.
    let child = command.stdin(Stdio::null()).process_group(0).spawn();
    let mut child = child.map_err(|error| failed(format!("{script} cannot be started: {error}")))?;
    let mut told = 0;
    loop {
        let lost = |error: std::io::Error| failed(format!("{script} cannot be waited for: {error}"));
        match child.try_wait().map_err(lost)? {
            Some(_) if interrupt.count() > 0 => return Ok(false),
            Some(status) if status.success() => return Ok(true),
            Some(status) => {
                return Err(failed(format!("the image was not built: {} ended with {status}", container.build)));
            }
            None if told < interrupt.count() => {
                let signal = if told == 0 { Signal::SIGTERM } else { Signal::SIGKILL };
                told += 1;
                // One that has just ended is seen in the next round.
                let _ = killpg(Pid::from_raw(child.id().cast_signed()), signal);
            }
            None => std::thread::sleep(TICK),
        }
    }
}

/// This program's file, where the container sees it. It is put there whole: a run beside this one may have it open.
fn own_program(folder: &Utf8Path) -> Result<Utf8PathBuf, Error> {
    let own = std::env::current_exe().map_err(Error::OwnExecutable)?;
    let program = folder.join("xtask");
    let write = |source| Error::Write { path: program.clone(), source };
    fs::create_dir_all(folder).map_err(write)?;
    let copy = tempfile::NamedTempFile::new_in(folder).map_err(write)?;
    fs::copy(own, copy.path()).map_err(write)?;
    copy.persist(&program).map_err(|error| write(error.error))?;
    Ok(program)
}

/// A name that no other container has.
fn name() -> String {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    format!("dynamo-test-kit-{}-{}", std::process::id(), since.as_millis())
}

/// The variables that the container gets from here. Their names are words of a script, and have to be plain.
fn variables(container: &Container) -> Result<Vec<&str>, Error> {
    let is_plain = |name: &&String| {
        let letter = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        !name.is_empty() && name.bytes().all(letter)
    };
    if let Some(name) = container.environment.iter().find(|name| !is_plain(name)) {
        let why = "letters, digits and `_` make the name of a variable".to_owned();
        return Err(Error::Option { option: "`container.environment` of the policy:", text: name.clone(), why });
    }
    Ok(container.environment.iter().map(String::as_str).filter(|name| std::env::var_os(name).is_some()).collect())
}

/// Waits for the container, and hands on each interrupt: the run inside ends in order on the first, at once on the second. It also
/// says what it does where that is asked.
fn supervise(
    mut child: Child,
    left: &Left,
    engine: &str,
    interrupt: &Interrupt,
    asked: &AtomicBool,
) -> Result<ExitStatus, Error> {
    let name = &left.name;
    let mut told = 0;
    let mut deadline: Option<Instant> = None;
    loop {
        let lost = |error: std::io::Error| failed(format!("the container {name} cannot be waited for: {error}"));
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(status);
        }
        // Before it has begun, it would end by that.
        if left.has_started() && asked.swap(false, Ordering::SeqCst) {
            left::tell(engine, &["kill", "--signal", "USR1", name]);
        }
        if told < interrupt.count() {
            told += 1;
            // Not INT: whoever starts the run inside may have it ignored, as shells do with what they put in the background.
            if !left::tell(engine, &["kill", "--signal", "TERM", name]) {
                note(&format!("`{engine} kill` cannot reach the container {name}; it is stopped with its script"));
                deadline = Some(Instant::now());
            } else if told > 1 {
                deadline.get_or_insert_with(|| Instant::now() + PATIENCE);
            }
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            left::tell(engine, &["kill", name]);
            let _ = child.kill();
        }
        std::thread::sleep(TICK);
    }
}

fn exit(status: ExitStatus, script: &Utf8Path, interrupt: &Interrupt) -> Result<Exit, Error> {
    match status.code() {
        Some(code) => match Exit::of_code(code) {
            Some(exit) => Ok(exit),
            None if interrupt.count() > 0 => Ok(Exit::Interrupted),
            None => Err(failed(format!("the run in the container ended with {code}, which is none of its exit codes"))),
        },
        None if interrupt.count() > 0 => Ok(Exit::Interrupted),
        None => Err(failed(format!("{script} was ended by signal {}", status.signal().unwrap_or_default()))),
    }
}

fn failed(why: String) -> Error {
    Error::Container(why)
}
