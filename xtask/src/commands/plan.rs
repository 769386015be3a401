//! `plan`: what would run where, without running it; and what `test` shares with it.

use execution_plan::{Estimates, Plan, PlanSettings};
use gpu_inventory::{DeviceOrder, Inventory, Unit};
use marker_policy::{Category, Chosen, Policy, ResolvedCase};
use test_report::terminal::{Styles, printable};

use crate::cli::{Global, MachineArgs, MachineFormat, PlanArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::progress;
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &PlanArgs, environment: &Environment) -> Result<Exit, Error> {
    let selector = subject::selector(&args.selection)?;
    let subject = Subject::locate(global)?;
    let catalog = subject.catalog(global, &args.selection)?;
    super::test::warn_of_problems(&catalog);
    let cases = marker_policy::resolve(&subject.policy, &catalog);
    let selection = marker_policy::select(&subject.policy, &cases, &selector)?;
    if selection.chosen.is_empty() {
        return Err(super::test::nothing_selected(&subject, &cases, &selection));
    }
    let machine = match &args.gpus {
        Some(text) => Machine::described(text)?,
        None => Machine::here(&args.machine, None, environment)?,
    };
    let plan = plan(&subject.policy, &selection.chosen, &machine, &args.machine, &args.selection);
    show(&plan, args.format, environment)?;
    Ok(Exit::Success)
}

/// Prints a plan.
pub(crate) fn show(plan: &Plan, format: MachineFormat, environment: &Environment) -> Result<(), Error> {
    output::write(&match format {
        MachineFormat::Text => test_report::plan::text(plan, &Styles::for_terminal(environment.colour)),
        MachineFormat::Json => {
            let text = test_report::plan_json::text(plan).map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
    })
}

/// The GPUs that a plan may use.
pub(crate) struct Machine {
    units: Vec<Unit>,
    why_none: Option<String>,
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
        let why_none = inventory.why_empty().or_else(|| visibility.cut.clone());
        Ok(Self { units: visibility.units, why_none })
    }

    /// One that is not here.
    pub(crate) fn described(text: &str) -> Result<Self, Error> {
        let inventory = Inventory::describe(text)?;
        Ok(Self { units: inventory.visible(None, DeviceOrder::PciBusId)?, why_none: None })
    }
}

/// How long each test is expected to take, in the order of the cases.
pub(crate) fn durations(policy: &Policy, cases: &[ResolvedCase<'_>]) -> Vec<std::time::Duration> {
    let chosen = |case| Chosen { case, verdict: marker_expr::Truth::Yes, why: String::new() };
    let chosen: Vec<Chosen<'_, '_>> = cases.iter().map(chosen).collect();
    let (demands, _) = execution_plan::demands(policy, &chosen, &estimates(policy));
    demands.into_iter().map(|demand| demand.case.estimate.duration).collect()
}

fn estimates(policy: &Policy) -> Estimates {
    let mut estimates = Estimates::none();
    for test_type in policy.members(Category::Type) {
        let seconds = TYPE_DEFAULTS.iter().find(|(name, _)| name == test_type).map_or(UNKNOWN_TYPE, |(_, time)| *time);
        estimates.default_of_type(test_type, std::time::Duration::from_secs_f64(seconds));
    }
    estimates
}

/// Plans chosen tests. There is no history yet: a test without a time-out of its own counts as [`TYPE_DEFAULTS`] says.
pub(crate) fn plan(
    policy: &Policy,
    chosen: &[Chosen<'_, '_>],
    machine: &Machine,
    args: &MachineArgs,
    selection: &crate::cli::SelectionArgs,
) -> Plan {
    let estimates = estimates(policy);
    let settings = PlanSettings {
        jobs: args.jobs.map_or_else(cores, |jobs| u32::try_from(jobs.get()).unwrap_or(u32::MAX)),
        max_vram_gib: args.max_vram_gib,
        features: execution_plan::CargoFeatures {
            names: selection.features.names.clone(),
            all: selection.features.all_features,
            no_default: selection.features.no_default_features,
            workspace: selection.workspace,
        },
        why_no_gpu: machine.why_none.clone(),
        search: args.plan_time.unwrap_or_default(),
    };
    execution_plan::plan(policy, chosen, &machine.units, &estimates, &settings)
}

/// Seconds that a test of a type is expected to take where nothing was measured.
const TYPE_DEFAULTS: [(&str, f64); 5] =
    [("unit", 0.1), ("integration", 2.0), ("e2e", 30.0), ("benchmark", 60.0), ("stress", 120.0)];
const UNKNOWN_TYPE: f64 = 10.0;

fn cores() -> u32 {
    std::thread::available_parallelism().map_or(1, |cores| u32::try_from(cores.get()).unwrap_or(u32::MAX))
}
