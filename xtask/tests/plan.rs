//! `plan` as people call it: divided among machines, held against budgets.
#![allow(clippy::unwrap_used)]

mod support;

use std::collections::BTreeSet;
use std::fs;

use serde_json::Value;
use support::{answer, xtask};

/// A plan for two cards that are not here, as JSON.
fn plan(more: &[&str]) -> Value {
    let mut arguments = vec!["plan", "--gpus", "2xL4", "-j", "4", "--format", "json", "--no-history"];
    arguments.extend(more);
    let answer = answer(&mut xtask(&arguments));
    assert_eq!(answer.code, 0, "{arguments:?}: {}", answer.stderr);
    let plan = serde_json::from_str(&answer.stdout).unwrap();
    assert_schema(&plan);
    plan
}

/// Every plan that these tests make is what the schema says.
fn assert_schema(plan: &Value) {
    let schema = fs::read_to_string(support::repository().join("docs/plan.schema.json")).unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(&schema).unwrap()).unwrap();
    let wrong: Vec<_> = schema.iter_errors(plan).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The tests that are planned, and those that are refused.
fn tests(plan: &Value) -> Vec<String> {
    let planned = plan["steps"].as_array().unwrap().iter().flat_map(|step| step["tests"].as_array().unwrap());
    let planned = planned.map(|id| id.as_str().unwrap().to_owned());
    let refused = plan["not_run"].as_array().unwrap().iter().map(|case| case["id"].as_str().unwrap().to_owned());
    planned.chain(refused).collect()
}

#[test]
fn the_shards_of_a_run_have_each_test_once() {
    let whole = tests(&plan(&[]));
    let mut parts = Vec::new();
    for shard in ["1/3", "2/3", "3/3"] {
        let plan = plan(&["--shard", shard]);
        assert_eq!(plan["shard"]["loads"].as_array().unwrap().len(), 3);
        let own = tests(&plan);
        let number: usize = shard[..1].parse().unwrap();
        assert_eq!(plan["shard"]["loads"][number - 1]["tests"], own.len());
        parts.extend(own);
    }
    let sorted = |mut ids: Vec<String>| {
        ids.sort();
        ids
    };
    assert_eq!(sorted(parts), sorted(whole));
}

/// What real Python's XML parser reads of a picture: its texts, and the names of its elements.
fn read_xml(file: &std::path::Path) -> Value {
    let program = "import json, sys, xml.etree.ElementTree as t\nr = t.parse(sys.argv[1]).getroot()\n\
                   print(json.dumps({'texts': [e.text for e in r.iter() if e.text], 'tags': [e.tag for e in r.iter()]}))";
    let output = std::process::Command::new(oracle::python()).args(["-c", program]).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn hostile_names_stay_text_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let tests = folder.path().join("tests");
    fs::create_dir(&tests).unwrap();
    let text = "import pytest\n\n\
                @pytest.mark.gpu_1\n@pytest.mark.timeout(300)\n\
                @pytest.mark.parametrize('x', ['<script>alert(1)</script>', '\"];s0 -> s1;', \"]]>&'\"])\n\
                def test_a(x):\n    pass\n\n\
                @pytest.mark.gpu_8\n@pytest.mark.parametrize('x', ['</text><script>'])\n\
                def test_b(x):\n    pass\n\n\
                @pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib(-4)\ndef test_c():\n    pass\n";
    fs::write(tests.join("test_hostile.py"), text).unwrap();
    let tree = folder.path().to_str().unwrap();
    let write = |format: &str| {
        let arguments = ["plan", "--tree", tree, "--policy", "dynamo-2025-10", "--gpus", "1xL4", "--check", "--format"];
        let answer = answer(xtask(&arguments).arg(format));
        assert_eq!(answer.code, 0, "{format}: {}", answer.stderr);
        answer.stdout
    };
    let file = folder.path().join("plan.svg");
    fs::write(&file, write("svg")).unwrap();
    let read = read_xml(&file);
    let has = |text: &str| read["texts"].as_array().unwrap().iter().any(|own| own.as_str().unwrap().contains(text));
    assert!(has("<script>alert(1)</script>") && has("</text><script>") && has("]]>&'"), "{read:#}");
    assert!(read["tags"].as_array().unwrap().iter().all(|tag| !tag.as_str().unwrap().ends_with("script")));
    let html = write("html");
    assert!(!html.contains("<script") && html.contains("&lt;script&gt;alert(1)"), "{html}");
    // One arrow a line, and no quote that ends a label early.
    let dot = write("dot");
    assert!(dot.contains(r#"\"];s0 -> s1;"#), "{dot}");
    let text = write("text");
    assert!(text.contains("tests/test_hostile.py:16") && text.contains("is no amount of memory in GiB"), "{text}");
    assert!(text.contains("checked: each test"), "{text}");
    assert_schema(&serde_json::from_str(&write("json")).unwrap());
}

#[test]
fn a_shard_is_the_same_whatever_the_machine_has() {
    let of = |gpus, jobs| {
        let answer = answer(&mut xtask(&["plan", "--gpus", gpus, "-j", jobs, "--format", "json", "--shard", "2/4"]));
        tests(&serde_json::from_str(&answer.stdout).unwrap()).into_iter().collect::<BTreeSet<_>>()
    };
    let small = of("1xL4", "1");
    assert!(!small.is_empty());
    assert_eq!(small, of("8xH100", "64"));
}

#[test]
fn measured_times_come_from_the_file_whose_hash_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("timings.json");
    let whole = plan(&[]);
    let first = tests(&whole)[0].clone();
    let case = serde_json::json!({"id": first, "median_s": 3000.0, "p90_s": 4000.0, "runs": 9});
    let text = serde_json::json!({"timings": 1, "cases": [case]}).to_string();
    fs::write(&file, &text).unwrap();
    let plan = plan(&["--timings", file.to_str().unwrap()]);
    assert_eq!(plan["timings"]["sha256"], execution_plan::timings::digest(text.as_bytes()));
    assert_eq!((&plan["timings"]["cases"], &plan["timings"]["used"]), (&1.into(), &1.into()));
    assert!(plan["expected"].as_f64().unwrap() >= 3000.0);

    fs::write(&file, text.replace("3000", "-1")).unwrap();
    let answer = answer(&mut xtask(&["plan", "--timings", file.to_str().unwrap()]));
    assert_eq!(answer.code, 2);
    assert!(answer.stderr.contains("timings.json: case 1"), "{}", answer.stderr);
}

#[test]
fn a_budget_that_is_exceeded_is_exit_5_where_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let policy = folder.path().join("policy.toml");
    let with = |limit: &str| {
        let text = format!("extends = \"dynamo-2025-10\"\n[[budgets]]\nstage = \"pre_merge\"\nlimit = \"{limit}\"\n");
        fs::write(&policy, text).unwrap();
        let policy = policy.to_str().unwrap();
        let mut plan = xtask(&["plan", "--policy", policy, "--stage", "pre_merge", "--gpus", "2xL4", "--no-history"]);
        plan.arg("--enforce-budget");
        plan
    };
    // Who reads the answer by a program is told, too.
    for format in ["json", "svg", "html", "dot"] {
        let over = answer(with("1 s").args(["--format", format]));
        assert_eq!(over.code, 5, "{}", over.stderr);
        let told = "over budget: all tests in pre_merge on 2x NVIDIA L4: ";
        assert!(over.stderr.contains(told) && over.stderr.contains("over by"), "{format}: {}", over.stderr);
    }
    let over = answer(&mut with("1 s"));
    assert!(!over.stderr.contains("over budget"), "the text says it: {}", over.stderr);
    assert_eq!(over.code, 5, "{}", over.stderr);
    for text in [
        "over budget: all tests in pre_merge on 2x NVIDIA L4: ",
        "over by",
        "beside each other the last of them ends after",
        "what costs most",
        "a third of its time-out",
    ] {
        assert!(over.stdout.contains(text), "{text}: {}", over.stdout);
    }
    assert!(!over.stdout.contains("p90"), "nothing was measured: {}", over.stdout);
    let fits = answer(&mut with("20 h"));
    assert_eq!(fits.code, 0, "{}", fits.stderr);
    assert!(fits.stdout.contains("1 budget is kept: all tests in pre_merge on 2x NVIDIA L4: "), "{}", fits.stdout);
}

/// A test without a profile shares a GPU by what it took of one of this model, once several runs agree.
#[test]
fn memory_that_earlier_runs_took_stands_in_for_a_profile() {
    let tree = tempfile::tempdir().unwrap();
    let test = |name: &str| format!("@pytest.mark.gpu_1\ndef test_{name}(): pass\n\n\n");
    let text = format!("import pytest\n\n\n{}{}{}", test("known"), test("once"), test("large"));
    fs::write(tree.path().join("test_gpu.py"), text).unwrap();
    fs::write(tree.path().join("test-policy.toml"), "version = 1\nname = \"t\"\nextends = \"dynamo-2026-08\"\n")
        .unwrap();
    let took = |name: &str, gib: u64, class: &str| {
        serde_json::json!({
            "id": format!("test_gpu.py::test_{name}"), "occurrence": 0, "attempt": 1, "outcome": "passed", "seconds": 9.0,
            "gpu_class": class, "vram_peak_bytes": gib << 30, "cpu_seconds": null, "memory_peak_bytes": null
        })
    };
    let run = |number: i64| {
        let mut results = vec![took("known", 5, "NVIDIA L4"), took("large", 20, "NVIDIA L4")];
        if number == 1 {
            results.push(took("once", 5, "NVIDIA L4"));
        }
        serde_json::json!({
            "id": format!("run-{number}"), "started_ms": number, "revision": null, "clean": false,
            "machine": "elsewhere", "stage": null, "state": "complete", "results": results
        })
    };
    let history = serde_json::json!({
        "schema": "dynamo-test-kit/history", "version": 1, "runs": (1..=3).map(run).collect::<Vec<_>>()
    });
    let file = tree.path().join("history.json");
    fs::write(&file, history.to_string()).unwrap();
    let tree = tree.path().to_str().unwrap();
    let merged = answer(&mut xtask(&["history", "merge", file.to_str().unwrap(), "--tree", tree]));
    assert_eq!(merged.code, 0, "{}", merged.stderr);
    let claimed = |gpus: &str, more: &[&str]| {
        let planned =
            answer(xtask(&["plan", "--tree", tree, "--gpus", gpus, "--check", "--format", "json"]).args(more));
        assert_eq!(planned.code, 0, "{}", planned.stderr);
        let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
        let of = |name: &str| {
            let is_its = |step: &&Value| step["tests"].to_string().contains(name);
            let step = plan["steps"].as_array().unwrap().iter().find(is_its).unwrap().clone();
            step["gpus"][0]["vram_bytes"].as_f64().map(|bytes| (bytes / f64::from(1 << 30) * 10.0).round() / 10.0)
        };
        ["test_known", "test_once", "test_large"].map(of)
    };
    assert_eq!(claimed("2xL4", &[]), [Some(5.5), None, None]);
    assert_eq!(claimed("2xH100", &[]), [None; 3], "that was another card");
    assert_eq!(claimed("1xL4+1xH100", &[]), [None; 3], "which it comes to is not known");
    assert_eq!(claimed("2xL4", &["--no-history"]), [None; 3]);
    // What shows whether a test fits counts with it as well.
    let told = |command: &[&str]| answer(xtask(command).args(["--tree", tree, "--gpus", "2xL4"])).stdout;
    let fits = told(&["gpus", "--fits"]);
    assert!(fits.contains("1 GPU with 5.5 GiB (by earlier runs; no profiled_vram_gib): fits"), "{fits}");
    assert!(
        fits.contains("1 GPU to itself (no profiled_vram_gib: how much memory it takes is not known): fits"),
        "{fits}"
    );
    let why = told(&["why", "test_gpu.py::test_known"]);
    assert!(
        why.contains("has no profiled_vram_gib: it is given a tenth more than the most that earlier runs took"),
        "{why}"
    );
}

/// A policy may name markers for the processors and the memory of the machine that a test takes.
#[test]
fn tests_take_processors_and_memory_of_the_machine_as_their_markers_say() {
    let tree = tempfile::tempdir().unwrap();
    let text = "import pytest\n\n\n@pytest.mark.cpus(3)\ndef test_wide(): pass\n\n\n@pytest.mark.host_gib(0.5)\ndef test_large(): \
                pass\n\n\n@pytest.mark.host_gib(4000)\ndef test_huge(): pass\n\n\n@pytest.mark.cpus('two')\ndef test_odd(): pass\n";
    fs::write(tree.path().join("test_a.py"), text).unwrap();
    let policy = "version = 1\nname = \"t\"\nextends = \"dynamo-2026-08\"\n\n[planning]\ncpu-marker = \"cpus\"\nhost-memory-marker = \
                  \"host_gib\"\n";
    fs::write(tree.path().join("test-policy.toml"), policy).unwrap();
    let tree = tree.path().to_str().unwrap();
    let mut plan = xtask(&["plan", "--tree", tree, "-j", "8", "--check", "--format", "json"]);
    plan.arg("--nvml").arg(oracle::fake_nvml()).env("FAKE_NVML_DEVICES", oracle::fake_devices("2xL4.json"));
    let planned = answer(&mut plan);
    assert_eq!(planned.code, 0, "{}", planned.stderr);
    let plan: Value = serde_json::from_str(&planned.stdout).unwrap();
    let of = |name: &str, key: &str| {
        let is_its = |step: &&Value| step["tests"].to_string().contains(name);
        plan["steps"].as_array().unwrap().iter().find(is_its).unwrap()[key].as_u64().unwrap()
    };
    assert_eq!(["test_wide", "test_large", "test_odd"].map(|name| of(name, "cpu_slots")), [3, 1, 1]);
    assert_eq!(["test_wide", "test_large"].map(|name| of(name, "host_memory_bytes")), [0, 1 << 29]);
    assert!(plan["machine"]["host_memory_bytes"].as_u64().unwrap() > 1 << 29);
    assert!(
        plan["not_run"].to_string().contains("needs 4000 GiB of the machine's memory, which has"),
        "{}",
        plan["not_run"]
    );
    assert!(plan.to_string().contains("is no number of processors"), "{plan}");
}

/// Where a policy names the marker of tests that may run beside others, the rest of those without a GPU take turns.
#[test]
fn tests_that_may_not_run_beside_others_take_turns() {
    let beside = |number: u32| format!("import pytest\n\n\n@pytest.mark.parallel\ndef test_beside_{number}(): pass\n");
    let tree =
        tree_of("@pytest.mark.timeout(900)\ndef test_first(): pass\n\n\n@pytest.mark.gpu_1\ndef test_gpu(): pass\n");
    let file = |name: &str, text: &str| fs::write(tree.path().join("tests").join(name), text).unwrap();
    file("test_b.py", "import pytest\n\n\n@pytest.mark.timeout(600)\ndef test_second(): pass\n");
    (0..2).for_each(|number| file(&format!("test_beside_{number}.py"), &beside(number)));
    let policy = |planning: &str| {
        let head = "version = 1\nname = \"t\"\nextends = \"dynamo-2026-08\"\n";
        fs::write(tree.path().join("test-policy.toml"), format!("{head}{planning}")).unwrap();
    };
    let plan = || -> Value {
        let tree = tree.path().to_str().unwrap();
        let arguments =
            ["plan", "--tree", tree, "--gpus", "1xL4", "--no-history", "-j", "4", "--check", "--format", "json"];
        let planned = answer(&mut xtask(&arguments));
        assert_eq!(planned.code, 0, "{}", planned.stderr);
        serde_json::from_str(&planned.stdout).unwrap()
    };
    let alone = |plan: &Value, name: &str| {
        let is_its = |step: &&Value| step["tests"].to_string().contains(name);
        plan["steps"].as_array().unwrap().iter().find(is_its).unwrap()["exclusive"].to_string()
    };
    policy("");
    let free = plan();
    assert_eq!(["test_first", "test_second", "test_beside_0", "test_gpu"].map(|name| alone(&free, name)), ["[]"; 4]);

    policy("\n[planning]\nparallel-marker = \"parallel\"\n");
    let turns = plan();
    assert_eq!(["test_first", "test_second"].map(|name| alone(&turns, name)), ["[\"not parallel\"]"; 2]);
    assert_eq!(["test_beside_0", "test_beside_1", "test_gpu"].map(|name| alone(&turns, name)), ["[]"; 3]);
    // One process has them all: a second one would only wait.
    let has_first = |step: &&Value| step["tests"].to_string().contains("test_first");
    let step = turns["steps"].as_array().unwrap().iter().find(has_first).unwrap();
    assert!(step["tests"].to_string().contains("test_second"), "{step}");
    assert!(turns["expected"].as_f64().unwrap() > free["expected"].as_f64().unwrap(), "{turns}");
}

/// What a machine has beyond CPUs and GPUs is said, since nothing tells it.
#[test]
fn tests_run_that_need_what_the_machine_is_said_to_have() {
    let tree = tree_of(
        "@pytest.mark.k8s\ndef test_deploys(): pass\n\n\n@pytest.mark.xpu_2\ndef test_two(): pass\n\n\n@pytest.mark.xpu_1\ndef \
         test_one(): pass\n",
    );
    let policy = "version = 1\nname = \"t\"\nextends = \"dynamo-2026-08\"\n";
    fs::write(tree.path().join("test-policy.toml"), policy).unwrap();
    let tree = tree.path().to_str().unwrap();
    let plan = |has: &[&str]| -> Value {
        let options = ["plan", "--tree", tree, "--gpus", "1xL4", "--no-history", "--check", "--format", "json"];
        let planned = answer(xtask(&options).args(has));
        assert_eq!(planned.code, 0, "{}", planned.stderr);
        serde_json::from_str(&planned.stdout).unwrap()
    };
    let refused = |plan: &Value| -> Vec<String> {
        plan["not_run"].as_array().unwrap().iter().map(|one| one["reason"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(refused(&plan(&[])), ["needs k8s", "needs xpu (2)", "needs xpu"]);
    assert_eq!(refused(&plan(&["--has", "k8s", "--has", "xpu"])), ["needs xpu (2), the machine has 1"]);
    let all = plan(&["--has", "k8s", "--has", "xpu=2"]);
    assert_eq!(refused(&all), [""; 0]);
    assert_eq!(all["machine"]["resources"], serde_json::json!({ "k8s": 1, "xpu": 2 }));
    // They have it in turn.
    let steps = all["steps"].as_array().unwrap().iter();
    let alone: Vec<&Value> = steps.map(|step| &step["exclusive"]).filter(|alone| alone[0].is_string()).collect();
    assert_eq!(alone, [&serde_json::json!(["k8s"]), &serde_json::json!(["xpu"])]);
}

/// A tree with one file of tests.
fn tree_of(text: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("tests")).unwrap();
    fs::write(folder.path().join("tests/test_a.py"), format!("import pytest\n{text}")).unwrap();
    folder
}

/// What `plan` says of a tree on one card that is not here.
fn planned(tree: &tempfile::TempDir, more: &[&str]) -> support::Answer {
    let tree = tree.path().to_str().unwrap();
    let arguments = ["plan", "--tree", tree, "--policy", "dynamo-2025-10", "--gpus", "1xL4", "--no-history"];
    answer(xtask(&arguments).args(more))
}

#[test]
fn options_that_mean_nothing_are_refused_and_say_what_would() {
    for (arguments, told) in [
        (&["--max-vram-gib=nan"][..], "is no amount of memory"),
        (&["--max-vram-gib", "-1"], "is no amount of memory"),
        (&["--max-vram-gib=inf"], "is no amount of memory"),
        (&["-j", "0"], "is no number of steps: write how many may run at once, 1 at least"),
        (&["-j", "many"], "is no number of steps"),
        (&["--gpus", "1xL4", "--nvml", "/x"], "cannot be used with"),
    ] {
        let answer = answer(xtask(&["plan", "-m", "gpu_1", "--no-history"]).args(arguments));
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(told), "{arguments:?}: {}", answer.stderr);
    }
    let has = |what: &str| answer(xtask(&["plan", "--no-history"]).args(["--policy", "dynamo-2026-08", "--has", what]));
    for (what, told) in [
        ("k8", "--has k8: no hardware marker of the policy asks for it: they ask for k8s, xpu"),
        ("xpu=0", "is no number of a resource: write k8s, or xpu=2"),
        ("=2", "names no resource"),
    ] {
        let answer = has(what);
        assert_eq!(answer.code, 2, "{what}: {}", answer.stderr);
        assert!(answer.stderr.contains(told), "{what}: {}", answer.stderr);
    }
    for command in ["why", "gpus"] {
        let answer = answer(&mut xtask(&[command, "--gpus", "1xL4", "--nvml", "/x", "x"]));
        assert_eq!(answer.code, 2, "{command}: {}", answer.stderr);
    }
}

#[test]
fn tests_that_do_not_run_stand_under_their_reason() {
    let many = "@pytest.mark.gpu_2\n@pytest.mark.parametrize('x', range(7))\ndef test_many(x): pass\n";
    let other = "@pytest.mark.gpu_8\ndef test_other(): pass\n";
    let here = "@pytest.mark.gpu_1\ndef test_here(): pass\n";
    let tree = tree_of(&[other, many, here].concat());
    let text = planned(&tree, &["-j", "2"]).stdout;
    let of_many: String = (0..3).map(|x| format!("  tests/test_a.py::test_many[{x}]\n")).collect();
    let more = "  and 4 more (`--format json` has all)\n";
    let told = format!("not run: 7: needs 2 GPUs, 1 visible\n{of_many}{more}not run: 1: needs 8 GPUs, 1 visible\n");
    assert!(text.contains(&told), "{text}");

    let svg = planned(&tree, &["-j", "2", "--format", "svg"]).stdout;
    assert!(svg.contains(">7 tests: needs 2 GPUs, 1 visible: tests/test_a.py::test_many[0], ...</text>"), "{svg}");
    assert!(svg.contains("; one after another it would be "), "{svg}");
    // The page has each of them once, beneath the picture and not in it.
    let html = planned(&tree, &["-j", "2", "--format", "html"]).stdout;
    let (picture, below) = html.split_once("</svg>").unwrap();
    assert!(!picture.contains("not run here:") && !picture.contains("test_many"), "{picture}");
    assert!(below.contains("<details><summary>7 tests: needs 2 GPUs, 1 visible</summary>"), "{below}");
    assert!(below.contains("<details open><summary>1 test: needs 8 GPUs, 1 visible</summary>"), "{below}");
    assert_eq!(below.matches("::test_many[").count(), 7, "{below}");
}

#[test]
fn slots_of_a_machine_that_is_not_here_are_said_to_be_this_ones() {
    let tree = tree_of("def test_a(): pass\n");
    let told = "this machine's: -j N plans with as many as that one has";
    for format in ["text", "html"] {
        let shown = planned(&tree, &["--format", format]);
        assert!(shown.stdout.replace("&#39;", "'").contains(told), "{format}: {}", shown.stdout);
        assert_eq!(shown.stderr, "", "{format}");
        assert!(!planned(&tree, &["--format", format, "-j", "3"]).stdout.contains("-j N"), "{format}");
    }
    for format in ["json", "svg", "dot"] {
        let shown = planned(&tree, &["--format", format]);
        assert!(shown.stderr.starts_with("note: ") && shown.stderr.contains(told), "{format}: {}", shown.stderr);
        assert_eq!(planned(&tree, &["--format", format, "-j", "3"]).stderr, "", "{format}");
    }
}

#[test]
fn what_stays_free_of_a_gpu_and_what_takes_nothing_of_it_is_said() {
    let nothing = "@pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib(0)\n\
                   @pytest.mark.parametrize('x', range(5))\ndef test_nothing(x): pass\n";
    let unsaid = "@pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib()\ndef test_unsaid(): pass\n";
    let small = "@pytest.mark.gpu_1\n@pytest.mark.profiled_vram_gib(4)\ndef test_small(): pass\n";
    let tree = tree_of(&[nothing, unsaid, small].concat());
    let text = planned(&tree, &["-j", "2"]).stdout;
    assert_eq!(text.matches("15% of a shared GPU stays free\n").count(), 1, "{text}");
    let nothing = "note: profiled_vram_gib(0): takes no GPU memory, and runs on the CPU without a GPU: 5 tests: ";
    assert!(text.contains(nothing) && text.contains(" and 2 more (`--format json` has all)\n"), "{text}");
    assert!(text.contains("note: profiled_vram_gib() says no amount: planned alone on its GPU: 1 test: "), "{text}");

    let svg = planned(&tree, &["-j", "2", "--format", "svg"]).stdout;
    for told in ["15% of a shared GPU stays free, above this line", "memory or slots taken", ">10 GiB<", ">20 GiB<"] {
        assert!(svg.contains(told), "{told}: {svg}");
    }
    // Without a GPU there is nothing to keep free.
    let none = xtask(&["plan", "--tree", tree.path().to_str().unwrap(), "--nvml", "/nowhere.so", "--policy"]);
    let none = answer({ none }.arg("dynamo-2025-10"));
    assert!(none.stdout.contains("no GPU, ") && !none.stdout.contains("stays free"), "{}", none.stdout);
}
