//! Runs of generated tests on generated machines: whatever tests take and however they end, the memory of no GPU is given out twice.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use support::driver::Driver;
use support::{answer, xtask};

const GIB: u64 = 1024;
/// Of each card, as of an L4; in MiB.
const RESERVED: u64 = 457;
/// No test takes less: the runner counts a card as free that has 128 MiB more in use than before the run.
const LEAST: u64 = 256;

/// A test, and what its engine does.
struct Test {
    markers: Vec<String>,
    engine: serde_json::Value,
}

/// A machine, tests, and how many run at once.
struct Instance {
    /// What each card has for tests, in MiB.
    cards: Vec<u64>,
    tests: Vec<Test>,
    jobs: u32,
}

fn instance(random: &mut fastrand::Rng) -> Instance {
    // One size for most machines, so that tests crowd on all of their cards.
    let (size, is_mixed) = (random.u64(16..=96), random.u32(0..4) == 0);
    let card = |random: &mut fastrand::Rng| if is_mixed { random.u64(16..=96) } else { size } * GIB;
    let cards: Vec<u64> = (0..random.usize(1..=8)).map(|_| card(random)).collect();
    let largest = cards.iter().max().unwrap() / GIB;
    let test = |random: &mut fastrand::Rng| {
        let gpus = random.choice([0_usize, 1, 1, 1, 1, 1, 2, 2, 4]).filter(|gpus| *gpus <= cards.len()).unwrap_or(1);
        let mut sizes = cards.clone();
        sizes.sort_unstable();
        // What it claims has to fit so many cards.
        let most = if gpus == 0 { largest } else { sizes[sizes.len() - gpus] / GIB };
        let claim = match random.u32(0..10) {
            0 => None,
            1..4 => Some(random.u64(1..=most / 3)),
            // Two of them fit a card, and a third one does not.
            4..8 => Some(most * 2 / 5),
            _ => Some(random.u64(1..=most)),
        };
        // Nobody knows what a test without a claim takes: up to all of the smallest card.
        let may = claim.map_or(sizes[0], |gib| gib * GIB);
        let takes = if random.u32(0..3) == 0 { random.u64(LEAST..=may) } else { may };
        let mut markers = vec![format!("gpu_{gpus}")];
        markers.extend(claim.filter(|_| gpus > 0).map(|gib| format!("profiled_vram_gib({gib})")));
        let ends = match random.u32(0..20) {
            0 => "stubborn",
            1..5 => "late",
            _ => "with-test",
        };
        let milliseconds = |random: &mut fastrand::Rng, most: u32| f64::from(random.u32(0..most)) / 1000.0;
        Test {
            markers,
            engine: serde_json::json!({
                "mib": if gpus == 0 { 0 } else { takes },
                "delay": milliseconds(random, 150),
                "seconds": milliseconds(random, 150),
                "linger": if random.u32(0..2) == 0 { milliseconds(random, 1200) } else { 0.0 },
                "ends": ends,
            }),
        }
    };
    let most = 4 + 3 * cards.len();
    let tests = (0..random.usize(2..=most)).map(|_| test(random)).collect();
    Instance { cards, tests, jobs: random.u32(1..=12) }
}

/// A device of the fake NVML.
fn device(index: usize, mib: u64) -> serde_json::Value {
    serde_json::json!({
        "name": "NVIDIA Fake",
        "uuid": format!("GPU-00000000-0000-4000-8000-{index:012}"),
        "pci": { "bus": index + 1 },
        "compute_capability": [9, 0],
        "memory_mib": { "total": mib + RESERVED, "reserved": RESERVED },
    })
}

fn write(tree: &Path, instance: &Instance) {
    let mut source = "import pytest\n".to_owned();
    let mut engines = BTreeMap::new();
    for (number, test) in instance.tests.iter().enumerate() {
        test.markers.iter().for_each(|marker| source.push_str(&format!("@pytest.mark.{marker}\n")));
        source.push_str(&format!("def test_{number}(): pass\n"));
        engines.insert(format!("test_{number}"), &test.engine);
    }
    fs::write(tree.join("test_a.py"), source).unwrap();
    fs::write(tree.join("engines.json"), serde_json::to_string(&engines).unwrap()).unwrap();
    let devices: Vec<_> = instance.cards.iter().enumerate().map(|(index, mib)| device(index, *mib)).collect();
    let machine = serde_json::json!({
        "driver_version": "570.86.15", "nvml_version": "12.570.86.15", "cuda_version": 12080, "devices": devices,
    });
    fs::write(tree.join("devices.json"), machine.to_string()).unwrap();
}

/// What all runs together saw.
#[derive(Debug, Default)]
struct Seen {
    schedules: usize,
    tests: usize,
    allocations: usize,
    shared: usize,
    while_lingering: usize,
}

fn run(what: &str, instance: &Instance, seen: &mut Seen) {
    // Cargo is asked once for all runs.
    static TOOLS: LazyLock<[PathBuf; 2]> = LazyLock::new(|| [oracle::fake_nvml(), oracle::fake_python()]);
    let [nvml, python] = &*TOOLS;
    let tree = tempfile::tempdir().unwrap();
    write(tree.path(), instance);
    let driver = Driver::new(tree.path(), &instance.cards);
    let jobs = instance.jobs.to_string();
    let path = tree.path().to_str().unwrap();
    let found = answer(
        xtask(&["test", "--tree", path, "--python", python.to_str().unwrap(), "-j", &jobs])
            .arg("--nvml")
            .arg(nvml)
            .env("FAKE_NVML_DEVICES", tree.path().join("devices.json"))
            .env("FAKE_NVML_ALLOCATIONS", driver.allocations())
            .env("FAKE_DRIVER", driver.socket()),
    );
    let state = driver.state();
    assert_eq!(state.refused, Vec::<String>::new(), "{what}: {}", found.stderr);
    assert_eq!(found.code, 0, "{what}: {} {}", found.stdout, found.stderr);
    assert!(found.stdout.contains(&format!("{} passed", instance.tests.len())), "{what}: {}", found.stdout);
    seen.schedules += 1;
    seen.tests += instance.tests.len();
    seen.allocations += state.given;
    seen.shared += state.shared;
    seen.while_lingering += state.while_lingering;
}

/// Two tests fit the card, and a third one takes the place of the first while the second goes on: the driver has the first one's
/// memory for a second when its process is gone.
#[test]
fn memory_that_comes_back_late_to_a_card_that_another_test_has_is_waited_for() {
    let test = |seconds: f64| Test {
        markers: vec!["gpu_1".to_owned(), "profiled_vram_gib(16)".to_owned()],
        engine: serde_json::json!({
            "mib": 16 * GIB, "delay": 0.3, "seconds": seconds, "linger": 1.5, "ends": "with-test",
        }),
    };
    let tests = vec![test(0.0), test(3.0), test(0.0)];
    run("three tests", &Instance { cards: vec![40 * GIB], tests, jobs: 3 }, &mut Seen::default());
}

/// A few; `SCHEDULES=1000` makes it a campaign, `SCHEDULES=17..18` is one of it.
#[test]
fn no_gpu_is_ever_over_its_memory() {
    let asked = std::env::var("SCHEDULES").unwrap_or_else(|_| "6".to_owned());
    let (first, behind) = asked.split_once("..").unwrap_or(("0", &asked));
    let began = Instant::now();
    let mut seen = Seen::default();
    for seed in first.parse::<u64>().unwrap()..behind.parse().unwrap() {
        run(&format!("seed {seed}"), &instance(&mut fastrand::Rng::with_seed(seed)), &mut seen);
    }
    let took: Duration = began.elapsed();
    let told = format!("schedules {asked}: {seen:?} in {took:.0?}\n");
    std::io::stderr().write_all(told.as_bytes()).unwrap();
    assert!(seen.allocations > 0 && seen.shared > 0, "{seen:?}: the test tests nothing");
}
