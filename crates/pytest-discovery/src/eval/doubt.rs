//! Why a value is not known.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

use test_catalog::Reason;

use super::candidates::Candidates;
use super::value::Value;
use crate::syntax::SourceFile;
use crate::syntax::ast::Range;

/// Why a value is not known, and where that came about. Cheap to make and to clone: most are never shown, so the
/// text and the place are made when they are asked for.
#[derive(Debug, Clone)]
pub(crate) struct Doubt {
    why: Rc<Lazy>,
    candidates: Candidates,
}

#[derive(Debug)]
struct Lazy {
    reason: OnceCell<Reason>,
    /// What the reason is made of; absent where it was there from the beginning.
    parts: Option<(Arc<SourceFile>, Range, Why)>,
    /// Of whether one of those objects is there at all: they.
    presence: Vec<Value>,
}

/// What a doubt says about the source that it points at.
#[derive(Debug, Clone)]
pub(crate) enum Why {
    /// The text as it is.
    Text(Cow<'static, str>),
    /// `` `SOURCE` is not known ``.
    NotKnown,
    /// `` under `SOURCE`, which is not known ``.
    Under,
    /// `` passed to `FUNCTION` ``.
    Passed,
    /// `` `.NAME(...)` is not followed ``.
    Method(Rc<str>),
}

impl From<&'static str> for Why {
    fn from(text: &'static str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Why {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

/// How much of a source text a reason shows.
const SHOWN: usize = 80;

impl Doubt {
    /// A doubt about the source of a range.
    pub(crate) fn new(file: &Arc<SourceFile>, range: Range, why: Why) -> Self {
        Self::of_presence(file, range, why, Vec::new())
    }

    /// The same about whether one of those objects is there at all.
    pub(crate) fn of_presence(file: &Arc<SourceFile>, range: Range, why: Why, presence: Vec<Value>) -> Self {
        Self::of(Lazy { reason: OnceCell::new(), parts: Some((file.clone(), range, why)), presence })
    }

    /// The objects on whose presence alone it depends; none where it is about anything else.
    pub(crate) fn presence(&self) -> &[Value] {
        &self.why.presence
    }

    fn of(why: Lazy) -> Self {
        Self { why: Rc::new(why), candidates: Candidates::default() }
    }

    /// The same doubt about something that may be, or hold, one of those as well.
    pub(crate) fn among<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> Self {
        Self { why: self.why.clone(), candidates: self.candidates.and(values, self) }
    }

    /// The same about something that may be any of all these: what a large module holds under names.
    pub(crate) fn among_all<'v>(&self, values: impl IntoIterator<Item = &'v Value>) -> Self {
        Self { why: self.why.clone(), candidates: self.candidates.and_all(values) }
    }

    /// The same doubt about something that is none of those.
    pub(crate) fn apart(&self) -> Self {
        Self { why: self.why.clone(), candidates: Candidates::default() }
    }

    /// What may be changed where the value that is not known is changed.
    pub(crate) fn candidates(&self) -> &[Value] {
        self.candidates.as_slice()
    }

    /// Whether it is the very same doubt.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.why, &other.why)
    }

    fn reason(&self) -> &Reason {
        self.why.reason.get_or_init(|| match &self.why.parts {
            Some((file, range, why)) => Reason { text: why.text(file, *range), at: file.span(*range) },
            // One without parts is made with its reason.
            None => unreachable!("a doubt has a reason or what to make it of"),
        })
    }
}

impl From<Reason> for Doubt {
    fn from(reason: Reason) -> Self {
        Self::of(Lazy { reason: reason.into(), parts: None, presence: Vec::new() })
    }
}

impl Deref for Doubt {
    type Target = Reason;

    fn deref(&self) -> &Reason {
        self.reason()
    }
}

impl Why {
    fn text(&self, file: &SourceFile, range: Range) -> String {
        let short = || {
            let text = file.one_line(range);
            let short: String = text.chars().take(SHOWN).collect();
            if short.len() < text.len() { format!("{short}...") } else { short }
        };
        match self {
            Self::Text(text) => text.to_string(),
            Self::NotKnown => format!("`{}` is not known", short()),
            Self::Under => format!("under `{}`, which is not known", short()),
            Self::Passed => {
                let whole = short();
                format!("passed to `{}`", whole.split('(').next().unwrap_or_default())
            }
            Self::Method(name) => format!("`.{name}(...)` is not followed"),
        }
    }
}
