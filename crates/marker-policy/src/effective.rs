//! The policy that applies in the end, as the policy file that says all of it, with where each value comes from.

use std::fmt::Write;

use test_catalog::RustTestKind::{Bench, Doc, Example, Integration, Unit};

use crate::argument::{Argument, ArgumentKind};
use crate::category::{Category, Requirement};
use crate::duration;
use crate::planning::{BudgetScope, Hardware};
use crate::policy::{KnownMarker, Policy, RuleLevel};
use crate::rules::{self, Severity};
use crate::toml_text::{comment, key, list, string};

/// A policy file that says all that a policy says, and builds on nothing. Comments say where each value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effective {
    /// By the key of the document: the lines of its tables.
    parts: Vec<(&'static str, String)>,
}

impl Effective {
    /// What the policy says.
    #[must_use]
    pub fn of(policy: &Policy) -> Self {
        Writer { policy, parts: Vec::new() }.write()
    }

    /// The whole file.
    #[must_use]
    pub fn text(&self) -> String {
        let parts: Vec<&str> = self.parts.iter().map(|(_, text)| text.as_str()).collect();
        parts.join("\n")
    }

    /// What the file says under one key of the document: `rules`. `None` where it says nothing there.
    #[must_use]
    pub fn part(&self, key: &str) -> Option<&str> {
        self.parts.iter().find(|(part, _)| *part == key).map(|(_, text)| text.as_str())
    }

    /// The keys of the document under which it says something.
    pub fn keys(&self) -> impl Iterator<Item = &'static str> {
        self.parts.iter().map(|(key, _)| *key)
    }
}

/// A line of the file, and where it comes from.
struct Line {
    text: String,
    from: Option<String>,
}

struct Writer<'p> {
    policy: &'p Policy,
    parts: Vec<(&'static str, String)>,
}

/// The lines of one table.
struct Lines<'p> {
    policy: &'p Policy,
    path: Vec<&'p str>,
    lines: Vec<Line>,
}

/// How wide the column of values is at most, in front of where they come from.
const WIDTH: usize = 76;

impl<'p> Writer<'p> {
    fn write(mut self) -> Effective {
        self.head();
        self.categories();
        self.hardware();
        self.markers();
        self.combinations();
        self.places();
        self.derived();
        self.planning();
        self.times();
        self.audit();
        self.container();
        self.running();
        self.ci();
        Effective { parts: self.parts }
    }

    /// A table, where it has lines.
    fn table(&mut self, path: &[&'p str], fill: impl FnOnce(&mut Lines<'p>)) {
        let mut lines = Lines { policy: self.policy, path: path.to_vec(), lines: Vec::new() };
        fill(&mut lines);
        if !lines.lines.is_empty() {
            let header = path.iter().map(|part| key(part)).collect::<Vec<_>>().join(".");
            self.push(path, &format!("[{header}]\n"), &lines.lines);
        }
    }

    /// An entry of `[[path]]`.
    fn entry(&mut self, path: &[&'p str], index: usize, values: Vec<(&str, String)>) {
        let number = index.to_string();
        let at: Vec<&str> = path.iter().copied().chain([&*number]).collect();
        let mut lines: Vec<Line> =
            values.into_iter().map(|(name, value)| Line { text: format!("{name} = {value}"), from: None }).collect();
        if let Some(first) = lines.first_mut() {
            first.from = Some(from(self.policy, &at));
        }
        self.push(path, &format!("[[{}]]\n", path.join(".")), &lines);
    }

    fn push(&mut self, path: &[&'p str], header: &str, lines: &[Line]) {
        let Some(top) = path.first().and_then(|top| crate::keys::DOCUMENT.key(top)) else { return };
        let text = format!("{header}{}", aligned(lines));
        match self.parts.iter_mut().find(|(key, _)| *key == top.name) {
            Some((_, part)) => {
                part.push('\n');
                part.push_str(&text);
            }
            None => self.parts.push((top.name, text)),
        }
    }

    fn head(&mut self) {
        let policy = self.policy;
        let mut one = |name: &'static str, value: String| {
            let line = Line { text: format!("{name} = {value}"), from: Some(from(policy, &[name])) };
            self.parts.push((name, aligned(&[line])));
        };
        one("version", "1".to_owned());
        one("name", string(policy.name()));
        if let Some(tree) = policy.tree() {
            one("tree", string(tree));
        }
    }

    fn categories(&mut self) {
        let policy = self.policy;
        let mut shared: Vec<String> = Vec::new();
        for category in Category::ALL {
            for member in policy.members(category) {
                let count = Category::ALL.into_iter().filter(|other| policy.is_member(*other, member)).count();
                if count > 1 && !shared.contains(member) {
                    shared.push(member.clone());
                }
            }
        }
        self.table(&["categories"], |lines| {
            if !shared.is_empty() {
                lines.list("shared", &shared);
            }
        });
        for category in Category::ALL {
            let rules = policy.category(category);
            self.table(&["categories", category.as_str()], |lines| {
                lines.one(
                    "required",
                    string(match rules.required {
                        Requirement::Always => "always",
                        Requirement::WhereApplicable => "where-applicable",
                        Requirement::Never => "never",
                    }),
                );
                lines.one("at-most-one", rules.at_most_one.to_string());
                lines.list("markers", &rules.members);
            });
        }
    }

    fn hardware(&mut self) {
        let policy = self.policy;
        self.table(&["hardware"], |lines| {
            // In the order of the category.
            for marker in policy.members(Category::Hardware) {
                let Some(hardware) = policy.hardware(marker) else { continue };
                lines.one(marker, asks(hardware));
            }
        });
        self.table(&["gpus"], |lines| {
            for (model, gib) in policy.gpus() {
                lines.one(model, format!("{{ gib = {} }}", number(gib)));
            }
        });
    }

    fn markers(&mut self) {
        let policy = self.policy;
        self.table(&["markers"], |lines| {
            for (name, marker) in &policy.markers {
                lines.one(name, described(marker));
            }
        });
        self.table(&["plugin-markers"], |lines| {
            for (plugin, markers) in &policy.plugin_markers {
                lines.list(plugin, markers);
            }
        });
        self.table(&["aliases"], |lines| {
            for (old, alias) in &policy.aliases {
                let name = string(&alias.name);
                let value = match &alias.note {
                    None => name,
                    Some(note) => format!("{{ name = {name}, note = {} }}", string(note)),
                };
                lines.one(old, value);
            }
        });
    }

    fn combinations(&mut self) {
        let combinations = &self.policy.combinations;
        for (table, entries) in [("conflicts", &combinations.conflicts), ("coexist", &combinations.coexist)] {
            self.table(&[table], |lines| {
                for (name, markers) in entries {
                    lines.list(name, markers);
                }
            });
        }
        for (name, companions) in &combinations.companions {
            self.table(&["companions", name], |lines| {
                lines.list("of", &companions.of);
                lines.list(if companions.exactly { "exactly-one" } else { "at-least-one" }, &companions.one_of);
            });
        }
    }

    fn places(&mut self) {
        let policy = self.policy;
        let locations = policy.locations();
        self.table(&["locations"], |lines| {
            lines.list("component", &locations.component);
            lines.list("cross-component", &locations.cross_component);
        });
        self.table(&["locations", "types"], |lines| {
            for (test_type, folders) in &locations.by_type {
                lines.list(test_type, folders);
            }
        });
        self.table(&["imports"], |lines| {
            for (package, marker) in policy.imports() {
                lines.one(package, string(marker));
            }
        });
        self.table(&["files"], |lines| {
            if let Some(pattern) = policy.file_names() {
                lines.one("name", string(&pattern.to_string()));
            }
        });
    }

    fn derived(&mut self) {
        let policy = self.policy;
        self.table(&["rust"], |lines| {
            for kind in [Unit, Integration, Doc, Example, Bench] {
                lines.list(kind.as_str(), policy.rust_markers(kind));
            }
            lines.list("ignored", &policy.rust.ignored);
            if let Some(feature) = policy.integration_feature() {
                lines.one("integration-feature", string(feature));
            }
        });
        self.table(&["rust", "features"], |lines| {
            for (feature, markers) in &policy.rust.by_feature {
                lines.list(feature, markers);
            }
        });
        let Some(defaults) = policy.defaults() else { return };
        self.table(&["defaults"], |lines| {
            for (category, marker) in &defaults.markers {
                lines.one(category.as_str(), string(marker));
            }
            if let Some(tell) = &defaults.tell {
                lines.one("tell", string(tell));
            }
            lines.list("not-under", &defaults.not_under);
        });
    }

    fn planning(&mut self) {
        let policy = self.policy;
        self.table(&["planning"], |lines| {
            lines.one("vram-marker", string(policy.vram_marker()));
            lines.one("timeout-marker", string(policy.timeout_marker()));
            let markers = [
                ("cpu-marker", policy.cpu_marker()),
                ("host-memory-marker", policy.host_memory_marker()),
                ("parallel-marker", policy.parallel_marker()),
            ];
            for (key, marker) in markers.into_iter().filter_map(|(key, marker)| Some((key, marker?))) {
                lines.one(key, string(marker));
            }
            lines.one("headroom", number(policy.headroom()));
            if !policy.stagger().is_zero() {
                lines.one("stagger", string(&duration::write(policy.stagger())));
            }
        });
        self.table(&["exclusive"], |lines| {
            for (marker, thing) in &policy.exclusive {
                lines.one(marker, string(thing));
            }
        });
        for (index, cap) in policy.engine_caps().iter().enumerate() {
            let marker = ("marker", string(&cap.marker));
            let env = cap.env.as_ref().map(|env| ("env", string(env)));
            self.entry(&["engine-caps"], index, [marker].into_iter().chain(env).collect());
        }
    }

    fn times(&mut self) {
        let policy = self.policy;
        self.table(&["timeouts"], |lines| {
            lines.one("default", string(&duration::write(policy.timeouts.default)));
            for (test_type, limit) in &policy.timeouts.by_type {
                lines.one(test_type, string(&duration::write(*limit)));
            }
        });
        for (index, budget) in policy.budgets().iter().enumerate() {
            let mut values = Vec::new();
            values.extend(budget.test_type.as_ref().map(|name| ("type", string(name))));
            values.extend(budget.stage.as_ref().map(|name| ("stage", string(name))));
            let per = match budget.scope {
                BudgetScope::Suite => "suite",
                BudgetScope::Run => "run",
            };
            values.push(("per", string(per)));
            values.push(("limit", string(&duration::write(budget.limit))));
            self.entry(&["budgets"], index, values);
        }
    }

    fn audit(&mut self) {
        let policy = self.policy;
        self.table(&["audit"], |lines| {
            lines.list("required-under", &policy.required_under);
            lines.list("tickets", policy.tickets());
            let kinds: Vec<&str> = policy.proposals.0.iter().map(|kind| kind.as_str()).collect();
            lines.list("proposals", &kinds);
        });
        self.table(&["rules"], |lines| {
            for rule in rules::ALL {
                let level = match policy.level(rule) {
                    RuleLevel::Off => "off",
                    RuleLevel::On(Severity::Warning) => "warning",
                    RuleLevel::On(Severity::Error) => "error",
                };
                lines.one(rule.code.as_str(), string(level));
            }
        });
        for (index, exemption) in policy.exemptions().iter().enumerate() {
            let rules: Vec<&str> = exemption.rules.iter().map(|rule| rule.as_str()).collect();
            let tests: Vec<&str> = exemption.tests.iter().map(|test| test.as_str()).collect();
            let mut values = vec![
                ("rules", list(&rules)),
                ("tests", list(&tests)),
                ("owner", string(&exemption.owner)),
                ("reason", string(&exemption.reason)),
                ("expires", exemption.expires.to_string()),
            ];
            values.extend(exemption.ticket.as_ref().map(|ticket| ("ticket", string(ticket))));
            self.entry(&["exemptions"], index, values);
        }
    }

    fn container(&mut self) {
        let container = &self.policy.container;
        self.table(&["container"], |lines| {
            lines.one("run", string(&container.run));
            lines.one("build", string(&container.build));
            lines.one("workspace", string(&container.workspace));
            lines.list("arguments", &container.arguments);
            lines.list("environment", &container.environment);
            lines.one("engine", string(&container.engine));
        });
    }

    fn running(&mut self) {
        let (retry, ports) = (&self.policy.retry, &self.policy.ports);
        self.table(&["retry"], |lines| {
            lines.list("output", &retry.output);
            lines.one("times", retry.times.to_string());
            lines.one("pause", string(&duration::write(retry.pause)));
        });
        self.table(&["ports"], |lines| {
            if let Some(variable) = &ports.variable {
                lines.one("variable", string(variable));
            }
            lines.one("first", ports.first.to_string());
            lines.one("last", ports.last.to_string());
            lines.one("each", ports.each.to_string());
        });
    }

    fn ci(&mut self) {
        let policy = self.policy;
        self.table(&["ci"], |lines| {
            lines.list("workflows", policy.workflows());
            lines.list("checkouts", policy.checkouts());
            lines.list("runs-no-tests", &policy.ci.runs_no_tests);
            lines.list("hooks", policy.hooks());
        });
        self.table(&["ci", "stages"], |lines| {
            for (stage, files) in &policy.ci.stages {
                lines.list(stage, files);
            }
        });
        for (index, action) in policy.ci.actions.iter().enumerate() {
            let values = vec![("uses", string(&action.uses)), ("run", string(&action.run))];
            self.entry(&["ci", "actions"], index, values);
        }
        for (index, lane) in policy.lanes().iter().enumerate() {
            let folder = if lane.folder.is_empty() { "." } else { &lane.folder };
            let values = vec![("name", string(&lane.name)), ("folder", string(folder)), ("run", string(&lane.run))];
            self.entry(&["lanes"], index, values);
        }
    }
}

impl Lines<'_> {
    fn one(&mut self, name: &str, value: String) {
        let from = self.from(&[name]);
        self.lines.push(Line { text: format!("{} = {value}", key(name)), from });
    }

    /// A list, in several lines where its items come from several places.
    fn list(&mut self, name: &str, items: &[impl ToString]) {
        let items: Vec<String> = items.iter().map(ToString::to_string).collect();
        let mut runs: Vec<(Option<String>, Vec<&str>)> = Vec::new();
        for item in &items {
            let from = self.from(&[name, item]);
            match runs.last_mut() {
                Some((last, run)) if *last == from => run.push(item),
                _ => runs.push((from, vec![item])),
            }
        }
        if let [] | [_] = &runs[..] {
            let from = runs.pop().map_or_else(|| self.from(&[name]), |(from, _)| from);
            self.lines.push(Line { text: format!("{} = {}", key(name), list(&items)), from });
            return;
        }
        self.lines.push(Line { text: format!("{} = [", key(name)), from: None });
        for (from, run) in runs {
            let quoted: Vec<String> = run.into_iter().map(string).collect();
            self.lines.push(Line { text: format!("  {},", quoted.join(", ")), from });
        }
        self.lines.push(Line { text: "]".to_owned(), from: None });
    }

    fn from(&self, names: &[&str]) -> Option<String> {
        let path: Vec<&str> = self.path.iter().chain(names).copied().collect();
        Some(from(self.policy, &path))
    }
}

/// Where the value under that path stands; a part of an entry, where the entry does.
fn from(policy: &Policy, path: &[&str]) -> String {
    policy.origins.of(path).map_or_else(|| "built in".to_owned(), ToString::to_string)
}

fn aligned(lines: &[Line]) -> String {
    let width = |line: &Line| line.text.chars().count();
    let longest = lines.iter().filter(|line| line.from.is_some()).map(width).filter(|width| *width <= WIDTH).max();
    let column = longest.unwrap_or(0);
    let mut text = String::new();
    for line in lines {
        // Writing to a string cannot fail.
        let _ = match &line.from {
            Some(from) => writeln!(text, "{:<column$}  # {}", line.text, comment(from)),
            None => writeln!(text, "{}", line.text),
        };
    }
    text
}

fn number(number: f64) -> String {
    // A whole number as people write it.
    if number.fract() == 0.0 && number.abs() < 1e15 { format!("{number:.0}") } else { format!("{number:?}") }
}

fn asks(hardware: &Hardware) -> String {
    let mut parts = Vec::new();
    let asks_for_other = hardware.model.is_some() || hardware.capability.is_some() || hardware.resource.is_some();
    if hardware.gpus > 0 || !asks_for_other {
        parts.push(format!("gpus = {}", hardware.gpus));
    }
    parts.extend(hardware.model.as_ref().map(|model| format!("model = {}", string(model))));
    parts.extend(hardware.capability.map(|(major, minor)| format!("compute-capability = {major}.{minor}")));
    parts.extend(hardware.resource.as_ref().map(|resource| format!("resource = {}", string(resource))));
    if hardware.resource.is_some() && hardware.count != 1 {
        parts.push(format!("count = {}", hardware.count));
    }
    format!("{{ {} }}", parts.join(", "))
}

fn described(marker: &KnownMarker) -> String {
    let mut parts = Vec::new();
    if let Some(args) = &marker.args {
        let args: Vec<String> = args.iter().map(argument).collect();
        parts.push(format!("args = [{}]", args.join(", ")));
    }
    parts.extend(marker.description.as_ref().map(|text| format!("description = {}", string(text))));
    if parts.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", parts.join(", ")) }
}

fn argument(argument: &Argument) -> String {
    if *argument == Argument::named(&argument.name) {
        return string(&argument.name);
    }
    let mut parts = vec![format!("name = {}", string(&argument.name))];
    if argument.kind != ArgumentKind::Any {
        parts.push(format!("type = {}", string(argument.kind.as_str())));
    }
    parts.extend(argument.unit.as_ref().map(|unit| format!("unit = {}", string(unit))));
    parts.extend(argument.min.map(|min| format!("min = {}", number(min))));
    parts.extend(argument.max.map(|max| format!("max = {}", number(max))));
    for (name, is_set) in [("optional", argument.optional), ("many", argument.many)] {
        if is_set {
            parts.push(format!("{name} = true"));
        }
    }
    format!("{{ {} }}", parts.join(", "))
}
