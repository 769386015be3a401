//! What a process may use of the machine beside GPUs: cores, and memory under the limits of its control groups.

use std::fs;
use std::path::{Path, PathBuf};

use crate::bytes::Bytes;

/// Cores and memory of this machine, as far as this process may use them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Host {
    /// The cores that this process may run on, or fewer where a quota of its control groups gives it the time of
    /// fewer; `None` where the kernel does not tell.
    pub cores: Option<usize>,
    /// The machine's memory; `None` where the kernel does not tell.
    pub memory: Option<Bytes>,
    /// The least that any control group around this process allows to it, where one sets a limit below the machine's
    /// memory. Limits of groups outside a container cannot be seen from within it.
    pub memory_limit: Option<Bytes>,
}

impl Host {
    /// Looks at the machine that this process runs on.
    #[must_use]
    pub fn here() -> Self {
        let memory = fs::read_to_string("/proc/meminfo").ok().and_then(|text| total(&text));
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        let files = limit_files(&groups, Path::new("/sys/fs/cgroup"));
        let limits = files.iter().filter_map(|file| fs::read_to_string(file).ok()).filter_map(|text| limit(&text));
        Self {
            // It knows the affinity mask, which cpusets set, and the quotas of nested groups of both versions.
            cores: std::thread::available_parallelism().ok().map(usize::from),
            memory,
            // Version 1 writes "no limit" as a number beyond any machine's memory.
            memory_limit: limits.min().filter(|limit| memory.is_none_or(|memory| *limit < memory)),
        }
    }
}

/// `MemTotal` of `/proc/meminfo`.
fn total(meminfo: &str) -> Option<Bytes> {
    let text = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kib: u64 = text.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(Bytes(kib.checked_mul(1024)?))
}

/// A limit as a control group's file has it; `None` for `max` and what is no number.
fn limit(text: &str) -> Option<Bytes> {
    text.trim().parse().ok().map(Bytes)
}

/// The files with the memory limits of each group in `/proc/self/cgroup` and of all groups around it. One that is not
/// there sets no limit: the root of version 2 has none, and a container may not see where it hangs.
fn limit_files(groups: &str, root: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        // Number, controllers, path.
        let mut fields = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let (root, file) = match controllers {
            "" => (root.to_owned(), "memory.max"),
            named if named.split(',').any(|name| name == "memory") => (root.join("memory"), "memory.limit_in_bytes"),
            _ => continue,
        };
        let path = Path::new(path.trim_start_matches('/'));
        // A path out of the namespace begins with `..` and names nothing here.
        let inside = path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        let path = if inside { path } else { Path::new("") };
        files.extend(path.ancestors().map(|group| root.join(group).join(file)));
    }
    files
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files(groups: &str) -> Vec<String> {
        limit_files(groups, Path::new("/c")).iter().map(|file| file.display().to_string()).collect()
    }

    #[test]
    fn the_groups_around_a_process_are_all_asked() {
        assert_eq!(files("0::/a/b\n"), ["/c/a/b/memory.max", "/c/a/memory.max", "/c/memory.max"]);
        assert_eq!(files("0::/"), ["/c/memory.max"]);
        assert_eq!(
            files("12:cpu,cpuacct:/x\n4:memory:/docker/1\n1:name=systemd:/y\n"),
            ["/c/memory/docker/1", "/c/memory/docker", "/c/memory"]
                .map(|group| format!("{group}/memory.limit_in_bytes"))
        );
        // Outside of what this namespace shows.
        assert_eq!(files("0::/../../other"), ["/c/memory.max"]);
        for nonsense in ["", "\n", "0", "0:", "a:b:c"] {
            assert!(files(nonsense).is_empty(), "{nonsense:?}");
        }
    }

    #[test]
    fn figures_are_read_as_the_kernel_writes_them() {
        assert_eq!(total("MemFree: 1 kB\nMemTotal:       16384 kB\n"), Some(Bytes::from_mib(16)));
        for nonsense in ["", "MemTotal: 1", "MemTotal: x kB", "MemTotal: 99999999999999999999 kB"] {
            assert_eq!(total(nonsense), None, "{nonsense:?}");
        }
        assert_eq!((limit("1024\n"), limit("max\n"), limit("")), (Some(Bytes(1024)), None, None));
    }

    #[test]
    fn a_limit_counts_only_below_the_machines_memory() {
        let host = Host::here();
        assert!(host.cores.unwrap() > 0);
        if let (Some(memory), Some(limit)) = (host.memory, host.memory_limit) {
            assert!(limit < memory);
        }
    }
}
