//! `plan`: what would run where, without running it; and what `test` shares with it.

use std::collections::BTreeMap;
use std::sync::Arc;

use execution_plan::{CargoFeatures, Estimates, Links, Plan, PlanSettings};
use gpu_inventory::{Bytes, DeviceOrder, Host, Inventory, Unit};
use marker_policy::{Category, Chosen, Policy, ResolvedCase};
use test_report::fits::Fit;
use test_report::plan_facts::PlanFacts;
use test_report::terminal::{Styles, printable};
use test_runner::history::Past;

use crate::cli::{Global, MachineArgs, PlanArgs, PlanFormat};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::past;
use crate::progress;
use crate::selected::{nothing_selected, warn_of_unknown_marks};
use crate::subject::{self, Subject};

use super::division::{self, Measured};

pub(crate) fn run(global: &Global, args: &PlanArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let catalog = subject.catalog(global, &args.selection)?;
    super::test::warn_of_problems(&catalog);
    let cases = marker_policy::resolve(&subject.policy, &catalog);
    let mut selection = marker_policy::select(&subject.policy, &cases, &selector)?;
    if selection.chosen.is_empty() {
        return Err(nothing_selected(&subject, &cases, &selection));
    }
    warn_of_unknown_marks(&selection, &catalog);
    let machine = match &args.gpus {
        Some(text) => Machine::described(text)?,
        None => Machine::here(&args.machine, None, environment)?,
    }
    .having(&args.machine.has, &subject.policy)?
    .remembering(past::of(&subject.tree, &args.division));
    let measured = Measured::of(&args.division)?;
    let mut facts = division::divide(&subject.policy, &mut selection.chosen, args.division.shard, &measured);
    let estimates = measured.before(machine.estimates(&subject.policy));
    let plan = plan(&subject.policy, &selection.chosen, &estimates, &machine, &args.machine, &args.selection);
    facts.slots_of_this_machine = args.gpus.is_some() && args.machine.jobs.is_none();
    facts.budgets = division::budgets(&subject.policy, args.selection.stage.as_deref(), &selection.chosen, &plan);
    if args.check {
        facts.checked = division::check(&subject.policy, &selection.chosen, &estimates, &plan)?;
    }
    show(&plan, &facts, args.format, environment)?;
    let is_prose = matches!(args.format, PlanFormat::Text | PlanFormat::Html);
    if let (Some(slots), false) = (test_report::plan_facts::slots(&plan, &facts), is_prose) {
        progress::note(&format!("note: {slots}"));
    }
    let exit = division::exit(&facts, &args.division);
    if exit == Exit::OverBudget && args.format != PlanFormat::Text {
        progress::note(&test_report::plan_facts::over_budget(&plan, &facts).join("\n"));
    }
    Ok(exit)
}

/// Prints a plan.
pub(crate) fn show(plan: &Plan, facts: &PlanFacts, format: PlanFormat, environment: &Environment) -> Result<(), Error> {
    output::write(&match format {
        PlanFormat::Text => test_report::plan::text(plan, facts, &Styles::for_terminal(environment.colour)),
        PlanFormat::Json => {
            let text = test_report::plan_json::text(plan, facts).map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
        PlanFormat::Svg => test_report::plan_svg::text(plan),
        PlanFormat::Html => test_report::plan_html::text(plan, facts),
        PlanFormat::Dot => test_report::plan_dot::text(plan),
    })
}

/// The GPUs that a plan may use, and what tests took on such.
pub(crate) struct Machine {
    pub(crate) inventory: Inventory,
    units: Vec<Unit>,
    links: Links,
    /// Its own memory, as far as this process may have it; `None` where it is not known.
    host_memory: Option<u64>,
    why_none: Option<String>,
    /// What else it is said to have.
    resources: BTreeMap<String, u32>,
    past: Past,
}

impl Machine {
    /// This machine's, as far as they are visible: `gpus` restricts `CUDA_VISIBLE_DEVICES` further.
    pub(crate) fn here(args: &MachineArgs, gpus: Option<&str>, environment: &Environment) -> Result<Self, Error> {
        let inventory = Inventory::probe(args.nvml.as_deref().map(camino::Utf8Path::as_std_path))?;
        let order = DeviceOrder::from_variable(environment.cuda_device_order.as_deref())?;
        let (variable, order) = match gpus {
            Some(list) => (Some(list), DeviceOrder::PciBusId),
            None => (environment.cuda_visible_devices.as_deref(), order),
        };
        let visibility = inventory.visibility(variable, order)?;
        for unused in visibility.unusable.iter().chain(&visibility.cut) {
            progress::note(&format!("warning: {}", printable(unused)));
        }
        for unit in visibility.units.iter().filter(|unit| unit.held() > Bytes(0)) {
            let holders = super::gpus::fits::holders(&inventory, unit);
            let (held, all, index) = (unit.held(), unit.usable(), unit.index);
            let text = format!("warning: GPU {index}: {held} of {all} are in use{holders}: tests are given the rest");
            progress::note(&printable(&text));
        }
        let why_none = inventory.why_empty().or_else(|| visibility.why_none());
        let links = Links::of(&inventory, &visibility.units);
        let host = Host::here();
        let host_memory = host.memory_limit.or(host.memory).map(|memory| memory.0);
        let units = visibility.units;
        Ok(Self { host_memory, why_none, ..Self::of(inventory, units, links) })
    }

    /// One that is not here.
    pub(crate) fn described(text: &str) -> Result<Self, Error> {
        let inventory = Inventory::describe(text)?;
        let units = inventory.visible(None, DeviceOrder::PciBusId)?;
        // A description tells no links and no memory but that of GPUs.
        Ok(Self::of(inventory, units, Links::default()))
    }

    fn of(inventory: Inventory, units: Vec<Unit>, links: Links) -> Self {
        let (resources, past) = (BTreeMap::new(), Past::default());
        Self { inventory, units, links, host_memory: None, why_none: None, resources, past }
    }

    /// With what else it is said to have (`--has`).
    pub(crate) fn having(self, has: &[(String, u32)], policy: &Policy) -> Result<Self, Error> {
        Ok(Self { resources: resources(has, policy)?, ..self })
    }

    /// With what tests took in earlier runs.
    pub(crate) fn remembering(self, past: Past) -> Self {
        Self { past, ..self }
    }

    /// What tests are expected to take here, of time and of memory without a profile: by earlier runs on such GPUs, else by
    /// their markers.
    pub(crate) fn estimates(&self, policy: &Policy) -> Estimates {
        let mut estimates = estimates(policy);
        past::fill(&mut estimates, &self.past, &self.models());
        past::fill_vram(&mut estimates, &self.past, &self.units);
        estimates
    }

    /// What the tests need of GPUs, held against these.
    pub(crate) fn fits(&self, policy: &Policy, chosen: &[Chosen<'_, '_>], features: CargoFeatures) -> Vec<Fit> {
        let (why_no_gpu, resources) = (self.why_none.clone(), self.resources.clone());
        let settings = PlanSettings { why_no_gpu, features, resources, ..PlanSettings::default() };
        let estimates = past::vram(&self.past, &self.units);
        super::gpus::fits::of(policy, chosen, &self.inventory, &self.units, &estimates, &settings)
    }

    /// The models of the GPUs, each once.
    pub(crate) fn models(&self) -> Vec<&str> {
        let mut models: Vec<&str> = self.units.iter().map(|unit| unit.name.as_str()).collect();
        models.sort_unstable();
        models.dedup();
        models
    }

    /// All of them, such as `2x NVIDIA L4`.
    pub(crate) fn describe(&self) -> String {
        let count = |model: &str| self.units.iter().filter(|unit| unit.name == model).count();
        let each: Vec<String> = self.models().iter().map(|model| format!("{}x {model}", count(model))).collect();
        each.join(" + ")
    }
}

/// How long each test is expected to take, in the order of the cases: by earlier runs, whatever they ran on, else by markers.
pub(crate) fn durations(policy: &Policy, cases: &[ResolvedCase<'_>], past: &Past) -> Vec<std::time::Duration> {
    let mut estimates = estimates(policy);
    estimates.add_timings(&past::timings(past));
    let chosen = |case| Chosen { case, verdict: marker_expr::Truth::Yes, why: Arc::default() };
    let chosen: Vec<Chosen<'_, '_>> = cases.iter().map(chosen).collect();
    let mut notes = Vec::new();
    execution_plan::each_demand(policy, &chosen, &estimates, &mut notes)
        .map(|demand| demand.case.estimate.duration)
        .collect()
}

/// What `--has` says that a machine has, each name one that a hardware marker of the policy asks for.
pub(crate) fn resources(has: &[(String, u32)], policy: &Policy) -> Result<BTreeMap<String, u32>, Error> {
    let known = policy.resources();
    if let Some((name, _)) = has.iter().find(|(name, _)| !known.contains(name.as_str())) {
        let known: Vec<&str> = known.into_iter().collect();
        let why = match known.is_empty() {
            true => "no hardware marker of the policy asks for anything but GPUs".to_owned(),
            false => format!("no hardware marker of the policy asks for it: they ask for {}", known.join(", ")),
        };
        return Err(Error::Option { option: "--has", text: name.clone(), why });
    }
    Ok(has.iter().cloned().collect())
}

/// By markers alone.
pub(crate) fn estimates(policy: &Policy) -> Estimates {
    let mut estimates = Estimates::none();
    for test_type in policy.members(Category::Type) {
        let seconds = TYPE_DEFAULTS.iter().find(|(name, _)| name == test_type).map_or(UNKNOWN_TYPE, |(_, time)| *time);
        estimates.default_of_type(test_type, std::time::Duration::from_secs_f64(seconds));
    }
    estimates
}

/// Plans chosen tests. What no earlier run measured on such GPUs takes a third of its own time-out, else what
/// [`TYPE_DEFAULTS`] says.
pub(crate) fn plan(
    policy: &Policy,
    chosen: &[Chosen<'_, '_>],
    estimates: &Estimates,
    machine: &Machine,
    args: &MachineArgs,
    selection: &crate::cli::SelectionArgs,
) -> Plan {
    let settings = PlanSettings {
        jobs: args.jobs.map_or_else(cores, |jobs| u32::try_from(jobs.get()).unwrap_or(u32::MAX)),
        max_vram_gib: args.max_vram_gib,
        host_memory: policy.host_memory_marker().and(machine.host_memory),
        features: execution_plan::CargoFeatures {
            names: selection.features.names.clone(),
            all: selection.features.all_features,
            no_default: selection.features.no_default_features,
            workspace: selection.workspace,
        },
        resources: machine.resources.clone(),
        why_no_gpu: machine.why_none.clone(),
        search: args.plan_time.unwrap_or_default(),
        stagger: policy.stagger(),
        links: machine.links.clone(),
    };
    execution_plan::plan(policy, chosen, &machine.units, estimates, &settings)
}

/// Seconds that a test of a type is expected to take where nothing was measured.
const TYPE_DEFAULTS: [(&str, f64); 5] =
    [("unit", 0.1), ("integration", 2.0), ("e2e", 30.0), ("benchmark", 60.0), ("stress", 120.0)];
const UNKNOWN_TYPE: f64 = 10.0;

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}
