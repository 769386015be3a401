//! The scopes of fixtures and parameters, and the order that wider ones give the tests.
//!
//! Source of the rules: pytest's `Scope`, `get_parametrized_fixture_argkeys` and `reorder_items`.

/// How long a fixture, or a parameter, lives. Ordered: the narrowest is the least.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Scope {
    Function,
    Class,
    Module,
    Package,
    Session,
}

impl Scope {
    /// Those above a function's, the widest first.
    pub(crate) const HIGH: [Self; 4] = [Self::Session, Self::Package, Self::Module, Self::Class];

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        match name {
            "function" => Some(Self::Function),
            "class" => Some(Self::Class),
            "module" => Some(Self::Module),
            "package" => Some(Self::Package),
            "session" => Some(Self::Session),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Module => "module",
            Self::Package => "package",
            Self::Session => "session",
        }
    }

    /// The next narrower one.
    pub(crate) fn narrower(self) -> Option<Self> {
        match self {
            Self::Function => None,
            Self::Class => Some(Self::Function),
            Self::Module => Some(Self::Class),
            Self::Package => Some(Self::Module),
            Self::Session => Some(Self::Package),
        }
    }
}
