//! The Rust half of a catalog beside what real cargo lists.

use std::fmt::Write;

use owo_colors::OwoColorize;
use serde::Serialize;
use test_catalog::comparison::Place;
use test_catalog::comparison::cargo::{Comparison, Missing, OtherIgnored};
use test_catalog::{NodeId, SourceSpan, TreePath};
use test_runner::cargo_listing::{Listing, Tool, UnseenBinary};

use crate::count::{counted, grouped, tests};
use crate::terminal::{Styles, printable, printable_lines};

use super::{JsonPlace, count_row, fold, json_place, under_headings};

/// What was compared with what.
#[derive(Debug, Clone)]
pub struct Verified<'a> {
    /// What listed the tests of binaries.
    pub tool: &'a Tool,
    /// The workspaces that cargo built.
    pub workspaces: Vec<VerifiedWorkspace>,
    /// The workspaces that it did not build.
    pub not_built: Vec<LeftOut>,
    /// The manifests that it refuses.
    pub refused: Vec<LeftOut>,
}

impl Verified<'_> {
    /// Whether nothing differs in what was compared.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.workspaces.iter().flat_map(VerifiedWorkspace::parts).all(|part| part.comparison.is_same())
    }
}

/// A workspace or a manifest that nothing could be said of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeftOut {
    /// Its folder, or the file.
    pub path: TreePath,
    /// Why.
    pub reason: String,
}

/// One workspace.
#[derive(Debug, Clone)]
pub struct VerifiedWorkspace {
    /// Its folder; empty for the tree itself.
    pub folder: TreePath,
    /// The packages that were asked for, by name.
    pub packages: Vec<String>,
    /// The tests of binaries.
    pub binaries: Part,
    /// Documentation tests; `None` where the catalog does not look for them.
    pub documentation: Option<Part>,
}

impl VerifiedWorkspace {
    fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.binaries).chain(&self.documentation)
    }
}

/// What one tool lists, beside the catalog's cases of that kind.
#[derive(Debug, Clone)]
pub struct Part {
    /// What is listed.
    pub listing: Listing,
    /// How many cases the catalog has.
    pub cases: usize,
    /// How they compare.
    pub comparison: Comparison,
}

/// The comparison for people: by workspace counts, then what differs by kind and binary. `most` lines of a binary are
/// shown, all where it is `None`.
#[must_use]
pub fn text(verified: &Verified<'_>, most: Option<usize>, styles: &Styles) -> String {
    let mut blocks = Vec::new();
    for workspace in &verified.workspaces {
        let of = format!("of {}", folder(&workspace.folder));
        let binaries = &workspace.binaries;
        let listed = tests(binaries.listing.tests());
        let count = counted(binaries.listing.binaries.len(), "binary", "binaries");
        let lister = if binaries.listing.instead.is_some() { "cargo" } else { &verified.tool.version };
        let title = format!("{lister} lists {listed} in {count} {of}");
        blocks.push(part(&title, binaries, most, styles));
        if let Some(documentation) = &workspace.documentation {
            let listed = counted(documentation.listing.tests(), "documentation test", "documentation tests");
            blocks.push(part(&format!("rustdoc lists {listed} {of}"), documentation, most, styles));
        }
    }
    blocks.extend(left_out("does not build here, left out", &verified.not_built, styles.bad, styles));
    blocks.extend(left_out("cargo refuses the manifest, left out", &verified.refused, styles.doubtful, styles));
    blocks.join("\n")
}

fn folder(path: &TreePath) -> String {
    if path.as_str().is_empty() { ".".to_owned() } else { printable(path.as_str()).into_owned() }
}

fn part(title: &str, part: &Part, most: Option<usize>, styles: &Styles) -> String {
    let Part { listing, cases, comparison } = part;
    // Writing to a string cannot fail, here and below.
    let mut out = format!("{title}; the catalog has {}\n", counted(*cases, "case", "cases"));
    if let Some(why) = &listing.instead {
        let _ = writeln!(out, "each binary was asked by itself, for nextest gives up: {}", printable(why));
    }
    let wrong = comparison.wrong();
    count_row(&mut out, comparison.exact, "found, exact", Some(styles.good));
    count_row(&mut out, comparison.covered, "covered by inexact", None);
    count_row(&mut out, wrong, "wrong", Some(if wrong > 0 { styles.bad } else { styles.good }));
    for (count, what) in [
        (comparison.not_compiled, "not compiled with these features, and not compared"),
        (comparison.left_out, "left out: their binary could not list its tests"),
    ] {
        if count > 0 {
            count_row(&mut out, count, what, None);
        }
    }
    let mut section = |title: &str, lines: Vec<(String, String)>| {
        if !lines.is_empty() {
            let _ = writeln!(out, "\n{}: {}", title.style(styles.bad), grouped(lines.len()));
            under_headings(&mut out, &lines, most, styles);
        }
    };
    section("only cargo has", comparison.missing.iter().map(missing_line).collect());
    section("only the catalog has, as exact", comparison.invented.iter().map(invented_line).collect());
    section("ignored on one side only", comparison.ignored.iter().map(ignored_line).collect());
    unseen(&mut out, &listing.unseen, most, styles);
    out
}

/// An id's binary, and the test's name with a note.
fn split(id: &NodeId, note: &str) -> (String, String) {
    let (binary, name) = id.as_str().split_once(' ').unwrap_or((id.as_str(), ""));
    (printable(binary).into_owned(), format!("{}{note}", printable(name)))
}

fn at(span: &SourceSpan) -> String {
    format!("({})", printable(&span.to_string()))
}

fn missing_line(missing: &Missing) -> (String, String) {
    let note = missing.not_compiled.as_ref().map_or_else(String::new, |place| {
        format!("  the catalog takes it for not compiled with these features {}", at(&place.span))
    });
    split(&missing.id, &note)
}

fn invented_line(place: &Place) -> (String, String) {
    split(&place.id, &format!("  {}", at(&place.span)))
}

fn ignored_line(other: &OtherIgnored) -> (String, String) {
    let who = if other.by_cargo { "only cargo ignores it" } else { "only the catalog ignores it" };
    split(&other.case.id, &format!("  {who} {}", at(&other.case.span)))
}

fn unseen(out: &mut String, binaries: &[UnseenBinary], most: Option<usize>, styles: &Styles) {
    if binaries.is_empty() {
        return;
    }
    let title = "could not list their tests, left out";
    let _ = writeln!(out, "\n{}: {}", title.style(styles.doubtful), grouped(binaries.len()));
    for unseen in binaries.iter().take(most.unwrap_or(binaries.len())) {
        let _ = writeln!(out, "  {}  {}", printable(&unseen.binary), printable(&unseen.reason));
    }
    fold(out, "  ", binaries.len(), most);
}

fn left_out(title: &str, list: &[LeftOut], style: owo_colors::Style, styles: &Styles) -> Option<String> {
    if list.is_empty() {
        return None;
    }
    let mut out = format!("{}: {}\n", title.style(style), grouped(list.len()));
    for one in list {
        let _ = writeln!(out, "  {}", folder(&one.path).style(styles.heading));
        for line in printable_lines(&one.reason).lines() {
            let _ = writeln!(out, "    {line}");
        }
    }
    Some(out)
}

#[derive(Serialize)]
struct Document<'a> {
    verify: u32,
    language: &'static str,
    lister: &'static str,
    version: &'a str,
    workspaces: Vec<JsonWorkspace<'a>>,
    not_built: Vec<JsonLeftOut<'a>>,
    refused: Vec<JsonLeftOut<'a>>,
}

#[derive(Serialize)]
struct JsonWorkspace<'a> {
    folder: &'a str,
    packages: &'a [String],
    binaries: JsonPart<'a>,
    /// `null` where the catalog does not look for them.
    documentation: Option<JsonPart<'a>>,
}

#[derive(Serialize)]
struct JsonPart<'a> {
    counts: Counts,
    only_cargo: Vec<JsonMissing<'a>>,
    only_catalog: Vec<JsonPlace<'a>>,
    other_ignored: Vec<JsonIgnored<'a>>,
    not_listed: Vec<JsonUnseen<'a>>,
    /// Why each binary was asked by itself although nextest is there; `null` where that was not so.
    instead: Option<&'a str>,
}

#[derive(Serialize)]
struct Counts {
    cargo: usize,
    catalog: usize,
    exact: usize,
    covered: usize,
    wrong: usize,
    not_compiled: usize,
    left_out: usize,
}

#[derive(Serialize)]
struct JsonMissing<'a> {
    id: &'a str,
    /// Where the catalog has it as not compiled; `null` where it does not have it.
    not_compiled: Option<JsonPlace<'a>>,
}

#[derive(Serialize)]
struct JsonIgnored<'a> {
    #[serde(flatten)]
    case: JsonPlace<'a>,
    ignored_by: &'static str,
}

#[derive(Serialize)]
struct JsonUnseen<'a> {
    binary: &'a str,
    reason: &'a str,
}

#[derive(Serialize)]
struct JsonLeftOut<'a> {
    path: &'a str,
    reason: &'a str,
}

/// The comparison for other tools; the first field is the schema's version.
///
/// # Errors
/// None in practice: `serde_json` cannot fail on these types.
pub fn json(verified: &Verified<'_>) -> serde_json::Result<String> {
    let workspaces = verified.workspaces.iter().map(|workspace| JsonWorkspace {
        folder: workspace.folder.as_str(),
        packages: &workspace.packages,
        binaries: json_part(&workspace.binaries),
        documentation: workspace.documentation.as_ref().map(json_part),
    });
    serde_json::to_string_pretty(&Document {
        verify: 1,
        language: "rust",
        lister: verified.tool.lister.as_str(),
        version: &verified.tool.version,
        workspaces: workspaces.collect(),
        not_built: json_left_out(&verified.not_built),
        refused: json_left_out(&verified.refused),
    })
}

fn json_part(part: &Part) -> JsonPart<'_> {
    let comparison = &part.comparison;
    let missing = comparison.missing.iter().map(|missing| JsonMissing {
        id: missing.id.as_str(),
        not_compiled: missing.not_compiled.as_ref().map(json_place),
    });
    let ignored = comparison.ignored.iter().map(|other| JsonIgnored {
        case: json_place(&other.case),
        ignored_by: if other.by_cargo { "cargo" } else { "catalog" },
    });
    let unseen = part.listing.unseen.iter();
    JsonPart {
        counts: Counts {
            cargo: part.listing.tests(),
            catalog: part.cases,
            exact: comparison.exact,
            covered: comparison.covered,
            wrong: comparison.wrong(),
            not_compiled: comparison.not_compiled,
            left_out: comparison.left_out,
        },
        only_cargo: missing.collect(),
        only_catalog: comparison.invented.iter().map(json_place).collect(),
        other_ignored: ignored.collect(),
        not_listed: unseen.map(|one| JsonUnseen { binary: &one.binary, reason: &one.reason }).collect(),
        instead: part.listing.instead.as_deref(),
    }
}

fn json_left_out(list: &[LeftOut]) -> Vec<JsonLeftOut<'_>> {
    list.iter().map(|one| JsonLeftOut { path: one.path.as_str(), reason: &one.reason }).collect()
}
