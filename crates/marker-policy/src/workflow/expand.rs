//! From the workflows that events start to the steps that they run.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use test_catalog::{Condition, Reason, SourceSpan, TreePath};

use super::Workflows;
use super::definition::{Bindings, JobBody, JobDefinition, RunDefaults, StepBody, StepDefinition, WorkflowFile};
use super::directory::Directory;
use super::expression::{Contexts, Object, Value};
use super::files::{Files, local_path, place};
use super::inputs::{self, Places};
use super::matrix::{self, Combination};
use super::set_variables::{SetVariables, unknown};
use super::step::{ActionCall, Job, Run, Shell, Step, Timeout, Work, WorkflowCall};
use super::template::{Template, as_text, workspace};
use super::text::Text;

/// GitHub allows ten levels of workflows and ten of actions.
const MOST_CALLS: usize = 10;

/// What all jobs, steps and values of all workflows may cost together, one each, longer texts more.
const MOST_WORK: usize = 500_000;

/// Follows workflows to their steps.
pub(super) struct Expander<'a> {
    files: Files<'a>,
    found: Workflows,
    work: usize,
}

/// What surrounds the steps of a job or of an action.
#[derive(Clone)]
struct Surroundings<'a> {
    file: &'a TreePath,
    job: Arc<Job>,
    actions: Arc<[Arc<ActionCall>]>,
    conditions: Arc<[Condition]>,
    contexts: Arc<Contexts>,
    /// What `env` gives, without what only the shell sees.
    environment: Environment,
    /// What the container gives, which only the shell sees.
    container: Environment,
    defaults: RunDefaults,
}

/// Variables with their values.
type Environment = Arc<[(Arc<str>, Value)]>;

/// Whether an `if` holds.
enum Verdict {
    Holds,
    Never,
    May(Condition),
}

impl<'a> Expander<'a> {
    pub(super) fn new(files: Files<'a>, found: Workflows) -> Self {
        Self { files, found, work: 0 }
    }

    pub(super) fn finish(mut self) -> Workflows {
        if self.work > MOST_WORK {
            let at = self.found.steps.last().map(|step| step.at.clone());
            let at = at.unwrap_or_else(|| SourceSpan::line(TreePath::new(".github/workflows"), 1));
            let text = "these workflows have more jobs and steps than are followed; what comes behind is not seen";
            self.found.problems.push(Reason { text: text.to_owned(), at });
        }
        // A file that several call is followed as often.
        let mut seen = HashSet::new();
        self.found.problems.retain(|problem| seen.insert(problem.clone()));
        self.found.problems.sort_by(|one, other| one.at.cmp(&other.at));
        self.found
    }

    /// Follows a file, where an event starts it.
    pub(super) fn entry(&mut self, path: &TreePath) {
        let from = SourceSpan::line(path.clone(), 1);
        let Some(file) = self.files.workflow(path, &from, &mut self.found.problems) else { return };
        if file.triggers.events.is_empty() {
            return;
        }
        let mut github = vec![("workspace".into(), workspace())];
        if let [event] = &*file.triggers.events {
            github.push(("event_name".into(), Value::Text(Arc::clone(event))));
        }
        let mut contexts = Contexts::default();
        contexts.set("github", Object { entries: github, more: Some("github".into()) }.into());
        let inputs = inputs::of_event(&file.triggers, &contexts);
        contexts.set("inputs", inputs);
        self.workflow(&file, &contexts, None, &[]);
    }

    /// Counts work, and says whether there may be more.
    fn spend(&mut self, work: usize) -> bool {
        self.work = self.work.saturating_add(work);
        self.work <= MOST_WORK
    }

    fn workflow(
        &mut self,
        file: &Arc<WorkflowFile>,
        contexts: &Contexts,
        caller: Option<&Arc<WorkflowCall>>,
        conditions: &[Condition],
    ) {
        let mut contexts = contexts.clone();
        let environment = self.bindings(&file.environment, &contexts);
        contexts.set("env", environment_context(&environment));
        let verdicts = verdicts(file, &contexts);
        for (job, verdict) in file.jobs.iter().zip(verdicts) {
            let mut conditions = conditions.to_vec();
            match verdict {
                Verdict::Never => continue,
                Verdict::Holds => {}
                Verdict::May(condition) => conditions.push(condition),
            }
            let combinations = match &job.matrix {
                None => Ok(vec![Combination::default()]),
                Some(matrix) => matrix::combinations(matrix, &contexts),
            };
            match combinations {
                Ok(combinations) => {
                    for combination in combinations {
                        let mut conditions = conditions.clone();
                        if combination.may_be_excluded {
                            let text = "not excluded by its matrix".to_owned();
                            conditions.push(Condition { text, at: place(&file.path, job.at) });
                        }
                        self.job(file, job, combination.values, &contexts, &environment, caller, &conditions);
                    }
                }
                Err(text) => {
                    let text = format!("the job `{}` is not followed: {text}", job.id);
                    self.found.problems.push(Reason { text, at: place(&file.path, job.at) });
                }
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "all that surrounds a job")]
    fn job(
        &mut self,
        file: &Arc<WorkflowFile>,
        definition: &JobDefinition,
        combination: Object,
        contexts: &Contexts,
        environment: &[(Arc<str>, Value)],
        caller: Option<&Arc<WorkflowCall>>,
        conditions: &[Condition],
    ) {
        if !self.spend(1) {
            return;
        }
        let mut contexts = contexts.clone();
        let matrix = combination.entries.iter().map(|(name, value)| (name.to_string(), as_text(value))).collect();
        contexts.set("matrix", combination.into());
        let text = |template: &Option<Template>| template.as_ref().map(|template| template.text(&contexts));
        let job = Arc::new(Job {
            workflow: file.path.clone(),
            id: definition.id.to_string(),
            at: place(&file.path, definition.at),
            name: text(&definition.name),
            matrix,
            runs_on: definition.runs_on.as_ref().map(|runs_on| labels(&runs_on.value(&contexts))).unwrap_or_default(),
            image: definition.container.as_ref().and_then(|container| text(&container.image)),
            timeout: timeout(definition.timeout.as_ref(), &contexts),
            caller: caller.cloned(),
        });
        match &definition.body {
            JobBody::Call { workflow, at, with } => {
                self.call(file, &job, workflow, place(&file.path, *at), with, &contexts, conditions);
            }
            JobBody::Steps(steps) => {
                let mut environment = environment.to_vec();
                self.overlay(&mut environment, &definition.environment, &contexts);
                contexts.set("env", environment_context(&environment));
                let container = match &definition.container {
                    Some(container) => self.bindings(&container.environment, &contexts),
                    None => Vec::new(),
                };
                let defaults = RunDefaults {
                    directory: definition.defaults.directory.clone().or_else(|| file.defaults.directory.clone()),
                    shell: definition.defaults.shell.clone().or_else(|| file.defaults.shell.clone()),
                };
                let surroundings = Surroundings {
                    file: &file.path,
                    job,
                    actions: Arc::default(),
                    conditions: conditions.into(),
                    contexts: Arc::new(contexts),
                    environment: environment.into(),
                    container: container.into(),
                    defaults,
                };
                self.steps(steps, &surroundings);
            }
        }
    }

    /// A job that is another workflow.
    #[expect(clippy::too_many_arguments, reason = "all that surrounds a call")]
    fn call(
        &mut self,
        file: &WorkflowFile,
        job: &Arc<Job>,
        workflow: &str,
        at: SourceSpan,
        with: &Bindings,
        contexts: &Contexts,
        conditions: &[Condition],
    ) {
        // One of another repository runs commands on other trees.
        let Some(path) = local_path(workflow) else {
            self.found.steps.push(Step {
                at,
                name: None,
                job: Arc::clone(job),
                actions: Arc::default(),
                conditions: conditions.into(),
                timeout: None,
                work: Work::Elsewhere(workflow.to_owned()),
            });
            return;
        };
        let mut depth = 1;
        let mut outer = Some(job);
        while let Some(above) = outer {
            if above.workflow == path || depth > MOST_CALLS {
                let text = format!("`{path}` is called within itself, or through more than {MOST_CALLS} workflows");
                self.found.problems.push(Reason { text, at });
                return;
            }
            depth += 1;
            outer = above.caller.as_ref().map(|call| &call.job);
        }
        let Some(called) = self.files.workflow(&path, &at, &mut self.found.problems) else { return };
        let Some(declared) = &called.triggers.call_inputs else {
            let text = format!("`{path}` has no trigger `workflow_call`, so that it cannot be called");
            self.found.problems.push(Reason { text, at });
            return;
        };
        let mut inner = Contexts::default();
        inner.set("github", contexts.get("github"));
        let places = Places { caller: &file.path, declared_in: &called.path };
        let inputs = inputs::of_call(declared, with, contexts, &inner, &places);
        self.spend(cost(inputs.listed.iter().map(|input| &input.value)));
        inner.set("inputs", inputs.context);
        let caller = Arc::new(WorkflowCall { job: Arc::clone(job), at, inputs: inputs.listed });
        self.workflow(&called, &inner, Some(&caller), conditions);
    }

    /// Steps one behind the other; the variables that they set for those behind them.
    fn steps(&mut self, steps: &[StepDefinition], around: &Surroundings<'_>) -> SetVariables {
        let mut around = around.clone();
        let mut all = SetVariables::default();
        for step in steps {
            if !self.spend(1) {
                return all;
            }
            let set = self.step_under_its_condition(step, around.clone());
            if !set.is_empty() {
                let mut environment = around.environment.to_vec();
                set.apply(&mut environment);
                let mut contexts = Contexts::clone(&around.contexts);
                contexts.set("env", environment_context(&environment));
                around.contexts = Arc::new(contexts);
                around.environment = environment.into();
                all.extend(set);
            }
        }
        all
    }

    fn step_under_its_condition(&mut self, step: &StepDefinition, mut around: Surroundings<'_>) -> SetVariables {
        if !step.environment.entries.is_empty() || step.environment.more {
            let mut environment = around.environment.to_vec();
            self.overlay(&mut environment, &step.environment, &around.contexts);
            let mut contexts = Contexts::clone(&around.contexts);
            contexts.set("env", environment_context(&environment));
            around.contexts = Arc::new(contexts);
            around.environment = environment.into();
        }
        let is_certain = match verdict(step.condition.as_ref(), &around.contexts, around.file) {
            Verdict::Never => return SetVariables::default(),
            Verdict::Holds => true,
            Verdict::May(condition) => {
                around.conditions = around.conditions.iter().cloned().chain([condition]).collect();
                false
            }
        };
        let set = self.step(step, around);
        if is_certain { set } else { set.perhaps() }
    }

    /// A step that runs or may run.
    fn step(&mut self, definition: &StepDefinition, around: Surroundings<'_>) -> SetVariables {
        let contexts = &around.contexts;
        let mut step = Step {
            at: place(around.file, definition.at),
            name: definition.name.as_ref().map(|name| name.text(contexts)),
            job: Arc::clone(&around.job),
            actions: Arc::clone(&around.actions),
            conditions: Arc::clone(&around.conditions),
            timeout: timeout(definition.timeout.as_ref(), contexts),
            work: Work::Elsewhere(String::new()),
        };
        match &definition.body {
            StepBody::Run { script, directory, shell } => {
                let directory = directory.as_ref().or(around.defaults.directory.as_ref());
                let shell = shell.as_ref().or(around.defaults.shell.as_ref());
                let run = Run {
                    shell: shell_of(shell, contexts, &around.job),
                    directory: Directory::tree()
                        .join(&directory.map(|directory| directory.text(contexts)).unwrap_or_default()),
                    container: Arc::clone(&around.container),
                    environment: Arc::clone(&around.environment),
                    script: Arc::clone(script),
                    contexts: Arc::clone(contexts),
                };
                let set = SetVariables::of_script(&run, around.file);
                step.work = Work::Run(run);
                self.found.steps.push(step);
                set
            }
            StepBody::Uses { action, at, with } => match local_path(action) {
                Some(folder) => self.action(step, &folder, place(around.file, *at), with, around),
                // Actions from elsewhere are taken not to change what the workflow itself sets.
                None => {
                    step.work = Work::Elsewhere(action.to_string());
                    self.found.steps.push(step);
                    SetVariables::default()
                }
            },
        }
    }

    /// A step that is an action of the tree, and that action's steps.
    fn action(
        &mut self,
        mut step: Step,
        folder: &TreePath,
        at: SourceSpan,
        with: &Bindings,
        around: Surroundings<'_>,
    ) -> SetVariables {
        if around.actions.len() >= MOST_CALLS || around.actions.iter().any(|call| call.action == *folder) {
            let text = format!("`{folder}` is used within itself, or through more than {MOST_CALLS} actions");
            self.found.problems.push(Reason { text, at });
            return SetVariables::default();
        }
        let Some(action) = self.files.action(folder, &at, &mut self.found.problems) else {
            return SetVariables::default();
        };
        let mut inner = Contexts::clone(&around.contexts);
        // A default that asks for an input: what that gives is not documented.
        inner.set("inputs", Object { entries: Vec::new(), more: Some("inputs".into()) }.into());
        let places = Places { caller: around.file, declared_in: &action.path };
        let inputs = inputs::of_call(&action.inputs, with, &around.contexts, &inner, &places);
        self.spend(cost(inputs.listed.iter().map(|input| &input.value)));
        inner.set("inputs", inputs.context);
        let call = Arc::new(ActionCall {
            action: folder.clone(),
            at,
            step: step.name.clone(),
            inputs: inputs.listed,
            has_steps: action.steps.is_some(),
        });
        step.work = Work::Action(Arc::clone(&call));
        self.found.steps.push(step);
        let Some(steps) = &action.steps else { return SetVariables::default() };
        let surroundings = Surroundings {
            file: &action.path,
            actions: around.actions.iter().cloned().chain([call]).collect(),
            contexts: Arc::new(inner),
            defaults: RunDefaults::default(),
            job: around.job,
            conditions: around.conditions,
            environment: around.environment,
            container: around.container,
        };
        self.steps(steps, &surroundings)
    }

    fn bindings(&mut self, bindings: &Bindings, contexts: &Contexts) -> Vec<(Arc<str>, Value)> {
        let values: Vec<_> =
            bindings.entries.iter().map(|(name, _, value)| (Arc::clone(name), value.value(contexts))).collect();
        self.spend(values.len());
        values
    }

    /// Puts an `env` over that around it.
    fn overlay(&mut self, environment: &mut Vec<(Arc<str>, Value)>, over: &Bindings, contexts: &Contexts) {
        if over.more {
            environment.iter_mut().for_each(|(name, value)| *value = unknown(name));
        }
        for (name, value) in self.bindings(over, contexts) {
            match environment.iter_mut().find(|(known, _)| *known == name) {
                Some((_, old)) => *old = value,
                None => environment.push((name, value)),
            }
        }
    }
}

/// Whether each job of a file runs, by its own `if` and by those of the jobs that it needs.
fn verdicts(file: &WorkflowFile, contexts: &Contexts) -> Vec<Verdict> {
    let mut verdicts: Vec<_> =
        file.jobs.iter().map(|job| verdict(job.condition.as_ref(), contexts, &file.path)).collect();
    // A job is skipped with what it needs, unless it asks how that went.
    let mut needed_by: HashMap<&str, Vec<usize>> = HashMap::new();
    for (index, job) in file.jobs.iter().enumerate() {
        if !job.condition.as_ref().is_some_and(Template::asks_for_status) {
            job.needs.iter().for_each(|needed| needed_by.entry(needed).or_default().push(index));
        }
    }
    let mut skipped: Vec<usize> =
        (0..verdicts.len()).filter(|index| matches!(verdicts[*index], Verdict::Never)).collect();
    while let Some(index) = skipped.pop() {
        // Taken out, so that each is gone through once.
        for next in needed_by.remove(&*file.jobs[index].id).unwrap_or_default() {
            verdicts[next] = Verdict::Never;
            skipped.push(next);
        }
    }
    verdicts
}

fn verdict(condition: Option<&Template>, contexts: &Contexts, file: &TreePath) -> Verdict {
    let Some(condition) = condition else { return Verdict::Holds };
    match condition.value(contexts).truth() {
        Some(true) => Verdict::Holds,
        Some(false) => Verdict::Never,
        None => {
            Verdict::May(Condition { text: condition.scalar.text.trim().to_owned(), at: place(file, condition.at) })
        }
    }
}

fn timeout(template: Option<&Template>, contexts: &Contexts) -> Option<Timeout> {
    let value = template?.value(contexts);
    Some(match &value {
        Value::Number(minutes) => Timeout::Minutes(*minutes),
        other => Timeout::Unknown(as_text(other).to_string()),
    })
}

/// The labels of `runs-on`: one, several, or a group with its own.
fn labels(value: &Value) -> Vec<Text> {
    match value {
        Value::List(elements) => elements.iter().map(as_text).collect(),
        Value::Object(object) => object.entries.iter().flat_map(|(_, value)| labels(value)).collect(),
        Value::Null => Vec::new(),
        other => vec![as_text(other)],
    }
}

fn shell_of(shell: Option<&Template>, contexts: &Contexts, job: &Job) -> Shell {
    let Some(shell) = shell else {
        let windows = |label: &Text| label.to_string().to_ascii_lowercase().contains("windows");
        let on_windows = job.image.is_none() && job.runs_on.iter().any(windows);
        return if on_windows { Shell::Other("pwsh".to_owned()) } else { Shell::Posix };
    };
    let text = shell.text(contexts);
    let Some(command) = text.as_known() else { return Shell::Unknown(text.to_string()) };
    let program = command.split_whitespace().next().unwrap_or_default();
    match program.rsplit('/').next().unwrap_or(program) {
        "bash" | "sh" | "dash" => Shell::Posix,
        other => Shell::Other(other.to_owned()),
    }
}

/// The `env` context, which steps before may have added to.
fn environment_context(environment: &[(Arc<str>, Value)]) -> Value {
    Object { entries: environment.to_vec(), more: Some("env".into()) }.into()
}

fn cost<'t>(texts: impl Iterator<Item = &'t Text>) -> usize {
    texts.map(|text| 1 + text.as_known().map_or(0, |known| known.len() / 64)).sum()
}
