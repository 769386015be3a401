//! Evidence of what the other modules of a folder have.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use foldhash::HashMap;
use test_catalog::{Marker, Origin, SourceSpan};

use super::Lacking;
use crate::category::Category;
use crate::evidence::{Evidence, EvidenceKind};
use crate::grouping::counted;
use crate::policy::Policy;
use crate::resolve::ResolvedCase;

/// So many other modules have to agree: of one alone, every fifteenth proposal was wrong.
const AGREEING: usize = 2;

/// Which of some markers the modules of each folder have, by what kind of tests has them.
pub(crate) struct Neighbourhoods<'x> {
    members: &'x [String],
    by_folder: HashMap<&'x str, BTreeMap<Kin<'x>, Modules<'x>>>,
}

/// What tests have in common that are alike: their types, and their components, but for what is asked about.
type Kin<'x> = [BTreeSet<&'x str>; 2];
/// By file: each set of markers that tests of it have, with the place of one of them.
type Modules<'x> = BTreeMap<&'x str, BTreeMap<BTreeSet<&'x str>, Option<&'x SourceSpan>>>;

impl<'x> Neighbourhoods<'x> {
    /// Of all tests whose markers are known. Tests without any of the members show nothing.
    pub(crate) fn of(policy: &Policy, members: &'x [String], cases: &'x [ResolvedCase<'x>]) -> Self {
        let mut by_folder: HashMap<&str, BTreeMap<Kin<'_>, Modules<'_>>> = HashMap::default();
        for case in cases.iter().filter(|case| case.is_judged()) {
            let markers = authored_of(members, case);
            if markers.is_empty() {
                continue;
            }
            let file = case.case.file().as_str();
            let modules = by_folder.entry(folder(file)).or_default().entry(kin(policy, members, case)).or_default();
            let sets = modules.entry(file).or_default();
            let is_one = |marker: &&Arc<Marker>| members.iter().any(|member| *member == marker.name);
            let place = |marker: &'x Arc<Marker>| match &marker.origin {
                Origin::Source(at) => Some(at),
                Origin::Hook(_) | Origin::Policy { .. } => None,
            };
            sets.entry(markers).or_insert_with(|| case.case.markers.list.iter().filter(is_one).find_map(place));
        }
        Self { members, by_folder }
    }

    /// The one marker that all tests have which are alike, in other modules and in their own.
    pub(super) fn unanimous(&self, policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
        let mut found: Vec<Evidence> = Vec::new();
        for (folder, kin) in self.asked(policy, lacking) {
            let Some(modules) = self.by_folder.get(folder).and_then(|by_kin| by_kin.get(&kin)) else {
                return Vec::new();
            };
            let Some(evidence) = agreed(modules, lacking) else { return Vec::new() };
            found.push(evidence);
        }
        found.dedup_by(|one, other| one.marker == other.marker);
        // Tests of one place that are of several kinds are spoken for only where all kinds say the same.
        if found.len() == 1 { found } else { Vec::new() }
    }

    /// The marker that most modules of the folder have, of those with tests alike first.
    pub(super) fn majority(&self, policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
        let Some((folder, kin)) = self.asked(policy, lacking).into_iter().next() else { return Vec::new() };
        let Some(by_kin) = self.by_folder.get(folder) else { return Vec::new() };
        most_alike(&[by_kin], &kin, lacking, EvidenceKind::Majority, "the folder").into_iter().collect()
    }

    /// The marker that most modules have below the nearest folder above in which any has one. The tree itself is no such
    /// folder: what all its modules have in common says nothing of one.
    pub(super) fn above(&self, policy: &Policy, lacking: Lacking<'_>) -> Vec<Evidence> {
        let Some((own, kin)) = self.asked(policy, lacking).into_iter().next() else { return Vec::new() };
        let above = std::iter::successors(Some(own), |path| Some(folder(path))).skip(1);
        let found = above.take_while(|folder| !folder.is_empty()).find_map(|above| {
            let mut below: Vec<_> = self.by_folder.iter().filter(|(path, _)| is_below(path, above)).collect();
            below.sort_unstable_by_key(|(path, _)| **path);
            let below: Vec<_> = below.into_iter().map(|(_, by_kin)| by_kin).collect();
            most_alike(&below, &kin, lacking, EvidenceKind::Above, above)
                .map(|evidence| Evidence { because: format!("at a guess: {}", evidence.because), ..evidence })
        });
        found.into_iter().collect()
    }

    /// The folders and kinds of the tests, each once.
    fn asked<'l>(&self, policy: &Policy, lacking: Lacking<'l>) -> BTreeSet<(&'l str, Kin<'l>)> {
        let of_case =
            |case: &&'l ResolvedCase<'l>| (folder(case.case.file().as_str()), kin(policy, self.members, case));
        lacking.cases.iter().map(of_case).collect()
    }
}

fn agreed(modules: &Modules<'_>, lacking: Lacking<'_>) -> Option<Evidence> {
    let own = lacking.files();
    let mut sets = modules.values().flat_map(BTreeMap::keys);
    let only = sets.next()?;
    let others = modules.iter().filter(|(file, _)| !own.contains(*file));
    let count = others.clone().count();
    if only.len() != 1 || count < AGREEING || sets.any(|set| set != only) {
        return None;
    }
    let marker = only.first().filter(|marker| lacking.has_member(marker))?;
    let at = others.flat_map(|(_, sets)| sets.values()).find_map(|at| *at);
    Some(Evidence {
        kind: EvidenceKind::Neighbours,
        marker: (*marker).to_owned(),
        because: format!("all {count} other modules of the folder with tests like it have it"),
        at: at.cloned(),
    })
}

/// What most modules of these folders have: of those with tests alike, or of all where none of those has any.
fn most_alike<'x>(
    folders: &[&BTreeMap<Kin<'x>, Modules<'x>>],
    kin: &Kin<'x>,
    lacking: Lacking<'_>,
    kind: EvidenceKind,
    place: &str,
) -> Option<Evidence> {
    let alike = folders.iter().filter_map(|by_kin| by_kin.get(kin));
    let all = folders.iter().flat_map(|by_kin| by_kin.values());
    most(alike, lacking, kind, &format!("of {place} with tests like it"))
        .or_else(|| most(all, lacking, kind, &format!("of {place}")))
}

fn most<'m, 'x: 'm>(
    kinds: impl Iterator<Item = &'m Modules<'x>>,
    lacking: Lacking<'_>,
    kind: EvidenceKind,
    which: &str,
) -> Option<Evidence> {
    let mut files: BTreeMap<&str, (BTreeSet<&str>, Option<&SourceSpan>)> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for (file, sets) in kinds.flatten() {
        all.insert(*file);
        for (set, at) in sets {
            for marker in set.iter().filter(|marker| lacking.has_member(marker)) {
                let (with, first) = files.entry(marker).or_default();
                with.insert(file);
                *first = first.or(*at);
            }
        }
    }
    let most = files.values().map(|(with, _)| with.len()).max()?;
    // The policy's order decides between equals: for a lifecycle the earliest stage.
    let is_most = |member: &&String| files.get(member.as_str()).is_some_and(|(with, _)| with.len() == most);
    let marker = lacking.members.iter().find(is_most)?;
    let at = files.get(marker.as_str()).and_then(|(_, at)| *at).cloned();
    let because = format!(
        "{most} of {} {which} {} it",
        counted(all.len(), "module", "modules"),
        if most == 1 { "has" } else { "have" }
    );
    Some(Evidence { kind, marker: marker.clone(), because, at })
}

fn kin<'c>(policy: &Policy, members: &[String], case: &'c ResolvedCase<'_>) -> Kin<'c> {
    [Category::Type, Category::Component].map(|category| {
        let mut markers = authored_of(policy.members(category), case);
        markers.retain(|name| !members.iter().any(|member| member == name));
        markers
    })
}

fn authored_of<'c>(members: &[String], case: &'c ResolvedCase<'_>) -> BTreeSet<&'c str> {
    case.authored().map(|marker| &*marker.name).filter(|name| members.iter().any(|member| member == name)).collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
