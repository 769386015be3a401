//! `gpus` as people call it, on the fake NVML.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};
use support::{Answer, answer, xtask};

/// Two L4 cards that `change` has changed, in a file of this test's own.
fn machine(name: &str, change: impl FnOnce(&mut Value)) -> PathBuf {
    let text = fs::read_to_string(oracle::fake_devices("2xL4.json")).unwrap();
    let mut machine: Value = serde_json::from_str(&text).unwrap();
    change(&mut machine);
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("gpus-{name}.json"));
    fs::write(&path, machine.to_string()).unwrap();
    path
}

fn gpus(machine: &PathBuf, arguments: &[&str]) -> Answer {
    answer(
        xtask(&["gpus"])
            .args(arguments)
            .arg("--nvml")
            .arg(oracle::fake_nvml())
            .env("FAKE_NVML_DEVICES", machine)
            .env_remove("CUDA_VISIBLE_DEVICES"),
    )
}

/// The first card half held by another process.
fn busy(machine: &mut Value) {
    machine["devices"][0]["memory_mib"]["used"] = json!(20_000);
    machine["devices"][0]["processes"] = json!([{"pid": 4_000_000, "used_mib": 20_000}]);
}

#[test]
fn a_machine_is_shown_with_its_links_and_who_holds_memory() {
    let answer = gpus(&machine("shown", busy), &[]);
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    for part in ["host: ", "NVIDIA L4", "4000000", "19.5 GiB", "NODE", "NODE: a NUMA node"] {
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
    }
}

#[test]
fn what_fits_and_what_does_not_is_told_with_the_reason() {
    let arguments = ["--fits", "-m", "gpu_1 or gpu_2", "--language", "python"];
    let free = gpus(&machine("free", |_| {}), &arguments);
    assert_eq!(free.code, 0, "{}", free.stderr);
    assert!(free.stdout.contains("1 GPU with 2.4 GiB (profiled_vram_gib): fits\n"), "{}", free.stdout);
    assert!(free.stdout.contains("2 GPUs"), "{}", free.stdout);
    assert!(!free.stdout.contains("does not fit: needs 2 GPUs"), "{}", free.stdout);

    let busy = gpus(&machine("busy", busy), &arguments);
    assert!(busy.stdout.contains("fits, not while others hold its memory"), "{}", busy.stdout);
    assert!(busy.stdout.contains("not now: 2.5 GiB of 22.0 GiB free, held by process 4000000"), "{}", busy.stdout);

    let faulty =
        gpus(&machine("faulty", |machine| machine["devices"][1]["health"]["uncorrected_ecc"] = json!(1)), &arguments);
    let refusal = "does not fit: needs 2 GPUs, 1 visible; unusable: GPU 1: 1 memory error that ECC could not correct";
    assert!(faulty.stdout.contains(refusal), "{}", faulty.stdout);

    let lost = gpus(&machine("lost", |machine| machine["devices"][1]["lost"] = json!(true)), &arguments);
    assert!(lost.stdout.contains("needs 2 GPUs, 1 visible; unusable: GPU 1: nvml"), "{}", lost.stdout);
}

/// A GPU of which others hold memory is given what is left, and no test that wants it to itself.
#[test]
fn what_others_hold_is_left_out_of_a_plan() {
    let machine = machine("held", busy);
    let plan = |format: &str| {
        let mut plan = xtask(&["plan", "--language", "python", "-m", "gpu_1 or gpu_2", "--no-history", "--check"]);
        plan.args(["-j", "4", "--format", format, "--nvml"]).arg(oracle::fake_nvml());
        let answer = answer(plan.env("FAKE_NVML_DEVICES", &machine).env_remove("CUDA_VISIBLE_DEVICES"));
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        answer
    };
    let text = plan("text");
    let warning =
        "GPU 0: 19.5 GiB of 22.0 GiB are in use, held by process 4000000 (19.5 GiB): tests are given the rest";
    assert!(text.stderr.contains(warning), "{}", text.stderr);
    assert!(text.stdout.contains("1x NVIDIA L4 (22.0 GiB, 19.5 of them held by others)"), "{}", text.stdout);
    assert!(text.stdout.contains("needs 2 GPUs to itself, 1 is free"), "{}", text.stdout);
    let document: Value = serde_json::from_str(&plan("json").stdout).unwrap();
    let units = document["machine"]["gpus"].as_array().unwrap();
    let first = units[0]["memory_bytes"].as_f64().unwrap() / f64::from(1 << 30);
    assert!((2.4..2.6).contains(&first), "{first}");
    let steps = document["steps"].as_array().unwrap();
    let claims: Vec<&Value> = steps.iter().flat_map(|step| step["gpus"].as_array().unwrap()).collect();
    assert!(!claims.is_empty());
    for claim in claims.iter().filter(|claim| claim["visible"] == "0") {
        assert!(claim["vram_bytes"].as_u64().unwrap() <= units[0]["memory_bytes"].as_u64().unwrap(), "{claim}");
    }
}

#[test]
fn the_same_is_told_to_programs() {
    let answer = gpus(&machine("json", busy), &["--fits", "-m", "gpu_2", "--language", "python", "--format", "json"]);
    let document: Value = serde_json::from_str(&answer.stdout).unwrap();
    assert_eq!(document["inventory"], 1);
    assert!(document["host"]["cores"].as_u64().unwrap() > 0, "{}", document["host"]);
    assert_eq!(document["links"][0]["kind"], "numa_node");
    let fits = document["fits"].as_array().unwrap();
    assert!(!fits.is_empty());
    for fit in fits {
        assert_eq!((&fit["gpus"], fit["units"].as_array().unwrap().len()), (&json!(2), 2), "{fit}");
        assert!(!fit["tests"].as_array().unwrap().is_empty(), "{fit}");
    }
}

#[test]
fn a_machine_that_is_not_here_can_be_asked_too() {
    let answer = answer(&mut xtask(&["gpus", "--gpus", "1xL4", "--fits", "-m", "gpu_2", "--language", "python"]));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    assert!(answer.stdout.contains("does not fit: needs 2 GPUs, 1 visible"), "{}", answer.stdout);
}

#[test]
fn a_faulty_card_is_not_planned_on_and_the_plan_says_so() {
    let machine = machine("planned", |machine| {
        for device in machine["devices"].as_array_mut().unwrap() {
            device["health"]["remapped_rows"] = json!({"failed": true});
        }
    });
    let answer = answer(
        xtask(&["plan", "-m", "gpu_1", "--language", "python", "--nvml"])
            .arg(oracle::fake_nvml())
            .env("FAKE_NVML_DEVICES", &machine)
            .env_remove("CUDA_VISIBLE_DEVICES"),
    );
    assert!(answer.stderr.contains("GPU 0: memory rows with errors could not be remapped"), "{}", answer.stderr);
    assert!(answer.stdout.contains("no GPU that works here: GPU 0"), "{}", answer.stdout);
}

#[test]
fn a_mig_name_that_is_not_here_says_what_is() {
    let answer = answer(
        xtask(&["gpus", "--fits", "-m", "gpu_1", "--language", "python", "--nvml"])
            .arg(oracle::fake_nvml())
            .env("FAKE_NVML_DEVICES", oracle::fake_devices("2xH100-mig.json"))
            .env("CUDA_VISIBLE_DEVICES", "MIG-ffffffff-0000-0000-0000-000000000000"),
    );
    assert!(answer.stderr.contains("names no device"), "{}", answer.stderr);
    assert!(answer.stderr.contains("here: MIG-0c7b8d11-2d9b-5a5a-9f10-1f2e3d4c5b6a"), "{}", answer.stderr);
}

#[test]
fn what_is_visible_is_shown_and_why_not_more() {
    let machine = machine("visible", |_| {});
    let shown = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = xtask(&["gpus", "--nvml"]);
        command.arg(oracle::fake_nvml()).args(arguments).env("FAKE_NVML_DEVICES", &machine);
        answer(command.envs(variables.iter().copied()))
    };
    let list = "CUDA_VISIBLE_DEVICES";
    assert!(!shown(&[], &[]).stdout.contains("visible"), "all is");
    for (variables, told, warned) in [
        (&[(list, "1")][..], "visible by CUDA_VISIBLE_DEVICES=\"1\": GPU 1\n", ""),
        (&[(list, "0,9")], "visible by CUDA_VISIBLE_DEVICES=\"0,9\": GPU 0: CUDA ignores", "warning: CUDA ignores"),
        (&[(list, "")], "\"\": nothing: CUDA_VISIBLE_DEVICES is empty, which hides every GPU\n", ""),
        (
            &[("CUDA_DEVICE_ORDER", "foo")],
            "visible: not known: CUDA_DEVICE_ORDER is \"foo\"",
            "warning: CUDA_DEVICE_ORDER",
        ),
    ] {
        let answer = shown(variables, &[]);
        assert_eq!(answer.code, 0, "{}", answer.stderr);
        assert!(answer.stdout.contains(told), "{variables:?}: {}", answer.stdout);
        assert!(answer.stderr.starts_with(warned), "{variables:?}: {}", answer.stderr);
        assert_eq!(answer.stderr.is_empty(), warned.is_empty(), "{variables:?}: {}", answer.stderr);
    }
    let json = shown(&[(list, "1")], &["--format", "json"]).stdout;
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["visible"], json!([json["devices"][1]["uuid"]]));
    // And who gets no GPU is told which variable hides them.
    let hidden = shown(&[(list, "")], &["--fits", "-m", "gpu_1", "--language", "python"]);
    assert!(hidden.stdout.contains("needs 1 GPU, CUDA_VISIBLE_DEVICES is empty"), "{}", hidden.stdout);
}

#[test]
fn a_marker_that_says_no_amount_is_told_where_its_test_has_a_gpu_to_itself() {
    let tree = tempfile::tempdir().unwrap();
    let test = |name: &str, amount: &str| {
        format!("@pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib({amount})\ndef test_{name}(): pass\n")
    };
    let tests = [test("less", "-3"), test("text", "'12'"), test("unsaid", ""), test("little", "1e-12")].concat();
    fs::write(tree.path().join("test_a.py"), format!("import pytest\n{tests}")).unwrap();
    let tree = tree.path().to_str().unwrap();
    let arguments = ["gpus", "--gpus", "2xL4", "--fits", "--tree", tree, "--policy", "dynamo-2025-10"];
    let told = answer(&mut xtask(&arguments));
    assert_eq!(told.code, 0, "{}", told.stderr);
    let unread = "1 GPU to itself (no amount in its profiled_vram_gib: how much memory it takes is not known): fits\n";
    assert_eq!(told.stdout.matches(unread).count(), 3, "{}", told.stdout);
    for note in
        ["profiled_vram_gib(-3) is no amount", "profiled_vram_gib(\"12\") is no amount", "profiled_vram_gib() says no"]
    {
        assert!(told.stdout.contains(&format!("  note: {note}")), "{note}: {}", told.stdout);
    }
    assert!(told.stdout.contains("1 GPU with under 1 MiB (profiled_vram_gib): fits"), "{}", told.stdout);
    let limited = ["plan", "--gpus", "2xL4", "--max-vram-gib", "5", "--tree", tree, "--policy", "dynamo-2025-10"];
    let limited = answer(&mut xtask(&limited));
    assert!(limited.stdout.contains("how much memory it takes is not known, and the limit"), "{}", limited.stdout);
}

#[test]
fn processes_that_cannot_be_listed_are_no_users_of_a_free_gpu() {
    let machine = |used: u64| {
        machine(&format!("unlisted-{used}"), |machine| {
            machine["devices"][0]["memory_mib"]["used"] = json!(used);
            machine["devices"][0]["returns"] = json!({"nvmlDeviceGetComputeRunningProcesses_v3": 999});
        })
    };
    // A tree's only test, which has a GPU to itself.
    let tree = tempfile::tempdir().unwrap();
    fs::write(tree.path().join("test_a.py"), "import pytest\n@pytest.mark.gpu_1\ndef test_a(): pass\n").unwrap();
    let arguments = ["--fits", "--tree", tree.path().to_str().unwrap(), "--policy", "dynamo-2025-10"];
    let free = gpus(&machine(0), &arguments);
    assert!(free.stdout.contains("  GPU 0 (NVIDIA L4)  fits, "), "{}{}", free.stdout, free.stderr);
    // In the table it is a word; what failed would make it too wide.
    let shown = gpus(&machine(0), &[]).stdout;
    assert!(shown.contains("processes not known: GPU 0: nvmlDeviceGetComputeRunningProcesses_v3"), "{shown}");
    assert!(shown.lines().find(|line| line.contains("GPU-a1b2c300")).unwrap().contains("  unknown  "), "{shown}");
    let held = gpus(&machine(9000), &arguments);
    assert!(held.stdout.contains("free; who holds it cannot be listed"), "{}", held.stdout);
}

#[test]
fn a_test_of_two_gpus_gets_no_two_instances() {
    let arguments = ["plan", "-m", "gpu_2", "--language", "python", "--format", "json", "--check", "--nvml"];
    let devices = oracle::fake_devices("2xH100-mig.json");
    let plan = answer(xtask(&arguments).arg(oracle::fake_nvml()).env("FAKE_NVML_DEVICES", devices));
    let plan: Value = serde_json::from_str(&plan.stdout).expect(&plan.stderr);
    let reasons: Vec<_> = plan["not_run"].as_array().unwrap().iter().map(|case| case["reason"].as_str()).collect();
    assert!(!reasons.is_empty());
    let reason = "needs 2 GPUs, 1 visible beside 2 MIG instances, of which a process can have one alone";
    assert!(reasons.iter().all(|told| *told == Some(reason)), "{reasons:?}");
}

#[test]
fn a_plan_names_gpus_and_instances_as_the_inventory_does() {
    let lost = machine("named", |machine| {
        let third = machine["devices"][1].clone();
        machine["devices"].as_array_mut().unwrap().push(third);
        machine["devices"][1]["lost"] = json!(true);
        machine["devices"][2]["uuid"] = json!("GPU-a1b2c302-0000-4000-8000-000000000002");
        machine["devices"][2]["pci"]["bus"] = json!(99);
    });
    // What CUDA has to be given as a UUID, people know by its number.
    for (devices, names) in [
        (lost, &["GPU 0", "GPU 2"][..]),
        (oracle::fake_devices("2xH100-mig.json"), &["GPU 0.0 3g.40gb", "GPU 0.2 1g.10gb", "GPU 1"]),
    ] {
        let plan = |format| {
            let arguments = ["plan", "-m", "gpu_1", "--language", "python", "--no-history", "--format", format];
            let mut plan = xtask(&arguments);
            answer(plan.arg("--nvml").arg(oracle::fake_nvml()).env("FAKE_NVML_DEVICES", &devices)).stdout
        };
        let text = plan("text");
        let lines: Vec<&str> = text.lines().filter(|line| line.contains('|')).collect();
        let found: Vec<&str> = lines.iter().map(|line| line.split('|').next().unwrap().trim_end()).collect();
        assert_eq!(found[..names.len()], *names, "{text}");
        let starts: Vec<_> = lines.iter().map(|line| line.find('|')).collect();
        assert!(starts.iter().all(|start| *start == starts[0]), "{text}");
        assert!(!text.contains("GPU-a1b2") && !text.contains("MIG-"), "{text}");
        let svg = plan("svg");
        let title = svg.lines().filter(|line| line.starts_with("<text class=\"t\""));
        let title: Vec<&str> = title.map(|line| line.split(['>', '<']).nth(2).unwrap()).collect();
        assert!(title.iter().all(|line| line.chars().count() <= 100), "a longer line would be cut: {title:?}");
        assert!(text.starts_with(&title.join(" ")), "{title:?}: {text}");
        assert!(names.iter().all(|name| svg.contains(&format!(">{name}</text>"))), "{svg}");
    }
}

#[test]
fn tests_of_two_gpus_get_those_that_are_linked() {
    let machine = machine("linked", |machine| {
        let devices = machine["devices"].as_array_mut().unwrap();
        devices.extend(devices.clone());
        for (index, device) in devices.iter_mut().enumerate() {
            device["uuid"] = json!(format!("GPU-a1b2c30{index}-0000-4000-8000-00000000000{index}"));
            device["pci"]["bus"] = json!(49 + index);
            device["nvlinks"] = json!([{"device": 3 - index}]);
        }
        machine["common_ancestors"] = json!([[0, 1, 50], [0, 2, 50], [1, 3, 50], [2, 3, 50]]);
    });
    let arguments =
        ["plan", "-m", "gpu_2", "--language", "python", "--format", "json", "--check", "--no-history", "--nvml"];
    let plan = answer(xtask(&arguments).arg(oracle::fake_nvml()).env("FAKE_NVML_DEVICES", &machine));
    let plan: Value = serde_json::from_str(&plan.stdout).expect(&plan.stderr);
    let gpus = |step: &Value| -> Vec<String> {
        step["gpus"].as_array().unwrap().iter().map(|gpu| gpu["visible"].as_str().unwrap().to_owned()).collect()
    };
    let pairs: Vec<Vec<String>> =
        plan["steps"].as_array().unwrap().iter().map(gpus).filter(|it| !it.is_empty()).collect();
    assert!(!pairs.is_empty());
    assert!(pairs.iter().all(|pair| *pair == ["0", "3"] || *pair == ["1", "2"]), "{pairs:?}");
}

#[test]
fn watching_shows_the_machine_again_and_ends_with_its_reader() {
    let mut child = xtask(&["gpus", "--watch=0.1", "--format", "json", "--nvml"])
        .arg(oracle::fake_nvml())
        .env("FAKE_NVML_DEVICES", machine("watched", |_| {}))
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..2 {
        let document: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(document["devices"].as_array().unwrap().len(), 2);
    }
    drop(lines);
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Runs a command with a terminal of its own, of as many lines and columns as `SIZE` says. Once a line says `4000000`, it puts the file of the
/// second machine into the place of the first, and once another redrawing has come, presses Ctrl-C. Prints what the
/// screen shows then, line by line, and whether the command ended by that.
const TERMINAL: &str = r"
import fcntl, os, pty, re, shutil, signal, struct, sys, termios, time
place, second, command = sys.argv[1], sys.argv[2], sys.argv[3:]
child, terminal = pty.fork()
if child == 0:
    # Who starts this in the background ignores it, and so would the child.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    time.sleep(0.2)
    os.execv(command[0], command)
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack('HHHH', *map(int, os.environ['SIZE'].split()), 0, 0))
seen, changed, asked = '', None, False
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    seen += part.decode()
    if changed is None and '4000000' in seen and '\x1b[J' in seen.split('4000000')[-1]:
        shutil.copy(second, place)
        changed = seen.count('\x1b[J')
    # The first after the change may have begun before it.
    if changed is not None and not asked and seen.count('\x1b[J') >= changed + 3:
        asked = True
        os.write(terminal, b'\x03')
_, status = os.waitpid(child, 0)
screen, row, column = {}, 0, 0
for token in re.findall(r'\x1b\[[0-9;]*[A-Za-z]|.', seen[: seen.rindex('\x1b[J') + 3], re.S):
    if token == '\x1b[H':
        row, column = 0, 0
    elif token == '\x1b[K':
        screen = {(r, c): text for (r, c), text in screen.items() if r != row or c < column}
    elif token == '\x1b[J':
        screen = {(r, c): text for (r, c), text in screen.items() if r < row or (r == row and c < column)}
    elif token == '\n':
        row += 1
    elif token == '\r':
        column = 0
    elif not token.startswith('\x1b'):
        screen[row, column] = token
        column += 1
last = max((r for r, _ in screen), default=-1)
for line in range(last + 1):
    cells = {c: text for (r, c), text in screen.items() if r == line}
    print(''.join(cells.get(c, ' ') for c in range(max(cells, default=-1) + 1)).rstrip())
print(os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGINT)
";

#[test]
fn on_a_terminal_the_machine_is_redrawn_in_its_place_and_nothing_old_is_left() {
    let (screen, second) = watched("redrawn", "60 200");
    assert!(!screen.contains("4000000"), "{screen}");
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&screen), lines(&gpus(&second, &[]).stdout));
}

#[test]
fn a_terminal_that_is_small_shows_the_beginning_and_how_much_is_left_out() {
    let (screen, second) = watched("small", "10 60");
    let (shown, whole): (Vec<&str>, String) = (screen.lines().collect(), gpus(&second, &[]).stdout);
    assert_eq!(shown.len(), 9, "{screen}");
    assert!(shown.iter().all(|line| line.chars().count() <= 60), "{screen}");
    let left_out = format!("… and {} more lines: make the window taller", whole.lines().count() - 8);
    assert_eq!(shown[8], left_out, "{screen}");
    for (line, full) in shown[..8].iter().zip(whole.lines()) {
        assert!(full.trim_end().starts_with(line.trim_end_matches('…')), "{line}: {full}");
    }
}

/// What a terminal of this size shows of two machines, the second of which takes the first one's place; and the second.
fn watched(name: &str, size: &str) -> (String, PathBuf) {
    // What is shown first has more lines, and longer ones.
    let (first, second) = (machine(name, busy), machine(&format!("{name}-then"), |_| {}));
    let watched = xtask(&["gpus", "--watch=0.2", "--nvml", oracle::fake_nvml().to_str().unwrap()]);
    let mut command = std::process::Command::new("python3");
    command.args(["-c", TERMINAL]).args([&first, &second]).arg(watched.get_program()).args(watched.get_args());
    for variable in ["CI", "NO_COLOR", "CUDA_VISIBLE_DEVICES"] {
        command.env_remove(variable);
    }
    let shown = answer(command.env("TERM", "xterm").env("SIZE", size).env("FAKE_NVML_DEVICES", &first));
    assert_eq!(shown.code, 0, "{}", shown.stderr);
    let (screen, ended) = shown.stdout.trim_end().rsplit_once('\n').unwrap();
    assert_eq!(ended, "True", "{}", shown.stdout);
    (screen.to_owned(), second)
}
