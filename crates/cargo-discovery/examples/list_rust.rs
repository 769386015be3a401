//! Writes the Rust tests of a tree as the catalog's JSON lines: `cargo run --example list_rust -- TREE [--all-features]`.
#![allow(clippy::print_stderr)]

use std::error::Error;
use std::io::{self, BufWriter, Write};

use cargo_discovery::{Settings, discover};
use test_catalog::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let tree = arguments.next().ok_or("name a tree")?;
    let mut settings = Settings::new(tree.as_str().into());
    settings.features.all = arguments.any(|argument| argument == "--all-features");
    let catalog = discover(&settings)?;
    for problem in &catalog.problems {
        eprintln!("{}: {}: {}", problem.at, problem.kind.as_str(), problem.message);
    }
    let mut out = BufWriter::new(io::stdout().lock());
    let mut lines = json::Lines::new(&mut out, &tree, None)?;
    for case in &catalog.cases {
        lines.case(case, &case.markers.list)?;
    }
    Ok(out.flush()?)
}
