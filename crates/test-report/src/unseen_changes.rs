//! What a change of a tree does to the places of CI that are not read: each may run tests, and no lane shows it.

use std::collections::BTreeMap;
use std::fmt::Write;

use marker_policy::{Lanes, UnseenLane};
use serde::Serialize;

use crate::count::counted;
use crate::terminal::printable;

/// The places that came and went.
#[derive(Debug, Default)]
pub(crate) struct UnseenChanges<'a> {
    appeared: Vec<Place<'a>>,
    gone: Vec<Place<'a>>,
}

/// Something that is not read, and how many more or fewer steps and jobs come to it.
#[derive(Debug)]
struct Place<'a> {
    unseen: &'a UnseenLane,
    steps: usize,
}

impl<'a> UnseenChanges<'a> {
    /// Compares. Places are known by their file and by what they run: lines move with every edit above.
    pub(crate) fn between(old: &'a Lanes, new: &'a Lanes) -> Self {
        type Key<'a> = (&'a str, &'a str, &'a str);
        let mut places: BTreeMap<Key<'a>, (&'a UnseenLane, usize, usize)> = BTreeMap::new();
        for (lanes, is_new) in [(old, false), (new, true)] {
            for unseen in lanes.unseen() {
                let key = (unseen.at.file.as_str(), unseen.name.as_str(), unseen.text.as_str());
                let (place, before, now) = places.entry(key).or_insert((unseen, 0, 0));
                if is_new {
                    *place = unseen;
                }
                *if is_new { now } else { before } += 1 + unseen.more;
            }
        }
        let mut changes = Self::default();
        for (unseen, before, now) in places.into_values() {
            if now > before {
                changes.appeared.push(Place { unseen, steps: now - before });
            } else if before > now {
                changes.gone.push(Place { unseen, steps: before - now });
            }
        }
        changes
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.appeared.is_empty() && self.gone.is_empty()
    }

    /// Lines for a terminal; nothing where nothing changed.
    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        if self.is_empty() {
            return out;
        }
        out.push_str("\nwhat CI runs that is not read, so that it may run tests:\n");
        for (sign, place) in self.signed() {
            // Writing to a string cannot fail, here and below.
            let _ = writeln!(out, "  {sign} {}", place.said());
        }
        out
    }

    /// A part of a comment; nothing where nothing changed.
    pub(crate) fn markdown(&self) -> String {
        let mut out = String::new();
        if self.is_empty() {
            return out;
        }
        out.push_str("\nWhat CI runs that is not read, so that it may run tests:\n\n");
        for (sign, place) in self.signed() {
            let word = if sign == '+' { "new" } else { "gone" };
            let _ = writeln!(out, "- {word}: {}", crate::lane_changes::code(&place.said()));
        }
        out
    }

    /// What came and what went, for a document.
    pub(crate) fn json(&self) -> impl Serialize {
        let entries = |places: &[Place<'a>]| places.iter().map(Entry::from).collect::<Vec<_>>();
        Entries { appeared: entries(&self.appeared), gone: entries(&self.gone) }
    }

    fn signed(&self) -> impl Iterator<Item = (char, &Place<'a>)> {
        self.appeared.iter().map(|place| ('+', place)).chain(self.gone.iter().map(|place| ('-', place)))
    }
}

impl Place<'_> {
    fn said(&self) -> String {
        let UnseenLane { family, text, at, .. } = self.unseen;
        let steps =
            if self.steps == 1 { String::new() } else { format!(" ({})", counted(self.steps, "step", "steps")) };
        format!("{}: {} {}{steps}", printable(&at.to_string()), printable(family), printable(text))
    }
}

#[derive(Serialize)]
struct Entries<'a> {
    appeared: Vec<Entry<'a>>,
    gone: Vec<Entry<'a>>,
}

#[derive(Serialize)]
struct Entry<'a> {
    family: &'a str,
    /// What it is, by which a policy can say that it runs no tests.
    name: &'a str,
    text: &'a str,
    at: String,
    steps: usize,
}

impl<'a> From<&Place<'a>> for Entry<'a> {
    fn from(place: &Place<'a>) -> Self {
        let UnseenLane { family, name, text, at, .. } = place.unseen;
        Self { family, name, text, at: at.to_string(), steps: place.steps }
    }
}
