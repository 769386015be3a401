//! `gpus`: the inventory.

use gpu_inventory::Inventory;
use gpu_inventory::json::Document;
use test_report::terminal::Styles;

use crate::cli::{GpusArgs, MachineFormat};
use crate::environment::Environment;
use crate::error::Error;
use crate::exit::Exit;
use crate::output;

pub(crate) fn run(args: &GpusArgs, environment: &Environment) -> Result<Exit, Error> {
    let inventory = match &args.gpus {
        Some(machine) => Inventory::describe(machine)?,
        None => Inventory::probe(args.nvml.as_deref().map(camino::Utf8Path::as_std_path))?,
    };
    let text = match args.format {
        MachineFormat::Text => test_report::gpus::text(&inventory, &Styles::for_terminal(environment.colour)),
        MachineFormat::Json => {
            let document = Document::from(&inventory);
            let text = serde_json::to_string_pretty(&document).map_err(|error| Error::Internal(error.to_string()))?;
            format!("{text}\n")
        }
    };
    output::write(&text)?;
    Ok(Exit::Success)
}
