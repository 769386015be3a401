//! The body of a function, read when something asks for it.
//!
//! A listing needs the bodies of few functions: those that a module or a hook calls while it is imported. The others
//! are checked with their file, but no tree of them is made.

use std::fmt;
use std::sync::{Arc, OnceLock};

use foldhash::HashSet;

use super::ast::{Expr, ExprKind, Range, Stmt, StmtKind};
use super::text::SourceText;
use super::visit::{Node, walk};
use super::{bindings, ruff};

/// Statements, or where they are.
pub(crate) struct Body {
    statements: OnceLock<Vec<Stmt>>,
    /// What was asked of it: of most functions, nothing.
    asked: OnceLock<Box<Asked>>,
    /// `None` where the statements were there from the beginning.
    source: Option<Source>,
}

/// What bodies are asked, as far as this one was.
#[derive(Default)]
struct Asked {
    /// The names that are local to it.
    locals: OnceLock<HashSet<Box<str>>>,
    changes: OnceLock<bool>,
    /// The names in it that are not its own, each once.
    outer: OnceLock<Box<[Box<str>]>>,
}

/// Where a body that is not read yet is.
#[derive(Debug)]
pub(super) struct Source {
    /// The text of the file.
    pub(super) text: Arc<SourceText>,
    /// From the colon behind the head to the end of the last statement.
    pub(super) range: Range,
    pub(super) is_async: bool,
}

impl Body {
    fn new(statements: OnceLock<Vec<Stmt>>, source: Option<Source>) -> Self {
        Self { statements, asked: OnceLock::new(), source }
    }

    pub(super) fn read(statements: Vec<Stmt>) -> Self {
        Self::new(statements.into(), None)
    }

    pub(super) fn on_demand(source: Source) -> Self {
        Self::new(OnceLock::new(), Some(source))
    }

    fn asked(&self) -> &Asked {
        self.asked.get_or_init(Box::default)
    }

    /// The statements.
    pub(crate) fn statements(&self) -> &[Stmt] {
        self.statements.get_or_init(|| {
            self.source
                .as_ref()
                .map_or_else(Vec::new, |source| source.read().unwrap_or_else(|| vec![source.unreadable()]))
        })
    }

    /// Whether it has anything that can change what others see: calls, exceptions, and what is bound outside.
    pub(crate) fn can_change_others(&self) -> bool {
        *self.asked().changes.get_or_init(|| {
            let mut can = false;
            walk(self.statements(), &mut |node| {
                can |= match node {
                    Node::Expression(one) => matches!(one.kind, ExprKind::Call(_) | ExprKind::Await(_)),
                    Node::Statement(one) => match &one.kind {
                        StmtKind::Global(_)
                        | StmtKind::Nonlocal(_)
                        | StmtKind::AugAssign { .. }
                        | StmtKind::Delete(_) => true,
                        StmtKind::Import(_) | StmtKind::ImportFrom { .. } | StmtKind::With { .. } => true,
                        StmtKind::Raise(_) | StmtKind::Assert(_) => true,
                        StmtKind::Assign { targets, .. } => {
                            targets.iter().any(|one| !matches!(one.kind, ExprKind::Name(_)))
                        }
                        StmtKind::For(one) => !matches!(one.target.kind, ExprKind::Name(_)),
                        _ => false,
                    },
                };
                !can
            });
            can
        })
    }

    /// The names in it that it does not make local.
    pub(crate) fn outer_names(&self) -> &[Box<str>] {
        self.asked().outer.get_or_init(|| {
            let mut names: Vec<&str> = Vec::new();
            walk(self.statements(), &mut |node| {
                if let Node::Expression(Expr { kind: ExprKind::Name(name), .. }) = node {
                    names.push(name);
                }
                true
            });
            names.sort_unstable();
            names.dedup();
            names.into_iter().filter(|name| !self.is_local(name)).map(Into::into).collect()
        })
    }

    /// Whether it says of a name that it is bound elsewhere.
    pub(crate) fn rebinds(&self, name: &str) -> bool {
        let mut says = false;
        walk(self.statements(), &mut |node| {
            if let Node::Statement(Stmt { kind: StmtKind::Global(names) | StmtKind::Nonlocal(names), .. }) = node {
                says |= names.iter().any(|one| **one == *name);
            }
            !says
        });
        says
    }

    /// Whether it makes a name local to its function.
    pub(crate) fn is_local(&self, name: &str) -> bool {
        self.asked().locals.get_or_init(|| bindings::of_function(self.statements())).contains(name)
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.statements().fmt(formatter)
    }
}

/// Bodies are the same if their statements are, whenever they were read.
impl PartialEq for Body {
    fn eq(&self, other: &Self) -> bool {
        self.statements() == other.statements()
    }
}

impl Source {
    /// The body under a head of its own, which is never longer than the one it had: what is parsed keeps its
    /// indentation, and its ranges are off by one number. `None` where the file has changed since it was parsed.
    fn read(&self) -> Option<Vec<Stmt>> {
        let head = if self.is_async { "async def f()" } else { "def f()" };
        let Range { start, end } = self.range;
        let text = self.text.get()?;
        let body = text.get(start as usize..end as usize)?;
        let shift = start.saturating_sub(u32::try_from(head.len()).unwrap_or(0));
        let module = format!("{head}{body}\n");
        match ruff::parse_at(&module, text, shift).ok()?.into_iter().next()?.kind {
            StmtKind::Function(function) => Arc::into_inner(function)?.body.statements.into_inner(),
            _ => None,
        }
    }

    /// A statement that returns a value nothing is known of, in place of a body that cannot be read any more.
    fn unreadable(&self) -> Stmt {
        let of = |kind| Expr { range: self.range, kind };
        let value = of(ExprKind::Await(Box::new(of(ExprKind::Name("_".into())))));
        Stmt { range: self.range, kind: StmtKind::Return(Some(value)) }
    }
}
