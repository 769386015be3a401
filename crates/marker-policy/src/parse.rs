//! A policy file's text becomes a [`Policy`].

mod combinations;
mod gpus;
mod lanes;
mod markers;

use std::time::Duration;

use test_catalog::RustTestKind;
use toml::de::DeTable;

use crate::category::{Category, Requirement};
use crate::document::{Mistakes, Section, Word};
use crate::duration;
use crate::error::PolicyErrors;
use crate::location::{FileNamePattern, FolderPattern};
use crate::nearest::{did_you_mean, nearest};
use crate::policy::{Budget, BudgetScope, Defaults, EngineCap, Hardware, Policy, RuleLevel};
use crate::preset;
use crate::rules::{self, Severity};

/// The version of the format that this crate reads.
const VERSION: u32 = 1;

impl Policy {
    /// Reads a policy file. `file_name` is for messages, and names the policy where the text gives no name.
    ///
    /// # Errors
    /// All mistakes of the text, each with its line: TOML that does not parse, unknown keys, values of a wrong type,
    /// names that stand twice, names that nothing defines.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, PolicyErrors> {
        let mistakes = Mistakes::new(text);
        let (document, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            mistakes.add(&error.span().unwrap_or_default(), format!("not TOML: {message}"));
        }
        // What follows a syntax error may be read wrongly: only a key that stands twice leaves the rest as it is.
        let policy = errors.iter().all(|error| error.message().contains("duplicate key")).then(|| {
            let reader = Reader::new(Section::document(&document, &mistakes), file_name);
            reader.read()
        });
        let mistakes = mistakes.into_list();
        match policy {
            Some(policy) if mistakes.is_empty() => Ok(policy),
            _ => Err(PolicyErrors { file: file_name.to_owned(), mistakes }),
        }
    }
}

/// A name that something else has to define. Checked when all is read, so that the order of a file is free.
struct Reference {
    name: Word,
    to: Defined,
}

/// What a name refers to.
#[derive(Clone, Copy)]
enum Defined {
    /// A member of a category.
    MemberOf(Category),
    /// Any marker that the policy has an entry for.
    Marker,
}

struct Reader<'d, 't> {
    document: Section<'d, 't>,
    policy: Policy,
    references: Vec<Reference>,
}

impl<'d, 't> Reader<'d, 't> {
    fn new(mut document: Section<'d, 't>, file_name: &str) -> Self {
        let extends = document.string("extends");
        let mut policy = match &extends {
            None => Policy::default(),
            Some(name) => Policy::preset(&name.text).unwrap_or_else(|| {
                let meant = did_you_mean(&nearest(&name.text, preset::names()));
                let known = preset::names().collect::<Vec<_>>().join(", ");
                document.mistake(
                    &name.span,
                    format!("`extends` names no preset: `{}`{meant} (presets: {known})", name.text),
                );
                Policy::embedded()
            }),
        };
        if !document.has("extends") && !document.has("categories") {
            document.mistake(
                &(0..0),
                format!("the policy has no categories: write them, or start with `extends = \"{}\"`", preset::DEFAULT),
            );
        }
        file_name.clone_into(&mut policy.name);
        policy.tree = None;
        Self { document, policy, references: Vec::new() }
    }

    fn read(mut self) -> Policy {
        self.head();
        self.categories();
        self.hardware();
        self.gpus();
        self.markers();
        self.combinations();
        self.locations();
        self.rust();
        self.defaults();
        self.planning();
        self.times();
        self.rules();
        self.audit();
        self.lanes();
        self.check_references();
        self.document.finish();
        self.policy
    }

    fn head(&mut self) {
        if let Some(name) = self.document.string("name") {
            self.policy.name = name.text;
        }
        if self.document.number("version").is_some_and(|version| version != VERSION) {
            let at = self.document.span_of("version");
            self.document.mistake(&at, format!("this is not a policy of version {VERSION}, the only one known here"));
        }
        if let Some(tree) = self.document.string("tree") {
            // The same words as for a folder of the tree: relative, and below.
            match FolderPattern::parse(&tree.text) {
                Ok(_) => self.policy.tree = Some(tree.text),
                Err(wrong) => self.document.mistake(&tree.span, format!("`tree`: {wrong}")),
            }
        }
    }

    fn categories(&mut self) {
        let Some(mut categories) = self.document.section("categories") else { return };
        let mut written: Vec<(Category, Word)> = Vec::new();
        for category in Category::ALL {
            let Some(mut section) = categories.section(category.as_str()) else { continue };
            let rules = self.policy.categories.entry(category).or_default();
            if let Some(required) = section.string("required") {
                match &*required.text {
                    "always" => rules.required = Requirement::Always,
                    "where-applicable" => rules.required = Requirement::WhereApplicable,
                    "never" => rules.required = Requirement::Never,
                    other => section.mistake(
                        &required.span,
                        format!("`required` is `{other}`, expected `always`, `where-applicable` or `never`"),
                    ),
                }
            }
            if let Some(at_most_one) = section.flag("at-most-one") {
                rules.at_most_one = at_most_one;
            }
            if let Some(markers) = section.words("markers") {
                rules.members = markers.iter().map(|marker| marker.text.clone()).collect();
                written.extend(markers.into_iter().map(|marker| (category, marker)));
            }
            for marker in section.words("add").unwrap_or_default() {
                if rules.members.contains(&marker.text) {
                    section.mistake(&marker.span, format!("`{}` is in {category} already", marker.text));
                } else {
                    rules.members.push(marker.text.clone());
                    written.push((category, marker));
                }
            }
            if rules.required == Requirement::Always && rules.members.is_empty() {
                section.mistake(section.span(), format!("every test needs a {category} marker, and there is none"));
            }
            section.finish();
        }
        let shared = categories.words("shared").unwrap_or_default();
        for (category, marker) in &written {
            check_marker_name(&categories, marker);
            let elsewhere = Category::ALL
                .into_iter()
                .filter(|other| other < category)
                .find(|other| self.policy.is_member(*other, &marker.text));
            if let Some(other) = elsewhere
                && !shared.iter().any(|name| name.text == marker.text)
            {
                categories.mistake(
                    &marker.span,
                    format!(
                        "`{}` is in {other} and in {category}; where that is meant, name it in `categories.shared`",
                        marker.text
                    ),
                );
            }
        }
        self.references.extend(shared.into_iter().map(|name| Reference { name, to: Defined::Marker }));
        categories.finish();
    }

    fn hardware(&mut self) {
        if let Some(mut section) = self.document.section("hardware") {
            for (name, mut entry) in section.named_sections() {
                let gpus = entry.number("gpus");
                let model = entry.string("model").map(|model| model.text);
                let resource = entry.string("resource").map(|resource| resource.text);
                let count = entry.number("count");
                if gpus.is_none() && model.is_none() && resource.is_none() {
                    entry
                        .mistake(&name.span, format!("`{}` asks for nothing: give gpus, model or resource", name.text));
                }
                let hardware = Hardware { gpus: gpus.unwrap_or(0), count: count.unwrap_or(1), model, resource };
                entry.finish();
                self.policy.hardware.insert(name.text.clone(), hardware);
                self.references.push(Reference { name, to: Defined::MemberOf(Category::Hardware) });
            }
        }
        let members = self.policy.members(Category::Hardware).to_vec();
        for member in members.iter().filter(|member| !self.policy.hardware.contains_key(*member)) {
            let at = self.document.span().clone();
            self.document.mistake(
                &at,
                format!("hardware marker `{member}` has no entry in `hardware` that says what it asks for"),
            );
        }
        // A file that leaves out some of what it extends means to be without them.
        self.policy.hardware.retain(|name, _| {
            members.contains(name) || self.references.iter().any(|reference| reference.name.text == *name)
        });
    }

    fn locations(&mut self) {
        if let Some(mut section) = self.document.section("locations") {
            if let Some(folders) = section.words("component") {
                self.policy.locations.component = folder_patterns(&section, folders);
            }
            if let Some(folders) = section.words("cross-component") {
                self.policy.locations.cross_component = folder_patterns(&section, folders);
            }
            if let Some(mut types) = section.section("types") {
                for (test_type, folders) in types.named_words() {
                    let folders = folder_patterns(&types, folders);
                    self.policy.locations.by_type.insert(test_type.text.clone(), folders);
                    self.references.push(Reference { name: test_type, to: Defined::MemberOf(Category::Type) });
                }
            }
            section.finish();
        }
        if let Some(mut section) = self.document.section("files") {
            if let Some(name) = section.string("name") {
                match FileNamePattern::parse(&name.text) {
                    Ok(pattern) => self.policy.files = Some(pattern),
                    Err(wrong) => section.mistake(&name.span, format!("`name` in `files`: {wrong}")),
                }
            }
            section.finish();
        }
    }

    fn rust(&mut self) {
        use RustTestKind::{Bench, Doc, Example, Integration, Unit};
        let Some(mut section) = self.document.section("rust") else { return };
        for kind in [Unit, Integration, Doc, Example, Bench] {
            if let Some(markers) = section.words(kind.as_str()) {
                let markers = self.marker_references(markers);
                self.policy.rust.by_kind.insert(kind.as_str(), markers);
            }
        }
        if let Some(markers) = section.words("ignored") {
            self.policy.rust.ignored = self.marker_references(markers);
        }
        if let Some(feature) = section.string("integration-feature") {
            self.policy.rust.integration_feature = Some(feature.text);
        }
        if let Some(mut features) = section.section("features") {
            for (feature, markers) in features.named_words() {
                let markers = self.marker_references(markers);
                self.policy.rust.by_feature.insert(feature.text, markers);
            }
        }
        section.finish();
    }

    fn defaults(&mut self) {
        let Some(mut section) = self.document.section("defaults") else { return };
        let mut defaults = Defaults::default();
        for category in Category::ALL {
            if let Some(name) = section.string(category.as_str()) {
                defaults.markers.insert(category, name.text.clone());
                self.references.push(Reference { name, to: Defined::MemberOf(category) });
            }
        }
        if let Some(name) = section.string("tell") {
            defaults.tell = Some(name.text.clone());
            self.references.push(Reference { name, to: Defined::Marker });
        }
        defaults.not_under = section.words("not-under").map_or_else(Vec::new, |words| folder_patterns(&section, words));
        section.finish();
        self.policy.defaults = Some(defaults);
    }

    fn audit(&mut self) {
        let Some(mut section) = self.document.section("audit") else { return };
        if let Some(words) = section.words("required-under") {
            self.policy.required_under = folder_patterns(&section, words);
        }
        if let Some(words) = section.words("tickets") {
            self.policy.tickets = words.into_iter().map(|word| word.text).collect();
        }
        section.finish();
    }

    fn planning(&mut self) {
        if let Some(mut section) = self.document.section("planning") {
            if let Some(name) = section.string("vram-marker") {
                self.policy.planning.vram_marker = name.text;
            }
            if let Some(name) = section.string("timeout-marker") {
                self.policy.planning.timeout_marker = name.text;
            }
            if let Some(headroom) = section.share("headroom") {
                self.policy.planning.headroom = headroom;
            }
            section.finish();
        }
        let Some(entries) = self.document.sections("engine-caps") else { return };
        self.policy.engine_caps.clear();
        for mut entry in entries {
            let marker = required(&mut entry, "marker");
            let env = entry.string("env").map(|env| env.text);
            entry.finish();
            if let Some(name) = marker {
                self.policy.engine_caps.push(EngineCap { marker: name.text.clone(), env });
                self.references.push(Reference { name, to: Defined::Marker });
            }
        }
    }

    fn times(&mut self) {
        if let Some(mut section) = self.document.section("timeouts") {
            if let Some(text) = section.string("default")
                && let Some(limit) = read_duration(&section, &text)
            {
                self.policy.timeouts.default = limit;
            }
            for (test_type, text) in section.named_strings() {
                if let Some(limit) = read_duration(&section, &text) {
                    self.policy.timeouts.by_type.insert(test_type.text.clone(), limit);
                }
                self.references.push(Reference { name: test_type, to: Defined::MemberOf(Category::Type) });
            }
        }
        let Some(entries) = self.document.sections("budgets") else { return };
        self.policy.budgets.clear();
        for mut entry in entries {
            let test_type = self.member(&mut entry, "type", Category::Type);
            let stage = self.member(&mut entry, "stage", Category::Lifecycle);
            let scope = match entry.string("per") {
                None => BudgetScope::Run,
                Some(word) if word.text == "run" => BudgetScope::Run,
                Some(word) => {
                    if word.text != "suite" {
                        entry.mistake(&word.span, format!("`per` is `{}`, expected `suite` or `run`", word.text));
                    }
                    BudgetScope::Suite
                }
            };
            let limit = required(&mut entry, "limit").and_then(|text| read_duration(&entry, &text));
            entry.finish();
            self.policy.budgets.extend(limit.map(|limit| Budget { test_type, stage, scope, limit }));
        }
    }

    fn member(&mut self, entry: &mut Section<'d, 't>, key: &'static str, category: Category) -> Option<String> {
        let name = entry.string(key)?;
        let text = name.text.clone();
        self.references.push(Reference { name, to: Defined::MemberOf(category) });
        Some(text)
    }

    fn rules(&mut self) {
        let Some(mut section) = self.document.section("rules") else { return };
        for (code, level) in section.named_strings() {
            let Some(rule) = rules::find(&code.text) else {
                let meant = did_you_mean(&nearest(&code.text, rules::ALL.iter().map(|rule| rule.code.as_str())));
                section.mistake(&code.span, format!("there is no rule `{}`{meant}", code.text));
                continue;
            };
            let level = match &*level.text {
                "off" => RuleLevel::Off,
                "warning" => RuleLevel::On(Severity::Warning),
                "error" => RuleLevel::On(Severity::Error),
                other => {
                    section.mistake(
                        &level.span,
                        format!("`{}` is `{other}`, expected `error`, `warning` or `off`", code.text),
                    );
                    continue;
                }
            };
            self.policy.rules.insert(rule.code, level);
        }
    }

    fn check_references(&self) {
        for Reference { name, to } in &self.references {
            let (known, what) = match to {
                Defined::MemberOf(category) => (
                    self.policy.members(*category).iter().map(String::as_str).collect(),
                    format!("no {category} marker of this policy"),
                ),
                Defined::Marker => (self.policy.known_markers(), "no marker that this policy defines".to_owned()),
            };
            if !known.contains(&&*name.text) {
                let meant = did_you_mean(&nearest(&name.text, known));
                self.document.mistake(&name.span, format!("`{}` is {what}{meant}", name.text));
            }
        }
    }
}

fn required(section: &mut Section<'_, '_>, key: &'static str) -> Option<Word> {
    if !section.has(key) {
        let at = section.span().clone();
        section.mistake(&at, format!("`{key}` is missing"));
    }
    section.string(key)
}

/// A marker's name is one that `-m` can say: pytest reads a word of these characters.
fn check_marker_name(section: &Section<'_, '_>, name: &Word) {
    let is_word = name.text.chars().all(|c| c.is_alphanumeric() || c == '_');
    if !is_word || name.text.starts_with(|c: char| c.is_ascii_digit()) {
        section.mistake(&name.span, format!("`{}` cannot be a marker: letters, digits and `_`", name.text));
    }
}

fn folder_patterns(section: &Section<'_, '_>, words: Vec<Word>) -> Vec<FolderPattern> {
    words
        .into_iter()
        .filter_map(|word| {
            FolderPattern::parse(&word.text)
                .inspect_err(|wrong| section.mistake(&word.span, format!("`{}`: {wrong}", word.text)))
                .ok()
        })
        .collect()
}

fn read_duration(section: &Section<'_, '_>, text: &Word) -> Option<Duration> {
    let parsed = duration::parse(&text.text);
    if parsed.is_none() {
        section.mistake(&text.span, format!("`{}` is no duration; write `15 s`, `5 min` or `2 h`", text.text));
    }
    parsed
}
