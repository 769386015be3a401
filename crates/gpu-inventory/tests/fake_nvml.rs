//! The inventory through NVML's own path: a real shared library with NVML's ABI is opened and asked.
//!
//! The library reads the environment variable `FAKE_NVML_DEVICES`, which a test cannot set for itself alone: each
//! probe runs in a process of its own, this test binary again with the one test [`probe_for_another_test`].
#![allow(clippy::unwrap_used, clippy::print_stdout)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use gpu_inventory::{Inventory, json};
use serde_json::{Value, json};

/// The fake, built on first use in a target folder of its own (cargo holds the lock of the usual one).
static LIBRARY: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("fake-nvml");
    let status = Command::new(env!("CARGO"))
        .args(["build", "--quiet", "--package", "fake-nvml", "--target-dir"])
        .arg(&target)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .status()
        .unwrap();
    assert!(status.success(), "the fake NVML does not build");
    target.join("debug/libfake_nvml.so")
});

fn devices(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/fake-nvml/devices").join(file)
}

/// Not a test of its own: probes the library that the environment names and prints the answer.
#[test]
#[ignore = "run by the other tests, in a process with the environment that the fake reads"]
fn probe_for_another_test() {
    let library = std::env::var_os("PROBED_LIBRARY").unwrap();
    match Inventory::probe(Some(Path::new(&library))) {
        Ok(inventory) => {
            let document = serde_json::to_string(&json::Document::from(&inventory)).unwrap();
            println!("\nANSWER {document}");
        }
        Err(error) => println!("\nANSWER {}", json!({ "error": error.to_string() })),
    }
}

/// The answer of a probe, in the schema for other programs, or `{"error": ...}`.
fn probe(library: &Path, devices: &Path) -> Value {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "probe_for_another_test", "--ignored", "--nocapture"])
        .env("PROBED_LIBRARY", library)
        .env("FAKE_NVML_DEVICES", devices)
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    let answer = text.lines().find_map(|line| line.strip_prefix("ANSWER "));
    serde_json::from_str(answer.unwrap()).unwrap()
}

/// The answer for an example file that `change` has changed.
fn probe_changed(file: &str, change: impl FnOnce(&mut Value)) -> Value {
    let mut machine: Value = serde_json::from_str(&fs::read_to_string(devices(file)).unwrap()).unwrap();
    change(&mut machine);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("devices.json");
    fs::write(&path, machine.to_string()).unwrap();
    probe(&LIBRARY, &path)
}

/// A copy of the fake that lacks `symbol`: its entry in the table of names is another name.
fn probe_without(symbol: &str) -> Value {
    let mut bytes = fs::read(&*LIBRARY).unwrap();
    let name = format!("\0{symbol}\0").into_bytes();
    let places: Vec<_> =
        bytes.windows(name.len()).enumerate().filter_map(|(place, window)| (window == name).then_some(place)).collect();
    assert!(!places.is_empty(), "the fake has no {symbol} to remove");
    for place in places {
        bytes[place + symbol.len()] = b'#';
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lib.so");
    fs::write(&path, bytes).unwrap();
    probe(&path, &devices("2xL4.json"))
}

#[test]
fn two_cards_have_every_figure() {
    let answer = probe(&LIBRARY, &devices("2xL4.json"));
    assert_eq!(answer.as_object().unwrap().keys().next().unwrap(), "inventory");
    assert_eq!(
        answer["source"],
        json!({"kind": "nvml", "driver_version": "570.86.15", "nvml_version": "12.570.86.15",
               "cuda_version": "12.8"})
    );
    assert_eq!(answer["failed"], json!([]));
    assert_eq!(answer["devices"].as_array().unwrap().len(), 2);
    let mib = 1u64 << 20;
    assert_eq!(
        answer["devices"][1],
        json!({
            "index": 1, "uuid": "GPU-a1b2c301-0000-4000-8000-000000000001", "name": "NVIDIA L4",
            "pci_bus_id": "00000000:41:00.0", "compute_capability": "8.9",
            "memory": {"total": 23034 * mib, "reserved": 457 * mib, "used": 0, "free": 22577 * mib},
            "mig": "unsupported", "mig_instances": [], "unusable_because": null, "health_unknown": [],
            "processes": [], "processes_error": null,
        })
    );
}

#[test]
fn mig_instances_are_read_and_empty_places_skipped() {
    let answer = probe(&LIBRARY, &devices("2xH100-mig.json"));
    assert_eq!(answer["failed"], json!([]));
    assert_eq!(answer["devices"][1]["mig"], "off");
    assert_eq!(answer["devices"][0]["mig"], "on");
    let instances = answer["devices"][0]["mig_instances"].as_array().unwrap();
    let fields = |field: &str| -> Vec<_> { instances.iter().map(|instance| instance[field].clone()).collect() };
    assert_eq!(fields("index"), [0, 2]);
    assert_eq!(fields("profile"), ["3g.40gb", "1g.10gb"]);
    assert_eq!(fields("gpu_instance"), [2, 9]);
    assert_eq!(fields("compute_instance"), [0, 0]);
    assert_eq!(instances[1]["memory"]["total"], 9984u64 << 20);
    assert_eq!(instances[1]["uuid"], "MIG-4be2a6a0-7a3c-5d52-8c0a-77aa10e3f0c1");
}

#[test]
fn processes_say_what_they_hold_or_that_it_is_not_known() {
    let answer = probe_changed("2xL4.json", |machine| {
        machine["devices"][0]["processes"] =
            json!([{"pid": 42, "used_mib": 1000}, {"pid": 43, "gpu_instance": 2, "compute_instance": 0}]);
    });
    let processes = answer["devices"][0]["processes"].as_array().unwrap();
    let of = |field: &str| -> Vec<_> { processes.iter().map(|process| process[field].clone()).collect() };
    assert_eq!(of("pid"), [42, 43]);
    assert_eq!(of("used"), [json!(1000u64 << 20), Value::Null]);
    assert_eq!(of("gpu_instance"), [Value::Null, json!(2)]);
    assert_eq!(of("compute_instance"), [Value::Null, json!(0)]);
    // Whose they are is told, or why it is not.
    for process in processes {
        assert_ne!(process["user"].is_string(), process["owner_unknown"].is_string(), "{process}");
        assert_eq!(process["user"].is_string(), process["command"].is_string(), "{process}");
    }
}

/// Four cards: 0 and 1 with two direct links, all with one link to a switch but 3, which has none that is on.
fn linked(machine: &mut Value) {
    let card = machine["devices"][0].clone();
    machine["devices"] = (0..4_u32)
        .map(|index| {
            let mut card = card.clone();
            card["uuid"] = json!(format!("GPU-{index}"));
            card["pci"] = json!({"bus": 16 + index});
            card["nvlinks"] = match index {
                0 | 1 => json!([{"device": 1 - index}, {"device": 1 - index}, {"switch": 0}]),
                2 => json!([{"switch": 0}, false]),
                _ => json!([false, false]),
            };
            card
        })
        .collect();
    machine["common_ancestors"] = json!([[0, 3, 10], [1, 3, 50]]);
}

/// Kind, number of NVLinks and reason of each link, by its devices.
fn links(answer: &Value) -> Vec<(Value, Value, Value, Value)> {
    let part = |link: &Value, name: &str| link[name].clone();
    let of = |link| (part(link, "devices"), part(link, "kind"), part(link, "nvlinks"), part(link, "reason"));
    answer["links"].as_array().unwrap().iter().map(of).collect()
}

#[test]
fn links_are_counted_directly_and_through_switches() {
    let answer = probe_changed("2xL4.json", linked);
    let links = links(&answer);
    let short: Vec<_> = links.iter().map(|(_, kind, count, _)| (kind.as_str().unwrap(), count.as_u64())).collect();
    assert_eq!(
        short,
        [
            ("nvlink", Some(3)),
            ("nvlink", Some(1)),
            ("nvlink", Some(1)),
            ("pcie_switch", None),
            ("machine", None),
            ("unknown", None),
        ]
    );
    let devices: Vec<_> = links.iter().map(|(devices, ..)| devices.clone()).collect();
    assert_eq!(devices, [json!([0, 1]), json!([0, 2]), json!([1, 2]), json!([0, 3]), json!([1, 3]), json!([2, 3])]);
    let (.., reason) = &links[5];
    assert!(reason.as_str().unwrap().contains("nvmlDeviceGetTopologyCommonAncestor"), "{reason}");
    // As the example files have them.
    let example = |file| links_of_example(file)[0].1.clone();
    assert_eq!((example("2xL4.json"), example("2xH100-mig.json")), (json!("numa_node"), json!("nvlink")));
}

fn links_of_example(file: &str) -> Vec<(Value, Value, Value, Value)> {
    links(&probe(&LIBRARY, &devices(file)))
}

#[test]
fn a_link_that_cannot_be_read_is_unknown_and_costs_no_device() {
    for (function, code) in [
        ("nvmlDeviceGetNvLinkState", 999),
        ("nvmlDeviceGetNvLinkRemotePciInfo_v2", 3),
        ("nvmlDeviceGetNvLinkRemoteDeviceType", 4),
        ("nvmlDeviceGetTopologyCommonAncestor", 4711),
    ] {
        let answer = probe_changed("2xL4.json", |machine| {
            linked(machine);
            machine["devices"][0]["returns"] = json!({ function: code });
            machine["devices"][3]["returns"] = json!({ function: code });
        });
        assert_eq!(answer["devices"].as_array().unwrap().len(), 4, "{function}");
        let (_, kind, _, reason) = &links(&answer)[3];
        assert_eq!(kind, "unknown", "{function}");
        assert!(reason.as_str().unwrap().starts_with(function), "{reason}");
    }
}

#[test]
fn a_driver_without_devices_is_an_empty_inventory() {
    let answer = probe(&LIBRARY, &devices("none.json"));
    assert_eq!(answer["devices"], json!([]));
    assert_eq!(answer["source"]["kind"], "nvml");
}

#[test]
fn no_driver_is_an_answer_with_its_reason() {
    let none = devices("none.json");
    let reason = |library: &str| probe(Path::new(library), &none)["source"]["reason"].clone();
    assert_eq!(reason("libnvidia-ml-missing.so.1"), "no GPU here: libnvidia-ml-missing.so.1 cannot be opened");
    assert_eq!(reason("libc.so.6"), "no GPU here: libc.so.6 is not NVML (it has no nvmlInit_v2)");
    let text = none.to_str().unwrap();
    let not_a_library = reason(text);
    let not_a_library = not_a_library.as_str().unwrap();
    assert!(not_a_library.contains("cannot be opened ("), "{not_a_library}");
    let answer = probe_changed("2xL4.json", |machine| {
        machine["returns"] = json!({"nvmlInit_v2": 9});
    });
    let reason = answer["source"]["reason"].as_str().unwrap();
    assert!(reason.ends_with("the NVIDIA driver is not loaded"), "{reason}");
}

#[test]
fn nvml_that_is_broken_is_an_error() {
    for (function, code, part) in [
        ("nvmlInit_v2", 18, "different versions"),
        ("nvmlInit_v2", 4, "no permission"),
        ("nvmlInit_v2", 15, "fell off the bus"),
        ("nvmlInit_v2", 4711, "NVML returned 4711"),
        ("nvmlDeviceGetCount_v2", 999, "nvmlDeviceGetCount_v2"),
    ] {
        let answer = probe_changed("2xL4.json", |machine| {
            machine["returns"] = json!({ function: code });
        });
        let error = answer["error"].as_str().unwrap();
        assert!(error.contains(part), "{error}");
    }
}

#[test]
fn a_device_file_that_is_missing_or_wrong_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = folder.path().join("wrong.json");
    fs::write(&wrong, "{").unwrap();
    for path in [folder.path().join("missing.json"), wrong] {
        assert!(probe(&LIBRARY, &path)["error"].is_string(), "{path:?}");
    }
}

#[test]
fn each_fault_makes_its_device_unusable_and_says_what_to_do() {
    for (health, part) in [
        (json!({"uncorrected_ecc": 3}), "3 memory errors that ECC could not correct: reset the GPU"),
        (json!({"pages_pending_retirement": true}), "waiting to be retired: reset the GPU"),
        (json!({"remapped_rows": {"pending": true}}), "waiting to be remapped: reset the GPU"),
        (json!({"remapped_rows": {"failed": true}}), "could not be remapped: replace the GPU"),
        (json!({"recovery_action": 1}), "asks for a reset of the GPU"),
        (json!({"recovery_action": 2}), "asks for a reboot"),
        (json!({"recovery_action": 77}), "recovery action 77"),
    ] {
        let answer = probe_changed("2xL4.json", |machine| {
            for (key, value) in health.as_object().unwrap() {
                machine["devices"][0]["health"][key] = value.clone();
            }
        });
        let why = answer["devices"][0]["unusable_because"].as_str().unwrap();
        assert!(why.contains(part), "{health}: {why}");
        assert_eq!(answer["devices"][1]["unusable_because"], Value::Null, "{health}");
    }
    // Rows that were replaced are no fault.
    let replaced = probe_changed("2xL4.json", |machine| {
        machine["devices"][0]["health"] = json!({
            "uncorrected_ecc": 0, "remapped_rows": {"correctable": 2, "uncorrectable": 1}, "recovery_action": 0,
        });
    });
    assert_eq!(replaced["devices"][0]["unusable_because"], Value::Null);
    assert_eq!(replaced["devices"][0]["health_unknown"], json!([]));
}

#[test]
fn health_that_cannot_be_asked_is_unknown_and_not_good() {
    for (change, parts) in [
        (json!({"health": {}}), &["does not tell whether the GPU needs a reset"][..]),
        (json!({"returns": {"nvmlDeviceGetTotalEccErrors": 4}}), &["nvmlDeviceGetTotalEccErrors: no permission"]),
        (
            json!({"returns": {"nvmlDeviceGetRemappedRows": 2, "nvmlDeviceGetFieldValues": 4}}),
            &["nvmlDeviceGetRemappedRows", "nvmlDeviceGetFieldValues"],
        ),
    ] {
        let answer = probe_changed("2xL4.json", |machine| {
            for (key, value) in change.as_object().unwrap() {
                machine["devices"][0][key] = value.clone();
            }
        });
        let unknown = answer["devices"][0]["health_unknown"].as_array().unwrap();
        assert_eq!(unknown.len(), parts.len(), "{change}: {unknown:?}");
        for (reason, part) in unknown.iter().zip(parts) {
            assert!(reason.as_str().unwrap().contains(part), "{change}: {reason}");
        }
        assert_eq!(answer["devices"][0]["unusable_because"], Value::Null);
    }
    let answer = probe_without("nvmlDeviceGetFieldValues");
    assert!(answer["devices"][0]["health_unknown"][0].as_str().unwrap().contains("driver is too old"));
}

#[test]
fn a_device_that_fails_costs_itself_and_is_never_zero() {
    for (change, call) in [
        (json!({"lost": true}), "nvmlDeviceGetHandleByIndex_v2"),
        (json!({"returns": {"nvmlDeviceGetMemoryInfo_v2": 15}}), "nvmlDeviceGetMemoryInfo_v2"),
        (json!({"returns": {"nvmlDeviceGetMemoryInfo_v2": 4}}), "nvmlDeviceGetMemoryInfo_v2"),
        (json!({"returns": {"nvmlDeviceGetMemoryInfo_v2": 3}}), "nvmlDeviceGetMemoryInfo_v2"),
        (json!({"memory_mib": {"total": 0}}), "nvmlDeviceGetMemoryInfo_v2"),
        (json!({"returns": {"nvmlDeviceGetMigMode": 999}}), "nvmlDeviceGetMigMode"),
        (json!({"returns": {"nvmlDeviceGetTotalEccErrors": 15}}), "nvmlDeviceGetTotalEccErrors"),
        (json!({"returns": {"nvmlDeviceGetRemappedRows": 16}}), "nvmlDeviceGetRemappedRows"),
        (json!({"returns": {"nvmlDeviceGetFieldValues": 999}}), "nvmlDeviceGetFieldValues"),
    ] {
        let answer = probe_changed("2xL4.json", |machine| {
            for (key, value) in change.as_object().unwrap() {
                machine["devices"][0][key] = value.clone();
            }
        });
        assert_eq!(answer["devices"].as_array().unwrap().len(), 1, "{change}");
        assert_eq!(answer["devices"][0]["index"], 1, "{change}");
        assert_eq!(answer["failed"][0]["index"], 0, "{change}");
        assert_eq!(answer["failed"][0]["call"], call, "{change}");
    }
}

#[test]
fn processes_that_cannot_be_listed_are_not_none() {
    let answer = probe_changed("2xL4.json", |machine| {
        machine["returns"] = json!({"nvmlDeviceGetComputeRunningProcesses_v3": 4});
    });
    assert_eq!(answer["devices"][0]["processes"], Value::Null);
    let error = answer["devices"][0]["processes_error"].as_str().unwrap();
    assert!(error.contains("no permission"), "{error}");
}

#[test]
fn a_divided_card_may_hide_its_own_memory_and_still_give_its_instances() {
    let answer = probe_changed("2xH100-mig.json", |machine| {
        machine["devices"][0]["returns"] = json!({"nvmlDeviceGetMemoryInfo_v2": 4});
    });
    assert_eq!(answer["failed"], json!([]));
    assert_eq!(answer["devices"][0]["memory"], Value::Null);
    assert_eq!(answer["devices"][0]["mig_instances"][0]["memory"]["total"], 40448u64 << 20);
}

#[test]
fn a_mig_instance_that_fails_costs_itself() {
    let answer = probe_changed("2xH100-mig.json", |machine| {
        machine["devices"][0]["mig"]["instances"][1]["returns"] = json!({"nvmlDeviceGetUUID": 15});
    });
    assert_eq!(answer["failed"][0]["mig_index"], 2);
    assert_eq!(answer["devices"][0]["mig_instances"].as_array().unwrap().len(), 1);
}

#[test]
fn a_missing_function_costs_only_what_needs_it() {
    let answer = probe_without("nvmlDeviceGetComputeRunningProcesses_v3");
    assert_eq!(answer["devices"].as_array().unwrap().len(), 2);
    let error = answer["devices"][0]["processes_error"].as_str().unwrap();
    assert!(error.contains("driver is too old"), "{error}");

    let answer = probe_without("nvmlDeviceGetMemoryInfo_v2");
    assert_eq!(answer["failed"].as_array().unwrap().len(), 2);

    let answer = probe_without("nvmlInit_v2");
    assert!(answer["source"]["reason"].as_str().unwrap().contains("is not NVML"));
}

#[test]
fn a_library_without_shutdown_is_refused_and_does_not_panic() {
    let answer = probe_without("nvmlShutdown");
    let error = answer["error"].as_str().unwrap();
    assert!(error.contains("it has no nvmlShutdown"), "{error}");
}
