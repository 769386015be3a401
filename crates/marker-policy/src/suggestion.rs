//! Which marker a test without one most likely needs: what its neighbours have.

use std::collections::{BTreeMap, BTreeSet};

use crate::audit::Audited;
use crate::category::Category;
use crate::grouping::counted;
use crate::resolve::ResolvedCase;

/// A marker, and why it is offered.
pub(crate) struct Suggestion {
    pub(crate) marker: String,
    pub(crate) because: String,
}

/// What most modules of the same folder use, of those with the same type and component first; failing that, the only
/// type that the policy has at this place.
pub(crate) fn suggest(audited: &Audited<'_>, category: Category, lacking: &ResolvedCase<'_>) -> Option<Suggestion> {
    let folder = folder(lacking.case.file().as_str());
    let neighbours: Vec<_> = audited
        .cases
        .iter()
        .filter(|case| self::folder(case.case.file().as_str()) == folder && case.case.as_rust().is_none())
        .collect();
    let kin = |case: &&&ResolvedCase<'_>| {
        [Category::Type, Category::Component]
            .into_iter()
            .filter(|other| *other != category)
            .all(|other| authored_of(audited, other, case) == authored_of(audited, other, lacking))
    };
    let alike: Vec<_> = neighbours.iter().filter(kin).copied().collect();
    most_modules(audited, category, &alike, "like it")
        .or_else(|| most_modules(audited, category, &neighbours, "of this folder"))
        .or_else(|| by_place(audited, category, lacking))
}

fn most_modules(
    audited: &Audited<'_>,
    category: Category,
    cases: &[&ResolvedCase<'_>],
    which: &str,
) -> Option<Suggestion> {
    let mut modules: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for case in cases {
        for marker in authored_of(audited, category, case) {
            modules.entry(marker).or_default().insert(case.case.file().as_str());
        }
    }
    // The policy's order decides between equals: for a lifecycle the earliest stage.
    let most = modules.values().map(BTreeSet::len).max()?;
    let marker = audited
        .policy
        .members(category)
        .iter()
        .find(|member| modules.get(member.as_str()).is_some_and(|files| files.len() == most))?;
    let because =
        format!("{} {which}", counted(most, "module", "modules")) + if most == 1 { " uses it" } else { " use it" };
    Some(Suggestion { marker: marker.clone(), because })
}

fn by_place(audited: &Audited<'_>, category: Category, case: &ResolvedCase<'_>) -> Option<Suggestion> {
    if category != Category::Type {
        return None;
    }
    let path = case.case.file().as_str();
    let mut fitting = audited
        .policy
        .locations()
        .by_type
        .iter()
        .filter(|(_, folders)| folders.iter().any(|folder| folder.contains(path)));
    let (test_type, folders) = fitting.next()?;
    let folder = folders.iter().find(|folder| folder.contains(path))?;
    fitting.next().is_none().then(|| Suggestion {
        marker: test_type.clone(),
        because: format!("`{folder}` is the place of {test_type} tests"),
    })
}

pub(crate) fn authored_of<'x>(
    audited: &Audited<'_>,
    category: Category,
    case: &'x ResolvedCase<'_>,
) -> BTreeSet<&'x str> {
    case.authored().map(|marker| &*marker.name).filter(|name| audited.policy.is_member(category, name)).collect()
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}
