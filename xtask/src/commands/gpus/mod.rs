//! `gpus`: the inventory, and whether tests fit it.

pub(super) mod fits;

use execution_plan::{CargoFeatures, PlanSettings};
use gpu_inventory::json::Document;
use gpu_inventory::{DeviceOrder, Host, Inventory, Visibility, VisibleError};
use marker_policy::Policy;
use serde_json::json;
use test_report::fits::Fit;
use test_report::terminal::{Styles, printable};

use crate::cli::{Global, GpusArgs, MachineFormat, SelectionArgs};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;
use crate::past;
use crate::progress;
use crate::selected::{nothing_selected, warn_of_unknown_marks};
use crate::subject::{self, Subject};

pub(crate) fn run(global: &Global, args: &GpusArgs, environment: &Environment) -> Result<Exit, Error> {
    let selects = !args.selection.paths.is_empty() || !args.selection.asks_for_nothing();
    let asked = args.fits || selects || !args.has.is_empty();
    if asked {
        return with_tests(global, args, environment);
    }
    repeat(args, environment, || {
        let inventory = inventory(args)?;
        // What there is can be shown even where nobody knows what of it is visible.
        let visibility = visibility(&inventory, args, environment).map_err(|error| error.to_string());
        let visible = visibility.as_ref().map_err(String::as_str);
        warn(args, visible);
        show(&inventory, visible, None, args, environment)
    })
}

/// The tests are found once, and the machine is looked at as often as is asked.
fn with_tests(global: &Global, args: &GpusArgs, environment: &Environment) -> Result<Exit, Error> {
    let selection: &SelectionArgs = &args.selection;
    let selector = subject::selector(selection)?;
    let subject = Subject::locate(global)?;
    let resources = super::plan::resources(&args.has, &subject.policy)?;
    let catalog = subject.catalog(global, selection)?;
    super::test::warn_of_problems(&catalog);
    let cases = marker_policy::resolve(&subject.policy, &catalog);
    let selected = marker_policy::select(&subject.policy, &cases, &selector)?;
    if selected.chosen.is_empty() {
        return Err(nothing_selected(&subject, &cases, &selected));
    }
    warn_of_unknown_marks(&selected, &catalog);
    let (policy, past): (&Policy, _) = (&subject.policy, past::read(&subject.tree));
    let features = CargoFeatures {
        names: selection.features.names.clone(),
        all: selection.features.all_features,
        no_default: selection.features.no_default_features,
        workspace: selection.workspace,
    };
    repeat(args, environment, || {
        let inventory = inventory(args)?;
        let visible = visibility(&inventory, args, environment)?;
        warn(args, Ok(&visible));
        let why_no_gpu = inventory.why_empty().or_else(|| visible.why_none());
        let (features, resources) = (features.clone(), resources.clone());
        let settings = PlanSettings { why_no_gpu, features, resources, ..PlanSettings::default() };
        let (units, estimates) = (&visible.units, past::vram(&past, &visible.units));
        let fits = fits::of(policy, &selected.chosen, &inventory, units, &estimates, &settings);
        show(&inventory, Ok(&visible), Some(&fits), args, environment)
    })
}

fn inventory(args: &GpusArgs) -> Result<Inventory, Error> {
    Ok(match &args.gpus {
        Some(machine) => Inventory::describe(machine)?,
        None => Inventory::probe(args.nvml.as_deref().map(camino::Utf8Path::as_std_path))?,
    })
}

/// What tests may use here.
fn visibility(inventory: &Inventory, args: &GpusArgs, environment: &Environment) -> Result<Visibility, VisibleError> {
    match &args.gpus {
        // The variable speaks of the GPUs that are here.
        Some(_) => inventory.visibility(None, DeviceOrder::PciBusId),
        None => {
            let order = DeviceOrder::from_variable(environment.cuda_device_order.as_deref())?;
            inventory.visibility(environment.cuda_visible_devices.as_deref(), order)
        }
    }
}

/// Says what CUDA does not take of its variables. Over what is drawn again and again nothing is written: there it is a line.
fn warn(args: &GpusArgs, visibility: Result<&Visibility, &str>) {
    let said = match visibility {
        Ok(visibility) => visibility.cut.as_deref(),
        Err(error) => Some(error),
    };
    if let (Some(said), None) = (said, args.watch) {
        progress::note(&format!("warning: {}", printable(said)));
    }
}

/// Once, or again and again until the reader has enough: an interrupt ends it as it ends any program.
fn repeat(args: &GpusArgs, environment: &Environment, show: impl Fn() -> Result<String, Error>) -> Result<Exit, Error> {
    let Some(pause) = args.watch else {
        output::write(&show()?)?;
        return Ok(Exit::Success);
    };
    loop {
        let text = show()?;
        // Home, the new lines over the old ones, and what is left of those away: nothing flickers.
        let text = if environment.redraw {
            format!("\u{1b}[H{}\u{1b}[J", on_screen(&text).replace('\n', "\u{1b}[K\n"))
        } else {
            text
        };
        if !output::write_on(&text)? {
            return Ok(Exit::Success);
        }
        std::thread::sleep(pause);
    }
}

/// As much as the terminal shows without breaking a line or moving one out at its top: the next drawing could not take that
/// away again.
fn on_screen(text: &str) -> String {
    let (rows, width) = console::Term::stdout().size();
    let lines: Vec<&str> = text.lines().collect();
    // The cursor stands on a line of its own at the end.
    let most = usize::from(rows).saturating_sub(1).max(2);
    let shown = if lines.len() > most { most - 1 } else { lines.len() };
    let mut out = String::new();
    for line in &lines[..shown] {
        out.push_str(&console::truncate_str(line, usize::from(width).saturating_sub(1).max(20), "…"));
        out.push('\n');
    }
    if shown < lines.len() {
        out.push_str(&format!("… and {} more lines: make the window taller\n", lines.len() - shown));
    }
    out
}

fn show(
    inventory: &Inventory,
    visible: Result<&Visibility, &str>,
    fits: Option<&[Fit]>,
    args: &GpusArgs,
    environment: &Environment,
) -> Result<String, Error> {
    let styles = Styles::for_terminal(environment.colour);
    // A description tells nothing of it.
    let host = args.gpus.is_none().then(Host::here);
    match args.format {
        MachineFormat::Text => {
            let mut text = test_report::gpus::text(inventory, &styles);
            // Without the variable all is, but for an order that CUDA does not know.
            let list = environment.cuda_visible_devices.as_deref();
            if args.gpus.is_none() && !inventory.devices.is_empty() && (list.is_some() || visible.is_err()) {
                text.push_str(&test_report::gpus::visible(list, visible, &styles));
            }
            if let Some(host) = &host {
                text.insert_str(0, &test_report::gpus::host(host));
            }
            if let Some(fits) = fits {
                text.push('\n');
                text.push_str(&test_report::fits::text(fits, &styles));
            }
            Ok(text)
        }
        MachineFormat::Json => {
            let internal = |error: serde_json::Error| Error::Internal(error.to_string());
            let mut document = serde_json::to_value(Document::from(inventory)).map_err(internal)?;
            if let (Some(fits), Some(document)) = (fits, document.as_object_mut()) {
                let fits = serde_json::to_value(test_report::fits::json(fits)).map_err(internal)?;
                document.insert("fits".to_owned(), fits);
            }
            if let (None, Some(document)) = (&args.gpus, document.as_object_mut()) {
                let uuids =
                    |visible: &Visibility| visible.units.iter().map(|unit| unit.uuid.clone()).collect::<Vec<_>>();
                document.insert("visible".to_owned(), json!(visible.map(uuids).ok()));
                let why =
                    visible.map_or_else(|why| Some(why.to_owned()), |it| it.cut.clone().or_else(|| it.why_none()));
                document.insert("visible_because".to_owned(), json!(why));
            }
            if let (Some(host), Some(document)) = (host, document.as_object_mut()) {
                let bytes = |amount: Option<gpu_inventory::Bytes>| amount.map(|bytes| bytes.0);
                let (memory, limit) = (bytes(host.memory), bytes(host.memory_limit));
                let host = json!({ "cores": host.cores, "memory": memory, "memory_limit": limit });
                document.insert("host".to_owned(), host);
            }
            // Of many documents each is a line.
            let text = match args.watch {
                Some(_) => serde_json::to_string(&document),
                None => serde_json::to_string_pretty(&document),
            };
            Ok(format!("{}\n", text.map_err(internal)?))
        }
    }
}
