//! How the command is linked.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    // This program is its own shim, one for each process of a run. At a fixed address it starts without its 22,000 relocations and
    // without a copy of the pages that hold them, which is a quarter of what a shim takes.
    let is = |variable, value| std::env::var(variable).is_ok_and(|found| found == value);
    if is("CARGO_CFG_TARGET_OS", "linux") && is("CARGO_CFG_TARGET_ENV", "gnu") {
        println!("cargo::rustc-link-arg-bins=-no-pie");
    }
}
