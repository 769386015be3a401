//! Texts and tests to hold against pytest: the same for the same seed.

use fastrand::Rng;
use serde_json::{Map, Value, json};

const WORDS: &[&str] = &[
    "a", "a", "a", "b", "b", "c", "gpu_1", "Σ", "ΑΣ", "é", "日本", "a-b", "x[1.5/y]", "t::b", "a\\b", "AND", "True",
    "1", "not_", "+", "_",
];
const KEYS: &[&str] = &["x", "x", "x", "y", "y", "z", "match", "é", "_1", "ſ"];
const BAD_KEYS: &[&str] = &["class", "None", "1", "a-b", "²", "__debug__", "a.b", "not", "'x'"];
const VALUES: &[&str] = &[
    "1",
    "1",
    "0",
    "-1",
    "007",
    "٣",
    "1٣",
    "123456789012345678901234567890",
    "True",
    "False",
    "None",
    "'1'",
    "\"a b\"",
    "''",
    "'(=,)'",
    "\"'\"",
    "'é 日本'",
];
const BAD_VALUES: &[&str] =
    &["1.5", "+1", "--1", "-", "²", "1²", "-①", "true", "1_0", "'a\\n'", "'", "\"x", "or", "x", "", "½", "Ⅷ"];
/// What trips lexers: blanks that are none, marks that combine, digits of other scripts, quotes, controls.
const SOUP: &[&str] = &[
    "a",
    "b",
    "or",
    "and",
    "not",
    " ",
    " ",
    "\t",
    "(",
    ")",
    "(",
    ")",
    "=",
    ",",
    "'",
    "\"",
    "\\",
    "\n",
    "\r",
    "\0",
    "\u{1b}",
    "\u{a0}",
    "\u{3000}",
    "\u{2028}",
    "\u{200d}",
    "\u{202e}",
    "\u{1c}",
    "\u{301}",
    "\u{345}",
    "e\u{301}",
    "²",
    "٣",
    "½",
    "Ⅷ",
    "①",
    "ß",
    "İ",
    "ſ",
    "ﬁ",
    "Σ",
    "日",
    "😀",
    "_",
    ":",
    "+",
    "-",
    ".",
    "[",
    "]",
    "/",
    ";",
    "&",
    "|",
    "!",
    "~",
    "$",
    "{",
    "}",
    "<",
    "*",
    "@",
    "%",
    "#",
    "?",
    "`",
    "^",
    "1",
    "True",
    "None",
    "class",
    "x=1",
    "\u{b7}",
    "\u{2118}",
    "\u{387}",
    "\u{10ffff}",
    "\u{e000}",
    "\u{feff}",
    "\u{ad}",
];

pub(crate) struct Generator {
    rng: Rng,
}

impl Generator {
    pub(crate) fn new(seed: u64) -> Self {
        Self { rng: Rng::with_seed(seed) }
    }

    pub(crate) fn text(&mut self) -> String {
        match self.rng.u32(..100) {
            0..50 => self.expression(4),
            50..80 => self.mutated(),
            80..99 => self.soup(),
            _ => self.deep(),
        }
    }

    fn pick<'a>(&mut self, choices: &[&'a str]) -> &'a str {
        choices[self.rng.usize(..choices.len())]
    }

    fn chance(&mut self, one_in: u32) -> bool {
        self.rng.u32(..one_in) == 0
    }

    fn blank(&mut self) -> &'static str {
        self.pick(&["", "", "", "", " ", "  ", "\t"])
    }

    fn expression(&mut self, depth: u32) -> String {
        let inside = depth.saturating_sub(1);
        match self.rng.u32(..if depth == 0 { 3 } else { 10 }) {
            0..2 => self.pick(WORDS).to_owned(),
            2 => self.call(),
            3..5 => format!("not {}{}", self.blank(), self.expression(inside)),
            5 => {
                let (before, after) = (self.blank(), self.blank());
                format!("({before}{}{after})", self.expression(inside))
            }
            _ => {
                let operator = self.pick(&[" and ", " or ", "\tand  ", " \tor "]);
                format!("{}{operator}{}", self.expression(inside), self.expression(inside))
            }
        }
    }

    fn call(&mut self) -> String {
        let mut call = format!("{}{}(", self.pick(WORDS), self.blank());
        for index in 0..self.rng.usize(1..4) {
            if index > 0 {
                call.push(',');
            }
            let key = if self.chance(100) { self.pick(BAD_KEYS) } else { self.pick(KEYS) };
            let value = if self.chance(60) { self.pick(BAD_VALUES) } else { self.pick(VALUES) };
            for part in [key, "=", value] {
                call += self.blank();
                call += part;
            }
        }
        call + self.blank() + ")"
    }

    fn mutated(&mut self) -> String {
        let mut characters: Vec<char> = self.expression(3).chars().collect();
        for _ in 0..self.rng.usize(1..4) {
            let place = self.rng.usize(..=characters.len());
            let end = self.rng.usize(place..=characters.len().min(place + 4));
            let replacement = match self.rng.u32(..4) {
                0 => String::new(),
                1 => self.pick(SOUP).to_owned(),
                2 => self.pick(&["(", ")", "=", ",", " ", "'", " not ", " and ", " or "]).to_owned(),
                _ => characters[place..end].iter().collect::<String>().repeat(2),
            };
            characters.splice(place..end, replacement.chars());
        }
        characters.into_iter().collect()
    }

    fn soup(&mut self) -> String {
        let length = self.rng.usize(..12);
        (0..length).map(|_| self.pick(SOUP)).collect()
    }

    fn deep(&mut self) -> String {
        let depth = self.rng.usize(1..60);
        let (open, close) = if self.chance(2) { ("(", ")") } else { ("not (b or ", ")") };
        let closing = depth - usize::from(self.chance(3));
        format!("{}a{}", open.repeat(depth), close.repeat(closing))
    }

    pub(crate) fn test(&mut self) -> Value {
        let marks: Vec<Value> = (0..self.rng.usize(..5)).map(|_| self.mark()).collect();
        let names: Vec<&str> = (0..self.rng.usize(..4))
            .map(|_| self.pick(&["test_A", "TestB::c", "ΟΔΟΣ", "x[1.5/Y]", "É日本", "İ", "xT::b", "True", "GPU_10"]))
            .collect();
        json!({"marks": marks, "names": names})
    }

    fn mark(&mut self) -> Value {
        let values = [
            json!(1),
            json!(0),
            json!(-1),
            json!(7),
            json!(3),
            json!(13),
            json!(true),
            json!(false),
            json!(null),
            json!(1.0),
            json!(0.0),
            json!(1.5),
            json!("1"),
            json!("a b"),
            json!(""),
            json!("'"),
            json!("é 日本"),
        ];
        let parameters = self.rng.usize(..4);
        let kwargs: Map<String, Value> = (0..parameters)
            .map(|_| (self.pick(KEYS).to_owned(), values[self.rng.usize(..values.len())].clone()))
            .collect();
        json!([self.pick(WORDS), kwargs])
    }
}
