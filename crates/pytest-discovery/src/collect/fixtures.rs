//! Fixtures, as far as it matters whether they give a test further parameters.

use std::collections::{BTreeSet, HashMap};

use crate::eval::truth;
use crate::eval::value::{Class, Doubt, Module, Names, Value};
use crate::syntax::ast::{Function, ParameterKind};

/// What is known of one definition of a fixture.
#[derive(Debug, Clone)]
struct Definition {
    /// Whether it has `params`, or may have.
    parametrized: bool,
    autouse: bool,
    /// Whether its scope is, or may be, wider than a function.
    wide: bool,
    requests: Vec<String>,
    doubt: Option<Doubt>,
}

/// The fixtures that a test can see, by name: all definitions, whichever overrides which.
#[derive(Debug, Clone, Default)]
pub(crate) struct Visible {
    definitions: HashMap<String, Vec<Definition>>,
}

/// Why a fixture changes what a test's id is.
pub(crate) struct Effect {
    pub(crate) text: String,
    pub(crate) doubt: Option<Doubt>,
}

impl Visible {
    pub(crate) fn add_module(&mut self, module: &Module) {
        self.add(&module.scope.names.borrow());
    }

    pub(crate) fn add_class(&mut self, class: &Class) {
        for base in class.mro.iter().rev() {
            if let Value::Class(base) = base {
                self.add(&base.names.borrow());
            }
        }
        self.add(&class.names.borrow());
    }

    fn add(&mut self, names: &Names) {
        for (attribute, binding) in names {
            match &binding.value {
                Value::Fixture(fixture) => {
                    let options = &fixture.options;
                    let name = match &options.name {
                        None => attribute.to_string(),
                        // A name that is not known could be any: it is kept under its attribute, and doubted.
                        Some(name) => name.as_str().map_or_else(|| attribute.to_string(), str::to_owned),
                    };
                    let doubt = options.doubt.clone().or_else(|| binding.doubt.clone());
                    let (requests, signature) = match &fixture.function {
                        Value::Function(function) => {
                            (requests(&function.def, false), function.signature_doubt.borrow().clone())
                        }
                        _ => (Vec::new(), None),
                    };
                    self.definitions.entry(name).or_default().push(Definition {
                        parametrized: options.params.is_some(),
                        autouse: options.autouse.as_ref().is_some_and(|autouse| truth(autouse) != Some(false)),
                        wide: options.scope.as_ref().is_some_and(|scope| scope.as_str() != Some("function")),
                        requests,
                        doubt: doubt.or(signature),
                    });
                }
                // It may be a fixture of a library, or one that a function of the tree made.
                Value::External(_) | Value::Unknown(_) => {
                    let doubt = binding.value.doubt().cloned().or_else(|| binding.doubt.clone());
                    self.definitions.entry(attribute.to_string()).or_default().push(Definition {
                        parametrized: true,
                        autouse: false,
                        wide: true,
                        requests: Vec::new(),
                        doubt,
                    });
                }
                _ => {}
            }
        }
    }

    /// Whether a definition of that name has, or may have, a scope wider than a function.
    pub(crate) fn is_wide(&self, name: &str) -> bool {
        self.definitions.get(name).is_some_and(|definitions| definitions.iter().any(|one| one.wide))
    }

    /// The first parametrized fixture that a test takes, itself or through others, and that no mark parametrizes.
    pub(crate) fn parameters_from(&self, requested: &[String], direct: &BTreeSet<String>) -> Option<Effect> {
        let autouse =
            self.definitions.iter().filter(|(_, all)| all.iter().any(|one| one.autouse)).map(|(name, _)| name);
        let mut queue: Vec<&str> = requested.iter().chain(autouse).map(String::as_str).collect();
        queue.sort_unstable();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        while let Some(name) = queue.pop() {
            if direct.contains(name) || !seen.insert(name) {
                continue;
            }
            if name == "anyio_backend" {
                return Some(Effect { text: "takes the parameters of anyio's backends".to_owned(), doubt: None });
            }
            for definition in self.definitions.get(name).into_iter().flatten() {
                if definition.parametrized || definition.doubt.is_some() {
                    let text = format!("takes the parameters of the fixture `{name}`");
                    return Some(Effect { text, doubt: definition.doubt.clone() });
                }
                queue.extend(definition.requests.iter().map(String::as_str));
            }
        }
        None
    }
}

/// The names that a function requests: its parameters without default, the first left out for a method.
pub(crate) fn requests(def: &Function, is_method: bool) -> Vec<String> {
    let named =
        |kind| matches!(kind, ParameterKind::Positional | ParameterKind::KeywordOnly | ParameterKind::PositionalOnly);
    let names = def.parameters.iter().filter(|one| named(one.kind) && one.default.is_none());
    names.map(|one| one.name.to_string()).skip(usize::from(is_method)).collect()
}
