//! The alias's profile stands in two files: an alias in another tree builds by the manifest alone, and workspaces below this one
//! by the configuration alone.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

#[test]
fn both_files_say_the_same_of_the_aliases_profile() {
    let kit = |file: &str| {
        let text = fs::read_to_string(support::repository().join(file)).unwrap();
        let document: toml::Table = text.parse().unwrap();
        let mut kit = document["profile"]["kit"].as_table().unwrap().clone();
        // What it says of other packages than our own is what it says of all.
        if let Some(packages) = kit.remove("package") {
            assert_eq!(packages["*"]["opt-level"], kit["opt-level"]);
        }
        kit
    };
    assert_eq!(kit("Cargo.toml"), kit(".cargo/config.toml"));
}
