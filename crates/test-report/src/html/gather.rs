//! The document, made of what the other crates found.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use marker_policy::code_owners::CodeOwners;
use marker_policy::{Category, ResolvedCase, RuleLevel, rules, why_in_no_lane};
use test_catalog::{self as catalog, Condition, NodeId, Reason, SourceSpan};

use super::data::{self, Index, Note, NoteKind, Report, VERSION};
use super::planned;
use super::run;
use super::subject::{Subject, Trend};
use super::tables::{Table, index};
use crate::terminal::printable;

/// A marker's text is cut behind so many characters: `parametrize` may carry a whole table.
const LONGEST_MARKER: usize = 120;

/// The lists of the document while they grow.
pub(super) struct Gathering {
    files: Table<String>,
    scopes: Table<data::Scope>,
    texts: Table<String>,
    markers: Table<data::Marker>,
    marker_sets: Table<Vec<Index>>,
    reaches: Table<data::Reach>,
    causes: Table<String>,
    notes: Table<Note>,
    /// The places of markers that were looked at before: many tests share one.
    places: HashMap<*const catalog::Marker, Index>,
}

impl Gathering {
    pub(super) fn new() -> Self {
        Self {
            files: Table::new(),
            scopes: Table::new(),
            texts: Table::new(),
            markers: Table::new(),
            marker_sets: Table::new(),
            reaches: Table::new(),
            causes: Table::new(),
            notes: Table::new(),
            places: HashMap::new(),
        }
    }

    pub(super) fn report(mut self, subject: &Subject<'_>) -> Report {
        let tests = self.tests(subject);
        let mut measured =
            subject.results.map(|results| run::of_lanes(results, subject)).unwrap_or_default().into_iter();
        let lanes = subject.lanes.iter().map(|(lane, _)| self.lane(lane, measured.next().flatten())).collect();
        let lane_problems = subject.lanes.problems().iter().map(|problem| self.reason(NoteKind::Workflow, problem));
        let mut lane_problems: Vec<Note> = lane_problems.collect();
        for unseen in subject.lanes.unseen() {
            lane_problems.push(self.note(
                NoteKind::Workflow,
                &format!("{} {}", unseen.family, unseen.text),
                &unseen.at,
            ));
        }
        let rules = rules(subject);
        let findings = self.findings(subject, &rules);
        let pytest = subject.catalog.pytest.as_ref();
        Report {
            report: VERSION,
            title: safe(subject.name),
            label: subject.label.map(safe),
            policy: safe(subject.policy.name()),
            pytest: pytest.map(|facts| safe(&facts.version)),
            python: pytest.map(|facts| safe(&facts.python)),
            categories: Category::ALL
                .into_iter()
                .map(|category| data::Category {
                    name: category.as_str(),
                    members: subject.policy.members(category).iter().map(|member| safe(member)).collect(),
                })
                .collect(),
            owners: subject.owners.map(|(file, owners)| self.owners(file, owners)),
            trend: subject.trend.map(|trend| changes(&trend, &rules)),
            run: subject.results.map(|results| run::run(results, subject)),
            plan: subject.planned.as_ref().map(planned::plan),
            files: self.files.into_list().iter().map(|file| safe(file)).collect(),
            scopes: self.scopes.into_list(),
            texts: self.texts.into_list(),
            markers: self.markers.into_list(),
            marker_sets: self.marker_sets.into_list(),
            lanes,
            lane_problems,
            reaches: self.reaches.into_list(),
            causes: self.causes.into_list(),
            notes: self.notes.into_list(),
            tests,
            rules,
            findings,
        }
    }

    fn tests(&mut self, subject: &Subject<'_>) -> data::Tests {
        let mut tests = data::Tests::default();
        for (place, case) in subject.cases.iter().enumerate() {
            let (scope, name) = split_id(case.case);
            let scope = data::Scope { text: safe(scope), language: case.case.language().as_str() };
            tests.scope.push(self.scopes.place(scope));
            tests.name.push(safe(name));
            tests.file.push(self.file(case.case.file()));
            tests.line.push(case.case.span.start.line);
            tests.markers.push(self.marker_set(&case.effective));
            tests.reach.push(self.reach(subject, place));
            if let Some(obstacle) = subject.lanes.obstacle(place) {
                let cause = self.causes.place(safe(&why_in_no_lane(obstacle, case, subject.policy)));
                tests.causes.push((index(place), cause));
            }
            for note in self.notes_of(case) {
                tests.notes.push((index(place), self.notes.place(note)));
            }
        }
        tests
    }

    fn file(&mut self, file: &catalog::TreePath) -> Index {
        self.files.place(file.as_str().to_owned())
    }

    fn marker_set(&mut self, markers: &[Arc<catalog::Marker>]) -> Index {
        let set = markers.iter().map(|marker| self.marker(marker)).collect();
        self.marker_sets.place(set)
    }

    fn marker(&mut self, marker: &Arc<catalog::Marker>) -> Index {
        // The subject holds every marker as long as this counts, so that no address is used twice.
        let address = Arc::as_ptr(marker);
        if let Some(place) = self.places.get(&address) {
            return *place;
        }
        let from = match &marker.origin {
            catalog::Origin::Source(at) => data::Origin::Source(self.file(&at.file), at.start.line),
            catalog::Origin::Hook(at) => data::Origin::Hook(self.file(&at.file), at.start.line),
            catalog::Origin::Policy { rule } => data::Origin::Policy(safe(rule)),
        };
        let text = self.texts.place(cut(&marker.to_string()));
        let place = self.markers.place(data::Marker { text, from });
        self.places.insert(address, place);
        place
    }

    fn lane(&mut self, lane: &marker_policy::Lane, measured: Option<data::Measured>) -> data::Lane {
        let optional = |text: &Option<String>| text.as_deref().map(safe);
        data::Lane {
            name: safe(&lane.name),
            family: safe(&lane.family),
            file: self.file(&lane.at.file),
            line: lane.at.start.line,
            stage: optional(&lane.stage),
            folder: optional(&lane.folder),
            command: safe(&lane.command),
            marks: optional(&lane.marks),
            limit_s: lane.limit.map(|limit| limit.as_secs()),
            doubt: optional(&lane.doubt),
            refused: optional(&lane.refused),
            condition: lane.condition().as_deref().map(safe),
            measured,
        }
    }

    fn reach(&mut self, subject: &Subject<'_>, place: usize) -> Index {
        let mut reach = data::Reach::default();
        for (number, (_, answer)) in subject.lanes.of_case(place).enumerate() {
            match answer {
                catalog::Reach::Runs => reach.runs.push(index(number)),
                catalog::Reach::Maybe => reach.may_run.push(index(number)),
                catalog::Reach::Not(_) => {}
            }
        }
        self.reaches.place(reach)
    }

    fn notes_of(&mut self, resolved: &ResolvedCase<'_>) -> Vec<Note> {
        let case = resolved.case;
        let mut notes = Vec::new();
        notes.extend(case.certainty.reason().map(|reason| self.reason(NoteKind::Inexact, reason)));
        notes.extend(case.markers.open.iter().map(|reason| self.reason(NoteKind::OpenMarkers, reason)));
        notes.extend(case.markers.hooks.iter().map(|reason| self.reason(NoteKind::HookMarkers, reason)));
        notes.extend(case.ignored_by.iter().map(|condition| self.condition(NoteKind::LeftOut, condition)));
        notes.extend(case.conditions.iter().map(|condition| self.condition(NoteKind::Condition, condition)));
        if let Some(rust) = case.as_rust() {
            if let Some(cfg) = &rust.cfg {
                notes.push(Note { kind: NoteKind::Compiled, text: safe(cfg), at: None });
            }
            if let Some(ignored) = &rust.ignored {
                let reason = ignored.reason.as_deref().unwrap_or("no reason given");
                notes.push(Note { kind: NoteKind::Ignored, text: safe(reason), at: None });
            }
        }
        notes
    }

    fn reason(&mut self, kind: NoteKind, reason: &Reason) -> Note {
        self.note(kind, &reason.text, &reason.at)
    }

    fn condition(&mut self, kind: NoteKind, condition: &Condition) -> Note {
        self.note(kind, &condition.text, &condition.at)
    }

    fn note(&mut self, kind: NoteKind, text: &str, at: &SourceSpan) -> Note {
        Note { kind, text: safe(text), at: Some((self.file(&at.file), at.start.line)) }
    }

    fn findings(&mut self, subject: &Subject<'_>, rules: &[data::Rule]) -> Vec<data::Finding> {
        // Ids are not unique: a finding names all that have one.
        let mut places: HashMap<&NodeId, Vec<Index>> = HashMap::new();
        for (place, case) in subject.catalog.cases.iter().enumerate() {
            places.entry(&case.id).or_default().push(index(place));
        }
        let new: Option<HashSet<_>> =
            subject.trend.map(|trend| trend.new.iter().map(|finding| (finding.rule, &finding.at)).collect());
        let open = subject.findings.iter().map(|finding| (finding, None));
        let allowed = subject.allowed.iter().map(|allowed| (&allowed.finding, Some(&*allowed.reason)));
        let mut all: Vec<_> = open.chain(allowed).collect();
        all.sort_by(|(one, _), (other, _)| one.at.cmp(&other.at));
        let mut findings = Vec::with_capacity(all.len());
        for (finding, allowed) in all {
            let Some(rule) = place_of(rules, finding.rule.as_str()) else { continue };
            let mut tests: Vec<Index> =
                finding.cases.iter().filter_map(|id| places.get(id)).flatten().copied().collect();
            tests.sort_unstable();
            tests.dedup();
            findings.push(data::Finding {
                rule,
                severity: finding.severity.as_str(),
                message: safe(&finding.message),
                file: self.file(&finding.at.file),
                line: finding.at.start.line,
                tests,
                has: finding.has.iter().map(|marker| safe(marker)).collect(),
                needs: finding.needs.iter().map(|marker| safe(marker)).collect(),
                effect: finding.effect.as_deref().map(safe),
                help: safe(&finding.help),
                note: finding.note.as_deref().map(safe),
                allowed: allowed.map(safe),
                new: match allowed {
                    None => new.as_ref().map(|new| new.contains(&(finding.rule, &finding.at))),
                    Some(_) => None,
                },
            });
        }
        findings
    }

    /// The owners of every file that there is by now: the last to be gathered.
    fn owners(&self, file: &str, owners: &CodeOwners) -> data::Owners {
        let mut sets = Table::new();
        let of_file = self.files.iter().map(|path| {
            let owners: Vec<String> = owners.of(path).iter().map(|owner| safe(owner)).collect();
            sets.place(owners)
        });
        data::Owners {
            file: safe(file),
            of_file: of_file.collect(),
            sets: sets.into_list(),
            problems: owners.problems().iter().map(|problem| (problem.line, safe(&problem.text))).collect(),
        }
    }
}

fn rules(subject: &Subject<'_>) -> Vec<data::Rule> {
    let rules = rules::ALL.iter().map(|rule| data::Rule {
        code: rule.code.as_str(),
        severity: match subject.policy.level(rule) {
            RuleLevel::On(severity) => Some(severity.as_str()),
            RuleLevel::Off => None,
        },
        summary: rule.summary,
    });
    rules.collect()
}

fn place_of(rules: &[data::Rule], code: &str) -> Option<Index> {
    rules.iter().position(|rule| rule.code == code).map(index)
}

fn changes(trend: &Trend<'_>, rules: &[data::Rule]) -> data::Trend {
    let of_rule = |change: &marker_policy::Change| {
        Some(data::Change {
            rule: place_of(rules, change.rule.as_str())?,
            then: change.then,
            now: change.now,
            new: change.new,
            gone: change.gone,
            judged: change.judged,
        })
    };
    data::Trend { baseline: safe(trend.baseline), rules: trend.changes.iter().filter_map(of_rule).collect() }
}

/// An id's beginning that its neighbours share, and the rest.
fn split_id(case: &catalog::TestCase) -> (&str, &str) {
    let id = case.id.as_str();
    let (separator, length) = match case.language() {
        catalog::Language::Python => ("::", 2),
        catalog::Language::Rust => (" ", 1),
    };
    id.find(separator).map_or(("", id), |place| id.split_at(place + length))
}

/// A text without anything that would turn the direction of writing, or that nobody sees.
fn safe(text: &str) -> String {
    printable(text).into_owned()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(LONGEST_MARKER) {
        Some((end, _)) => format!("{}…", safe(&text[..end])),
        None => safe(text),
    }
}
