//! Lists the tests of a tree as the catalog's JSON lines: `list TREE [--env KEY=VALUE]... [PYTEST ARGUMENT]...`

use std::error::Error;
use std::io::{BufWriter, Write};

use camino::Utf8Path;
use pytest_discovery::{Settings, discover};
use test_catalog::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let tree = args.next().ok_or("usage: list TREE [--env KEY=VALUE]... [PYTEST ARGUMENT]...")?;
    let mut settings = Settings::new(Utf8Path::new(&tree).canonicalize_utf8()?);
    while let Some(arg) = args.next() {
        if arg == "--env" {
            let pair = args.next().unwrap_or_default();
            let (key, value) = pair.split_once('=').ok_or("--env takes KEY=VALUE")?;
            settings.env.insert(key.to_owned(), value.to_owned());
        } else {
            settings.args.push(arg);
        }
    }
    let catalog = discover(&settings)?;
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut lines = json::Lines::new(&mut out, &tree, catalog.pytest.as_ref())?;
    for case in &catalog.cases {
        lines.case(case, &case.markers.list)?;
    }
    out.flush()?;
    Ok(())
}
