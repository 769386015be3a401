//! `[retry]` and `[ports]`: how a run goes about failures, and which ports its tests get.

use regex::RegexBuilder;

use crate::duration;
use crate::keys::short;
use crate::running::Retry;

use super::{Reader, texts};

/// How large a regular expression may become when it is compiled, in bytes: what names a line of output is far below.
const REGEX_LIMIT: usize = 1 << 20;

impl Reader<'_, '_> {
    pub(super) fn retry(&mut self) {
        let Some(section) = self.document.section("retry") else { return };
        let retry = &mut self.policy.retry;
        if let Some(words) = section.words("output") {
            for word in &words {
                if let Err(error) = RegexBuilder::new(&word.text).size_limit(REGEX_LIMIT).build() {
                    let why = error.to_string();
                    let why = why.lines().last().unwrap_or_default().trim_start_matches("error: ");
                    section.mistake(&word.span, format!("`{}` is no regular expression: {why}", short(&word.text)));
                }
            }
            retry.output = texts(words);
        }
        if let Some(times) = section.number("times") {
            retry.times = times;
            if times > Retry::MOST {
                let message = format!("`times` is {times}, and a test is run again {} times at most", Retry::MOST);
                section.mistake(&section.span_of("times"), message);
            }
        }
        if let Some(pause) = section.string("pause").and_then(|text| duration::parse(&text.text)) {
            retry.pause = pause;
        }
    }

    pub(super) fn ports(&mut self) {
        let Some(section) = self.document.section("ports") else { return };
        let ports = &mut self.policy.ports;
        if let Some(name) = section.string("variable") {
            let is_name = !name.text.contains(['=', '\0']);
            if !is_name {
                section.mistake(&name.span, format!("`{}` is no name of a variable", short(&name.text)));
            }
            ports.variable = Some(name.text);
        }
        for (key, value) in [("first", &mut ports.first), ("last", &mut ports.last), ("each", &mut ports.each)] {
            let Some(number) = section.number(key) else { continue };
            match u16::try_from(number).ok().filter(|number| *number > 0) {
                Some(number) => *value = number,
                None => section.mistake(&section.span_of(key), format!("`{key}` is {number}, expected 1 to 65535")),
            }
        }
        let there = u32::from(ports.last).saturating_sub(u32::from(ports.first)) + 1;
        if ports.first > ports.last || u32::from(ports.each) > there {
            let found = format!("from {} to {} there is no room for {} ports", ports.first, ports.last, ports.each);
            section.mistake(section.span(), found);
        }
    }
}
