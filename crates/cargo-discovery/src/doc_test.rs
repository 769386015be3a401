//! Documentation tests: what `cargo test --doc -- --list` lists, with rustdoc's names.
//!
//! rustdoc tests the code in the documentation of every item of a library: of private ones, of fields and variants, of
//! what stands in the bodies of functions. A test is named by its file, by the path of its item as the compiler writes
//! it, and by its line.

mod attribute;
mod code_block;
mod comment;
mod cursor;
mod fence;
mod item;
mod lines;
mod scan;
mod type_name;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use camino::{Utf8Path, Utf8PathBuf};
use test_catalog::{Ignored, Reason, SourceSpan, TreePath};

use self::attribute::{DocAttribute, Fragment, Text};
use self::code_block::{CodeBlock, Ignore};
use self::lines::Lines;
use self::scan::{DocItem, Name, scan_declarations};
pub(crate) use self::scan::{FileDocs, scan};
use crate::cfg::{CrateCfg, Predicate, Truth};
use crate::module_tree::{FoundTest, ModuleTree, Visit};
use crate::sources::Sources;
use crate::syntax::{Item, ItemKind, MacroCall, MacroDefinition};
use crate::target::normal;

/// A file of Markdown that is longer is no documentation.
const LONGEST_INCLUDE: usize = 1024 * 1024;

/// A library that is documented.
pub(crate) struct Library<'l> {
    pub cfg: &'l CrateCfg,
    /// The folder of its workspace, to which rustdoc's file names are relative.
    pub workspace: &'l Utf8Path,
    /// The folder of its package.
    pub package: &'l Utf8Path,
    /// Whether its edition is 2024 or later.
    pub is_recent: bool,
}

/// Files that were read again, because they declare a documented module: once for all libraries and features.
#[derive(Debug, Default)]
pub(crate) struct Declaring(Mutex<HashMap<TreePath, Option<Arc<FileDocs>>>>);

impl Declaring {
    fn docs(&self, file: &TreePath, sources: &Sources<'_>) -> Option<Arc<FileDocs>> {
        let read = || sources.text(file.as_path()).ok().map(|text| Arc::new(scan_declarations(&text)));
        let mut read_before = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        read_before.entry(file.clone()).or_insert_with(read).clone()
    }
}

/// Finds the documentation tests of a library, through whose modules a walk has been.
pub(crate) fn find(
    library: &Library<'_>,
    tree: &ModuleTree,
    sources: &Sources<'_>,
    declaring: &Declaring,
) -> Vec<FoundTest> {
    let finder =
        Finder { library, sources, declaring, tests: Vec::new(), makers: BTreeSet::new(), sites: BTreeSet::new() };
    finder.of_tree(tree)
}

/// A file as rustdoc names it and as the tree does.
#[derive(Clone, Copy)]
struct File<'s> {
    /// Relative to the tree, with the detours of `#[path]`.
    spelled: &'s Utf8Path,
    path: &'s TreePath,
}

/// What surrounds an item.
#[derive(Clone)]
struct Scope<'s> {
    file: File<'s>,
    /// Each name with `::` behind it.
    path: String,
    cfg: Vec<Predicate>,
    inexact: Option<Reason>,
}

impl Scope<'_> {
    fn at(&self, line: u32) -> SourceSpan {
        SourceSpan::line(self.file.path.clone(), line)
    }

    fn doubt(&mut self, line: u32, text: String) {
        if self.inexact.is_none() {
            self.inexact = Some(Reason { text, at: self.at(line) });
        }
    }
}

/// What the attributes of an item come to.
#[derive(Default)]
struct Documented<'s> {
    parts: Vec<(&'s Fragment, File<'s>)>,
    cfg: Vec<Predicate>,
    /// An attribute macro, which may make anything of the item.
    changed_by: Option<String>,
    has_derive: bool,
    is_uncertain: bool,
}

/// The documentation of one item.
struct Documentation {
    text: String,
    /// The file by which rustdoc names its tests, and the line from which it counts.
    file: Utf8PathBuf,
    line: u32,
    is_certain: bool,
}

struct Finder<'f> {
    library: &'f Library<'f>,
    sources: &'f Sources<'f>,
    declaring: &'f Declaring,
    tests: Vec<FoundTest>,
    /// Macros whose expansion may have documentation with code.
    makers: BTreeSet<String>,
    /// Where a macro may make tests, each once.
    sites: BTreeSet<(TreePath, u32, String)>,
}

impl Finder<'_> {
    fn of_tree(mut self, tree: &ModuleTree) -> Vec<FoundTest> {
        for visit in &tree.visits {
            if let Some(docs) = self.docs(&visit.file) {
                self.note_makers(&docs.items);
            }
        }
        self.note_their_callers(tree);
        for visit in &tree.visits {
            self.visit(visit);
            self.calls_of_makers(visit);
        }
        self.tests
    }

    fn docs(&self, file: &TreePath) -> Option<Arc<FileDocs>> {
        self.sources.get(file.as_path())?.as_ref().as_ref().ok()?.docs.clone()
    }

    fn note_makers(&mut self, items: &[DocItem]) {
        for item in items {
            if let Name::Macro { name, makes_docs: true } = &item.name {
                self.makers.insert(name.clone());
            }
            self.note_makers(&item.children);
        }
    }

    /// A macro that calls one that makes documentation makes it, too.
    fn note_their_callers(&mut self, tree: &ModuleTree) {
        let mut is_known = self.makers.is_empty();
        while !is_known {
            is_known = true;
            for visit in &tree.visits {
                let Some(file) = self.sources.get(visit.file.as_path()) else { continue };
                let Ok(file) = file.as_ref() else { continue };
                for definition in definitions(&file.items) {
                    if definition.calls.iter().any(|name| self.makers.contains(name)) {
                        is_known &= !self.makers.insert(definition.name.clone());
                    }
                }
            }
        }
    }

    /// Calls may stand in any body, where the text alone is looked at.
    fn calls_of_makers(&mut self, visit: &Visit) {
        if self.makers.is_empty() {
            return;
        }
        let Ok(text) = self.sources.text(visit.file.as_path()) else { return };
        let file = File { spelled: &visit.spelled, path: &visit.file };
        let scope = Scope { file, path: visit.path.clone(), cfg: visit.cfg.clone(), inexact: None };
        let mut called = BTreeMap::new();
        for bang in memchr::memchr_iter(b'!', text.as_bytes()) {
            let before = &text[..bang];
            let name = before.rsplit(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap_or_default();
            if self.makers.contains(name) && !called.contains_key(name) {
                let start = before.rfind('\n').map_or(0, |end| end + 1);
                // What is said in a comment calls nothing.
                if !before[start..].contains("//") {
                    called.insert(name, start);
                }
            }
        }
        let lines = Lines::of(&text);
        for (name, start) in called {
            self.site(name, lines.of_byte(start), &scope);
        }
    }

    fn visit(&mut self, visit: &Visit) {
        let docs = self.docs(&visit.file);
        let file = File { spelled: &visit.spelled, path: &visit.file };
        let scope = Scope { file, path: visit.path.clone(), cfg: visit.cfg.clone(), inexact: visit.inexact.clone() };
        let inner = docs.as_deref().map(|docs| docs.attributes.as_slice()).unwrap_or_default();
        // What `include!` reads has no documentation of its own.
        if !visit.is_included {
            let is_documented = inner.iter().any(DocAttribute::may_document);
            let declaring = visit.declared.as_ref().and_then(|declared| {
                let docs = self.declaring(&declared.file, is_documented)?;
                Some((docs, declared))
            });
            let mut documented = Documented::default();
            if let Some((docs, declared)) = &declaring {
                let file = File { spelled: &declared.spelled, path: &declared.file };
                let attributes = declaration(&docs.items, declared.line, &declared.name).unwrap_or_default();
                self.resolve(attributes, file, Truth::Yes, &mut documented);
            }
            self.resolve(inner, file, Truth::Yes, &mut documented);
            self.document(&documented, &scope, &[String::new()]);
        }
        for item in docs.as_deref().map(|docs| docs.items.as_slice()).unwrap_or_default() {
            self.item(item, &scope);
        }
        if let Some(found) = self.sources.get(visit.file.as_path())
            && let Ok(file) = found.as_ref()
        {
            for item in &file.items {
                if let ItemKind::Call(call) = &item.kind
                    && is_known_maker(call.name())
                {
                    self.site(call.name(), item.at.line, &scope);
                }
            }
        }
    }

    /// The file that declares a module. It is read again where the module goes on with its documentation, which the
    /// declaration may begin without any code: rustdoc counts from there.
    fn declaring(&self, file: &TreePath, is_documented: bool) -> Option<Arc<FileDocs>> {
        if is_documented { self.declaring.docs(file, self.sources) } else { self.docs(file) }
    }

    fn item(&mut self, item: &DocItem, scope: &Scope<'_>) {
        let mut documented = Documented::default();
        self.resolve(&item.attributes, scope.file, Truth::Yes, &mut documented);
        let mut inside = scope.clone();
        inside.cfg.append(&mut documented.cfg);
        if let (Some(name), false) = (&documented.changed_by, documented.has_derive) {
            inside.doubt(item.line, format!("`#[{name}]` decides what becomes of the item"));
        }
        let names = match &item.name {
            Name::Plain(name) => vec![name.clone()],
            Name::Macro { name, .. } => vec![name.clone()],
            // Its file is visited by itself.
            Name::ModuleFile(_) => return,
            Name::Nothing => vec![String::new()],
            Name::Uses(names) => names.clone(),
            Name::SelfType(written) => match type_name::shown(written) {
                Some(name) => vec![name],
                None => {
                    let text = "only the compiler knows how it writes the type of this `impl`".to_owned();
                    self.open(text, item.line, &inside);
                    return;
                }
            },
            Name::Call { name, lost } => {
                if *lost {
                    self.site(name, item.line, &inside);
                }
                inside.doubt(item.line, format!("the macro `{name}!` decides what becomes of what it is given"));
                vec![]
            }
        };
        self.document(&documented, &inside, &names);
        if let [name] = names.as_slice()
            && !name.is_empty()
        {
            inside.path = format!("{}{name}::", inside.path);
        }
        for child in &item.children {
            self.item(child, &inside);
        }
    }

    /// Where a macro may make tests that only its expansion names.
    fn site(&mut self, name: &str, line: u32, scope: &Scope<'_>) {
        if self.sites.insert((scope.file.path.clone(), line, name.to_owned())) {
            let text = format!("the macro `{name}!` makes documentation, and only its expansion names the tests in it");
            self.open(text, line, scope);
        }
    }

    /// A case that stands for all tests of an item, or of a file.
    fn open(&mut self, text: String, line: u32, scope: &Scope<'_>) {
        let at = scope.at(line);
        let name = format!(
            "{}{}",
            self.shown(scope.file.spelled).0,
            match scope.path.trim_end_matches("::") {
                "" => String::new(),
                path => format!(" - {path}"),
            }
        );
        self.push(name, None, at.clone(), scope, Some(Reason { text, at }));
    }

    fn resolve<'s>(&self, attributes: &'s [DocAttribute], file: File<'s>, truth: Truth, into: &mut Documented<'s>) {
        for attribute in attributes {
            match attribute {
                DocAttribute::Doc(fragment) => {
                    into.is_uncertain |= truth == Truth::Unknown;
                    into.parts.push((fragment, file));
                }
                DocAttribute::Cfg(predicate) if truth == Truth::Yes => into.cfg.push(predicate.clone()),
                DocAttribute::Cfg(_) => into.is_uncertain = true,
                DocAttribute::CfgAttr(predicate, inner) => {
                    let both = truth.and(self.library.cfg.evaluate_documented(predicate));
                    if both != Truth::No {
                        self.resolve(inner, file, both, into);
                    }
                }
                DocAttribute::Other(path) => match path.as_slice() {
                    [name] if name == "derive" => into.has_derive = true,
                    [name] if !attribute::is_plain(name) => into.changed_by = Some(name.clone()),
                    [tool, _] if matches!(tool.as_str(), "rustfmt" | "clippy" | "diagnostic" | "rustdoc" | "miri") => {}
                    [_, .., name] if !attribute::is_plain(name) => into.changed_by = Some(path.join("::")),
                    _ => {}
                },
            }
        }
    }

    /// The tests in the documentation of an item, under each of its names.
    fn document(&mut self, documented: &Documented<'_>, scope: &Scope<'_>, names: &[String]) {
        let Some((first, file)) = documented.parts.first() else { return };
        let scope = &Scope { file: *file, ..scope.clone() };
        let documentation = match self.documentation(documented) {
            Ok(Some(documentation)) => documentation,
            Ok(None) => return,
            Err(why) => {
                let mut scope = scope.clone();
                scope.path.extend(names.first().map(String::as_str));
                self.open(why, first.line, &scope);
                return;
            }
        };
        let (shown, is_known) = self.shown(&documentation.file);
        let blocks = code_block::find(&documentation.text);
        for name in names {
            let path = format!("{}{name}", scope.path);
            let path = path.strip_suffix("::").filter(|_| name.is_empty()).unwrap_or(&path).replace(' ', "");
            let blank = if path.is_empty() { "" } else { " " };
            for CodeBlock { line, ignore } in &blocks {
                let name = format!("{shown} - {path}{blank}(line {})", documentation.line.saturating_add(*line));
                let why = if documented.is_uncertain {
                    Some("a part of the documentation stands under a condition that is not known")
                } else if !documentation.is_certain {
                    Some("only the compiler knows from which of several files its lines are counted")
                } else if !is_known {
                    Some("the file lies outside of its workspace, and is named by its place on the machine")
                } else {
                    None
                };
                let at = scope.at(first.line);
                let reason = why.map(|text| Reason { text: text.to_owned(), at: at.clone() });
                self.push(name, self.ignored(ignore), at, scope, reason);
            }
        }
    }

    /// The documentation as one text; `None` where there is no code in it, and why where it is not known.
    fn documentation(&self, documented: &Documented<'_>) -> Result<Option<Documentation>, String> {
        let mut texts = Vec::new();
        for (fragment, file) in &documented.parts {
            texts.push(match &fragment.text {
                Text::Known(text) => Cow::Borrowed(text.as_str()),
                Text::File(path) => Cow::Owned(self.included(&beside(*file, path))?),
                Text::Unknown => return Err("only the compiler can compute this documentation".to_owned()),
            });
        }
        if !texts.iter().any(|text| code_block::may_be_in(text)) {
            return Ok(None);
        }
        let parts: Vec<(&str, bool)> =
            texts.iter().zip(&documented.parts).map(|(text, (part, _))| (text.as_ref(), part.is_comment)).collect();
        let text = comment::join(&parts);
        let [(first, file), ..] = documented.parts.as_slice() else { return Ok(None) };
        let (last, last_file) = documented.parts.last().unwrap_or(&documented.parts[0]);
        let here = |part: &Fragment, file: &File<'_>, line| {
            (file.spelled.to_owned(), line, !matches!(part.text, Text::Unknown))
        };
        let (file, line, is_certain) = match (self.library.is_recent, &first.text, &last.text) {
            (false, ..) => here(first, file, first.line),
            (true, Text::File(one), Text::File(other)) => (beside(*file, one), 1, one == other),
            // The compiler reads an included file later than the one that includes it.
            (true, Text::File(_), _) => here(last, last_file, last.value_line),
            (true, ..) => here(first, file, first.value_line),
        };
        Ok(Some(Documentation { text, file, line, is_certain }))
    }

    fn included(&self, spelled: &Utf8Path) -> Result<String, String> {
        let file = normal(spelled).ok_or("the included documentation lies outside of the tree")?;
        let text = self.sources.text(&file).map_err(|problem| format!("{file}: {}", problem.message))?;
        if text.len() > LONGEST_INCLUDE {
            return Err(format!("{file} has {} bytes, which is too long for documentation", text.len()));
        }
        Ok(comment::plain(&text.replace("\r\n", "\n"), false))
    }

    /// A file as rustdoc names it, and whether that is known.
    ///
    /// cargo gives rustdoc the path relative to the workspace, and what lies elsewhere by its place on the machine, from
    /// which rustdoc takes the package's folder away.
    fn shown(&self, spelled: &Utf8Path) -> (String, bool) {
        let Library { workspace, package, .. } = self.library;
        let spelled = from_package(package, spelled);
        match spelled.strip_prefix(workspace).or_else(|_| spelled.strip_prefix(package)) {
            Ok(inside) => (inside.to_string(), true),
            Err(_) => (spelled.to_string(), false),
        }
    }

    fn ignored(&self, ignore: &Ignore) -> Option<Ignored> {
        match ignore {
            Ignore::No => None,
            Ignore::Always(reason) => Some(Ignored { reason: reason.clone() }),
            Ignore::On(targets) => {
                let triple = self.library.cfg.target.triple();
                let target = targets.iter().find(|target| triple.contains(target.as_str()))?;
                Some(Ignored { reason: Some(format!("ignored on targets with `{target}` in their name")) })
            }
        }
    }

    fn push(
        &mut self,
        name: String,
        ignored: Option<Ignored>,
        at: SourceSpan,
        scope: &Scope<'_>,
        reason: Option<Reason>,
    ) {
        let whole = Predicate::all(scope.cfg.iter().cloned());
        let cfg = whole.of_tested_docs();
        if cfg == Predicate::Literal(false) {
            return;
        }
        let exists = self.library.cfg.evaluate_documented(&cfg);
        let undecided = || {
            let text = format!("whether `{cfg}` holds is decided by a build script, by flags or by other packages");
            (exists == Truth::Unknown).then(|| Reason { text, at: at.clone() })
        };
        let inexact = reason.or_else(|| scope.inexact.clone()).or_else(undecided);
        self.tests.push(FoundTest { name, ignored, cfg, exists, at, inexact });
    }
}

/// The path as the manifest of the package writes it: what lies outside of its folder is reached by `..`.
fn from_package(package: &Utf8Path, file: &Utf8Path) -> Utf8PathBuf {
    let common = package.ancestors().find(|folder| file.starts_with(folder)).unwrap_or(Utf8Path::new(""));
    let (Ok(up), Ok(down)) = (package.strip_prefix(common), file.strip_prefix(common)) else { return file.to_owned() };
    let mut spelled = package.to_owned();
    spelled.extend(up.components().map(|_| ".."));
    spelled.join(down)
}

/// A file that is named beside another one.
fn beside(file: File<'_>, path: &str) -> Utf8PathBuf {
    file.spelled.parent().unwrap_or(Utf8Path::new("")).join(path)
}

/// `doc_comment::doctest!("../README.md")`, by which many test their front page.
fn is_known_maker(name: &str) -> bool {
    matches!(name, "doctest" | "doc_comment")
}

fn definitions(items: &[Item]) -> Vec<&MacroDefinition> {
    items.iter().flat_map(|item| definitions_in(&item.kind)).collect()
}

fn definitions_in(item: &ItemKind) -> Vec<&MacroDefinition> {
    match item {
        ItemKind::Definition(definition) => vec![definition],
        ItemKind::Module { content: Some(content), .. } => definitions(&content.items),
        ItemKind::Block(items) | ItemKind::Call(MacroCall { items: Some(items), .. }) => definitions(items),
        _ => Vec::new(),
    }
}

/// The attributes of the `mod name;` on a line.
fn declaration<'d>(items: &'d [DocItem], line: u32, name: &str) -> Option<&'d [DocAttribute]> {
    items.iter().find_map(|item| match &item.name {
        Name::ModuleFile(one) if item.line == line && one == name => Some(item.attributes.as_slice()),
        _ => declaration(&item.children, line, name),
    })
}
