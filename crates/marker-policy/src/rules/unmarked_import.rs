//! `unmarked-import`: a test whose module imports a framework has the framework's marker.

use std::collections::BTreeMap;

use test_catalog::Import;

use super::{Rule, RuleCode, Severity, missing};
use crate::audit::Audited;
use crate::evidence::Evidence;
use crate::finding::Finding;
use crate::grouping::{counted, group};
use crate::proposal;
use crate::resolve::ResolvedCase;

pub(super) const RULE: Rule = Rule {
    code: RuleCode("unmarked-import"),
    severity: Severity::Warning,
    needs: &[],
    summary: "a test whose module imports a framework has the framework's marker",
    explanation: "CI gives a framework's tests to the machines and containers that have the framework, by its marker. A \
                  module that imports the framework and says nothing of it runs where it cannot be imported, or nowhere. \
                  `[imports]` of the policy says which package is which marker's. Counted are imports at the top of the \
                  module, under no condition but an exception; a module that imports several frameworks needs the marker \
                  of one of them.",
    check,
};

fn check(audited: &Audited<'_>) -> Vec<Finding> {
    let mut markers: Vec<&str> = audited.policy.imports().map(|(_, marker)| marker).collect();
    markers.sort_unstable();
    markers.dedup();
    let of_files: BTreeMap<&str, BTreeMap<&str, &Import>> =
        audited.imports.keys().map(|file| (*file, proposal::imports_of_file(audited, file))).collect();
    markers.into_iter().flat_map(|marker| unmarked(audited, marker, &of_files)).collect()
}

fn unmarked(audited: &Audited<'_>, marker: &str, of_files: &BTreeMap<&str, BTreeMap<&str, &Import>>) -> Vec<Finding> {
    let policy = audited.policy;
    let imported = |case: &ResolvedCase<'_>| of_files.get(case.case.file().as_str());
    let has =
        |case: &ResolvedCase<'_>, name: &str| case.authored().any(|marker| policy.current_name(&marker.name) == name);
    let lacks = |case: &ResolvedCase<'_>| {
        case.is_judged()
            && policy.binds(case.case.file().as_str())
            // The first of several stands for all of them.
            && imported(case).is_some_and(|found| found.keys().next() == Some(&marker))
            && imported(case).is_some_and(|found| !found.keys().any(|name| has(case, name)))
    };
    let finding = |group: crate::grouping::Group<'_>| {
        let found = imported(group.cases[0]);
        let evidence: Vec<Evidence> =
            found.into_iter().flatten().map(|(marker, import)| proposal::of_import(marker, import)).collect();
        let package = evidence.first().map(|one| one.because.clone()).unwrap_or_default();
        let place = evidence.first().map(Evidence::text).unwrap_or_default();
        let is_one = evidence.len() == 1;
        Finding {
            label: Some(group.site.label(group.cases.len())),
            cases: crate::grouping::ids(&group.cases),
            has: missing::has(&group.cases),
            needs: evidence.iter().map(|one| one.marker.clone()).collect(),
            effect: Some(format!("{package}, and `-m {marker}` leaves it out")),
            help: format!("{} ({place})", group.site.instruction(if is_one { marker } else { "<component>" })),
            insertion: is_one
                .then(|| group.site.insertion(marker, missing::safety(marker, &group.cases, policy)))
                .flatten(),
            evidence,
            ..Finding::new(
                &RULE,
                format!("{} not marked `{marker}`", counted(group.cases.len(), "test is", "tests are")),
                group.site.at,
            )
        }
    };
    group(audited.cases, lacks).into_iter().map(finding).collect()
}
