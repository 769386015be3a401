//! Who owns a file, by GitHub's CODEOWNERS.
//!
//! [`CodeOwners::parse`] reads the text of such a file, [`CodeOwners::rule_of`] gives the line that decides about a path: the
//! last one that matches. The rules are those of [GitHub's documentation][rules]: patterns are gitignore's, except that
//! `!`, `[...]` and `\#` have no meaning, and that a pattern which ends with `/*` reaches the files of that folder and no
//! deeper. A line that GitHub would not understand counts for nothing, and is a [`Problem`].
//!
//! Nothing here reads a file or knows of tests.
//!
//! ```
//! use marker_policy::code_owners::CodeOwners;
//!
//! let owners = CodeOwners::parse("*  @ours\n/docs/  @org/writers docs@example.com  # all below\n/docs/drafts/\n");
//! assert_eq!(owners.of("docs/guide/report.md"), ["@org/writers", "docs@example.com"]);
//! assert_eq!(owners.of("src/docs/lib.rs"), ["@ours"]);
//! assert!(owners.of("docs/drafts/plan.md").is_empty());
//! ```
//!
//! [rules]: https://docs.github.com/en/repositories/managing-your-repositorys-settings-and-features/customizing-your-repository/about-code-owners

mod line;
mod pattern;

use globset::{GlobSet, GlobSetBuilder};

/// Where GitHub looks for the file, in this order: the first that is there counts, the others do not.
pub const LOCATIONS: [&str; 3] = [".github/CODEOWNERS", "CODEOWNERS", "docs/CODEOWNERS"];

/// A file of so many bytes or more is not loaded by GitHub, so that nothing has an owner: 3 MB.
pub const TOO_LARGE: u64 = 3_000_000;

/// Who owns which files.
#[derive(Debug, Clone, Default)]
pub struct CodeOwners {
    rules: Vec<Rule>,
    /// All patterns. A rule can take two of them.
    globs: GlobSet,
    /// By the place of a pattern: that of its rule.
    rule_of_glob: Vec<usize>,
    problems: Vec<Problem>,
}

/// A line that gives files their owners, or takes them away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Where it stands, from 1.
    pub line: u32,
    /// The pattern as written.
    pub pattern: String,
    /// Users (`@name`), teams (`@org/name`) and e-mail addresses; none where the line takes the owners away.
    pub owners: Vec<String>,
}

/// A line that GitHub skips.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where it stands, from 1.
    pub line: u32,
    /// What is wrong with it, as a fragment.
    pub text: String,
}

impl CodeOwners {
    /// Reads a file. There is no text that it does not take: what GitHub skips is skipped, and told by
    /// [`problems`](Self::problems).
    #[must_use]
    pub fn parse(text: &str) -> Self {
        let mut owners = Self::default();
        let mut builder = GlobSetBuilder::new();
        for (number, line) in (1..).zip(text.lines()) {
            let parsed = line::parse(line).and_then(|parsed| match parsed {
                Some(line) => pattern::globs(line.pattern).map(|globs| Some((line, globs))),
                None => Ok(None),
            });
            match parsed {
                Ok(None) => {}
                Ok(Some((line, globs))) => {
                    for glob in globs {
                        builder.add(glob);
                        owners.rule_of_glob.push(owners.rules.len());
                    }
                    let of_line = line.owners.into_iter().map(str::to_owned).collect();
                    owners.rules.push(Rule { line: number, pattern: line.pattern.to_owned(), owners: of_line });
                }
                Err(text) => owners.problems.push(Problem { line: number, text }),
            }
        }
        match builder.build() {
            Ok(globs) => owners.globs = globs,
            // Patterns that are too many or too large together: nobody is better than somebody who does not own it.
            Err(error) => {
                owners.problems.push(Problem { line: 1, text: format!("the patterns cannot be used: {error}") });
                owners.rules.clear();
                owners.rule_of_glob.clear();
            }
        }
        owners
    }

    /// The line that decides about a file: the last one that matches its path from the repository's root, with `/` and
    /// without one in front.
    #[must_use]
    pub fn rule_of(&self, path: &str) -> Option<&Rule> {
        let matching = self.globs.matches(path);
        // A later line has later patterns.
        let last = matching.into_iter().max()?;
        self.rules.get(*self.rule_of_glob.get(last)?)
    }

    /// The owners of a file, in the order written.
    #[must_use]
    pub fn of(&self, path: &str) -> &[String] {
        self.rule_of(path).map_or(&[], |rule| &rule.owners)
    }

    /// The lines that GitHub skips.
    #[must_use]
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}
