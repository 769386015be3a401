//! A GPU is given on when its memory is free again.
#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use camino::Utf8PathBuf;
use execution_plan::{Capacity, Demand, Plan, PlanSettings, Share, UnitCapacity, plan_demands};
use support::{Tree, python, result};
use test_runner::{Event, GpuMemory, Interrupt, Outcome, ProcessMemory, RunSettings, UnitMemory};

const GIB: u64 = 1 << 30;

/// Files of a folder hold memory: each has a number of bytes, and a name.
#[derive(Debug)]
struct Files(Utf8PathBuf);

impl GpuMemory for Files {
    fn read(&self) -> Result<Vec<UnitMemory>, String> {
        let files: Vec<_> = fs::read_dir(&self.0).map_err(|error| error.to_string())?.flatten().collect();
        // A file may go while it is read.
        let sizes = files.iter().filter_map(|file| fs::read_to_string(file.path()).ok()?.parse::<u64>().ok());
        let holders = files.iter().map(|file| file.file_name().into_string().unwrap()).collect();
        let processes = self.processes(&files);
        Ok(vec![UnitMemory { visible: "0".to_owned(), used: GIB + sizes.sum::<u64>(), held: None, holders, processes }])
    }
}

impl Files {
    /// A file that is named by a process is that one's.
    fn processes(&self, files: &[fs::DirEntry]) -> Result<Vec<ProcessMemory>, String> {
        if self.0.join("nobody tells").exists() {
            return Err("nobody tells".to_owned());
        }
        let process = |file: &fs::DirEntry| {
            let process = file.file_name().to_str()?.parse().ok()?;
            Some(ProcessMemory { process, bytes: fs::read_to_string(file.path()).ok()?.parse().ok()? })
        };
        Ok(files.iter().filter_map(process).collect())
    }
}

/// Two tests that are on the GPU at once, each with an engine in a session of its own that takes some of it.
const SHARED: &str = "import os, pathlib, subprocess, sys, time
def use(gib):
    pathlib.Path('here').mkdir(exist_ok=True)
    pathlib.Path('here', str(gib)).touch()
    while len(list(pathlib.Path('here').iterdir())) < 2: time.sleep(0.01)
    code = f'import os, time; file = os.path.join(\"memory\", str(os.getpid())); open(file, \"w\").write(str({gib} << 30)); time.sleep(1.5); os.remove(file)'
    subprocess.run(['setsid', '--wait', sys.executable, '-c', code], check=True)
def test_one(): use(3)
def test_two(): use(5)
";

fn shared(name: &str) -> Demand {
    Demand { share: Share::Bytes(8 << 30), ..gpu(name) }
}

#[test]
fn of_a_gpu_that_tests_share_each_is_charged_what_its_own_processes_have() {
    let tree = Tree::new(&[("test_a.py", SHARED)]);
    let plan = on_one_gpu(vec![shared("test_one"), shared("test_two")]);
    let outcome = test_runner::run(&plan, &settings(&tree), &Interrupt::new(), |_| {}).unwrap();
    for (name, gib) in [("test_one", 3), ("test_two", 5)] {
        let result = result(&outcome, name);
        assert_eq!(result.outcome, Outcome::Passed, "{}", result.message);
        assert_eq!(result.vram_peak, Some(gib * GIB), "{name}");
    }
}

#[test]
fn where_nobody_tells_whose_memory_it_is_the_peak_is_unknown_and_that_is_said() {
    let tree = Tree::new(&[("test_a.py", SHARED)]);
    let settings = settings(&tree);
    fs::write(tree.path.join("memory/nobody tells"), "").unwrap();
    let mut warnings = Vec::new();
    let plan = on_one_gpu(vec![shared("test_one"), shared("test_two")]);
    let outcome = test_runner::run(&plan, &settings, &Interrupt::new(), |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.clone());
        }
    })
    .unwrap();
    for name in ["test_one", "test_two"] {
        assert_eq!(result(&outcome, name).vram_peak, None);
        assert!(warnings.iter().any(|text| text.contains(name) && text.contains("nobody tells")), "{warnings:#?}");
    }
}

fn gpu(name: &str) -> Demand {
    Demand { gpus: 1, ..python("test_a.py", name, 60) }
}

fn on_one_gpu(demands: Vec<Demand>) -> Plan {
    let unit =
        UnitCapacity { name: "L4".to_owned(), visible: "0".to_owned(), memory: 24 << 30, ..UnitCapacity::default() };
    let capacity = Capacity { units: vec![unit], cpu_slots: 2, headroom: 0.15 };
    plan_demands(demands, capacity, &PlanSettings { jobs: 2, ..PlanSettings::default() })
}

fn settings(tree: &Tree) -> RunSettings {
    let memory = tree.path.join("memory");
    fs::create_dir(&memory).unwrap();
    RunSettings { gpu_memory: Some(Arc::new(Files(memory))), ..tree.settings() }
}

#[test]
fn the_next_test_gets_a_gpu_when_its_memory_is_free() {
    // A driver needs a second to give memory back: here a process that the run does not know, since it asks for it itself.
    let tree = Tree::new(&[(
        "test_a.py",
        "import pathlib, time\n\
         HELD = pathlib.Path('memory/driver')\n\
         def use():\n    \
             assert not HELD.exists(), 'it is not free'\n    \
             HELD.write_text(str(3 << 30))\n    \
             time.sleep(1)\n\
         def test_one(): use()\n\
         def test_two(): use()\n",
    )]);
    let driver = tree.path.join("memory/driver");
    let outcome = test_runner::run(
        &on_one_gpu(vec![gpu("test_one"), gpu("test_two")]),
        &settings(&tree),
        &Interrupt::new(),
        |event| {
            if let Event::CaseFinished(_) = event {
                let driver = driver.clone();
                std::thread::spawn(move || {
                    std::thread::sleep(Duration::from_secs(1));
                    fs::remove_file(driver).unwrap();
                });
            }
        },
    )
    .unwrap();
    for name in ["test_one", "test_two"] {
        let result = result(&outcome, name);
        assert_eq!(result.outcome, Outcome::Passed, "{}", result.message);
        assert_eq!(result.vram_peak, Some(3 * GIB));
    }
}

#[test]
fn memory_that_does_not_come_back_is_told_with_who_has_it_and_the_run_goes_on() {
    let tree = Tree::new(&[(
        "test_a.py",
        "import pathlib\n\
         def test_one(): pathlib.Path('memory/4711 engine').write_text(str(13 << 28))\n\
         def test_two(): pass\n",
    )]);
    let settings = RunSettings { gpu_limit: Duration::from_millis(300), ..settings(&tree) };
    let mut warnings = Vec::new();
    let plan = on_one_gpu(vec![gpu("test_one"), gpu("test_two")]);
    let outcome = test_runner::run(&plan, &settings, &Interrupt::new(), |event| {
        if let Event::Warning(text) = event {
            warnings.push(text.clone());
        }
    })
    .unwrap();
    assert_eq!(result(&outcome, "test_two").outcome, Outcome::Passed);
    let expected = "GPU 0 still has 4.2 GiB in use 0 s after test_a.py::test_one ended, 3.2 GiB more than before the run: 4711 engine";
    assert!(warnings.iter().any(|text| text == expected), "{warnings:#?}");
}
