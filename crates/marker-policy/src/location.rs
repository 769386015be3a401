//! Folders and file names as a policy describes them.

use std::fmt;

/// The word that stands for a component in folder and file name patterns.
const COMPONENT: &str = "{component}";
/// The word that stands for what a test exercises in file name patterns.
const FLOW: &str = "{flow}";

/// A folder and all below it, such as `components/backend/{component}/tests`; `{component}` is any one folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FolderPattern {
    /// The whole, or what stands before `{component}`.
    before: String,
    /// What stands behind it.
    behind: Option<String>,
}

impl FolderPattern {
    /// The pattern, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut components = 0;
        for segment in text.split('/') {
            match segment {
                "" => return Err("a folder is written as `a/b`, relative to the tree".to_owned()),
                "." | ".." => return Err(format!("`{segment}` is no folder of the tree")),
                COMPONENT => components += 1,
                other if other.contains(['{', '}', '*', '?', '\\']) => {
                    return Err(format!("`{other}` is no folder name; the one placeholder is `{COMPONENT}`"));
                }
                _ => {}
            }
        }
        if components > 1 {
            return Err(format!("`{COMPONENT}` may stand once in a folder"));
        }
        let (before, behind) = match text.split_once(COMPONENT) {
            None => (text, None),
            Some((before, behind)) => (before, Some(behind.to_owned())),
        };
        Ok(Self { before: before.to_owned(), behind })
    }

    /// Whether a path with `/` lies below the folder.
    #[must_use]
    pub fn contains(&self, path: &str) -> bool {
        self.matching(path).is_some()
    }

    /// The folder that stands for `{component}`, where the path lies below.
    #[must_use]
    pub fn component_of<'a>(&self, path: &'a str) -> Option<&'a str> {
        self.matching(path).flatten()
    }

    /// The folder that stands for `{component}`, if there is one, of a path below. What lies *below* has at least a file
    /// name left.
    fn matching<'a>(&self, path: &'a str) -> Option<Option<&'a str>> {
        let rest = path.strip_prefix(&*self.before)?;
        let (component, rest) = match &self.behind {
            None => (None, rest),
            Some(behind) => {
                let (component, _) = rest.split_once('/')?;
                (Some(component), rest[component.len()..].strip_prefix(&**behind)?)
            }
        };
        rest.starts_with('/').then_some(component)
    }
}

impl fmt::Display for FolderPattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.behind {
            None => formatter.write_str(&self.before),
            Some(behind) => write!(formatter, "{}{COMPONENT}{behind}", self.before),
        }
    }
}

/// How test files are named, such as `test_{component}_{flow}.py`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileNamePattern {
    text: String,
    prefix: String,
    between: String,
    suffix: String,
}

impl FileNamePattern {
    /// The pattern, or what is wrong with it.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("a file name has `{COMPONENT}`, then `{FLOW}`, such as `test_{COMPONENT}_{FLOW}.py`");
        let (prefix, rest) = text.split_once(COMPONENT).ok_or_else(wrong)?;
        let (between, suffix) = rest.split_once(FLOW).ok_or_else(wrong)?;
        if between.is_empty() || [prefix, between, suffix].iter().any(|part| part.contains(['{', '}', '/'])) {
            return Err(wrong());
        }
        Ok(Self {
            text: text.to_owned(),
            prefix: prefix.to_owned(),
            between: between.to_owned(),
            suffix: suffix.to_owned(),
        })
    }

    /// Whether a file's name has the pattern with one of these components.
    pub fn matches<'a>(&self, file_name: &str, components: impl IntoIterator<Item = &'a str>) -> bool {
        let Some(middle) = file_name.strip_prefix(&*self.prefix).and_then(|rest| rest.strip_suffix(&*self.suffix))
        else {
            return false;
        };
        components.into_iter().any(|component| {
            middle
                .strip_prefix(component)
                .and_then(|rest| rest.strip_prefix(&*self.between))
                .is_some_and(|flow| !flow.is_empty())
        })
    }

    /// A name for a file of this component, with `flow` for what it exercises.
    #[must_use]
    pub fn example(&self, component: &str, flow: &str) -> String {
        format!("{}{component}{}{flow}{}", self.prefix, self.between, self.suffix)
    }

    /// The stem of a file name without the pattern's own prefix and suffix, as far as it has them.
    #[must_use]
    pub fn middle<'a>(&self, file_name: &'a str) -> &'a str {
        let rest = file_name.strip_suffix(&*self.suffix).unwrap_or(file_name);
        rest.strip_prefix(&*self.prefix).unwrap_or(rest)
    }
}

impl fmt::Display for FileNamePattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_holds_what_lies_below_it() {
        let folder_text = "components/backend/{component}/tests";
        let folder = FolderPattern::parse(folder_text).unwrap();
        assert!(folder.contains("components/backend/vllm/tests/test_a.py"));
        assert_eq!(folder.component_of("components/backend/vllm/tests/deep/test_a.py"), Some("vllm"));
        assert!(!folder.contains("components/backend/vllm/tests"));
        assert!(!folder.contains("components/backend/tests/test_a.py"));
        assert!(!FolderPattern::parse("tests").unwrap().contains("tests_old/test_a.py"));
        let last = FolderPattern::parse("components/{component}").unwrap();
        assert_eq!(last.component_of("components/vllm/test_a.py"), Some("vllm"));
        assert!(!last.contains("components/test_a.py"));
        assert!(!last.contains("components_old/vllm/test_a.py"));
        assert_eq!((last.to_string(), folder.to_string()), ("components/{component}".into(), folder_text.into()));
    }

    #[test]
    fn a_folder_cannot_leave_the_tree() {
        for wrong in ["", "/tests", "tests/", "../tests", "a/./b", "a/*/b", "{component}/{component}", "{name}"] {
            assert!(FolderPattern::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_file_name_has_a_component_and_a_flow() {
        let pattern = FileNamePattern::parse("test_{component}_{flow}.py").unwrap();
        assert!(pattern.matches("test_planner_scaling.py", ["router", "planner"]));
        assert!(!pattern.matches("test_planner.py", ["planner"]));
        assert!(!pattern.matches("test_planner_.py", ["planner"]));
        assert!(!pattern.matches("test_scaling_planner.py", ["planner"]));
        assert!(!pattern.matches("planner_scaling_test.py", ["planner"]));
        assert!(FileNamePattern::parse("test_{flow}.py").is_err());
        assert!(FileNamePattern::parse("test_{flow}_{component}.py").is_err());
    }
}
