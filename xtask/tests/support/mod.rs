//! The real program, and what it answers.
#![allow(dead_code, reason = "each test binary uses a part of it")]

pub(crate) mod disk;
pub(crate) mod driver;
pub(crate) mod faults;
pub(crate) mod processes;

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// This repository's root.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The program in the repository's root, with nothing of this process's environment that changes its answers.
pub(crate) fn xtask(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_xtask"));
    command.args(arguments).current_dir(repository());
    for variable in ["CI", "VIRTUAL_ENV", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER", "PYTEST_ADDOPTS"] {
        command.env_remove(variable);
    }
    command
}

pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

pub(crate) fn answer(command: &mut Command) -> Answer {
    let Output { status, stdout, stderr } = command.output().unwrap();
    Answer {
        code: status.code().unwrap(),
        stdout: String::from_utf8(stdout).unwrap(),
        stderr: String::from_utf8(stderr).unwrap(),
    }
}
