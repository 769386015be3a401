//! GPU memory as a run sees it, through the fake NVML with live usage.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;

use support::{answer, repository, xtask};

#[test]
fn an_engine_that_outlives_its_test_is_ended_before_the_next_test_gets_the_gpu() {
    let tree = tempfile::tempdir().unwrap();
    let held = tree.path().join("held");
    let engine = repository().join("fixtures/fake-nvml/engine.py");
    // Each leaves an engine with 20 of the 22 GiB in a session of its own, which ignores TERM.
    let source = format!(
        "import os, pathlib, pytest, subprocess, sys, time\n\
         HELD = pathlib.Path({held:?})\n\
         def alive():\n    \
             return [int(file.name) for file in HELD.glob('*') if pathlib.Path('/proc', file.name).exists()]\n\
         def use():\n    \
             assert not alive(), 'the GPU is not free'\n    \
             subprocess.Popen(['setsid', sys.executable, {engine:?}, '20480'])\n    \
             while not alive(): time.sleep(0.01)\n    \
             time.sleep(1)\n\
         @pytest.mark.gpu_1\ndef test_one(): use()\n\
         @pytest.mark.gpu_1\ndef test_two(): use()\n"
    );
    fs::write(tree.path().join("test_a.py"), source).unwrap();
    let python = oracle::python();
    let arguments = ["test", "--tree", tree.path().to_str().unwrap(), "--python", python.to_str().unwrap()];
    let found = answer(
        xtask(&arguments)
            .arg("--nvml")
            .arg(oracle::fake_nvml())
            .env("FAKE_NVML_DEVICES", oracle::fake_devices("1xL4.json"))
            .env("FAKE_NVML_ALLOCATIONS", &held),
    );
    assert_eq!(found.code, 0, "{} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains("2 passed"), "{} {}", found.stdout, found.stderr);
    assert!(found.stderr.contains("left processes behind"), "{}", found.stderr);
    let runs = fs::read_dir(tree.path().join("target/xtask/runs")).unwrap().flatten();
    let results: String = runs.map(|run| fs::read_to_string(run.path().join("results.jsonl")).unwrap()).collect();
    let peak = format!("\"vram_peak_bytes\":{}", 20_u64 << 30);
    assert_eq!(results.matches(&peak).count(), 2, "{results}");
}
