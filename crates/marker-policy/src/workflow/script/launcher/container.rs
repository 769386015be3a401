//! Containers: which folders of the machine their programs see, and where.

use super::super::super::directory::Directory;
use super::super::super::text::Text;
use super::options::Options;

/// Folders of the machine in a container: where each is there, and what it is.
pub(in super::super) type Mounts = Vec<(String, Directory)>;

/// The folders that options of `docker run` give a container. `here` is where `docker` runs.
pub(super) fn mounts(options: &Options, here: &Directory) -> Mounts {
    let volumes = options.values(&["v", "volume"]).filter_map(|volume| {
        let parts = volume.split(':');
        let [source, target, ..] = &*parts else { return None };
        Some((source.clone(), target.clone()))
    });
    let binds = options.values(&["mount"]).filter_map(|mount| {
        let fields = mount.split(',');
        let field = |names: [&str; 3]| {
            names
                .iter()
                .filter(|name| !name.is_empty())
                .find_map(|name| fields.iter().find_map(|field| field.strip_prefix(&format!("{name}="))))
        };
        let is_bind = field(["type", "", ""]).is_some_and(|kind| kind.as_known() == Some("bind"));
        Some((field(["source", "src", ""]).filter(|_| is_bind)?, field(["target", "destination", "dst"])?))
    });
    let mount = |(source, target): (Text, Text)| {
        let Directory::Outside(target) = Directory::tree().join(&target) else { return None };
        // Without a path it names a volume.
        let is_path = source.as_known().is_none_or(|source| source.starts_with(['/', '.']));
        let source = if is_path { here.join(&source) } else { Directory::Unknown(format!("the volume {source}")) };
        Some((target, source))
    };
    volumes.chain(binds).filter_map(mount).collect()
}

/// A folder of a container as one of the machine, where it lies in one that the container is given.
pub(in super::super) fn outside(directory: Directory, mounts: &Mounts) -> Directory {
    let Directory::Outside(path) = &directory else { return directory };
    let inside = |target: &str| {
        let rest = path.strip_prefix(target.trim_end_matches('/'))?;
        (rest.is_empty() || rest.starts_with('/')).then(|| rest.trim_start_matches('/').to_owned())
    };
    let found = mounts.iter().filter_map(|(target, source)| Some((target.len(), inside(target)?, source)));
    match found.max_by_key(|(length, ..)| *length) {
        Some((_, rest, source)) => source.join(&Text::known(rest)),
        None => directory,
    }
}

/// Where a program of a container begins.
pub(super) fn directory(options: &Options, mounts: &Mounts) -> Directory {
    match options.value(&["w", "workdir"]) {
        Some(folder) => outside(Directory::tree().join(folder), mounts),
        None => Directory::Unknown("the folder that the image sets".to_owned()),
    }
}
