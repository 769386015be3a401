//! The categories that markers belong to.

use std::fmt;

/// What a marker says of a test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// When the test runs: `pre_merge`. Its members are in the order of the pipeline's stages.
    Lifecycle,
    /// The nature of the test: `unit`.
    Type,
    /// What a machine must have: `gpu_1`.
    Hardware,
    /// The component or framework it is about: `planner`.
    Component,
    /// Special handling: `slow`.
    Other,
}

impl Category {
    /// All of them, in the order of the guidelines.
    pub const ALL: [Self; 5] = [Self::Lifecycle, Self::Type, Self::Hardware, Self::Component, Self::Other];

    /// Its key in a policy file, which is also the word in messages.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Lifecycle => "lifecycle",
            Self::Type => "type",
            Self::Hardware => "hardware",
            Self::Component => "component",
            Self::Other => "other",
        }
    }
}

impl fmt::Display for Category {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// Whether a test needs a marker of a category.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Requirement {
    /// No test needs one: `required = "never"`.
    #[default]
    Never,
    /// Every test needs at least one: `required = "always"`.
    Always,
    /// A test in a folder that is one member's own needs that member: `required = "where-applicable"`.
    WhereApplicable,
}

/// A category's entry in the policy.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct CategoryRules {
    /// Whether a test needs one of the members.
    pub required: Requirement,
    /// Whether a test has at most one of the members: `at-most-one = true`.
    pub at_most_one: bool,
    /// The markers, in the order of the policy file.
    pub members: Vec<String>,
}
