//! What is observed of test files beside their tests.
#![allow(clippy::unwrap_used)]

use camino::Utf8PathBuf;
use pytest_discovery::{Settings, discover};
use test_catalog::{Catalog, ObservationKind};

fn observed_tree(files: &[(&str, &str)], observe: bool) -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    let tree = Utf8PathBuf::try_from(folder.path().canonicalize().unwrap()).unwrap();
    discover(&Settings { observe, ..Settings::new(tree) }).unwrap()
}

/// Lines and texts of one kind, of one file.
fn observed(kind: ObservationKind, text: &str) -> Vec<(u32, String)> {
    let catalog = observed_tree(&[("test_a.py", text)], true);
    assert!(catalog.problems.is_empty(), "{:?}", catalog.problems);
    let of_kind = catalog.observations.into_iter().filter(|one| one.kind == kind);
    of_kind.map(|one| (one.at.start.line, one.text)).collect()
}

fn lines(kind: ObservationKind, text: &str) -> Vec<u32> {
    observed(kind, text).into_iter().map(|(line, _)| line).collect()
}

#[test]
fn a_class_that_pytest_leaves_out_is_told() {
    let left_out = |text: &str| lines(ObservationKind::ClassLeftOut, text);
    assert_eq!(left_out("class TestA:\n    def __init__(self): ...\n    def test_a(self): ...\n"), [1]);
    let dataclass =
        "from dataclasses import dataclass\n@dataclass\nclass TestA:\n    x: int\n    def test_a(self): ...\n";
    assert_eq!(left_out(dataclass), [3]);
    assert_eq!(left_out("import enum\nclass TestA(enum.Enum):\n    A = 1\n    def test_a(self): ...\n"), [2]);
    let inherited = "class Base:\n    def __init__(self): ...\nclass TestA(Base):\n    def test_a(self): ...\n";
    assert_eq!(left_out(inherited), [3]);
    for fine in [
        "class TestA:\n    def test_a(self): ...\n",
        "class TestA:\n    def __init__(self): ...\n    def helper(self): ...\n",
        "class TestA:\n    __test__ = False\n    def __init__(self): ...\n    def test_a(self): ...\n",
        "class Helper:\n    def __init__(self): ...\n    def test_a(self): ...\n",
        "from lib import Base\nclass TestA(Base):\n    def test_a(self): ...\n",
    ] {
        assert!(left_out(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_file_of_the_same_module_name_is_told() {
    let files = [("a/test_x.py", "def test_a(): ..."), ("b/test_x.py", "def test_b(): ..."), ("c/test_y.py", "")];
    let told: Vec<_> = observed_tree(&files, false)
        .observations
        .iter()
        .map(|one| (one.kind, one.at.to_string(), one.text.clone()))
        .collect();
    assert_eq!(told, [(ObservationKind::Shadowed, "b/test_x.py:1:1".to_owned(), "a/test_x.py".to_owned())]);
    let packages = [files[0], files[1], ("a/__init__.py", ""), ("b/__init__.py", "")];
    assert!(observed_tree(&packages, false).observations.is_empty());
}

#[test]
fn a_test_that_another_takes_the_place_of_is_told() {
    let redefined = |text: &str| observed(ObservationKind::Redefined, text);
    let twice = "def test_a(): ...\ndef test_a(): ...\n";
    assert_eq!(redefined(twice), [(1, "`test_a` is defined again in line 2".to_owned())]);
    assert_eq!(redefined("class TestA:\n    def test_a(self): ...\n    async def test_a(self): ...\n").len(), 1);
    assert_eq!(redefined("import pytest\n@pytest.mark.x\ndef test_a(): ...\ndef test_a(): ...\n").len(), 1);
    assert_eq!(
        redefined("class TestA:\n    def test_a(self): ...\nclass TestA:\n    def test_b(self): ...\n").len(),
        1
    );
    for fine in [
        "def test_a(): ...\ndef test_b(): ...\n",
        "def test_a(): ...\nkept = test_a\ndef test_a(): ...\n",
        "if x:\n    def test_a(): ...\nelse:\n    def test_a(): ...\n",
        "@register\ndef test_a(): ...\ndef test_a(): ...\n",
        "def helper(): ...\ndef helper(): ...\n",
        "class Helper:\n    def test_a(self): ...\n    def test_a(self): ...\n",
    ] {
        let found = observed_tree(&[("test_a.py", fine)], true).observations;
        assert!(found.iter().all(|one| one.kind != ObservationKind::Redefined), "{fine}");
    }
}

#[test]
fn a_test_inside_of_a_function_that_does_not_use_it_is_told() {
    let nested = |text: &str| lines(ObservationKind::Nested, text);
    assert_eq!(nested("def test_a():\n    def test_b(): ...\n"), [2]);
    assert_eq!(nested("class TestA:\n    def test_a(self):\n        if x:\n            def test_b(self): ...\n"), [4]);
    for fine in [
        "def test_a():\n    def test_b(): ...\n    test_b()\n",
        "def make():\n    def test_b(): ...\n    return test_b\n",
        "def make():\n    def test_b(): ...\n    return locals()\n",
        "def make():\n    @register\n    def test_b(): ...\n",
        "def make():\n    def helper(): ...\n",
        "def make():\n    class TestB:\n        def test_b(self): ...\n",
        "def make():\n    global test_b\n    def test_b(): ...\n",
    ] {
        assert!(nested(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_test_behind_main_is_told() {
    let behind = |text: &str| lines(ObservationKind::BehindMain, text);
    assert_eq!(behind("if __name__ == '__main__':\n    def test_a(): ...\n"), [2]);
    for fine in [
        "if __name__ == '__main__':\n    def main(): ...\n",
        "def test_a(): ...\nif __name__ == '__main__':\n    def test_a(): ...\n",
        "if __file__ == '__main__':\n    def test_a(): ...\n",
        "if __name__ != '__main__':\n    def test_a(): ...\n",
    ] {
        assert!(behind(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_file_of_tests_under_another_name_is_told_unless_it_is_imported() {
    let told = |files: &[(&str, &str)]| {
        let catalog = observed_tree(files, true);
        catalog.observations.iter().map(|one| (one.kind, one.at.to_string())).collect::<Vec<_>>()
    };
    let tests = "import os\ndef test_a(): ...\n";
    let kind = ObservationKind::OtherFileName;
    assert_eq!(
        told(&[("a/tests.py", tests), ("planner_tests.py", tests), ("helper.py", tests), ("test_a.py", tests)]),
        [(kind, "a/tests.py:2:1".to_owned()), (kind, "planner_tests.py:2:1".to_owned()),]
    );
    assert!(told(&[("my_tests.py", tests), ("test_b.py", "from my_tests import test_a\n")]).is_empty());
    assert!(told(&[("my_tests.py", "def helper(): ...\n")]).is_empty());
    assert!(told(&[("my_tests.py", tests), ("pytest.ini", "[pytest]\npython_files = *_tests.py\n")]).is_empty());
    assert!(told(&[("conftest.py", tests), ("latest.py", tests), ("contest.py", tests)]).is_empty());
}

#[test]
fn random_numbers_without_a_seed_are_told() {
    let random = |text: &str| observed(ObservationKind::UnseededRandom, text);
    let drawn = "import random\nimport numpy as np\nfrom random import choice as pick\n\
                 def test_a():\n    random.randint(1, 2)\n    np.random.rand(3)\n    pick([1])\n    random.Random()\n";
    let found: Vec<_> = random(drawn).into_iter().map(|(_, text)| text).collect();
    assert_eq!(found, ["`random.randint(1, 2)`", "`np.random.rand(3)`", "`pick([1])`", "`random.Random()`"]);
    for fine in [
        "import random\ndef test_a():\n    random.Random(0).random()\n",
        "import random\ndef helper():\n    random.random()\n",
        "import random, pytest\n@pytest.fixture\ndef numbers():\n    random.seed(0)\ndef test_a(numbers):\n    random.random()\n",
        "import random\ndef test_a(random):\n    random.random()\n",
        "import random\nrandom = object()\ndef test_a():\n    random.random()\n",
        "import random\ndef test_a():\n    random.choice = first\n    random.choice([1])\n",
        "from lib import random\ndef test_a():\n    random.random()\n",
        "def test_a():\n    random.random()\n",
        "import random\ndef test_a():\n    f = lambda random: random.random()\n",
    ] {
        assert!(random(fine).is_empty(), "{fine}");
    }
    let seeded = [("conftest.py", "def pytest_runtest_setup():\n    seed_everything(0)\n"), ("a/test_a.py", drawn)];
    assert!(observed_tree(&seeded, true).observations.is_empty());
}

#[test]
fn an_upper_bound_of_what_the_clock_says_is_told() {
    let clock = |body: &str| lines(ObservationKind::WallClock, &format!("import time\ndef test_a():\n{body}"));
    assert_eq!(clock("    t = time.time()\n    work()\n    assert time.time() - t < 1\n"), [5]);
    assert_eq!(clock("    t = time.monotonic()\n    took = time.monotonic() - t\n    assert 0 < took <= 0.5\n"), [5]);
    assert_eq!(clock("    took = time.perf_counter() - t\n    assert 1 > took and ok\n"), [4]);
    assert_eq!(clock("    ms = (time.time() - t) * 1000\n    assert ms < 5\n"), [4]);
    for fine in [
        "    took = time.time() - t\n    assert took >= 0.1\n",
        "    deadline = time.time() + 5\n    while not ready():\n        assert time.time() < deadline\n",
        "    took = clock() - t\n    assert took < 1\n",
        "    monkeypatch.setattr(time, 'time', fake)\n    assert time.time() - t < 1\n",
        "    took = time.time() - t\n    print(took < 1)\n",
        "    def inner():\n        assert time.time() - t < 1\n",
    ] {
        assert!(clock(fine).is_empty(), "{fine}");
    }
}

#[test]
fn ports_that_something_listens_on_are_told() {
    let head = "import socket, uvicorn, http.server\nfrom aiohttp import web\ndef test_a():\n";
    let ports = |kind, body: &str| lines(kind, &format!("{head}{body}"));
    let listened = |body: &str| ports(ObservationKind::FixedPort, body);
    assert_eq!(listened("    sock.bind(('127.0.0.1', 8000))\n"), [4]);
    assert_eq!(listened("    uvicorn.run(app, port=8000)\n"), [4]);
    assert_eq!(listened("    http.server.HTTPServer(('', 8000), Handler)\n"), [4]);
    assert_eq!(listened("    web.TCPSite(runner, 'localhost', 8000)\n"), [4]);
    for fine in [
        "    sock.bind(('127.0.0.1', 0))\n",
        "    sock.bind(('127.0.0.1', port))\n",
        "    uvicorn.run(app, port=0)\n",
        "    client.connect(('127.0.0.1', 8000))\n",
        "    Client(port=8000)\n",
    ] {
        assert!(listened(fine).is_empty(), "{fine}");
    }
    let options = |body: &str| ports(ObservationKind::PortOption, body);
    assert_eq!(options("    run(['serve', '--http-port', '8000'])\n"), [4]);
    assert!(options("    run(['serve', '--port', '0'])\n    run(['serve', '--port', port])\n").is_empty());
}

#[test]
fn calls_of_other_machines_and_pauses_are_told() {
    let head = "import time, asyncio, requests, httpx\nfrom huggingface_hub import snapshot_download\n";
    let of = |kind, body: &str| lines(kind, &format!("{head}async def test_a(x):\n{body}"));
    let network = |body: &str| of(ObservationKind::Network, body);
    assert_eq!(network("    requests.get('https://huggingface.co/x')\n"), [4]);
    assert_eq!(network("    httpx.post(f'https://api.nvidia.com/{x}')\n"), [4]);
    assert_eq!(network("    snapshot_download('a/b')\n"), [4]);
    for fine in [
        "    requests.get('http://localhost:8000/v1')\n",
        "    requests.get(f'http://{x}/v1')\n",
        "    requests.get(x)\n",
        "    with patch('requests.get'):\n        requests.get('https://huggingface.co/x')\n",
        "    snapshot_download('a/b', local_files_only=True)\n",
        "    requests.ConnectionError('https://huggingface.co/x')\n",
    ] {
        assert!(network(fine).is_empty(), "{fine}");
    }
    let sleep = |body: &str| of(ObservationKind::Sleep, body);
    assert_eq!(sleep("    time.sleep(0.5)\n    await asyncio.sleep(1)\n"), [4, 5]);
    for fine in [
        "    await asyncio.sleep(0)\n",
        "    time.sleep(x)\n",
        "    while not ready():\n        time.sleep(0.1)\n",
        "    async def slow():\n        await asyncio.sleep(10)\n    slow()\n",
        "    with patch('time.sleep'):\n        time.sleep(5)\n",
    ] {
        assert!(sleep(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_request_that_samples_without_a_seed_is_told() {
    let sampling = |body: &str| lines(ObservationKind::UnseededSampling, &format!("def test_a():\n{body}"));
    assert_eq!(sampling("    x = {'messages': [], 'temperature': 0.7}\n"), [2]);
    assert_eq!(sampling("    client.create(prompt='a', temperature=1)\n"), [2]);
    for fine in [
        "    x = {'messages': [], 'temperature': 0.7, 'seed': 1}\n",
        "    x = {'messages': [], 'temperature': 0}\n",
        "    x = {'messages': [], 'temperature': t}\n",
        "    x = {'messages': [], 'temperature': 0.7, **more}\n",
        "    x = {'celsius': 1, 'temperature': 22}\n",
        "    client.create(prompt='a', temperature=1, **more)\n",
    ] {
        assert!(sampling(fine).is_empty(), "{fine}");
    }
}

#[test]
fn a_change_of_the_environment_at_import_is_told() {
    let changes = |text: &str| lines(ObservationKind::EnvironmentAtImport, text);
    assert_eq!(changes("import os\nos.environ['A'] = '1'\nif os.sep:\n    os.environ.setdefault('B', '1')\n"), [2, 4]);
    assert_eq!(changes("from os import environ\ndel environ['A']\nclass A:\n    environ['A'] = ''\n"), [2, 4]);
    for fine in [
        "import os\ndef test_a():\n    os.environ['A'] = '1'\n",
        "import os\nx = os.environ.get('A')\n",
        "import os\nif __name__ == '__main__':\n    os.environ['A'] = '1'\n",
        "environ = {}\nenviron['A'] = '1'\n",
    ] {
        assert!(changes(fine).is_empty(), "{fine}");
    }
}

#[test]
fn an_observation_names_its_test_and_is_made_only_where_it_is_asked_for() {
    let text = "import time\nimport pytest\nclass TestA:\n    @pytest.mark.unit\n    def test_a(self):\n        time.sleep(1)\n";
    let catalog = observed_tree(&[("test_a.py", text)], true);
    assert_eq!(catalog.observations.len(), 1);
    assert_eq!(catalog.observations[0].test, Some(catalog.cases[0].span.start));
    assert!(observed_tree(&[("test_a.py", text)], false).observations.is_empty());
    let ignored = [("test_a.py", text), ("conftest.py", "collect_ignore = ['test_a.py']\n")];
    assert!(observed_tree(&ignored, true).observations.is_empty(), "it is not collected");
}
