//! The tables and keys themselves.

use super::Takes::{
    Day, Flag, Number, Positive, Share, Table as One, Tables as Several, Text, TextOrTable, Texts, TextsOrTables,
    Version, Whole,
};
use super::{Form, Key, Names, Table};
use crate::argument::ArgumentKind;
use crate::evidence::EvidenceKind;
use crate::preset;
use crate::rules;

/// The version of the format that this crate reads.
const VERSION: u32 = 1;

const LEVELS: Form = Form::OneOf(|| {
    vec![
        ("error", "it breaks the policy: exit code 1"),
        ("warning", "worth knowing: exit code 1 all the same, and less in what shows it"),
        ("off", "it is not checked"),
    ]
});
const RULES: Form = Form::OneOf(|| rules::ALL.iter().map(|rule| (rule.code.as_str(), rule.summary)).collect());
const PRESETS: Form = Form::OneOf(|| preset::ABOUT.to_vec());
const REQUIRED: Form = Form::OneOf(|| {
    vec![
        ("always", "every test needs at least one"),
        ("where-applicable", "a test in a folder that is one member's own (`locations.component`) needs that member"),
        ("never", "no test needs one"),
    ]
});
const SCOPES: Form = Form::OneOf(|| {
    vec![
        ("run", "all of them together"),
        ("suite", "each suite by itself, a suite being one component's tests of one type"),
    ]
});
const ARGUMENTS: Form = Form::OneOf(|| ArgumentKind::ALL.map(|kind| (kind.as_str(), kind.meaning())).to_vec());

const EVIDENCE: Form = Form::OneOf(|| EvidenceKind::ALL.map(|kind| (kind.as_str(), kind.meaning())).to_vec());

/// The whole file.
pub static DOCUMENT: Table = Table::of(&[
    Key::new(
        "extends",
        Text(PRESETS),
        "\"dynamo-2026-08\"",
        "The preset that this policy builds on. What the file does not say is as the preset has it. A list takes the \
         place of the preset's, an entry that of the entry of its name; `[[budgets]]` and the like are replaced as a whole. \
         Without it, everything has to be written. `cargo xtask policy show` prints what applies in the end, and where \
         each value comes from.",
    ),
    Key::new("version", Version(VERSION), "1", "The version of this format."),
    Key::new("name", Text(Form::Any), "\"our-policy\"", "What messages call the policy; by default the file's name."),
    Key::new(
        "tree",
        Text(Form::Folder),
        "\"python\"",
        "The folder with the tests, where it is not the one that the file lies in.",
    ),
    Key::new(
        "categories",
        One(&CATEGORIES),
        "{ component = { add = [\"frontend\"] } }",
        "The markers that say what a test is, in five categories, and how many of each a test has: at least one with \
         `required = \"always\"`, at most one with `at-most-one = true`, exactly one with both. A rule for tests with \
         certain markers only is one of `companions`.",
    ),
    Key::new(
        "hardware",
        One(&HARDWARE),
        "{ h100 = { model = \"H200\" } }",
        "What each hardware marker asks of the machine. Markers of one test add up: `gpu_2` and `h100` are two H100s. \
         Every member of the category needs an entry.",
    ),
    Key::new(
        "gpus",
        One(&GPUS),
        "{ L4 = { gib = 24 } }",
        "The GPUs of the machines that lanes run on. A test whose measured memory is above all of them is a finding.",
    ),
    Key::new(
        "markers",
        One(&MARKERS),
        "{ model = { args = [\"id\"] } }",
        "Markers that belong to no category, and the arguments that markers take.",
    ),
    Key::new(
        "plugin-markers",
        One(&PLUGIN_MARKERS),
        "{ pytest-foo = [\"foo\"] }",
        "Markers that pytest or one of its plugins declares: nobody has to declare them again.",
    ),
    Key::new(
        "aliases",
        One(&ALIASES),
        "{ vllm_marker = \"vllm\" }",
        "Markers that were renamed. A test with the older name is a finding of `deprecated-marker`, and counts as one with \
         the newer.",
    ),
    Key::new(
        "conflicts",
        One(&CONFLICTS),
        "{ fast-and-slow = [\"unit\", \"slow\"] }",
        "Markers that exclude each other. An empty list takes an entry of the preset back.",
    ),
    Key::new(
        "coexist",
        One(&COEXIST),
        "{ load = [\"e2e\", \"stress\"] }",
        "Markers that may stand together, whatever `conflicts` or `at-most-one` say.",
    ),
    Key::new(
        "companions",
        One(&COMPANIONS),
        "{ engine = { of = [\"vllm\"], exactly-one = [\"kvbm\", \"router\"] } }",
        "One of these if one of those: what a test with one marker names beside it.",
    ),
    Key::new("locations", One(&LOCATIONS), "{ cross-component = [\"e2e\"] }", "Where tests stand."),
    Key::new(
        "imports",
        One(&IMPORTS),
        "{ lmcache = \"kvbm\" }",
        "What a module is about that imports a package: the marker of its tests. The audit proposes it, and \
         `unmarked-import` finds tests without it.",
    ),
    Key::new("files", One(&FILES), "{ name = \"test_{component}_of_{flow}.py\" }", "How files with tests are named."),
    Key::new(
        "rust",
        One(&RUST),
        "{ ignored = [\"nightly\"] }",
        "The markers that Rust tests get, which carry none of their own: by their kind, by the feature that they are \
         compiled with, by `#[ignore]`. A feature says more than a kind: its markers take the place of those of the same \
         category.",
    ),
    Key::new(
        "defaults",
        One(&DEFAULTS),
        "{ lifecycle = \"pre_merge\" }",
        "The markers that a hook of the tree gives to tests without one of the category. The audit still judges what \
         authors wrote; selection and plan see the default.",
    ),
    Key::new("planning", One(&PLANNING), "{ headroom = 0.2 }", "What the plan reads from markers."),
    Key::new(
        "exclusive",
        One(&EXCLUSIVE),
        "{ slow = \"etcd\" }",
        "What only one test has at a time: a port, a service, the whole machine's attention. Tests whose markers name the \
         same thing never run at once.",
    ),
    Key::new(
        "engine-caps",
        Several(&ENGINE_CAP),
        "[{ marker = \"slow\", env = \"MAX_TOKENS\" }]",
        "How a test's engine is told how much it may take: the value of the marker's first argument goes into the \
         environment variable. Of several, the first whose marker the test has applies.",
    ),
    Key::new(
        "timeouts",
        One(&TIMEOUTS),
        "{ unit = \"1 min\" }",
        "How long a test may take that says nothing itself, by its type.",
    ),
    Key::new(
        "budgets",
        Several(&BUDGET),
        "[{ type = \"unit\", limit = \"5 min\" }]",
        "How long tests may take in all: of a type, in a stage, or of each suite. A run says which of them it kept.",
    ),
    Key::new("audit", One(&AUDIT), "{ tickets = [\"DYN-\"] }", "What the audit judges."),
    Key::new(
        "rules",
        One(&RULE_LEVELS),
        "{ file-name = \"off\" }",
        "Each rule, and how much it weighs. `cargo xtask audit-markers --explain RULE` says what it is for.",
    ),
    Key::new(
        "exemptions",
        Several(&EXEMPTION),
        "[{ rules = [\"file-name\"], tests = [\"tests/old\"], owner = \"@team\", reason = \"why\", expires = 2099-12-31 }]",
        "Findings that stay for a while, each with someone who answers for it. They are not reported, and counted. From \
         the day after `expires` on they are reported again, and so is the exemption; one that has nothing to exempt is a \
         finding too. What concerns one line is better allowed by a comment there: `# test-kit: allow(RULE) REASON`.",
    ),
    Key::new(
        "container",
        One(&CONTAINER),
        "{ engine = \"podman\" }",
        "How `cargo xtask test --container IMAGE` runs the tests in a container.",
    ),
    Key::new(
        "retry",
        One(&RETRY),
        "{ output = [\"address already in use\"] }",
        "Failures of GPU tests that are tried again, known by what they print: races at the start of an engine. None by \
         default: a test that fails has failed. A test that fails and then passes is called flaky, and each of its tries \
         is kept.",
    ),
    Key::new(
        "ports",
        One(&PORTS),
        "{ variable = \"TEST_PORTS\" }",
        "Ports that the tests of a slot have for themselves, among all runs on the machine that give out ports. Tests find \
         them in a variable; without its name none are given out.",
    ),
    Key::new("ci", One(&CI), "{ workflows = [\"ci\"] }", "Where CI is written, and what its workflows do not show."),
    Key::new(
        "lanes",
        Several(&LANE),
        "[{ name = \"gpu\", run = \"cargo test\" }]",
        "What CI runs and no workflow shows: a script runs it, or another system.",
    ),
]);

static CATEGORIES: Table = Table::of(&[
    Key::new(
        "lifecycle",
        One(&CATEGORY),
        "{ at-most-one = true }",
        "When a test runs. The members are in the order of the pipeline: a stage selects its own marker and every earlier \
         one.",
    ),
    Key::new("type", One(&CATEGORY), "{ at-most-one = true }", "The nature of a test."),
    Key::new(
        "hardware",
        One(&CATEGORY),
        "{ at-most-one = true }",
        "What a machine must have. Each member has an entry in `hardware`.",
    ),
    Key::new("component", One(&CATEGORY), "{ at-most-one = true }", "The component or framework that a test is about."),
    Key::new("other", One(&CATEGORY), "{ at-most-one = true }", "Special handling."),
    Key::new(
        "shared",
        Texts(Form::Marker),
        "[\"unit\"]",
        "Markers that are meant to be members of several categories, beside those that the preset has in several. Any other \
         that is in two is a mistake.",
    ),
]);

static CATEGORY: Table = Table::of(&[
    Key::new("required", Text(REQUIRED), "\"never\"", "Whether a test needs one of the members."),
    Key::new("at-most-one", Flag, "true", "Whether a test has at most one of them."),
    Key::new("markers", Texts(Form::Marker), "[\"slow\", \"h100\", \"unit\"]", "The members, all of them."),
    Key::new("add", Texts(Form::Marker), "[\"heavy\"]", "Members beside those of the preset."),
]);

static HARDWARE: Table = Table::named(&Names {
    word: "MARKER",
    form: Form::Marker,
    takes: One(&HARDWARE_ENTRY),
    example: "gpu_1 = { gpus = 1, model = \"L4\" }",
    means: "What the marker asks for: at least one of these.",
});

static HARDWARE_ENTRY: Table = Table::of(&[
    Key::new("gpus", Whole, "2", "How many GPUs."),
    Key::new("model", Text(Form::Any), "\"H100\"", "A part of the GPUs' product name."),
    Key::new("resource", Text(Form::Any), "\"k8s\"", "Something other than a GPU."),
    Key::new("count", Whole, "2", "How much of that resource; 1 by default."),
    Key::new(
        "compute-capability",
        Positive,
        "9.0",
        "The least compute capability of the GPUs, with one figure behind the point. A card whose capability cannot be \
         known does not do.",
    ),
]);

static EXCLUSIVE: Table = Table::named(&Names {
    word: "MARKER",
    form: Form::Marker,
    takes: Text(Form::Any),
    example: "slow = \"etcd\"",
    means: "The thing that a test with this marker has alone, by a name of your choice.",
});

static GPUS: Table = Table {
    whole: true,
    ..Table::named(&Names {
        word: "MODEL",
        form: Form::Any,
        takes: One(&GPU),
        example: "L4 = { gib = 24 }",
        means: "A model of GPU that lanes have.",
    })
};

static GPU: Table = Table::of(&[Key::new("gib", Positive, "24", "Its memory, in GiB.").required()]);

static MARKERS: Table = Table::named(&Names {
    word: "MARKER",
    form: Form::Marker,
    takes: One(&MARKER),
    example: "network = { description = \"it needs the network\" }",
    means: "A marker.",
});

static MARKER: Table = Table::of(&[
    Key::new("description", Text(Form::Any), "\"how long it may take\"", "What it is for, in one line."),
    Key::new(
        "args",
        TextsOrTables(Form::Any, &ARGUMENT),
        "[{ name = \"seconds\", type = \"number\", unit = \"seconds\", min = 0 }]",
        "Its positional arguments, each by its name or with more about it. Without `args` nothing is said of them; \
         `args = []` takes none.",
    ),
]);

static ARGUMENT: Table = Table::of(&[
    Key::new("name", Text(Form::Any), "\"gib\"", "Its name; a keyword argument of that name is the same argument.")
        .required(),
    Key::new("type", Text(ARGUMENTS), "\"number\"", "What it may be; anything by default."),
    Key::new("unit", Text(Form::Any), "\"GiB\"", "What the number counts, for messages."),
    Key::new("min", Number, "0", "The least that the number may be."),
    Key::new("max", Number, "80", "The most that the number may be."),
    Key::new("optional", Flag, "true", "Whether it may be left out."),
    Key::new("many", Flag, "true", "Whether more of its kind may follow. Only the last one can say so."),
]);

static PLUGIN_MARKERS: Table = Table::named(&Names {
    word: "PLUGIN",
    form: Form::Any,
    takes: Texts(Form::Marker),
    example: "pytest-timeout = [\"timeout\", \"deadline\"]",
    means: "The markers that the plugin declares.",
});

static ALIASES: Table = Table::named(&Names {
    word: "MARKER",
    form: Form::Marker,
    takes: TextOrTable(Form::Marker, &ALIAS),
    example: "sgl = { name = \"sglang\", note = \"one name everywhere\" }",
    means: "The newer name of this older one.",
});

static ALIAS: Table = Table::of(&[
    Key::new("name", Text(Form::Marker), "\"sglang\"", "The name to write instead.").required(),
    Key::new("note", Text(Form::Any), "\"one name everywhere\"", "Why it was renamed, or what else changed."),
]);

static CONFLICTS: Table = Table::named(&Names {
    word: "NAME",
    form: Form::Any,
    takes: Texts(Form::Marker),
    example: "number-of-gpus = [\"gpu_0\", \"gpu_1\"]",
    means: "Markers of which a test has at most one. The name is for this file.",
});

static COEXIST: Table = Table::named(&Names {
    word: "NAME",
    form: Form::Any,
    takes: Texts(Form::Marker),
    example: "load = [\"e2e\", \"stress\"]",
    means: "Markers any of which may stand together. The name is for this file.",
});

static COMPANIONS: Table = Table::named(&Names {
    word: "NAME",
    form: Form::Any,
    takes: One(&COMPANION),
    example: "component-of-framework = { of = [\"vllm\"], exactly-one = [\"router\", \"kvbm\"] }",
    means: "A rule for tests with certain markers: one of `exactly-one` and `at-least-one`. The name is for this file.",
});

static COMPANION: Table = Table::of(&[
    Key::new("of", Texts(Form::Marker), "[\"vllm\", \"sglang\"]", "Tests with one of these markers are meant.")
        .required(),
    Key::new(
        "exactly-one",
        Texts(Form::Marker),
        "[\"router\", \"kvbm\"]",
        "They name one of these too, and not several.",
    ),
    Key::new("at-least-one", Texts(Form::Marker), "[\"router\", \"kvbm\"]", "They name one of these too, or several."),
]);

static LOCATIONS: Table = Table::of(&[
    Key::new(
        "component",
        Texts(Form::Folder),
        "[\"lib/{component}/tests\"]",
        "Folders that are one component's own: `{component}` is any one folder. A test in one whose name is a member of \
         the category needs that member.",
    ),
    Key::new(
        "cross-component",
        Texts(Form::Folder),
        "[\"e2e\"]",
        "Where tests of two or more components stand, whatever their type.",
    ),
    Key::new("types", One(&LOCATIONS_OF_TYPES), "{ unit = [\"tests/unit\"] }", "By type: where its tests may stand."),
]);

static LOCATIONS_OF_TYPES: Table = Table::named(&Names {
    word: "TYPE",
    form: Form::Marker,
    takes: Texts(Form::Folder),
    example: "unit = [\"tests/unit\"]",
    means: "The folders in which tests of this type may stand. A type that is not named may stand anywhere.",
});

static IMPORTS: Table = Table::named(&Names {
    word: "MODULE",
    form: Form::Module,
    takes: Text(Form::Marker),
    example: "\"dynamo.lmcache\" = \"kvbm\"",
    means: "The marker of tests whose module imports this package, or something inside of it.",
});

static FILES: Table = Table::of(&[Key::new(
    "name",
    Text(Form::FileName),
    "\"test_{component}_of_{flow}.py\"",
    "`{component}` is a member of the category, `{flow}` what the tests exercise.",
)]);

static RUST: Table = Table::of(&[
    Key::new("unit", Texts(Form::Marker), "[\"unit\"]", "Tests in the sources of a package."),
    Key::new("integration", Texts(Form::Marker), "[\"integration\"]", "Tests in a `tests/` folder."),
    Key::new("doc", Texts(Form::Marker), "[\"unit\"]", "Code in documentation."),
    Key::new("example", Texts(Form::Marker), "[\"e2e\"]", "Tests in an example."),
    Key::new("bench", Texts(Form::Marker), "[\"stress\"]", "Benchmarks."),
    Key::new("ignored", Texts(Form::Marker), "[\"nightly\"]", "Tests with `#[ignore]`, beside those of their kind."),
    Key::new(
        "integration-feature",
        Text(Form::Any),
        "\"it\"",
        "The cargo feature behind which integration tests have to stand, for `ungated-integration-test`.",
    ),
    Key::new(
        "features",
        One(&RUST_FEATURES),
        "{ testing-cuda = [\"gpu_1\"] }",
        "By cargo feature: tests that only it compiles.",
    ),
]);

static RUST_FEATURES: Table = Table::named(&Names {
    word: "FEATURE",
    form: Form::Any,
    takes: Texts(Form::Marker),
    example: "testing-cuda = [\"gpu_1\"]",
    means: "The markers of tests that are compiled only with this feature.",
});

static DEFAULTS: Table = Table {
    whole: true,
    ..Table::of(&[
        Key::new("lifecycle", Text(Form::Marker), "\"pre_merge\"", "What a test without a lifecycle gets."),
        Key::new("type", Text(Form::Marker), "\"unit\"", "What a test without a type gets."),
        Key::new("hardware", Text(Form::Marker), "\"gpu_0\"", "What a test without hardware gets."),
        Key::new("component", Text(Form::Marker), "\"router\"", "What a test without a component gets."),
        Key::new("other", Text(Form::Marker), "\"slow\"", "What a test without another marker gets."),
        Key::new("tell", Text(Form::Marker), "\"slow\"", "The marker that tells that another was added."),
        Key::new("not-under", Texts(Form::Folder), "[\"examples\"]", "Folders whose tests get nothing."),
    ])
};

static PLANNING: Table = Table::of(&[
    Key::new(
        "vram-marker",
        Text(Form::Marker),
        "\"peak_gib\"",
        "The marker with the measured peak of GPU memory, in GiB.",
    ),
    Key::new("timeout-marker", Text(Form::Marker), "\"deadline\"", "The marker with the time-out, in seconds."),
    Key::new(
        "cpu-marker",
        Text(Form::Marker),
        "\"cpus\"",
        "The marker with the number of processors that a test takes of the run's slots. Without one each test takes one.",
    ),
    Key::new(
        "host-memory-marker",
        Text(Form::Marker),
        "\"host_gib\"",
        "The marker with the memory of the machine itself that a test takes, in GiB. Without one it is not planned with.",
    ),
    Key::new(
        "parallel-marker",
        Text(Form::Marker),
        "\"parallel\"",
        "The marker of tests of pytest that may run beside others. Those without it that need no GPU run one after the other, \
         beside marked ones. Without this key all may run beside others.",
    ),
    Key::new("headroom", Share, "0.2", "The share of a GPU's memory that stays free where several tests share it."),
    Key::new(
        "stagger",
        Text(Form::Duration),
        "\"5 s\"",
        "The least time between two starts on a GPU that tests share: engines measure what is free when they start. None by \
         default.",
    ),
]);

static ENGINE_CAP: Table = Table::of(&[
    Key::new("marker", Text(Form::Marker), "\"slow\"", "The marker.").required(),
    Key::new(
        "env",
        Text(Form::Any),
        "\"MAX_TOKENS\"",
        "The variable. Without one the marker caps the engine by other means, and the test itself tells it.",
    ),
]);

static TIMEOUTS: Table = Table {
    keys: &[Key::new("default", Text(Form::Duration), "\"5 min\"", "For tests of every other type, and of none.")],
    names: Some(&Names {
        word: "TYPE",
        form: Form::Marker,
        takes: Text(Form::Duration),
        example: "unit = \"1 min\"",
        means: "For tests of this type.",
    }),
    whole: false,
};

static BUDGET: Table = Table::of(&[
    Key::new("type", Text(Form::Marker), "\"unit\"", "Only tests of this type."),
    Key::new("stage", Text(Form::Marker), "\"nightly\"", "Only where this stage runs."),
    Key::new("per", Text(SCOPES), "\"suite\"", "What must not take longer."),
    Key::new("limit", Text(Form::Duration), "\"5 min\"", "How long it may take.").required(),
]);

static AUDIT: Table = Table::of(&[
    Key::new(
        "required-under",
        Texts(Form::Folder),
        "[\"tests\"]",
        "Where tests must have the markers that the policy requires; everywhere by default. Tests elsewhere are audited by \
         naming their path.",
    ),
    Key::new(
        "tickets",
        Texts(Form::Any),
        "[\"DYN-\"]",
        "How tickets begin that the reason of a skipped test names, each followed by a digit. Without any, every reason \
         will do.",
    ),
    Key::new(
        "proposals",
        Texts(EVIDENCE),
        "[\"imports\", \"neighbours\"]",
        "What the audit proposes a missing marker by. Where two of them disagree it proposes none, and says so; `majority` \
         speaks only where no other does, and `above` where that is silent, too. By default `imports`, `folder`, \
         `neighbours`, `majority`, `above` and `measured`.",
    ),
]);

static RULE_LEVELS: Table = Table::named(&Names {
    word: "RULE",
    form: RULES,
    takes: Text(LEVELS),
    example: "file-name = \"off\"",
    means: "What the policy makes of the rule.",
});

static EXEMPTION: Table = Table::of(&[
    Key::new("rules", Texts(RULES), "[\"missing-type\"]", "The rules whose findings stay.").required(),
    Key::new(
        "tests",
        Texts(Form::Tests),
        "[\"tests/old\", \"tests/a.py::TestA\", \"tests/**/test_legacy_*.py\"]",
        "Whose: tests, classes, files or folders. `*` is anything within one folder, `**` any number of folders, `?` one \
         character; brackets are those of a parameter set.",
    )
    .required(),
    Key::new("owner", Text(Form::Any), "\"@ai-dynamo/frontend\"", "Who answers for it.").required(),
    Key::new("reason", Text(Form::Any), "\"moves with the new frontend\"", "Why it may stay.").required(),
    Key::new("expires", Day, "2099-12-31", "The last day on which it holds.").required(),
    Key::new("ticket", Text(Form::Any), "\"DYN-1234\"", "Where the work is tracked."),
]);

static RETRY: Table = Table::of(&[
    Key::new(
        "output",
        Texts(Form::Any),
        "[\"address already in use\"]",
        "Regular expressions, in the syntax of Rust's crate `regex`. A failure is tried again where one matches in what the \
         test said or printed; a test that took longer than it may is not.",
    ),
    Key::new("times", Whole, "2", "How often a test is run again at most: 3 by default, and 10 at the most."),
    Key::new(
        "pause",
        Text(Form::Duration),
        "\"10 s\"",
        "The pause before a test is run again, 5 s by default; before each further time it is twice as long. It keeps its \
         GPUs meanwhile.",
    ),
]);

static PORTS: Table = Table::of(&[
    Key::new("variable", Text(Form::Any), "\"TEST_PORTS\"", "The variable that tests read; it holds `FIRST-LAST`."),
    Key::new("first", Whole, "21000", "The first port that is given out: 20000 by default."),
    Key::new("last", Whole, "28999", "The last port that is given out: 29999 by default."),
    Key::new("each", Whole, "10", "How many ports a slot gets: 20 by default."),
]);

static CONTAINER: Table = Table::of(&[
    Key::new(
        "run",
        Text(Form::Path),
        "\"docker/run.sh\"",
        "The script of the tree that runs a command in a container. It is given `--image` or `--framework`, `--name`, \
         `--workdir`, `-e NAME`, and the command behind `--`. By default `container/run.sh`.",
    ),
    Key::new(
        "build",
        Text(Form::Path),
        "\"docker/build.sh\"",
        "The script of the tree that builds the image, given `--framework`: `--build` runs it first. By default \
         `container/build.sh`.",
    ),
    Key::new(
        "workspace",
        Text(Form::AbsoluteFolder),
        "\"/src\"",
        "Where the container has the tree. By default `/workspace`.",
    ),
    Key::new(
        "arguments",
        Texts(Form::Any),
        "[\"--mount-workspace\", \"--use-nixl-gds\"]",
        "What the script is always given; it has to make the tree visible in the container, and writable. By default \
         `--mount-workspace`.",
    ),
    Key::new(
        "environment",
        Texts(Form::Any),
        "[\"HF_TOKEN\"]",
        "Names of variables that the container gets from here, where they are set. By default `CI`, `HF_TOKEN` and \
         `NO_COLOR`.",
    ),
    Key::new(
        "engine",
        Text(Form::Any),
        "\"podman\"",
        "The program that a container is stopped with, by its name. By default `docker`.",
    ),
]);

static CI: Table = Table::of(&[
    Key::new(
        "workflows",
        Texts(Form::Path),
        "[\".github/workflows/ci.yml\"]",
        "The workflows that count: files, and folders with files. By default those of `.github/workflows`.",
    ),
    Key::new(
        "checkouts",
        Texts(Form::AbsoluteFolder),
        "[\"/workspace\"]",
        "Folders of CI's machines that hold the tree, beside the checkout itself.",
    ),
    Key::new(
        "runs-no-tests",
        Texts(Form::Any),
        "[\"actions/*\", \"make lint\"]",
        "What CI runs and nobody can read here, and what runs none of the tree's tests all the same: actions and workflows of \
         other repositories without their release, files, commands. `*` stands for anything. Takes the place of the preset's \
         list.",
    ),
    Key::new(
        "hooks",
        Texts(Form::Path),
        "[\".pre-commit-config.yaml\"]",
        "Files of pre-commit whose local hooks are lanes, where they run tests. By default none: hooks run on machines of \
         people.",
    ),
    Key::new("stages", One(&CI_STAGES), "{ nightly = [\"nightly.yml\"] }", "The stage that a workflow belongs to."),
    Key::new(
        "actions",
        Several(&ACTION),
        "[{ uses = \".github/actions/pytest\", run = \"pytest\" }]",
        "What a call of an action of the tree runs.",
    ),
]);

static CI_STAGES: Table = Table::named(&Names {
    word: "STAGE",
    form: Form::Marker,
    takes: Texts(Form::Any),
    example: "nightly = [\"nightly.yml\"]",
    means: "Names of workflows' files.",
});

static ACTION: Table = Table::of(&[
    Key::new("uses", Text(Form::Path), "\".github/actions/pytest\"", "The action's folder.").required(),
    Key::new(
        "run",
        Text(Form::Any),
        "'pytest -m \"$markers\"'",
        "What it runs, as a shell takes it. The action's inputs are variables.",
    )
    .required(),
]);

static LANE: Table = Table::of(&[
    Key::new("name", Text(Form::Any), "\"nightly, two H100s\"", "What people call it.").required(),
    Key::new("folder", Text(Form::Path), "\"lib/llm\"", "Where it runs; by default in the tree itself."),
    Key::new("run", Text(Form::Any), "\"cargo test --features integration\"", "What it runs, as a shell takes it.")
        .required(),
]);
