//! `policy init`: a policy file for the tree at hand.

use std::fs;

use camino::Utf8Path;
use marker_policy::{Policy, Survey, best_preset, starter};

use super::did_you_mean;
use crate::cli::{Global, PolicyInitArgs, SelectionArgs};
use crate::error::Error;
use crate::exit::Exit;
use crate::lanes::Commands;
use crate::output;
use crate::subject::{self, POLICY_FILE, Subject};

/// Looks at the tree, and writes what a policy of it begins with.
pub(crate) fn init(global: &Global, args: &PolicyInitArgs) -> Result<Exit, Error> {
    let tree = subject::absolute(global.tree.as_deref().unwrap_or(Utf8Path::new(".")))?;
    let named = args.preset.as_deref().map(preset).transpose()?;
    let file = args.output.clone().unwrap_or_else(|| match &global.tree {
        Some(tree) => tree.join(POLICY_FILE),
        None => POLICY_FILE.into(),
    });
    // Before the work, not behind it.
    if !args.stdout && !args.force && fs::symlink_metadata(&file).is_ok() {
        return Err(Error::AlreadyThere { path: file });
    }
    let mut subject = Subject { tree, policy: Policy::embedded(), policy_source: POLICY_FILE.to_owned() };
    let catalog = subject.catalog(global, &SelectionArgs::default())?;
    let chosen = named.or_else(|| best_preset(&catalog).0);
    if let Some(policy) = chosen.and_then(Policy::preset) {
        subject.policy = policy;
    }
    let commands = Commands::read(&subject.tree, &subject.policy, &subject.policy_source)?;
    let workflows = commands.by_workflow();
    let text = starter(&Survey { catalog: &catalog, workflows: &workflows, preset: named });
    // What is written is a policy, whatever names the tree has.
    Policy::parse(POLICY_FILE, &text).map_err(|mistakes| Error::Internal(format!("the policy made:\n{mistakes}")))?;
    if args.stdout {
        output::write(&text)?;
        return Ok(Exit::Success);
    }
    output::to_file(&file, text.as_bytes())?;
    crate::progress::note(&format!("wrote {file}: read it, then `cargo xtask audit-markers --tree {}`", subject.tree));
    Ok(Exit::Success)
}

fn preset(name: &str) -> Result<&'static str, Error> {
    let found = Policy::preset_names().find(|preset| *preset == name);
    found.ok_or_else(|| Error::NoSuchPreset {
        name: name.to_owned(),
        meant: did_you_mean(name, Policy::preset_names()),
        presets: Policy::preset_names().collect::<Vec<_>>().join(", "),
    })
}
