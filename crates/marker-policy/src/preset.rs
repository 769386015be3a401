//! The policies that are part of this crate.

use crate::policy::Policy;

/// The preset that applies without a policy file.
pub(crate) const DEFAULT: &str = "dynamo-2025-10";

/// By date: each generation of Dynamo's policy, and the text of its file.
const PRESETS: [(&str, &str); 3] = [
    (DEFAULT, include_str!("presets/seed.toml")),
    ("dynamo-2026-04", include_str!("presets/dynamo-2026-04.toml")),
    ("dynamo-2026-08", include_str!("presets/dynamo-2026-08.toml")),
];

/// What each is, for whoever chooses one.
pub(crate) const ABOUT: [(&str, &str); 3] = [
    (DEFAULT, "the tables of Dynamo's testing guidelines of October 2025, and nothing beside them"),
    ("dynamo-2026-04", "more types, hardware other than GPUs, and markers with arguments"),
    ("dynamo-2026-08", "the root conftest gives defaults to tests that name no stage or no hardware; lanes of CI"),
];

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PRESETS.iter().map(|(name, _)| *name)
}

impl Policy {
    /// The policy that applies without a policy file: the guidelines' own tables.
    #[must_use]
    pub fn embedded() -> Self {
        // A test reads each preset's text, which is part of the program.
        #[expect(clippy::expect_used, reason = "the texts are fixed, and a test reads each")]
        Self::preset(DEFAULT).expect("the default is one of the presets")
    }

    /// The preset of that name; `None` where there is none.
    #[must_use]
    pub fn preset(name: &str) -> Option<Self> {
        let text = Self::preset_text(name)?;
        // A test reads each preset's text, which is part of the program.
        #[expect(clippy::expect_used, reason = "the texts are fixed, and a test reads each")]
        Some(Self::parse(name, text).expect("an embedded preset has no mistakes"))
    }

    /// The names of the presets, the oldest first.
    pub fn preset_names() -> impl Iterator<Item = &'static str> {
        names()
    }

    /// The policy file of a preset, with its comments.
    #[must_use]
    pub fn preset_text(name: &str) -> Option<&'static str> {
        PRESETS.iter().find(|(preset, _)| *preset == name).map(|(_, text)| *text)
    }
}
