//! Which names are tests: `python_classes` and `python_functions`.

use crate::config::Config;
use crate::fnmatch::FnMatch;

/// The patterns of both options.
pub(crate) struct NameFilters {
    classes: Vec<NameFilter>,
    functions: Vec<NameFilter>,
}

enum NameFilter {
    Prefix(String),
    Glob(FnMatch),
}

impl NameFilters {
    pub(crate) fn new(config: &Config) -> Self {
        let filters = |texts: &[String]| texts.iter().map(|text| NameFilter::new(text)).collect();
        Self { classes: filters(&config.ini.python_classes), functions: filters(&config.ini.python_functions) }
    }

    pub(crate) fn takes_class(&self, name: &str) -> bool {
        self.classes.iter().any(|filter| filter.matches(name))
    }

    pub(crate) fn takes_function(&self, name: &str) -> bool {
        self.functions.iter().any(|filter| filter.matches(name))
    }
}

impl NameFilter {
    fn new(text: &str) -> Self {
        if text.contains(['*', '?', '[']) { Self::Glob(FnMatch::new(text)) } else { Self::Prefix(text.to_owned()) }
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Prefix(prefix) => name.starts_with(prefix.as_str()),
            Self::Glob(pattern) => pattern.matches(name),
        }
    }
}
