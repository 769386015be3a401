//! A small disk, full or read-only, at a folder of a tree: a file system in memory that only a holder's namespaces have, and that is
//! gone with it. No rights are needed where the kernel lets users have namespaces of their own.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The file that takes all the room that is left.
const FILLER: &str = "filler";

pub(crate) struct Disk {
    holder: Child,
    folder: String,
}

impl Disk {
    /// Of so many KiB at a folder that is there; `None` where the kernel does not let this user mount anything, as in many
    /// containers.
    pub(crate) fn new(folder: &Path, kib: u32) -> Option<Self> {
        let script = "mount -t tmpfs -o size=\"$2\" tmpfs \"$1\" && echo ready && exec sleep 3600";
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", script, "disk"]).arg(folder).arg(format!("{kib}k"));
        let mut holder = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
        let mut said = String::new();
        let is_ready = BufReader::new(holder.stdout.take()?).read_line(&mut said).is_ok() && said == "ready\n";
        let folder = folder.to_str().unwrap().to_owned();
        let disk = Self { holder, folder };
        is_ready.then_some(disk)
    }

    /// The command where the disk is.
    pub(crate) fn command(&self, inner: &Command) -> Command {
        let mut command = Command::new("nsenter");
        command.args(["-t", &self.holder.id().to_string(), "-U", "-m", "--preserve-credentials"]);
        command.arg(inner.get_program()).args(inner.get_args());
        command.current_dir(inner.get_current_dir().unwrap());
        for (name, value) in inner.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }

    fn shell(&self, script: &str) {
        let mut inner = Command::new("sh");
        inner.args(["-c", script, "disk", &self.folder]).current_dir("/");
        assert!(self.command(&inner).stderr(Stdio::null()).status().unwrap().success(), "{script}");
    }

    /// Takes all room.
    pub(crate) fn fill(&self) {
        self.shell(&format!("! cat /dev/zero > \"$1/{FILLER}\""));
    }

    /// Gives it back.
    pub(crate) fn free(&self) {
        self.shell(&format!("rm -f \"$1/{FILLER}\""));
    }

    /// Nothing can be written any more.
    pub(crate) fn protect(&self) {
        self.shell("mount -o remount,ro \"$1\"");
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = self.holder.kill();
        let _ = self.holder.wait();
    }
}
