//! The report in a real browser, opened as a file: its counts are the catalog's, what is clicked is shown, and nothing that
//! a tree's author wrote is more than text.
#![allow(clippy::unwrap_used)]

mod browser;
mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use browser::Page;
use serde_json::Value;
use support::{answer, repository, xtask};
use tempfile::TempDir;

/// WebDriver's numbers of keys.
const DOWN: &str = "\u{e015}";
const ENTER: &str = "\u{e007}";
const ESCAPE: &str = "\u{e00c}";

/// A report, and the folder that it stands in.
fn report(arguments: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("a report.html");
    let mut all = vec!["report", "--output", file.to_str().unwrap()];
    all.extend(arguments);
    let answer = answer(&mut xtask(&all));
    assert_eq!(answer.code, 0, "{}", answer.stderr);
    (folder, file)
}

/// What a command prints as JSON, line by line or as a whole.
fn json(arguments: &[&str]) -> Vec<Value> {
    let answer = answer(&mut xtask(arguments));
    assert!(answer.code < 2, "{}", answer.stderr);
    serde_json::Deserializer::from_str(&answer.stdout).into_iter().map(Result::unwrap).collect()
}

/// The tests of the fixture, each with the names of its markers.
fn listed(arguments: &[&str]) -> Vec<(String, BTreeSet<String>)> {
    let mut all = vec!["list", "--format", "jsonl", "--ignored"];
    all.extend(arguments);
    let names = |case: &Value| {
        let markers = case["markers"].as_array().unwrap().iter();
        markers.map(|marker| marker["name"].as_str().unwrap().to_owned()).collect()
    };
    json(&all).iter().skip(1).map(|case| (case["id"].as_str().unwrap().to_owned(), names(case))).collect()
}

fn number(text: &str) -> usize {
    text.replace(',', "").parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

/// How many tests the table has, as it says.
fn shown(page: &Page) -> usize {
    let count = page.text("#tests-count");
    let count = count.strip_prefix("All ").unwrap_or(&count);
    number(count.split(' ').next().unwrap())
}

fn is_quiet(page: &Page) {
    assert_eq!(page.log(), Vec::<String>::new());
}

#[test]
fn counts_are_those_of_the_catalog_and_of_the_lanes() {
    let (_folder, file) = report(&[]);
    let page = Page::start();
    page.open(&file, "");
    let all = listed(&[]);
    assert_eq!(number(&page.text("#figures .figure:first-child .number")), all.len());
    assert_eq!(shown(&page), all.len());

    // Every cell of the matrix, of all stages and of each.
    let members = |category: &str| -> Vec<String> {
        let script = format!(
            "return JSON.parse(document.getElementById('data').textContent).categories.find((one) => one.name === '{category}').members"
        );
        serde_json::from_value(page.js(&script)).unwrap()
    };
    let [stages, hardware, components] = ["lifecycle", "hardware", "component"].map(members);
    let of = |names: &BTreeSet<String>, members: &[String]| -> Vec<String> {
        let found: Vec<String> = members.iter().filter(|member| names.contains(*member)).cloned().collect();
        if found.is_empty() { vec!["(none)".to_owned()] } else { found }
    };
    for stage in std::iter::once("").chain(stages.iter().map(String::as_str)) {
        let mut expected: BTreeMap<(String, String), usize> = BTreeMap::new();
        for (_, names) in all.iter().filter(|(_, names)| stage.is_empty() || names.contains(stage)) {
            for component in of(names, &components) {
                for machine in of(names, &hardware) {
                    *expected.entry((component.clone(), machine)).or_default() += 1;
                }
            }
        }
        page.open(&file, &format!("matrix&matrix={stage}"));
        let cells = page.js(
            "const table = document.querySelector('#matrix-table table');
             const heads = [...table.querySelectorAll('thead th')].map((head) => head.textContent);
             return [...table.querySelectorAll('tbody tr:not(.totals)')].flatMap((row) => [...row.cells].flatMap((cell, index) =>
               index > 0 && heads[index] !== 'All' && cell.textContent !== '·'
                 ? [[row.cells[0].textContent, heads[index], cell.textContent]] : []));",
        );
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let cells =
            cells.as_array().unwrap().iter().map(|cell| ((text(&cell[0]), text(&cell[1])), number(&text(&cell[2]))));
        assert_eq!(cells.collect::<BTreeMap<_, _>>(), expected, "{stage}");
    }

    // Every lane, and the tests in none.
    page.open(&file, "lanes");
    let lanes = &json(&["lanes", "--format", "json"])[0];
    assert_eq!(
        page.text("#unreached-title"),
        match lanes["in_no_lane"].as_array().unwrap().len() {
            1 => "1 test in no lane".to_owned(),
            several => format!("{several} tests in no lane"),
        }
    );
    let in_no_lane = page.js("const table = document.querySelector('#coverage-table table'); return [table.querySelector('thead th:last-child').textContent, table.querySelector('.totals td:last-child button').textContent]");
    assert_eq!(in_no_lane, serde_json::json!(["(no lane)", lanes["in_no_lane"].as_array().unwrap().len().to_string()]));
    for lane in lanes["list"].as_array().unwrap() {
        let name = lane["name"].as_str().unwrap();
        let sum = lane["runs"].as_u64().unwrap() + lane["may_run"].as_u64().unwrap();
        let script = format!("return String(new URLSearchParams({{ lane: {name:?} }}))");
        page.open(&file, &format!("tests&{}", page.js(&script).as_str().unwrap()));
        assert_eq!(shown(&page) as u64, sum, "{name}");
    }
    is_quiet(&page);
}

#[test]
fn what_is_clicked_typed_or_pasted_is_shown() {
    let (_folder, file) = report(&[]);
    let page = Page::start();
    page.open(&file, "");

    // A cell of the matrix shows the tests that it counts, and going back undoes that.
    let cell = "#matrix-table tbody tr:first-child td.heat button";
    let count = number(&page.text(cell));
    page.click(cell);
    assert_eq!(shown(&page), count);
    assert_eq!(page.js("return document.activeElement.id"), "tests");
    page.back();
    let all = listed(&[]).len();
    assert_eq!(shown(&page), all);

    // Words, as they are typed.
    page.keys("#words", "kv_cache TEST");
    let words = |id: &str| ["kv_cache", "test"].iter().all(|word| id.to_lowercase().contains(word));
    let found: Vec<_> = listed(&["--language", "python"]).into_iter().filter(|(id, _)| words(id)).collect();
    assert!(!found.is_empty() && found.len() < all);
    assert_eq!(page.js("return location.hash"), "#tests&q=kv_cache+TEST");
    // Chips narrow it further.
    page.click("#facets summary");
    page.click("#facet-groups fieldset:first-child button:first-child");
    assert_eq!(page.js("return document.querySelector('.active-chip').textContent"), "Language python ×");
    assert_eq!(shown(&page), found.len());
    page.open(&file, "tests&q=kv_cache+TEST&language=python");
    assert_eq!(shown(&page), found.len());

    // Expressions are pytest's; one that is none says why and changes nothing.
    for expression in ["gpu_1 and not vllm", "not (unit or integration) and pre_merge", "e2e or gpu_2 or not pre_merge"]
    {
        let expected = listed(&["--language", "python", "-m", expression]).len();
        page.open(&file, &format!("tests&language=python&m={}", expression.replace(' ', "+")));
        assert_eq!(shown(&page), expected, "{expression}");
    }
    page.keys("#expression", " and (");
    assert_eq!(page.text("#expression-error"), "a marker is missing at the end");
    assert!(shown(&page) > 0);

    // Of all tests, only the rows that can be seen are there; keys reach the others.
    page.open(&file, "tests");
    let rows = "return document.querySelectorAll('#viewport tbody tr:not(.spacer)').length";
    assert!(page.js(rows).as_u64().unwrap() < 60);
    page.keys("#viewport", &DOWN.repeat(100));
    let position = page.js("return document.activeElement.closest('tr').getAttribute('aria-rowindex')");
    assert_eq!(position, "101");

    // One test, with the place of each marker; the address names it.
    let name = page.js("return document.activeElement.textContent");
    page.keys(":focus", ENTER);
    let title = page.text("#detail-title");
    assert!(title.ends_with(name.as_str().unwrap()), "{title}");
    let why = answer(&mut xtask(&["why", &title])).stdout;
    for marker in page.js("return [...document.querySelectorAll('#detail li:has(.from)')].map((item) => item.querySelector('.place').textContent)").as_array().unwrap() {
        assert!(why.contains(marker.as_str().unwrap()), "{marker} is not in {why}");
    }
    let address = page.js("return location.hash.slice(1)").as_str().unwrap().to_owned();
    page.keys(":focus", ESCAPE);
    assert_eq!(page.js("return document.querySelector('dialog').open"), false);
    page.open(&file, &address);
    assert_eq!(page.text("#detail-title"), title);
    is_quiet(&page);
}

#[test]
fn findings_are_those_of_the_audit_by_rule_and_owner_and_since_a_baseline() {
    let tree = repository().join("fixtures/dynamo/mistakes");
    let tree = tree.to_str().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let baseline = folder.path().join("baseline.toml");
    let written =
        answer(&mut xtask(&["audit-markers", "--tree", tree, "--write-baseline", baseline.to_str().unwrap()]));
    assert_eq!(written.code, 0, "{}", written.stderr);
    // One of the findings is new: the baseline does not have its rule.
    let text = fs::read_to_string(&baseline).unwrap();
    let start = text.find("[missing-lifecycle]").unwrap();
    let end = text[start + 1..].find("\n[").map_or(text.len(), |end| start + 1 + end);
    fs::write(&baseline, format!("{}{}", &text[..start], &text[end..])).unwrap();

    let (_folder, file) = report(&["--tree", tree, "--baseline", baseline.to_str().unwrap()]);
    let page = Page::start();
    page.open(&file, "findings");
    let audit = &json(&["audit-markers", "--tree", tree, "--format", "json"])[0];
    let findings = audit["findings"].as_array().unwrap();
    let mut expected: BTreeMap<String, usize> = BTreeMap::new();
    for finding in findings {
        *expected.entry(finding["rule"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    let rows = page.js(
        "return [...document.querySelectorAll('#by-rule tbody tr')].map((row) => [row.querySelector('th button').textContent, row.cells[0].textContent])",
    );
    let rows = rows.as_array().unwrap().iter();
    let found = rows.map(|row| (row[0].as_str().unwrap().to_owned(), number(row[1].as_str().unwrap())));
    assert_eq!(found.collect::<BTreeMap<_, _>>(), expected);

    page.click("#by-rule tbody tr:first-child button");
    let chosen = page.text("#by-rule [aria-pressed=true]");
    assert!(page.text("#finding-count").starts_with(&format!("{} finding", expected[&chosen])));
    page.open(&file, "findings&frule=missing-lifecycle");
    let new = "return [...document.querySelectorAll('.finding')].every((one) => one.textContent.includes('new'))";
    assert_eq!(page.js(new), true);
    page.click(".finding summary");
    page.click(".finding div > button");
    let first = findings.iter().find(|finding| finding["rule"] == "missing-lifecycle").unwrap();
    assert_eq!(shown(&page), first["tests"].as_array().unwrap().len());

    let trend = page.text("#trend-lead");
    assert!(trend.starts_with("Since baseline.toml was written: "), "{trend}");
    let row = page.js(
        "return [...document.querySelectorAll('#trend-table tbody tr')].filter((row) => row.textContent.includes('missing-lifecycle')).map((row) => [...row.cells].map((cell) => cell.textContent))[0]",
    );
    assert_eq!((&row[1], &row[4]), (&Value::from("0"), &Value::from("·")));
    assert_eq!(row[3].as_str().unwrap(), format!("+{}", row[2].as_str().unwrap()));

    // Each finding with the owners of its file.
    page.open(&file, "findings&fowner=@example/planner");
    let places = page.js("return [...document.querySelectorAll('.finding .place')].map((place) => place.textContent)");
    let places: Vec<&str> =
        places.as_array().unwrap().iter().map(|place| place.as_str().unwrap().rsplit_once(':').unwrap().0).collect();
    let planner = "components/src/dynamo/planner/tests";
    assert_eq!(
        places,
        [
            &format!("{planner}/test_planner_missing_lifecycle.py"),
            &format!("{planner}/test_planner_missing_type.py"),
            "tests/serve/test_planner_unit_under_serve.py"
        ]
    );
    is_quiet(&page);
}

#[test]
fn it_can_be_read_in_dark_and_light_on_a_phone_and_on_paper() {
    let (_folder, file) = report(&["--tree", repository().join("fixtures/dynamo/mistakes").to_str().unwrap()]);
    let page = Page::start();
    let contrast = include_str!("browser/contrast.js");
    let mut grounds = BTreeSet::new();
    for scheme in ["light", "dark"] {
        page.scheme(scheme);
        page.open(&file, "tests&language=python");
        page.js("for (const details of document.querySelectorAll('details')) details.open = true");
        let measured = page.js(contrast);
        assert_eq!(measured["low"], Value::Array(Vec::new()), "{scheme}");
        assert!(measured["looked"].as_u64().unwrap() > 200);
        grounds.insert(page.js("return getComputedStyle(document.body).backgroundColor").to_string());
        page.js("document.querySelector('#viewport .name').click()");
        assert_eq!(page.js(contrast)["low"], Value::Array(Vec::new()), "{scheme}, a test");
    }
    assert_eq!(grounds.len(), 2);

    page.size(360, 740);
    for section in ["overview", "matrix", "lanes", "findings", "tests"] {
        page.open(&file, section);
        page.js("for (const details of document.querySelectorAll('details')) details.open = true");
        assert_eq!(page.js("return document.documentElement.scrollWidth"), 360, "{section}");
    }
    assert!(
        page.js("return document.querySelector('#viewport .name').getBoundingClientRect().width").as_f64().unwrap()
            > 150.0
    );

    // On paper every test of the filter is there, and what is pressed is not.
    page.size(1280, 900);
    page.open(&file, "");
    let all = shown(&page);
    page.media("print");
    page.js("window.dispatchEvent(new Event('beforeprint'))");
    assert_eq!(page.js("return document.querySelectorAll('#viewport tbody tr').length"), all);
    let cut = "return [...document.querySelectorAll('#viewport .name, #viewport .path, #viewport th, #viewport td')].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflow === 'hidden').length";
    assert_eq!(page.js(cut), 0);
    let hidden = "return ['.page-nav', '#filter .inputs'].some((one) => document.querySelector(one).checkVisibility())";
    assert_eq!(page.js(hidden), false);

    // Every section has a name, every column a head, every control a label.
    page.media("");
    let unnamed = page.js(
        "return [...document.querySelectorAll('section')].filter((one) => !document.getElementById(one.getAttribute('aria-labelledby'))?.textContent)
           .concat([...document.querySelectorAll('table')].filter((one) => !one.querySelector('caption') || [...one.querySelectorAll('thead th')].some((head) => head.scope !== 'col')))
           .concat([...document.querySelectorAll('input')].filter((one) => one.labels.length === 0))
           .concat([...document.querySelectorAll('button')].filter((one) => !one.textContent.trim() && !one.ariaLabel)).map((one) => one.outerHTML)",
    );
    assert_eq!(unnamed, Value::Array(Vec::new()));
    is_quiet(&page);
}

/// A tree with a lane that only CI knows to run, and the results of a run: lines of `id`, outcome, reason and seconds.
fn tree_with_run(results: &[(&str, &str, Option<&str>, f64)]) -> (TempDir, PathBuf) {
    let tree = tempfile::tempdir().unwrap();
    let workflow = "name: gpu\non: push\njobs:\n  tests:\n    runs-on: [self-hosted, gpu]\n    if: ${{ vars.HAS_GPU == 'yes' }}\n    \
                    timeout-minutes: 5\n    steps:\n      - run: pytest -m e2e tests\n";
    let test = "import pytest\n\n@pytest.mark.e2e\ndef test_long(): pass\n\n@pytest.mark.e2e\ndef test_wrong(): pass\n\n\
                @pytest.mark.e2e\ndef test_never_run(): pass\n\n@pytest.mark.unit\ndef test_small(): pass\n";
    for (name, text) in
        [("pytest.ini", "[pytest]\n"), (".github/workflows/gpu.yml", workflow), ("tests/test_a.py", test)]
    {
        let path = tree.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    let line = |(id, outcome, reason, seconds): &(&str, &str, Option<&str>, f64)| {
        format!("{}\n", serde_json::json!({ "id": id, "outcome": outcome, "reason": reason, "duration_s": seconds }))
    };
    let file = tree.path().join("results.jsonl");
    fs::write(&file, results.iter().map(line).collect::<String>()).unwrap();
    (tree, file)
}

#[test]
fn a_run_is_shown_with_what_the_lanes_take_and_under_which_conditions_they_run() {
    let attack = "<img src=x onerror=window.hit=1>";
    let (tree, results) = tree_with_run(&[
        ("tests/test_a.py::test_long", "passed", None, 90.0),
        ("tests/test_a.py::test_wrong", "crashed", Some(attack), 2.5),
        ("tests/test_a.py::test_small", "passed", None, 0.25),
        ("tests/test_a.py::test_gone[<b>]", "failed", None, 1.0),
    ]);
    let tree = tree.path().to_str().unwrap();
    let (_folder, file) = report(&["--tree", tree, "--results", results.to_str().unwrap()]);
    let page = Page::start();
    page.open(&file, "run");
    assert_eq!(
        page.text("#run-lead"),
        "4 results in results.jsonl: 2 passed, 1 failed, 1 crashed. One after another they took 1 min 34 s. \
         1 result is of no test that the tree has now."
    );
    let rows = |of: &str| {
        page.js(&format!(
            "return [...document.querySelectorAll('#{of} tbody tr')].map((row) => row.innerText.replace(/\\s+/g, ' '))"
        ))
    };
    assert_eq!(
        rows("run-failures"),
        serde_json::json!([
            format!("2.50 s tests/test_a.py::test_wrong crashed: {attack}"),
            "1.00 s tests/test_a.py::test_gone[<b>] failed"
        ])
    );
    assert_eq!(rows("run-slowest")[0], "1 min 30 s tests/test_a.py::test_long");
    // A test that the tree has is opened, one that is gone is only named.
    assert_eq!(page.js("return document.querySelectorAll('#run-failures button').length"), 1);
    page.click("#run-failures button");
    assert!(page.text("#detail").contains("test_wrong"));
    page.keys(":focus", ESCAPE);

    page.open(&file, "lanes");
    page.js("for (const details of document.querySelectorAll('details')) details.open = true");
    let lanes = page.text("#lane-list");
    assert!(lanes.contains("may run: if vars.HAS_GPU == 'yes'"), "{lanes}");
    // One that crashed tells no time, and one that is not in the lane is none of it.
    assert!(lanes.contains("measured: 1 min 30 s one after another, 1 of 3 tests"), "{lanes}");

    assert_eq!(page.js("return [window.hit ?? null, document.images.length]"), serde_json::json!([null, 0]));
    let contrast = include_str!("browser/contrast.js");
    for scheme in ["light", "dark"] {
        page.scheme(scheme);
        page.open(&file, "run");
        page.js("for (const details of document.querySelectorAll('details')) details.open = true");
        assert_eq!(page.js(contrast)["low"], Value::Array(Vec::new()), "{scheme}");
    }
    page.size(360, 740);
    for section in ["run", "lanes"] {
        page.open(&file, section);
        page.js("for (const details of document.querySelectorAll('details')) details.open = true");
        assert_eq!(page.js("return document.documentElement.scrollWidth"), 360, "{section}");
    }
    is_quiet(&page);

    // Without results there is no such section.
    let (_folder, file) = report(&["--tree", tree, "--no-run"]);
    page.open(&file, "");
    assert_eq!(
        page.js("return [document.getElementById('run').hidden, document.getElementById('run-link').hidden]"),
        serde_json::json!([true, true])
    );
}

/// A tree in which every name and text tries to be more than that.
fn hostile_tree() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path: PathBuf = tree.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let attack = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>";
    let test = format!(
        "import pytest\n\n@pytest.mark.unit\n@pytest.mark.odd({attack:?})\n@pytest.mark.parametrize('x', [{attack:?}, \"'\\\"&amp;{{{{data}}}}<!--\", 'é'])\n\
         def test_a(x): pass\n\n@pytest.mark.skip(reason={attack:?})\ndef test_b(): pass\n"
    );
    write("pytest.ini", "[pytest]\n");
    // A name with a dot is one that pytest cannot import: a finding about the file.
    write("test_<img src=x onerror=window.hit=1>.py", &test);
    write("test_<img src=x onerror=hit=1>.py", &test);
    write("test_\u{202e}\u{2028}\u{2066}'\"&.py", &test);
    write(".github/CODEOWNERS", "* @a/b\n<img\\ src=x\\ onerror=window.hit=1> window.hit\n");
    write(
        ".github/workflows/a.yml",
        &format!(
            "name: x\non: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    name: {attack:?}\n    steps:\n      - name: {attack:?}\n        run: pytest -k '<b>'\n"
        ),
    );
    tree
}

#[test]
fn nothing_that_a_tree_has_is_more_than_text() {
    let tree = hostile_tree();
    let label = "</title></script><script>window.hit=1</script>\u{202e}";
    let (_folder, file) = report(&["--tree", tree.path().to_str().unwrap(), "--label", label]);
    let page = Page::start();
    page.open(&file, "tests");
    let look = "for (const details of document.querySelectorAll('details')) details.open = true; return [window.hit ?? null, document.scripts.length, document.images.length, document.querySelectorAll('b').length]";
    let harmless = serde_json::json!([null, 2, 0, 0]);
    assert_eq!(page.js(look), harmless);
    assert_eq!(shown(&page), 8);
    // What the reader sees is what was written, and nothing turns it around.
    let text = page.js("return document.body.innerText + document.getElementById('data').textContent");
    let text = text.as_str().unwrap();
    assert!(text.contains("test_<img src=x onerror=window.hit=1>.py") && text.contains("</script><script>"));
    assert!(!text.contains(|character| matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')));
    for name in ["#viewport tbody tr:nth-child(2) .name", "#viewport tbody tr:nth-child(5) .name"] {
        page.js(&format!("document.querySelector({name:?}).click()"));
        assert_eq!(page.js(look), harmless);
        page.keys(":focus", ESCAPE);
    }
    page.open(&file, "tests&q=%3Cimg+src%3Dx+onerror%3Dwindow.hit%3D1%3E&m=%3Cb%3E&test=%3Cb%3E&lane=%3Cb%3E&finding=99&overlap=x&matrix=%3Cb%3E");
    assert_eq!(page.js(look), harmless);
    is_quiet(&page);

    // Were there a way in, the page's policy would let nothing run and nothing be loaded.
    page.js(
        "const script = document.createElement('script'); script.textContent = 'window.hit = 1'; document.body.append(script);
         const image = document.createElement('img'); image.setAttribute('onerror', 'window.hit = 1'); image.src = 'https://a.example/x.png'; document.body.append(image);
         document.body.setAttribute('onclick', 'window.hit = 1'); document.body.click();",
    );
    assert_eq!(page.js("return window.hit ?? null"), Value::Null);
    assert!(page.log().iter().filter(|line| line.contains("Content Security Policy")).count() >= 3);
}

#[test]
fn the_same_tree_gives_the_same_bytes_and_one_file() {
    let (_folder, one) = report(&["--no-run"]);
    let (_other, other) = report(&["--no-run"]);
    let bytes = |file: &Path| fs::read(file).unwrap();
    assert!(bytes(&one) == bytes(&other));
    let text = String::from_utf8(bytes(&one)).unwrap();
    assert!(!text.contains("http://") && !text.contains("https://"));
    assert!(!text.contains(repository().canonicalize().unwrap().to_str().unwrap()));
}

/// The document in a report.
fn document(file: &Path) -> Value {
    let text = fs::read_to_string(file).unwrap();
    let (_, rest) = text.split_once("id=\"data\">").unwrap();
    serde_json::from_str(rest.split_once("</script>").unwrap().0).unwrap()
}

#[test]
fn of_several_codeowners_files_githubs_first_counts_and_one_that_is_too_large_gives_nobody_anything() {
    let tree = tempfile::tempdir().unwrap();
    let path = |name: &str| tree.path().join(name);
    fs::create_dir(path(".github")).unwrap();
    fs::create_dir(path("docs")).unwrap();
    fs::write(path("pytest.ini"), "[pytest]\n").unwrap();
    fs::write(path("test_a.py"), "def test_a(): pass\n").unwrap();
    let owners = |expected: Option<(&str, &[&str])>| {
        let (_folder, file) = report(&["--tree", tree.path().to_str().unwrap()]);
        let document = document(&file);
        let place = document["tests"]["file"][0].as_u64().unwrap() as usize;
        let found = &document["owners"];
        let Some((name, of_test)) = expected else { return assert_eq!(*found, Value::Null) };
        assert_eq!(found["file"], name);
        let set = found["of_file"][place].as_u64().unwrap() as usize;
        assert_eq!(found["sets"][set], serde_json::json!(of_test), "{name}");
    };
    owners(None);
    for name in ["docs/CODEOWNERS", "CODEOWNERS", ".github/CODEOWNERS"] {
        fs::write(path(name), format!("# of {name}\n* @{}\n", name.to_lowercase().replace(['/', '.'], "-"))).unwrap();
        owners(Some((name, &[&format!("@{}", name.to_lowercase().replace(['/', '.'], "-"))])));
    }
    let large = format!("* @a\n{}", "#\n".repeat(1_500_000));
    fs::write(path(".github/CODEOWNERS"), large).unwrap();
    owners(Some((".github/CODEOWNERS", &[])));
}

#[test]
fn wrong_usage_is_exit_2_and_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let bad = folder.path().join("bad.toml");
    fs::write(&bad, "version = 1\n[no-such-rule]\n").unwrap();
    let file = folder.path().join("report.html");
    for (arguments, expected) in [
        (&["--output", "/no/such/folder/report.html"][..], "nothing was written to /no/such/folder/report.html"),
        (&["--output", file.to_str().unwrap(), "--baseline", bad.to_str().unwrap()], "no rule is named `no-such-rule`"),
        (&["--output", file.to_str().unwrap(), "--baseline", "/no/such/file"], "there is no baseline /no/such/file"),
        (&["--output", file.to_str().unwrap(), "--results", bad.to_str().unwrap()], "line 1 is no result of a run"),
        (&["--output", file.to_str().unwrap(), "--results", "/no/such/file"], "cannot read /no/such/file"),
    ] {
        let mut all = vec!["report"];
        all.extend(arguments);
        let answer = answer(&mut xtask(&all));
        assert_eq!(answer.code, 2, "{arguments:?}: {}", answer.stderr);
        assert!(answer.stderr.contains(expected), "{}", answer.stderr);
    }
    assert!(!file.exists());
}

#[test]
fn a_machine_is_shown_with_what_fits_it_and_what_would_run_there() {
    let arguments = ["--gpus", "2xL4", "-j", "2", "--stage", "nightly", "--no-run"];
    let (_folder, file) = report(&arguments);
    let plan = json(&["plan", "--gpus", "2xL4", "-j", "2", "--stage", "nightly", "--format", "json"]).remove(0);
    let page = Page::start();
    page.open(&file, "plan");
    let lead = page.text("#plan-lead");
    assert!(lead.starts_with("Planned for 2x NVIDIA L4 (22.5 GiB), 2 CPU slots: "), "{lead}");
    let planned: usize =
        plan["steps"].as_array().unwrap().iter().map(|step| step["tests"].as_array().unwrap().len()).sum();
    assert!(lead.contains(&format!("{planned} tests of nightly")), "{planned}: {lead}");
    let refused = plan["not_run"].as_array().unwrap().len();
    assert!(lead.contains(&format!("{refused} not run there")), "{refused}: {lead}");
    let models =
        "return [...document.querySelectorAll('#plan-gpus tbody td:nth-child(2)')].map((one) => one.textContent)";
    assert_eq!(page.js(models), serde_json::json!(["NVIDIA L4", "NVIDIA L4"]));
    let devices = "return [...document.querySelectorAll('#plan .device strong')].map((one) => one.textContent)";
    assert_eq!(page.js(devices), serde_json::json!(["GPU 0", "GPU 1", "CPU"]));
    let bars = page.js("return document.querySelectorAll('#plan .bar-planned, #plan .bar-alone').length");
    assert!(bars.as_u64().unwrap() > 5, "{bars}");
    page.click("#plan-fits .action");
    assert!(page.text("#plan-fits").contains("does not fit: needs"), "{}", page.text("#plan-fits"));
    assert!(
        page.text("#plan-budgets").contains("beside all else that is planned the last ends after"),
        "{}",
        page.text("#plan-budgets")
    );
    assert_eq!(page.js("return document.querySelector('#run').checkVisibility()"), false);
    // What only lends its namespace takes no room.
    assert_eq!(page.js("return document.querySelector('#picture').checkVisibility()"), false);
    for scheme in ["light", "dark"] {
        page.scheme(scheme);
        page.open(&file, "plan");
        assert_eq!(page.js(include_str!("browser/contrast.js"))["low"], Value::Array(Vec::new()), "{scheme}");
    }
    page.size(360, 740);
    page.open(&file, "plan");
    assert_eq!(page.js("return document.documentElement.scrollWidth"), 360);
    is_quiet(&page);

    // Without being asked, a page says nothing of the machine that wrote it.
    let (_folder, plain) = report(&["--no-run"]);
    assert_eq!(document(&plain)["plan"], Value::Null);
    let wrong = answer(&mut xtask(&["report", "--gpus", "2xNoSuchCard", "--output", "/dev/null"]));
    assert_eq!(wrong.code, 2, "{}", wrong.stderr);
}

/// Results of the tree of `tree_with_run` with times on one clock, in the folder of a run.
fn kept_run(tree: &Path, name: &str, failed: &str) {
    let line = |id: &str, outcome: &str, start: f64, took: f64, gpus: &[&str], peak: Option<u64>| {
        let line = serde_json::json!({
            "id": id, "outcome": outcome, "start_s": start, "duration_s": took, "step": 1, "gpus": gpus,
            "vram_peak_bytes": peak, "message": "<b>expected 200</b>", "output": "of the test\n",
        });
        format!("{line}\n")
    };
    let folder = tree.join("target/xtask/runs").join(name);
    fs::create_dir_all(&folder).unwrap();
    let text = [
        line("tests/test_a.py::test_long", "passed", 0.0, 60.0, &["0"], Some(3 << 30)),
        line("tests/test_a.py::test_wrong", failed, 30.0, 60.0, &["0"], Some(5 << 30)),
        line("tests/test_a.py::test_small", "passed", 0.0, 1.0, &[], None),
        line("tests/test_a.py::test_small", "failed", 1.0, 1.0, &[], None),
        line("<img src=x onerror=window.hit=1>", "passed", 2.0, 90.0, &[], None),
    ];
    fs::write(folder.join("results.jsonl"), text.concat()).unwrap();
}

#[test]
fn the_last_run_has_a_timeline_and_what_failed_with_its_output() {
    let (tree, _) = tree_with_run(&[]);
    kept_run(tree.path(), "1700000000000-1-aaaa", "timed-out");
    kept_run(tree.path(), "1800000000000-1-bbbb", "failed");
    let name = tree.path().to_str().unwrap();
    let (_folder, file) = report(&["--tree", name]);
    let page = Page::start();
    page.open(&file, "run");
    assert!(page.text("#run-lead").contains("the run 1800000000000-1-bbbb"), "{}", page.text("#run-lead"));
    let devices = page.js("return [...document.querySelectorAll('.device strong')].map((one) => one.textContent)");
    assert_eq!(devices, serde_json::json!(["GPU 0", "CPU"]));
    let bars = "return [...document.querySelectorAll('.device svg')].map((one) => one.querySelectorAll('rect').length)";
    assert_eq!(page.js(bars), serde_json::json!([2, 3]));
    // Both on the GPU at once: 8 GiB, and the graph reaches its top then.
    assert!(page.text(".device").contains("8.0 GiB at most"), "{}", page.text(".device"));
    assert_eq!(page.js("return document.querySelectorAll('.memory').length"), 1);
    assert_eq!(page.js("return document.querySelectorAll('.bar-bad').length"), 2);
    page.js("for (const details of document.querySelectorAll('details')) details.open = true");
    assert_eq!(page.text("#run-failures .output"), "<b>expected 200</b>\n\nof the test");
    assert!(page.text("#run-flaky").contains("1 of 2"), "{}", page.text("#run-flaky"));
    assert_eq!(page.js("return window.hit ?? null"), Value::Null);
    is_quiet(&page);

    let (_folder, older) = report(&["--tree", name, "--run", "1700000000000-1-aaaa"]);
    page.open(&older, "run");
    assert!(page.text("#run-failures").contains("timed-out"));
    for wrong in ["1", "../runs/1700000000000-1-aaaa"] {
        let found = answer(&mut xtask(&["report", "--tree", name, "--run", wrong]));
        assert_eq!(found.code, 4, "{}", found.stderr);
        assert!(found.stderr.contains(&format!("no run `{wrong}` is kept")), "{}", found.stderr);
    }
}
