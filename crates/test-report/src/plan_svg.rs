//! A plan as a picture: what runs on each GPU and on the CPU, when, and how much of each GPU's memory is taken.
//!
//! It is one SVG that needs no script, font or other file, and follows the reader's light or dark. A bar's whole text shows
//! where it is pointed at. What a tree's authors wrote is escaped, and cannot become markup.

use std::fmt::Write;
use std::time::Duration;

use execution_plan::{NotRun, Plan, Share, Step};

use crate::count::{duration, grouped, tests};
use crate::plan::{by_reason, expected, headroom, machine, place, what};
use crate::plan_usage::{self, Usage};
use crate::terminal::printable;

const WIDTH: f64 = 1200.0;
/// Where time begins; names stand left of it.
const LEFT: f64 = 150.0;
const RIGHT: f64 = 20.0;
const ROW: f64 = 18.0;
const GRAPH: f64 = 40.0;
const GAP: f64 = 18.0;
const LINE: f64 = 18.0;
/// How many reasons for tests that do not run have a line.
const REASONS: usize = 20;
/// The width of a letter, about.
const LETTER: f64 = 6.2;
/// How many letters a line of the title has, and one of other text.
const TITLE_LETTERS: usize = 100;
const TEXT_LETTERS: usize = 185;

/// What the colours mean: the class, the words, and how much room they take.
const LEGEND: [(&str, &str, f64); 5] = [
    ("s", "shares its GPU", 120.0),
    ("w", "has its GPU whole", 130.0),
    ("c", "needs no GPU", 110.0),
    ("x", "prepares", 85.0),
    ("m", "memory or slots taken", 150.0),
];

/// Every colour, for light and for dark; text on the bars has a contrast of 4.5 or more.
const STYLE: &str = "\
svg{color-scheme:light dark;font:11px system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;background:#fff}\
text{fill:#1a1f24}.t{font-size:15px;font-weight:650}.f{fill:#57606a}.g{stroke:#dfe3e8}.p{fill:#f6f7f9}\
.s{fill:#1f5f9e}.w{fill:#6b3fa0}.c{fill:#17695f}.x{fill:#57606a}.b text{fill:#fff}.b rect{stroke:#fff;stroke-width:.5}\
.m{fill:#9cc5ee;stroke:#0b5cad}.h{stroke:#b3261e;stroke-dasharray:4 3}.r{fill:#b3261e}\
@media(prefers-color-scheme:dark){svg{background:#14171a}text{fill:#e8eaed}.f{fill:#a0a8b0}.g{stroke:#31373d}.p{fill:#1c2024}\
.b text{fill:#fff}.b rect{stroke:#14171a}.x{fill:#4a525a}.m{fill:#24486e;stroke:#7fb8f5}.h{stroke:#ff9d94}.r{fill:#ff9d94}}";

/// The plan as an SVG of its own.
#[must_use]
pub fn text(plan: &Plan) -> String {
    drawn(plan, true)
}

/// The plan without the tests that do not run, which a page lists itself.
pub(crate) fn without_refused(plan: &Plan) -> String {
    drawn(plan, false)
}

fn drawn(plan: &Plan, with_refused: bool) -> String {
    let head = head(plan);
    let legend = 18.0 + head.len() as f64 * LINE + 10.0;
    let mut picture = Picture { out: String::new(), y: legend + 38.0, plan };
    for unit in 0..plan.capacity.units.len() {
        picture.gpu(unit);
    }
    picture.cpu();
    if with_refused {
        picture.refused();
    }
    let body = picture.out;
    let height = picture.y + GAP;
    let mut out = String::new();
    // Writing to a string cannot fail, here and below.
    let _ = write!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height:.0}\" width=\"{WIDTH}\" \
         height=\"{height:.0}\" role=\"img\">\n<title>{}</title>\n<style>{STYLE}</style>\n",
        escaped(&summary(plan))
    );
    for (index, (class, line)) in head.iter().enumerate() {
        let y = 28.0 + index as f64 * LINE;
        let _ = writeln!(out, "<text class=\"{class}\" x=\"20\" y=\"{y:.0}\">{}</text>", escaped(line));
    }
    let mut x = 20.0;
    for (class, text, wide) in LEGEND {
        let _ = writeln!(
            out,
            "<rect class=\"{class}\" x=\"{x}\" y=\"{legend:.0}\" width=\"10\" height=\"10\" rx=\"2\"/>\
             <text class=\"f\" x=\"{}\" y=\"{:.0}\">{text}</text>",
            x + 15.0,
            legend + 9.0
        );
        x += wide;
    }
    if let Some(headroom) = headroom(&plan.capacity) {
        let _ = writeln!(
            out,
            "<path class=\"h\" d=\"M{x} {:.0}h20\"/><text class=\"f\" x=\"{}\" y=\"{:.0}\">{}, above this line</text>",
            legend + 5.0,
            x + 25.0,
            legend + 9.0,
            escaped(&headroom)
        );
    }
    out.push_str(&body);
    out.push_str("</svg>\n");
    out
}

fn summary(plan: &Plan) -> String {
    format!("{}, {} not run here; {}", tests(plan.case_count()), grouped(plan.not_run.len()), expected(plan))
}

/// The lines above the picture, each with its class.
fn head(plan: &Plan) -> Vec<(&'static str, String)> {
    let title = wrapped(&machine(&plan.capacity), TITLE_LETTERS).into_iter().map(|line| ("t", line));
    title.chain(wrapped(&summary(plan), TEXT_LETTERS).into_iter().map(|line| ("f", line))).collect()
}

/// In lines of so many letters, broken between words. A longer word has a line of its own and is cut.
fn wrapped(text: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + 1 + word.chars().count() <= most => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(cut(word, most)),
        }
    }
    lines
}

struct Picture<'p> {
    out: String,
    /// Where the next band begins.
    y: f64,
    plan: &'p Plan,
}

impl Picture<'_> {
    /// Where a moment is.
    fn x(&self, moment: Duration) -> f64 {
        let whole = self.plan.expected.as_secs_f64();
        let part = if whole > 0.0 { moment.as_secs_f64() / whole } else { 0.0 };
        LEFT + part * (WIDTH - LEFT - RIGHT)
    }

    fn gpu(&mut self, unit: usize) {
        let Some(capacity) = self.plan.capacity.units.get(unit) else { return };
        let gib = Share::Bytes(capacity.all()).gib().unwrap_or_default();
        let names = [
            format!("GPU {}", printable(&capacity.label)),
            printable(card(&capacity.name)).into_owned(),
            format!("{gib:.1} GiB"),
        ];
        let on_unit = |step: &&Step| step.claim.gpus.iter().any(|gpu| gpu.unit == unit);
        let (steps, rows) = plan_usage::rows(self.plan.steps().filter(on_unit));
        let bars = rows.max(1) as f64 * ROW;
        self.band(&names, bars + GRAPH + 4.0);
        self.bars(&steps);
        self.y += bars + 4.0;
        // A part of what others do not hold.
        let headroom = self.plan.capacity.headroom * (capacity.memory as f64 / capacity.all().max(1) as f64);
        self.graph(&plan_usage::memory(self.plan, unit), capacity.all(), (1 << 30, " GiB"), Some(headroom));
        self.y += GRAPH + GAP;
    }

    fn cpu(&mut self) {
        let on_cpu = |step: &&Step| step.claim.gpus.is_empty() && step.claim.cpu_slots > 0;
        let lasting = |step: &&Step| step.window.start < step.window.end;
        let (steps, rows) = plan_usage::rows(self.plan.steps().filter(on_cpu).filter(lasting));
        let bars = rows.max(1) as f64 * ROW;
        let slots = self.plan.capacity.cpu_slots;
        self.band(&["CPU".to_owned(), format!("{slots} slots"), "GPU steps too".to_owned()], bars + GRAPH + 4.0);
        self.bars(&steps);
        self.y += bars + 4.0;
        self.graph(&plan_usage::slots(self.plan), u64::from(slots), (1, ""), None);
        self.y += GRAPH + GAP;
    }

    /// The ground of a band with its names, and the ticks of time above it.
    fn band(&mut self, names: &[String; 3], height: f64) {
        let (top, width) = (self.y, WIDTH - LEFT - RIGHT);
        let _ = writeln!(
            self.out,
            "<rect class=\"p\" x=\"{LEFT}\" y=\"{top:.1}\" width=\"{width}\" height=\"{height:.1}\"/>"
        );
        for (index, name) in names.iter().enumerate() {
            let class = if index == 0 { "" } else { " class=\"f\"" };
            let y = top + 12.0 + 14.0 * index as f64;
            let name = escaped(&shortened(name, LEFT - 30.0));
            let _ = writeln!(self.out, "<text{class} x=\"20\" y=\"{y:.1}\">{name}</text>");
        }
        for tick in ticks(self.plan.expected) {
            let x = self.x(tick);
            // The last one has no room to its right.
            let anchor = if x > WIDTH - 3.0 * RIGHT { " text-anchor=\"end\"" } else { "" };
            let _ = writeln!(
                self.out,
                "<path class=\"g\" d=\"M{x:.1} {top:.1}v{height:.1}\"/>\
                 <text class=\"f\"{anchor} x=\"{x:.1}\" y=\"{:.1}\">{}</text>",
                top - 3.0,
                escaped(&clock(tick))
            );
        }
    }

    fn bars(&mut self, steps: &[(usize, &Step)]) {
        for (row, step) in steps {
            let (x, end) = (self.x(step.window.start), self.x(step.window.end));
            let width = (end - x).max(0.5);
            let y = self.y + *row as f64 * ROW;
            let class = match step.claim.gpus.first() {
                Some(gpu) if gpu.share == Share::Whole => "w",
                Some(_) => "s",
                None if step.cases.is_empty() => "x",
                None => "c",
            };
            let label = label(step);
            let _ = write!(
                self.out,
                "<g class=\"b\"><title>{}\n{}, from {} for {}</title>\
                 <rect class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{:.1}\" rx=\"2\"/>",
                escaped(&what(step)),
                escaped(&place(&step.claim, &self.plan.capacity)),
                duration(step.window.start),
                duration(step.expected()),
                ROW - 1.0
            );
            if width > 4.0 * LETTER {
                let text = escaped(&shortened(&label, width - 6.0));
                let _ = write!(self.out, "<text x=\"{:.1}\" y=\"{:.1}\">{text}</text>", x + 3.0, y + 12.5);
            }
            self.out.push_str("</g>\n");
        }
    }

    /// What is taken of `capacity` over time, on a scale that counts by `one`, and the line that several together stay below.
    fn graph(&mut self, usage: &Usage, capacity: u64, (one, unit): (u64, &str), headroom: Option<f64>) {
        let bottom = self.y + GRAPH;
        for amount in scale(capacity / one) {
            let y = bottom - GRAPH * ((amount * one) as f64 / capacity.max(1) as f64);
            let _ = writeln!(
                self.out,
                "<path class=\"g\" d=\"M{LEFT} {y:.1}H{}\"/>\
                 <text class=\"f\" text-anchor=\"end\" x=\"{}\" y=\"{:.1}\">{amount}{unit}</text>",
                WIDTH - RIGHT,
                LEFT - 5.0,
                y + 3.5
            );
        }
        let height = |amount: u64| GRAPH * (amount as f64 / capacity.max(1) as f64).min(1.0);
        let mut path = format!("M{LEFT} {bottom:.1}");
        for (from, amount) in usage {
            let _ = write!(path, "H{:.1}V{:.1}", self.x(*from), bottom - height(*amount));
        }
        let _ = write!(path, "H{:.1}V{bottom:.1}Z", self.x(self.plan.expected));
        let _ = writeln!(self.out, "<path class=\"m\" d=\"{path}\"/>");
        let name = if headroom.is_some() { "memory taken" } else { "slots taken" };
        let _ = writeln!(self.out, "<text class=\"f\" x=\"20\" y=\"{:.1}\">{name}</text>", bottom - 2.0);
        if let Some(headroom) = headroom.filter(|headroom| *headroom > 0.0) {
            let y = bottom - GRAPH * (1.0 - headroom.min(1.0));
            let _ = writeln!(
                self.out,
                "<path class=\"h\" d=\"M{LEFT} {y:.1}H{:.1}\"><title>tests that share the GPU stay below this: {:.1} GiB</title></path>",
                WIDTH - RIGHT,
                Share::Bytes(capacity).gib().unwrap_or_default() * (1.0 - headroom.min(1.0))
            );
        }
    }

    fn refused(&mut self) {
        let reasons = by_reason(&self.plan.not_run);
        if reasons.is_empty() {
            return;
        }
        let line = |(reason, cases): &(String, Vec<&NotRun>)| {
            let first = cases.first().map_or("", |case| case.id.as_str());
            let more = if cases.len() > 1 { ", ..." } else { "" };
            format!("{}: {}: {}{more}", tests(cases.len()), printable(reason), printable(first))
        };
        let mut lines: Vec<String> = reasons.iter().take(REASONS).map(line).collect();
        if reasons.len() > REASONS {
            lines.push(format!("and {} more reasons", grouped(reasons.len() - REASONS)));
        }
        let _ = writeln!(self.out, "<text class=\"r\" x=\"20\" y=\"{:.1}\">not run here:</text>", self.y + 8.0);
        for line in lines {
            self.y += LINE;
            let line = escaped(&shortened(&line, WIDTH - 40.0));
            let _ = writeln!(self.out, "<text x=\"20\" y=\"{:.1}\">{line}</text>", self.y + 8.0);
        }
        self.y += LINE;
    }
}

/// The card of a unit in few letters: its maker goes without saying, and the profile of an instance stands in the label.
fn card(name: &str) -> &str {
    let card = name.split_once(" MIG ").map_or(name, |(card, _)| card);
    card.strip_prefix("NVIDIA ").unwrap_or(card)
}

/// The shortest name that tells a step from others: what stands behind the folders.
fn label(step: &Step) -> String {
    let name = match step.cases.as_slice() {
        [] => what(step),
        [case] => own_name(case.id.as_str()).to_owned(),
        [first, rest @ ..] => format!("{} and {} more", first.file.file_name(), grouped(rest.len())),
    };
    printable(&name).into_owned()
}

/// What stands behind a test's file and class. A parameter may have colons of its own.
fn own_name(id: &str) -> &str {
    let named = &id[..id.find('[').unwrap_or(id.len())];
    named.rfind("::").map_or(id, |at| &id[at + 2..])
}

/// Cut off where it is wider than that.
fn shortened(text: &str, width: f64) -> String {
    cut(text, (width / LETTER).max(1.0) as usize)
}

fn cut(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return text.to_owned();
    }
    let cut: String = text.chars().take(most - 1).collect();
    format!("{cut}…")
}

/// As text or attribute of XML. Characters that XML does not have are gone before: `printable` writes them out.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push('\n'),
            // Not characters of XML, and not control characters either.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            _ => out.push(character),
        }
    }
    out
}

/// Round amounts above nothing and up to `whole`, two at most.
fn scale(whole: u64) -> impl Iterator<Item = u64> {
    let decades = std::iter::successors(Some(1_u64), |decade| decade.checked_mul(10));
    let round = decades.flat_map(|decade| [1, 2, 5].map(|digit| decade.saturating_mul(digit)));
    let apart = round.into_iter().find(|apart| whole / apart <= 2).unwrap_or(u64::MAX);
    (1..=whole / apart).map(move |number| number * apart)
}

/// At most twelve moments at round times.
fn ticks(whole: Duration) -> Vec<Duration> {
    const ROUND: [u64; 17] = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400];
    let seconds = whole.as_secs();
    let last = ROUND[ROUND.len() - 1];
    let apart =
        ROUND.into_iter().find(|apart| seconds / apart < 12).unwrap_or_else(|| last * seconds.div_ceil(12 * last));
    (0..=seconds / apart).map(|number| Duration::from_secs(number * apart)).collect()
}

/// `0`, `0:30`, `12:00`, `1:05:00`.
fn clock(moment: Duration) -> String {
    let seconds = moment.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, 0) => "0".to_owned(),
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}
