use super::*;
use crate::manifest;

/// A tree in memory.
pub(crate) struct Memory(BTreeMap<Utf8PathBuf, String>);

impl Memory {
    pub(crate) fn of(files: impl IntoIterator<Item = (impl Into<Utf8PathBuf>, &'static str)>) -> Self {
        Self(files.into_iter().map(|(file, text)| (file.into(), text.to_owned())).collect())
    }
}

impl Tree for Memory {
    fn is_file(&self, file: &Utf8Path) -> bool {
        self.0.contains_key(file)
    }

    fn entries(&self, folder: &Utf8Path) -> Vec<Entry> {
        let mut entries: BTreeMap<String, bool> = BTreeMap::new();
        for inside in self.0.keys().filter_map(|file| file.strip_prefix(folder).ok()) {
            let mut parts = inside.components();
            if let Some(first) = parts.next() {
                entries.insert(first.as_str().to_owned(), parts.next().is_some());
            }
        }
        entries.into_iter().map(|(name, is_folder)| Entry { name, is_folder }).collect()
    }

    fn manifest(&self, file: &Utf8Path) -> Result<PlacedManifest, Problem> {
        manifest::read(file, self.0[file].clone())
    }
}

const PACKAGE: &str = "[package]\nname = \"p\"\n";

/// A root's folder and those of its members.
type Shown = (String, Vec<String>);

/// The workspaces, and the problems as folder and message.
fn workspaces(files: &[(&'static str, &'static str)]) -> (Vec<Shown>, Vec<(String, String)>) {
    let named = files.iter().map(|&(folder, text)| (Utf8Path::new(folder).join("Cargo.toml"), text));
    let tree = Memory::of(named.chain([(Utf8PathBuf::from("empty/x/y.rs"), "")]));
    let walked = tree.0.keys().filter(|file| file.ends_with("Cargo.toml") && !file.as_str().contains("/."));
    let mut manifests: Vec<PlacedManifest> = walked.map(|file| tree.manifest(file).unwrap()).collect();
    let mut problems = add_named(&mut manifests, &tree);
    let (mut workspaces, wrong) = Workspaces::find(&manifests);
    problems.extend(wrong);
    let read = |one: &PlacedManifest, root: Option<Root<'_>>| one.dependencies(root);
    let mut dependencies: Vec<_> =
        manifests.iter().enumerate().map(|(index, one)| read(one, workspaces.inherited(index))).collect();
    problems.extend(workspaces.find_members(&mut dependencies, read, &tree));
    let folder = |index: &usize| manifests[*index].folder.to_string();
    let mut members: Vec<Shown> = workspaces
        .members
        .iter()
        .map(|(root, members)| (folder(root), members.all.iter().map(folder).collect()))
        .collect();
    members.sort();
    let at = |one: Problem| (one.at.file.as_path().parent().unwrap().to_string(), one.message);
    (members, problems.into_iter().map(at).collect())
}

fn members_of(root: &str, list: &[Shown]) -> Vec<String> {
    list.iter().find(|(folder, _)| folder == root).unwrap().1.clone()
}

const A: &str = "[package]\nname = \"a\"\n";
const B: &str = "[package]\nname = \"b\"\n";
const C: &str = "[package]\nname = \"c\"\n";

#[test]
fn members_are_patterns_and_excludes_are_not() {
    let root = "[workspace]\nmembers = [\"l/*\", \"o\"]\nexclude = [\"l/b\", \"o\", \"l/*\"]";
    let (members, problems) = workspaces(&[("", root), ("l/a", A), ("l/b", B), ("o/x", C), ("o", PACKAGE)]);
    assert_eq!(members_of("", &members), ["l/a", "o"]);
    assert_eq!(members_of("l/b", &members), ["l/b"], "it is a package of its own");
    // What lies below a member that is named is not excluded, and no member either.
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert!(problems[0].0 == "o/x" && problems[0].1.contains("is no member"), "{problems:?}");
}

#[test]
fn hidden_folders_are_members_of_a_pattern() {
    let (members, problems) = workspaces(&[("", "[workspace]\nmembers = [\"*/*\", \"l/*\"]"), ("l/.a", A)]);
    assert_eq!((members_of("", &members), problems), (vec!["l/.a".to_owned()], vec![]));
}

#[test]
fn path_dependencies_of_members_are_members() {
    let a = "[package]\nname = \"a\"\n[target.'cfg(windows)'.dev-dependencies]\nb = { path = \"../deep/b\" }";
    let b = "[package]\nname = \"b\"\n[dependencies]\nc = { path = \"../../../other/c\", optional = true }";
    let files = [("w", "[workspace]\nmembers = [\"a\"]"), ("w/a", a), ("w/deep/b", b), ("other/c", C)];
    let (members, problems) = workspaces(&files);
    assert_eq!((members_of("w", &members), problems), (vec!["w/a".to_owned(), "w/deep/b".to_owned()], vec![]));
}

#[test]
fn a_package_names_its_workspace_elsewhere() {
    let b = "[package]\nname = \"b\"\nworkspace = \"../w\"";
    let (members, problems) = workspaces(&[("w", "[workspace]\nmembers = [\"../b\"]"), ("b", b)]);
    assert_eq!((members_of("w", &members), problems.len()), (vec!["b".to_owned()], 0));
    let far = "[package]\nname = \"b\"\nworkspace = \"../../..\"";
    let (members, problems) = workspaces(&[("b", far), ("b/inner", A)]);
    assert_eq!(problems.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["b", "b"]);
    assert_eq!(members_of("b", &members), ["b"]);
}

#[test]
fn mistakes_of_members_are_problems() {
    for (text, what) in [
        ("members = [\"gone\"]", "has no Cargo.toml"),
        ("members = [\"gone/*\"]", "matches no package"),
        ("members = [\"a\", \"[\"]", "is no pattern"),
        ("members = [\"a\", \"../x\"]", "outside of the tree"),
        ("members = [\"*\"]", "takes `empty`"),
        ("members = [\"a\"]\ndefault-members = [\"b\"]", "`default-members` names `b`"),
        ("members = [\"a\", \"w\"]", "root of a workspace"),
        ("members = [\"a\", \"a2\"]", "are named `a`"),
    ] {
        let root: &'static str = Box::leak(format!("[workspace]\n{text}").into_boxed_str());
        let files = [("", root), ("a", A), ("a2", A), ("b", B), ("w", "[workspace]")];
        let problems = workspaces(&files).1;
        assert!(problems.iter().any(|(_, message)| message.contains(what)), "{text}: {problems:?}");
    }
}

#[test]
fn a_member_of_a_farther_root_is_in_its_workspace() {
    let files = [("", "[workspace]\nmembers = [\"w/a\"]"), ("w", "[workspace]"), ("w/a", A), ("w/b", B)];
    let (members, problems) = workspaces(&files);
    assert_eq!(members_of("", &members), ["w/a"]);
    assert_eq!(problems.iter().map(|one| one.0.as_str()).collect::<Vec<_>>(), ["w/b"]);
}

#[test]
fn a_member_with_a_root_that_is_elsewhere_is_a_problem_of_the_member() {
    let files = [("v", "[workspace]\nmembers = [\"../w/a\"]"), ("w", "[workspace]\nmembers = [\"a\"]"), ("w/a", A)];
    let problems = workspaces(&files).1;
    assert!(problems.iter().any(|(at, message)| at == "w/a" && message.contains("for its own")), "{problems:?}");
}

#[test]
fn circles_of_paths_end() {
    let a = "[package]\nname = \"a\"\n[dependencies]\nb = { path = \"../b\" }";
    let b = "[package]\nname = \"b\"\n[dev-dependencies]\na = { path = \"../a\" }\nb = { path = \".\" }";
    let (members, problems) = workspaces(&[("", "[workspace]\nmembers = [\"a\"]"), ("a", a), ("b", b)]);
    assert_eq!((members_of("", &members), problems), (vec!["a".to_owned(), "b".to_owned()], vec![]));
}
