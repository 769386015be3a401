//! git, kept from what the repository's own configuration would have it start.

use std::process::{Command, Stdio};

use camino::Utf8Path;

/// Variables that a hook which starts this program has set for another working tree, or for another index.
const OF_ANOTHER: [&str; 9] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_PREFIX",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_COMMON_DIR",
    "GIT_NAMESPACE",
    "GIT_EXTERNAL_DIFF",
];

/// git in a folder, without hooks and file system monitors. It asks nobody for a password.
pub(crate) fn command(folder: &Utf8Path) -> Command {
    let mut command = Command::new("git");
    command.args(["--no-pager", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", "-C"]).arg(folder);
    for variable in OF_ANOTHER {
        command.env_remove(variable);
    }
    command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").stdin(Stdio::null());
    command
}
