//! The steps of CI.

use std::fmt;
use std::sync::Arc;

use test_catalog::{Condition, SourceSpan, TreePath};

use super::directory::Directory;
use super::expression::{Contexts, Value};
use super::template::{Template, as_text};
use super::text::Text;

/// A step that CI runs, or may run.
#[derive(Debug, Clone)]
pub struct Step {
    /// Where it stands.
    pub at: SourceSpan,
    /// Its `name`.
    pub name: Option<Text>,
    /// The job whose step it is.
    pub job: Arc<Job>,
    /// The actions of the tree in which it stands, the outermost first.
    pub actions: Arc<[Arc<ActionCall>]>,
    /// What must hold for it to run and is not known: of jobs, of calling steps, and its own, the outermost first. That
    /// nothing before it fails goes without saying.
    pub conditions: Arc<[Condition]>,
    /// Its `timeout-minutes`, where it has one.
    pub timeout: Option<Timeout>,
    /// What it does.
    pub work: Work,
}

/// What a step does.
#[derive(Debug, Clone)]
pub enum Work {
    /// It runs a script.
    Run(Run),
    /// It calls an action of the tree, whose own steps follow.
    Action(Arc<ActionCall>),
    /// It uses an action from elsewhere, such as `actions/checkout@v4`, or its job is a workflow from elsewhere.
    Elsewhere(String),
}

/// A call of an action of the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionCall {
    /// The action's folder, such as `.github/actions/pytest`.
    pub action: TreePath,
    /// The `uses` of the step.
    pub at: SourceSpan,
    /// The `name` of the step.
    pub step: Option<Text>,
    /// All inputs: those that are given, then those that have their default.
    pub inputs: Vec<Input>,
    /// Whether it is a list of steps, which follow. Others are programs, which are not read.
    pub has_steps: bool,
}

/// An input of an action or of a workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: String,
    /// What it is given, or its default.
    pub value: Text,
    /// Where that stands; where it has no default either, its declaration.
    pub at: SourceSpan,
}

/// A job: one combination of its matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its workflow.
    pub workflow: TreePath,
    /// Its key in the workflow.
    pub id: String,
    /// Where that stands.
    pub at: SourceSpan,
    /// Its `name`, where it has one.
    pub name: Option<Text>,
    /// The values of its matrix.
    pub matrix: Vec<(String, Text)>,
    /// The labels of `runs-on`, and its group.
    pub runs_on: Vec<Text>,
    /// The image of its container, where it has one.
    pub image: Option<Text>,
    /// Its `timeout-minutes`, where it has one.
    pub timeout: Option<Timeout>,
    /// What calls its workflow, where it is not reached by an event itself.
    pub caller: Option<Arc<WorkflowCall>>,
}

/// A job that is a call of another workflow.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkflowCall {
    /// The job that calls.
    pub job: Arc<Job>,
    /// The `uses` of that job.
    pub at: SourceSpan,
    /// All inputs: those that are given, then those that have their default.
    pub inputs: Vec<Input>,
}

/// A limit, in minutes.
#[derive(Debug, Clone, PartialEq)]
pub enum Timeout {
    /// So many.
    Minutes(f64),
    /// Only CI knows. What it comes from, as written.
    Unknown(String),
}

impl Eq for Timeout {}

/// A step that runs a script.
#[derive(Debug, Clone)]
pub struct Run {
    /// Which shell reads it.
    pub shell: Shell,
    /// Where it begins.
    pub directory: Directory,
    /// What the container's `env` gives it.
    pub(super) container: Arc<[(Arc<str>, Value)]>,
    /// What `env` of workflow, job and step gives it.
    pub(super) environment: Arc<[(Arc<str>, Value)]>,
    pub(super) script: Arc<Template>,
    pub(super) contexts: Arc<Contexts>,
}

/// The shell of a script.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shell {
    /// `bash` or `sh`.
    Posix,
    /// Another program, whose scripts are not read: `pwsh`, `python`.
    Other(String),
    /// Only CI knows. What it comes from, as written.
    Unknown(String),
}

impl Step {
    /// A name for people: `pr.yaml / vllm / shared-test.yml / test (amd64) / Run GPU tests`.
    #[must_use]
    pub fn title(&self) -> String {
        self.title_behind(self.job.title())
    }

    /// The same without the values of matrices, whose combinations run the same steps.
    #[must_use]
    pub fn family(&self) -> String {
        self.title_behind(self.job.family())
    }

    fn title_behind(&self, mut title: String) -> String {
        let names = self.actions.iter().map(|action| match &action.step {
            Some(name) => name.to_string(),
            None => action.action.file_name().to_owned(),
        });
        for name in names {
            title.push_str(" / ");
            title.push_str(&name);
        }
        let own = match (&self.name, &self.work) {
            (Some(name), _) => name.to_string(),
            (None, Work::Action(call)) => call.action.file_name().to_owned(),
            (None, Work::Elsewhere(action)) => action.clone(),
            (None, Work::Run(_)) => format!("line {}", self.at.start.line),
        };
        title.push_str(" / ");
        title.push_str(&own);
        title
    }
}

impl Run {
    /// The environment that `env` gives it: of the container, the workflow, the job and the step.
    #[must_use]
    pub fn environment(&self) -> Vec<(String, Text)> {
        let own = |name: &str| self.environment.iter().any(|(known, _)| **known == *name);
        let container = self.container.iter().filter(|(name, _)| !own(name));
        container.chain(&*self.environment).map(|(name, value)| (name.to_string(), as_text(value))).collect()
    }
}

impl Job {
    /// A name for people: `pr.yaml / vllm / shared-test.yml / test (amd64)`.
    #[must_use]
    pub fn title(&self) -> String {
        self.titled(true)
    }

    /// The same without the values of matrices.
    #[must_use]
    pub fn family(&self) -> String {
        self.titled(false)
    }

    fn titled(&self, with_matrix: bool) -> String {
        let mut title = match &self.caller {
            Some(call) => format!("{} / ", call.job.titled(with_matrix)),
            None => String::new(),
        };
        title.push_str(self.workflow.file_name());
        title.push_str(" / ");
        title.push_str(&self.id);
        if with_matrix && !self.matrix.is_empty() {
            let values: Vec<_> = self.matrix.iter().map(|(_, value)| value.to_string()).collect();
            title.push_str(&format!(" ({})", values.join(", ")));
        }
        title
    }

    /// The workflow that an event starts: its own, or that of the first caller.
    #[must_use]
    pub fn entry(&self) -> &TreePath {
        match &self.caller {
            Some(call) => call.job.entry(),
            None => &self.workflow,
        }
    }
}

impl ActionCall {
    /// The value of an input.
    #[must_use]
    pub fn input(&self, name: &str) -> Option<&Input> {
        self.inputs.iter().find(|input| input.name.eq_ignore_ascii_case(name))
    }
}

impl fmt::Display for Timeout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Minutes(minutes) => write!(formatter, "{minutes} min"),
            Self::Unknown(source) => write!(formatter, "<{source}> min"),
        }
    }
}
