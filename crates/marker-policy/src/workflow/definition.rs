//! Workflow files and actions as written: what of them says which commands run.
//!
//! Source: GitHub's "Workflow syntax for GitHub Actions" and "Metadata syntax for GitHub Actions".

use std::sync::Arc;

use test_catalog::{Position, Reason, SourceSpan, TreePath};

use super::template::{Template, TemplateValue};
use super::yaml::{self, Content, Node};

/// A workflow file.
#[derive(Debug)]
pub(super) struct WorkflowFile {
    pub(super) path: TreePath,
    pub(super) triggers: Triggers,
    pub(super) environment: Bindings,
    pub(super) defaults: RunDefaults,
    pub(super) jobs: Vec<JobDefinition>,
}

/// What starts a workflow.
#[derive(Debug, Default)]
pub(super) struct Triggers {
    /// The events, `workflow_call` left out.
    pub(super) events: Vec<Arc<str>>,
    /// The inputs of `workflow_dispatch`.
    pub(super) dispatch_inputs: Vec<InputDefinition>,
    /// The inputs of `workflow_call`, where other workflows may call it.
    pub(super) call_inputs: Option<Vec<InputDefinition>>,
}

/// An input that a workflow or an action declares.
#[derive(Debug)]
pub(super) struct InputDefinition {
    pub(super) name: Arc<str>,
    pub(super) at: Position,
    pub(super) kind: InputKind,
    /// Without it, a workflow does not start. Actions do not mind.
    pub(super) required: bool,
    pub(super) default: Option<Template>,
}

/// The type of an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum InputKind {
    /// Also choices and environments, and all inputs of actions.
    Text,
    Boolean,
    Number,
}

/// Named values: an `env`, or a `with`.
#[derive(Debug, Default)]
pub(super) struct Bindings {
    pub(super) entries: Vec<(Arc<str>, Position, Template)>,
    /// Set where an expression gives the whole, or one was not understood.
    pub(super) more: bool,
}

/// `defaults.run`
#[derive(Debug, Default, Clone)]
pub(super) struct RunDefaults {
    pub(super) directory: Option<Template>,
    pub(super) shell: Option<Template>,
}

/// A job.
#[derive(Debug)]
pub(super) struct JobDefinition {
    pub(super) id: Arc<str>,
    pub(super) at: Position,
    pub(super) name: Option<Template>,
    pub(super) needs: Vec<Arc<str>>,
    pub(super) condition: Option<Template>,
    pub(super) matrix: Option<MatrixDefinition>,
    pub(super) runs_on: Option<TemplateValue>,
    pub(super) container: Option<Container>,
    pub(super) environment: Bindings,
    pub(super) defaults: RunDefaults,
    pub(super) timeout: Option<Template>,
    pub(super) body: JobBody,
}

/// `container`
#[derive(Debug)]
pub(super) struct Container {
    pub(super) image: Option<Template>,
    pub(super) environment: Bindings,
}

/// What a job does.
#[derive(Debug)]
pub(super) enum JobBody {
    Steps(Vec<StepDefinition>),
    /// It is another workflow.
    Call {
        workflow: Arc<str>,
        at: Position,
        with: Bindings,
    },
}

/// `strategy.matrix`
#[derive(Debug)]
pub(super) enum MatrixDefinition {
    /// As written; the names are in the order of the file.
    Axes { axes: Vec<(Arc<str>, TemplateValue)>, include: Option<TemplateValue>, exclude: Option<TemplateValue> },
    /// An expression gives it all.
    Whole(TemplateValue),
    /// It could not be understood.
    Unknown,
}

/// A step.
#[derive(Debug)]
pub(super) struct StepDefinition {
    pub(super) at: Position,
    pub(super) name: Option<Template>,
    pub(super) condition: Option<Template>,
    pub(super) environment: Bindings,
    pub(super) timeout: Option<Template>,
    pub(super) body: StepBody,
}

/// What a step does.
#[derive(Debug)]
pub(super) enum StepBody {
    Run { script: Arc<Template>, directory: Option<Template>, shell: Option<Template> },
    Uses { action: Arc<str>, at: Position, with: Bindings },
}

/// An action of the tree.
#[derive(Debug)]
pub(super) struct ActionFile {
    pub(super) path: TreePath,
    pub(super) inputs: Vec<InputDefinition>,
    /// `None` where it is not a composite one.
    pub(super) steps: Option<Vec<StepDefinition>>,
}

/// Reads one file, and collects what is wrong with it.
struct Reader<'a> {
    path: &'a TreePath,
    problems: &'a mut Vec<Reason>,
}

impl WorkflowFile {
    /// Reads a workflow; `None`, with a problem, where it cannot be understood at all.
    pub(super) fn read(path: &TreePath, text: &str, problems: &mut Vec<Reason>) -> Option<Self> {
        let mut reader = Reader { path, problems };
        let root = reader.parse(text)?;
        let Some(jobs) = root.get("jobs") else {
            reader.problem(root.at, "this workflow has no `jobs`");
            return None;
        };
        let jobs = jobs.map().iter().filter_map(|(id, job)| reader.job(&id.text, id.at, job)).collect();
        Some(Self {
            path: path.clone(),
            triggers: root.get("on").map(|on| reader.triggers(on)).unwrap_or_default(),
            environment: reader.bindings(root.get("env")),
            defaults: defaults(&root),
            jobs,
        })
    }
}

impl ActionFile {
    /// Reads an `action.yml`; `None`, with a problem, where it cannot be understood at all.
    pub(super) fn read(path: &TreePath, text: &str, problems: &mut Vec<Reason>) -> Option<Self> {
        let mut reader = Reader { path, problems };
        let root = reader.parse(text)?;
        let mut inputs = inputs(root.get("inputs"), |_| InputKind::Text);
        inputs.iter_mut().for_each(|input| input.required = false);
        let runs = root.get("runs")?;
        let composite = text_of(runs.get("using")).is_some_and(|using| using.eq_ignore_ascii_case("composite"));
        let steps = composite.then(|| reader.steps(runs.get("steps")));
        Some(Self { path: path.clone(), inputs, steps })
    }
}

impl Reader<'_> {
    fn problem(&mut self, at: Position, text: impl Into<String>) {
        self.problems.push(Reason { text: text.into(), at: SourceSpan::at(self.path.clone(), at) });
    }

    fn parse(&mut self, text: &str) -> Option<Arc<Node>> {
        match yaml::parse(text) {
            Ok(root) => Some(root),
            Err(error) => {
                self.problem(error.at, format!("this YAML cannot be read: {error}"));
                None
            }
        }
    }

    fn triggers(&mut self, on: &Node) -> Triggers {
        let mut triggers = Triggers::default();
        let names: Vec<(Arc<str>, Option<&Arc<Node>>)> = match &on.content {
            Content::Scalar(scalar) => vec![(Arc::clone(&scalar.text), None)],
            Content::List(events) => {
                events.iter().filter_map(|event| event.scalar()).map(|event| (Arc::clone(&event.text), None)).collect()
            }
            Content::Map(events) => events.iter().map(|(name, event)| (Arc::clone(&name.text), Some(event))).collect(),
        };
        for (name, event) in names {
            let declared = event.and_then(|event| event.get("inputs"));
            match &*name {
                "workflow_call" => triggers.call_inputs = Some(inputs(declared, input_kind)),
                "workflow_dispatch" => {
                    triggers.dispatch_inputs = inputs(declared, input_kind);
                    triggers.events.push(name);
                }
                _ => triggers.events.push(name),
            }
        }
        triggers
    }

    fn job(&mut self, id: &Arc<str>, at: Position, node: &Node) -> Option<JobDefinition> {
        let body = match (node.get("uses"), node.get("steps")) {
            (Some(uses), _) => {
                JobBody::Call { workflow: text_of(Some(uses))?, at: uses.at, with: self.bindings(node.get("with")) }
            }
            (None, Some(steps)) => JobBody::Steps(self.steps(Some(steps))),
            (None, None) => {
                self.problem(at, format!("the job `{id}` has neither `steps` nor `uses`"));
                return None;
            }
        };
        let needs = match node.get("needs") {
            Some(needs) if needs.scalar().is_some() => text_of(Some(needs)).into_iter().collect(),
            Some(needs) => needs.list().iter().filter_map(|job| text_of(Some(job))).collect(),
            None => Vec::new(),
        };
        Some(JobDefinition {
            id: Arc::clone(id),
            at,
            name: template(node.get("name")),
            needs,
            condition: condition(node),
            matrix: node.get("strategy").and_then(|strategy| match &strategy.content {
                Content::Map(_) => strategy.get("matrix").map(|matrix| matrix_definition(matrix)),
                _ => Some(MatrixDefinition::Unknown),
            }),
            runs_on: node.get("runs-on").and_then(|runs_on| TemplateValue::new(runs_on)),
            container: node.get("container").map(|container| match &container.content {
                Content::Map(_) => Container {
                    image: template(container.get("image")),
                    environment: self.bindings(container.get("env")),
                },
                _ => Container { image: template(Some(container)), environment: Bindings::default() },
            }),
            environment: self.bindings(node.get("env")),
            defaults: defaults(node),
            timeout: template(node.get("timeout-minutes")),
            body,
        })
    }

    fn steps(&mut self, node: Option<&Arc<Node>>) -> Vec<StepDefinition> {
        let Some(node) = node else { return Vec::new() };
        if !matches!(node.content, Content::List(_)) {
            self.problem(node.at, "`steps` is no list");
        }
        node.list().iter().filter_map(|step| self.step(step)).collect()
    }

    fn step(&mut self, node: &Node) -> Option<StepDefinition> {
        let body = if let Some(script) = template(node.get("run")) {
            StepBody::Run {
                script: Arc::new(script),
                directory: template(node.get("working-directory")),
                shell: template(node.get("shell")),
            }
        } else if let Some(action) = node.get("uses")
            && let Some(name) = text_of(Some(action))
        {
            StepBody::Uses { action: name, at: action.at, with: self.bindings(node.get("with")) }
        } else {
            self.problem(node.at, "a step has neither `run` nor `uses`");
            return None;
        };
        Some(StepDefinition {
            at: node.at,
            name: template(node.get("name")),
            condition: condition(node),
            environment: self.bindings(node.get("env")),
            timeout: template(node.get("timeout-minutes")),
            body,
        })
    }

    fn bindings(&mut self, node: Option<&Arc<Node>>) -> Bindings {
        let mut bindings = Bindings::default();
        let Some(node) = node else { return bindings };
        match &node.content {
            Content::Map(entries) => {
                for (key, value) in entries {
                    match template(Some(value)) {
                        Some(value) if !key.text.contains("${{") => {
                            bindings.entries.push((Arc::clone(&key.text), key.at, value));
                        }
                        _ => bindings.more = true,
                    }
                }
            }
            Content::Scalar(scalar) => bindings.more = scalar.text.contains("${{"),
            Content::List(_) => {
                self.problem(node.at, "a list stands where names with values are expected");
                bindings.more = true;
            }
        }
        bindings
    }
}

fn template(node: Option<&Arc<Node>>) -> Option<Template> {
    let node = node?;
    Some(Template::new(node.at, node.scalar()?.clone()))
}

fn condition(node: &Node) -> Option<Template> {
    let condition = node.get("if")?;
    Some(Template::condition(condition.at, condition.scalar()?.clone()))
}

fn text_of(node: Option<&Arc<Node>>) -> Option<Arc<str>> {
    Some(Arc::clone(&node?.scalar()?.text))
}

fn defaults(node: &Node) -> RunDefaults {
    let run = node.get("defaults").and_then(|defaults| defaults.get("run"));
    RunDefaults {
        directory: template(run.and_then(|run| run.get("working-directory"))),
        shell: template(run.and_then(|run| run.get("shell"))),
    }
}

fn inputs(node: Option<&Arc<Node>>, kind: fn(&Node) -> InputKind) -> Vec<InputDefinition> {
    let Some(node) = node else { return Vec::new() };
    node.map()
        .iter()
        .map(|(name, input)| InputDefinition {
            name: Arc::clone(&name.text),
            at: name.at,
            kind: kind(input),
            required: text_of(input.get("required")).is_some_and(|required| required.eq_ignore_ascii_case("true")),
            default: template(input.get("default")),
        })
        .collect()
}

fn input_kind(input: &Node) -> InputKind {
    match text_of(input.get("type")).as_deref() {
        Some("boolean") => InputKind::Boolean,
        Some("number") => InputKind::Number,
        _ => InputKind::Text,
    }
}

fn matrix_definition(node: &Node) -> MatrixDefinition {
    let Some(value) = TemplateValue::new(node) else { return MatrixDefinition::Unknown };
    let TemplateValue::Map(entries) = value else { return MatrixDefinition::Whole(value) };
    let (mut axes, mut include, mut exclude) = (Vec::new(), None, None);
    for (name, value) in entries {
        match &*name {
            "include" => include = Some(value),
            "exclude" => exclude = Some(value),
            _ => axes.push((name, value)),
        }
    }
    MatrixDefinition::Axes { axes, include, exclude }
}
