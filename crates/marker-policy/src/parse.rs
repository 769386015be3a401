//! A policy file's text becomes a [`Policy`].
//!
//! [`keys::check`](crate::keys::check) tells what is wrong key by key. Here is what the keys mean together: names that
//! something else defines, entries that contradict each other.

mod categories;
mod combinations;
mod derived;
mod exemptions;
mod hardware;
mod inherited;
mod lanes;
mod markers;
mod places;
mod running;
mod times;

use std::collections::BTreeSet;

use toml::de::DeTable;

use crate::category::Category;
use crate::document::{Mistakes, Section, Word};
use crate::error::PolicyErrors;
use crate::keys;
use crate::location::FolderPattern;
use crate::nearest::{did_you_mean, nearest};
use crate::policy::{Policy, RuleLevel};
use crate::rules::{self, Severity};

/// So many unknown names get a proposal of what was meant: each is held against every name that there is.
const MOST_PROPOSALS: usize = 100;

impl Policy {
    /// The largest policy file that is read, in bytes: many times what a large tree needs.
    pub const LARGEST_FILE: usize = 1 << 18;

    /// Reads a policy file. `file_name` is for messages, and names the policy where the text gives no name.
    ///
    /// # Errors
    /// All mistakes of the text, each with its line: TOML that does not parse, unknown keys, values of a wrong type,
    /// names that stand twice, names that nothing defines, entries that contradict each other.
    pub fn parse(file_name: &str, text: &str) -> Result<Self, PolicyErrors> {
        let mistakes = Mistakes::new(text);
        let policy = read(file_name, text, &mistakes);
        let mistakes = mistakes.into_list();
        match policy {
            Some(policy) if mistakes.is_empty() => Ok(policy),
            _ => Err(PolicyErrors { file: file_name.to_owned(), mistakes }),
        }
    }
}

fn read(file_name: &str, text: &str, mistakes: &Mistakes<'_>) -> Option<Policy> {
    if text.len() > Policy::LARGEST_FILE {
        let most = Policy::LARGEST_FILE >> 10;
        mistakes.add(&(0..0), format!("the file has more than {most} KiB, the most that is read of a policy"));
        return None;
    }
    let (document, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let at = error.span().unwrap_or_default();
        mistakes.add(&at, not_toml(error, text, at.start));
    }
    // What follows a syntax error may be read wrongly: only a key that stands twice leaves the rest as it is.
    if !errors.iter().all(is_duplicate) {
        return None;
    }
    keys::check(&document, mistakes);
    let mut policy = Reader::new(Section::document(&document, mistakes), file_name).read();
    if mistakes.count() == 0 {
        policy.settle();
        let own_name = file_name.rsplit('/').next().unwrap_or(file_name);
        policy.origins.layer(&document, own_name, text);
    }
    Some(policy)
}

/// What is wrong with the syntax, in words for those whose language is not TOML.
fn not_toml(error: &toml::de::Error, text: &str, at: usize) -> String {
    let ends = |character: char| character.is_whitespace() || "=,[]{}#\"'".contains(character);
    // A value that is half a number is told from where that half ends.
    let line = text.get(..at).and_then(|before| before.rsplit('\n').next()).unwrap_or_default();
    let start = at - line.chars().rev().take_while(|character| !ends(*character)).map(char::len_utf8).sum::<usize>();
    let rest = text.get(start..).unwrap_or_default();
    let word = keys::short(rest.get(..rest.find(ends).unwrap_or(rest.len())).unwrap_or_default());
    let message = error.message();
    if is_duplicate(error) {
        format!("`{word}` stands twice, and TOML takes a key once")
    } else if word.is_empty() {
        format!("not TOML: {}", message.lines().collect::<Vec<_>>().join(", "))
    } else if message.contains("must be quoted") {
        format!("not TOML: a string stands in quotes: `\"{word}\"`")
    } else if message.contains("invalid float") || message.contains("invalid integer") {
        format!("not TOML: `{word}` is no number; a string stands in quotes, and a day is `2027-03-31`")
    } else {
        format!("not TOML: {}, at `{word}`", message.lines().collect::<Vec<_>>().join(", "))
    }
}

fn is_duplicate(error: &toml::de::Error) -> bool {
    error.message().contains("duplicate key")
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
    fn new(document: Section<'d, 't>, file_name: &str) -> Self {
        // One that is unknown is told already; the default keeps further mistakes to those of this file.
        let preset = document.string("extends").and_then(|name| Policy::preset(&name.text));
        let mut policy = match (preset, document.has("extends")) {
            (Some(preset), _) => preset,
            (None, true) => Policy::embedded(),
            (None, false) => Policy::default(),
        };
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
        self.imports();
        self.rust();
        self.defaults();
        self.planning();
        self.timeouts();
        self.budgets();
        self.rules();
        self.audit();
        self.exemptions();
        self.container();
        self.retry();
        self.ports();
        self.ci();
        self.lanes();
        self.check_references();
        self.policy
    }

    fn head(&mut self) {
        if let Some(name) = self.document.string("name") {
            self.policy.name = name.text;
        }
        if let Some(tree) = self.document.string("tree") {
            self.policy.tree = Some(tree.text);
        }
    }

    fn rules(&mut self) {
        let Some(section) = self.document.section("rules") else { return };
        for (code, level) in section.named_strings(&[]) {
            let Some(rule) = rules::find(&code.text) else { continue };
            let level = match &*level.text {
                "off" => RuleLevel::Off,
                "warning" => RuleLevel::On(Severity::Warning),
                "error" => RuleLevel::On(Severity::Error),
                _ => continue,
            };
            self.policy.rules.insert(rule.code, level);
        }
    }

    /// A key's member of a category.
    fn member(&mut self, entry: &Section<'d, 't>, key: &str, category: Category) -> Option<String> {
        let name = entry.string(key)?;
        let text = name.text.clone();
        self.references.push(Reference { name, to: Defined::MemberOf(category) });
        Some(text)
    }

    /// Names of markers, each of which something else defines.
    fn marker_references(&mut self, words: Vec<Word>) -> Vec<String> {
        let names = words.iter().map(|word| word.text.clone()).collect();
        self.references.extend(words.into_iter().map(|name| Reference { name, to: Defined::Marker }));
        names
    }

    fn check_references(&self) {
        let known: BTreeSet<&str> = self.policy.known_markers().into_iter().collect();
        let mut proposals = MOST_PROPOSALS;
        for Reference { name, to } in &self.references {
            let (is_known, what) = match to {
                Defined::MemberOf(category) => {
                    (self.policy.is_member(*category, &name.text), format!("no {category} marker of this policy"))
                }
                Defined::Marker => (known.contains(&*name.text), "no marker that this policy defines".to_owned()),
            };
            if is_known {
                continue;
            }
            let meant = match (to, proposals) {
                (_, 0) => Vec::new(),
                (Defined::MemberOf(category), _) => {
                    nearest(&name.text, self.policy.members(*category).iter().map(String::as_str))
                }
                (Defined::Marker, _) => nearest(&name.text, known.iter().copied()),
            };
            proposals = proposals.saturating_sub(1);
            let more = match (&*meant, to) {
                ([], Defined::MemberOf(category)) => self.instead(*category, &name.text),
                (meant, _) => did_you_mean(meant),
            };
            self.document.mistake(&name.span, format!("`{}` is {what}{more}", name.text));
        }
    }

    /// What a reader who named no member of the category can do.
    fn instead(&self, category: Category, name: &str) -> String {
        const MOST: usize = 12;
        if let Some(other) = self.policy.category_of(name) {
            return format!(": it is one of {other}");
        }
        let members = self.policy.members(category);
        match members.len() {
            0 => format!(": `[categories.{category}]` has none"),
            1..=MOST => format!(" ({})", members.join(", ")),
            _ => String::new(),
        }
    }
}

fn folder_patterns(words: &[Word]) -> Vec<FolderPattern> {
    words.iter().filter_map(|word| FolderPattern::parse(&word.text).ok()).collect()
}

/// The markers' names.
fn texts(words: Vec<Word>) -> Vec<String> {
    words.into_iter().map(|word| word.text).collect()
}
