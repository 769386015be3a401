//! How many tests of a tree each stage takes, by the policy of a preset.
//!
//! `cargo run --package stage-sizes -- TREE [PRESET]`

use std::error::Error;

use camino::Utf8Path;
use marker_policy::{Category, Policy, Selector, resolve, select};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let tree = args.next().ok_or("usage: stage-sizes TREE [PRESET]")?;
    let preset = args.next().unwrap_or_else(|| "dynamo-2025-10".to_owned());
    let policy = Policy::preset(&preset).ok_or_else(|| format!("there is no preset {preset}"))?;
    for (stage, tests) in stage_sizes(Utf8Path::new(&tree), &policy)? {
        println!("{stage:<12} {tests:>6}");
    }
    Ok(())
}

/// Each stage with the number of tests that it takes, those of earlier stages included.
fn stage_sizes(tree: &Utf8Path, policy: &Policy) -> Result<Vec<(String, usize)>, Box<dyn Error>> {
    let tree = tree.canonicalize_utf8()?;
    let python = pytest_discovery::discover(&pytest_discovery::Settings::new(tree.clone()))?;
    let rust = cargo_discovery::discover(&cargo_discovery::Settings::new(tree))?;
    let catalog = python.merge(rust);
    let cases = resolve(policy, &catalog);
    let mut sizes = Vec::new();
    for stage in policy.members(Category::Lifecycle) {
        let selector = Selector { stage: Some(stage.clone()), ..Selector::default() };
        sizes.push((stage.clone(), select(policy, &cases, &selector)?.chosen.len()));
    }
    Ok(sizes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stage_takes_what_the_earlier_ones_take() {
        let tree = Utf8Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../fixtures/dynamo"));
        let sizes = stage_sizes(tree, &Policy::embedded()).expect("the fixture can be read");
        assert_eq!(sizes.first().map(|(stage, _)| stage.as_str()), Some("pre_merge"));
        assert!(sizes[0].1 > 100, "{sizes:?}");
        assert!(sizes.is_sorted_by_key(|(_, tests)| *tests), "{sizes:?}");
    }
}
