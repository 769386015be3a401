//! Where `import pytest` can become a statement of a module.

use test_catalog::ImportPlace;

use super::PYTEST;
use crate::standard_library;
use crate::syntax::SourceFile;
use crate::syntax::ast::{Constant, Expr, ExprKind, Stmt, StmtKind};

/// The places, the best first: in isort's order where that is plain to see, else behind the first imports that stand
/// together, else at the head.
pub(super) fn of(file: &SourceFile) -> Vec<ImportPlace> {
    let lines = Lines::of(file);
    let groups = first_imports(file);
    let beside = |line| ImportPlace { line, apart: false };
    let sorted = in_order(&groups, &lines);
    let behind = groups.first().map(|group| beside(group.end + 1));
    let head = ImportPlace { line: behind_head(file), apart: true };
    let mut places: Vec<ImportPlace> = Vec::new();
    for place in sorted.into_iter().chain(behind).chain([head]) {
        if lines.is_between_statements(place.line) && !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The line behind what has to stay at the head of a file: its docstring and imports from `__future__`, or else the
/// comments there.
pub(crate) fn behind_head(file: &SourceFile) -> u32 {
    let head = file.body.iter().enumerate().take_while(|(index, statement)| is_head(*index, statement)).count();
    head.checked_sub(1).map_or_else(|| behind_comments(file), |last| line_behind(file, last))
}

/// The line behind a statement of the module. What begins on its last line may go on below: `import os; TEXT = """`.
pub(crate) fn line_behind(file: &SourceFile, index: usize) -> u32 {
    let mut behind = 1;
    for statement in file.body.iter().skip(index) {
        if behind > 1 && file.line(statement.range.start) >= behind {
            break;
        }
        behind = file.line(statement.range.end) + 1;
    }
    behind
}

fn is_head(index: usize, statement: &Stmt) -> bool {
    match &statement.kind {
        StmtKind::Expr(Expr { kind: ExprKind::Constant(Constant::Str(_)), .. }) => index == 0,
        StmtKind::ImportFrom { level: 0, module: Some(module), .. } => &**module == "__future__",
        _ => false,
    }
}

/// The line behind the first comment lines. Those right above code belong to it, unless they have to be the first lines.
fn behind_comments(file: &SourceFile) -> u32 {
    let is_comment = |line: &str| line.trim_start().starts_with('#');
    let lines: Vec<&str> = file.text().unwrap_or_default().lines().collect();
    let first = lines.iter().take_while(|line| line.trim().is_empty()).count();
    let comments = lines.iter().skip(first).take_while(|line| is_comment(line)).count();
    let behind = first + comments;
    let is_apart = lines.get(behind).is_none_or(|line| line.trim().is_empty());
    let must_be_first = lines.iter().skip(first).take(comments).any(|line| is_of_the_file(line));
    let number = if comments > 0 && (is_apart || must_be_first) { behind + 1 } else { 1 };
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// Whether a comment is about the file as a whole: how it is started, its encoding (PEP 263), its licence.
fn is_of_the_file(comment: &str) -> bool {
    let comment = comment.to_ascii_lowercase();
    comment.starts_with("#!")
        || ["coding:", "coding=", "copyright", "licen", "spdx"].iter().any(|word| comment.contains(word))
}

/// Imports on lines that follow each other.
struct Group<'a> {
    statements: Vec<&'a Stmt>,
    start: u32,
    end: u32,
}

/// The first imports of a module's own code, up to another statement.
fn first_imports(file: &SourceFile) -> Vec<Group<'_>> {
    let is_import = |statement: &Stmt| matches!(statement.kind, StmtKind::Import(_) | StmtKind::ImportFrom { .. });
    let behind_head = file.body.iter().enumerate().skip_while(|(index, statement)| is_head(*index, statement));
    let statements = behind_head.map(|(_, statement)| statement);
    let imports = statements.skip_while(|statement| !is_import(statement)).take_while(|statement| is_import(statement));
    let mut groups: Vec<Group<'_>> = Vec::new();
    for statement in imports {
        let (start, end) = (file.line(statement.range.start), file.line(statement.range.end));
        match groups.last_mut().filter(|group| group.end + 1 >= start) {
            Some(group) => {
                group.statements.push(statement);
                group.end = end;
            }
            None => groups.push(Group { statements: vec![statement], start, end }),
        }
    }
    groups
}

/// Where isort would have it: among the plain imports of the first group that is not of the standard library, where those are
/// sorted; where there are none, in a group of its own behind the standard library.
fn in_order(groups: &[Group<'_>], lines: &Lines<'_>) -> Option<ImportPlace> {
    let standard = groups.iter().take_while(|group| group.is_standard_library()).count();
    let behind_standard = standard.checked_sub(1).map(|last| ImportPlace { line: groups[last].end + 1, apart: true });
    let beside = groups.get(standard).and_then(|group| {
        let index = group.sorted_place()?;
        let line = match group.statements.get(index) {
            Some(_) if index == 0 && lines.is_comment(group.start - 1) => return None,
            Some(statement) => lines.file.line(statement.range.start),
            None => group.end + 1,
        };
        Some(ImportPlace { line, apart: false })
    });
    beside.or(behind_standard)
}

impl Group<'_> {
    fn is_standard_library(&self) -> bool {
        self.statements.iter().all(|statement| match &statement.kind {
            StmtKind::Import(names) => names.iter().all(|alias| is_standard(&alias.name)),
            StmtKind::ImportFrom { level: 0, module: Some(module), .. } => is_standard(module),
            _ => false,
        })
    }

    /// Before which of its statements `import pytest` goes: plain imports come first and are sorted, and there is one.
    fn sorted_place(&self) -> Option<usize> {
        let plain: Vec<String> = self
            .statements
            .iter()
            .map_while(|statement| match &statement.kind {
                StmtKind::Import(names) if names.len() == 1 => Some(names[0].name.to_lowercase()),
                _ => None,
            })
            .collect();
        let only_from =
            self.statements[plain.len()..].iter().all(|rest| matches!(rest.kind, StmtKind::ImportFrom { .. }));
        let is_plain_to_see = !plain.is_empty() && plain.is_sorted() && only_from;
        is_plain_to_see.then(|| plain.partition_point(|name| name.as_str() < PYTEST))
    }
}

fn is_standard(dotted: &str) -> bool {
    dotted.split('.').next().is_some_and(standard_library::has)
}

/// The lines of a file, and which of them statements have.
struct Lines<'a> {
    file: &'a SourceFile,
    texts: Vec<&'a str>,
}

impl<'a> Lines<'a> {
    fn of(file: &'a SourceFile) -> Self {
        Self { file, texts: file.text().unwrap_or_default().lines().collect() }
    }

    /// A line, from 1.
    fn text(&self, line: u32) -> Option<&'a str> {
        self.texts.get(usize::try_from(line).ok()?.checked_sub(1)?).copied()
    }

    fn is_comment(&self, line: u32) -> bool {
        self.text(line).is_some_and(|text| text.trim_start().starts_with('#'))
    }

    /// Whether a statement of the module can be put above a line: none goes on there, and no backslash joins it to the one
    /// before.
    fn is_between_statements(&self, line: u32) -> bool {
        let is_within =
            |statement: &Stmt| self.first_line(statement) < line && line <= self.file.line(statement.range.end);
        let is_joined = line > 1 && self.text(line - 1).is_some_and(|text| text.ends_with('\\'));
        !is_joined && !self.file.body.iter().any(is_within)
    }

    /// A definition begins with its decorators.
    fn first_line(&self, statement: &Stmt) -> u32 {
        let decorators = match &statement.kind {
            StmtKind::Function(def) => &def.decorators,
            StmtKind::Class(class) => &class.decorators,
            _ => return self.file.line(statement.range.start),
        };
        let start = decorators.first().map_or(statement.range.start, |first| first.range.start);
        self.file.line(start.min(statement.range.start))
    }
}
