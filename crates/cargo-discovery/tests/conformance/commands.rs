//! What commands run, held against what cargo listed where it was called with the same arguments.

use std::collections::BTreeMap;

use camino::Utf8Path;
use cargo_discovery::{Argument, Build, Settings, TestCommand, discover_with_lanes};
use test_catalog::{Obstacle, Reach, TargetKind, TestCase};

use crate::case::{Case, Tests};
use crate::{fresh_copy, workspace_of};

/// How far what is said of commands is cargo's.
#[derive(Default)]
pub(crate) struct Counts {
    pub(crate) told: usize,
    pub(crate) unknown: usize,
    pub(crate) wrong: Vec<String>,
}

/// Holds every run of a case against its records, in each of its folders.
pub(crate) fn compare(case: &Case, counts: &mut Counts) {
    let (_copy, tree) = fresh_copy(case);
    for (run, listings) in case.truth() {
        let text = format!("cargo test {run}");
        let words: Vec<&str> = text.split_whitespace().map(|word| word.trim_matches('\'')).collect();
        let words: Vec<Argument<'_>> = words.into_iter().map(Argument::Known).collect();
        let folders: Vec<&String> = listings.keys().collect();
        let command = |folder: &&String| {
            let folder = if *folder == "." { "" } else { folder.as_str() };
            TestCommand::parse(&words, Some(Utf8Path::new(folder)), &[]).unwrap()
        };
        let commands: Vec<TestCommand> = folders.iter().map(command).collect();
        let settings = Settings { build: Build::EachPackage, ..Settings::new(tree.clone()) };
        let found = discover_with_lanes(&settings, &commands).unwrap();
        for (lane, (folder, listing)) in found.lanes.iter().zip(&listings) {
            // Packages of one name may be in several workspaces, and tests of one name under several conditions.
            let is_near = |one: &&TestCase| is_in(folder, workspace_of(one));
            let exact = found.catalog.cases.iter().filter(|one| one.certainty.is_exact()).filter(is_near);
            let mut reaches: BTreeMap<(&str, bool, &str), Vec<Reach>> = BTreeMap::new();
            for one in exact {
                let rust = one.as_rust().unwrap();
                let is_doc = rust.target.kind == TargetKind::Doc;
                if !is_doc || case.doc {
                    reaches.entry((&rust.target.binary, is_doc, &rust.name)).or_default().push(lane.reach(one));
                }
            }
            for ((binary, is_doc, name), reaches) in reaches {
                counts.told += 1;
                counts.unknown += usize::from(reaches.contains(&Reach::Maybe));
                let of_binary = || Some(&listing.binaries.get(binary)?.tests);
                // Documentation is listed by its package, whose name is the id.
                let listed = if is_doc { listing.doc.get(binary) } else { of_binary() };
                if let Some(wrong) = difference(&reaches, listed, name) {
                    counts.wrong.push(format!("{} `{text}` in {folder}: {binary} {name}: {wrong}", case.name));
                }
            }
        }
    }
}

fn is_in(folder: &str, workspace: &str) -> bool {
    workspace == "." || Utf8Path::new(folder).starts_with(workspace)
}

fn difference(reaches: &[Reach], listed: Option<&Tests>, name: &str) -> Option<String> {
    let is_built = listed.is_some_and(|tests| tests.count(name) > 0);
    let is_ignored = listed.is_some_and(|tests| tests.is_ignored(name));
    let agrees = |reach: &Reach| match reach {
        Reach::Runs => is_built && !is_ignored,
        Reach::Not(Obstacle::Ignored) => is_built && is_ignored,
        Reach::Not(Obstacle::Name) => false,
        Reach::Not(_) => !is_built,
        Reach::Maybe => true,
    };
    let has = if is_built { "has it" } else { "leaves it out" };
    (!reaches.iter().any(agrees)).then(|| format!("{reaches:?}, and cargo {has}"))
}
