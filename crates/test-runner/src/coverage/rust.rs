//! Rust: the workspace's crates are compiled with counters, each process writes them when it ends, and LLVM's tools read
//! them.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::{files, folder, printed};
use crate::tool::Supervision;

/// cargo has this compile the crates of a workspace. Flags by any other way would take the place of those that the tree
/// sets, or compile all that it depends on anew, too. Programs that run while cargo builds are none of its tests.
const WRAPPER: &str = "#!/bin/sh
case \" $* \" in
*\" --crate-name build_script_\"* | *\" --crate-type proc-macro \"*) exec \"$@\" ;;
*) exec \"$@\" -C instrument-coverage ;;
esac
";

/// The programs of LLVM that read what programs with counters leave. They have to be of the release that rustc is built
/// with: those of a system mostly are not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LlvmTools {
    /// `llvm-profdata`.
    pub profdata: Utf8PathBuf,
    /// `llvm-cov`.
    pub cov: Utf8PathBuf,
}

impl LlvmTools {
    /// Those of the component `llvm-tools` of the Rust that a folder is built with. Starts rustc.
    ///
    /// # Errors
    /// A fragment that says why there are none.
    pub fn of_toolchain(folder: &Utf8Path) -> Result<Self, String> {
        let mut command = Command::new("rustc");
        let output =
            command.arg("--print=target-libdir").current_dir(folder).stdin(std::process::Stdio::null()).output();
        let output = output.map_err(|error| format!("cannot run rustc: {error}"))?;
        let said = String::from_utf8_lossy(&output.stdout);
        let libraries = Utf8Path::new(said.trim());
        let bin = libraries.parent().filter(|_| output.status.success()).map(|host| host.join("bin"));
        let bin = bin.ok_or_else(|| "rustc does not say where its libraries are".to_owned())?;
        let tools = Self { profdata: bin.join("llvm-profdata"), cov: bin.join("llvm-cov") };
        let absent = [&tools.profdata, &tools.cov].into_iter().find(|tool| !tool.is_file());
        absent.map_or(Ok(tools.clone()), |tool| Err(format!("there is no {tool}")))
    }
}

/// What cargo is given to build with counters.
///
/// # Errors
/// Where the program that it is to call cannot be written.
pub(crate) fn build_environment(state_dir: &Utf8Path, run: &Utf8Path) -> Result<Vec<(String, String)>, String> {
    // Its path is a part of what cargo compares: it is the same in all runs.
    let wrapper = state_dir.join("rustc-with-counters");
    let failed = |error: std::io::Error| format!("cannot write {wrapper}: {error}");
    if fs::read_to_string(&wrapper).ok().as_deref() != Some(WRAPPER) {
        // Under another name first: of two runs at once none may meet half a file.
        let new = state_dir.join(format!("rustc-with-counters.{}", std::process::id()));
        fs::write(&new, WRAPPER).map_err(failed)?;
        fs::set_permissions(&new, fs::Permissions::from_mode(0o755)).map_err(failed)?;
        fs::rename(&new, &wrapper).map_err(failed)?;
    }
    // A build script that links with a crate of the workspace counts, too, and that says nothing of tests.
    let unwanted = folder(run).join("build/%p-%m.profraw");
    Ok(vec![
        ("RUSTC_WORKSPACE_WRAPPER".to_owned(), wrapper.into_string()),
        ("LLVM_PROFILE_FILE".to_owned(), unwanted.into_string()),
    ])
}

/// The variable that tells a program where its counters go: a file for each process and each program.
pub(crate) fn profile_file(run: &Utf8Path) -> (String, String) {
    ("LLVM_PROFILE_FILE".to_owned(), profiles(run).join("%p-%m.profraw").into_string())
}

fn profiles(run: &Utf8Path) -> Utf8PathBuf {
    folder(run).join("rust")
}

/// What the programs of a run counted, as LCOV.
pub(super) fn lcov(
    tools: &LlvmTools,
    run: &Utf8Path,
    programs: &BTreeSet<Utf8PathBuf>,
    supervision: Supervision<'_>,
) -> Result<String, String> {
    let raw = files(&profiles(run), |name| name.ends_with(".profraw"));
    let mut programs = programs.iter();
    let (Some(first), false) = (programs.next(), raw.is_empty()) else {
        return Err("no test program left data".to_owned());
    };
    let (list, merged) = (folder(run).join("rust.files"), folder(run).join("rust.profdata"));
    let lines: String = raw.iter().map(|file| format!("{file}\n")).collect();
    fs::write(&list, lines).map_err(|error| format!("cannot write {list}: {error}"))?;
    let mut command = supervision.launcher.command(&tools.profdata);
    // A process that was killed while it wrote leaves a broken file, which costs itself.
    command
        .args(["merge", "--sparse", "--failure-mode=all"])
        .arg(format!("--input-files={list}"))
        .arg("-o")
        .arg(&merged);
    printed("llvm-profdata", &mut command, supervision)?;
    let mut command = supervision.launcher.command(&tools.cov);
    command.args(["export", "--format=lcov"]).arg(format!("--instr-profile={merged}")).arg(first);
    command.args(programs.flat_map(|program| ["--object", program.as_str()]));
    let text = printed("llvm-cov", &mut command, supervision)?;
    Ok(String::from_utf8_lossy(&text).into_owned())
}
