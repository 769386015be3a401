//! `[hardware]`, `[gpus]`, `[planning]` and `[[engine-caps]]`: what tests ask of a machine.

use crate::category::Category;
use crate::duration;
use crate::planning::{EngineCap, Hardware};

use super::{Defined, Reader, Reference};

impl Reader<'_, '_> {
    pub(super) fn hardware(&mut self) {
        if let Some(section) = self.document.section("hardware") {
            for (name, entry) in section.named_sections() {
                let wrong = |what: &str| entry.mistake(&name.span, format!("`{}` {what}", name.text));
                if !["gpus", "model", "compute-capability", "resource"].iter().any(|key| entry.has(key)) {
                    wrong("asks for nothing: give gpus, model, compute-capability or resource");
                }
                if entry.has("count") && !entry.has("resource") {
                    wrong("has a `count` and no `resource` to count");
                }
                if entry.number("gpus") == Some(0) && entry.has("model") {
                    wrong("asks for no GPU, and for its model");
                }
                if entry.number("gpus") == Some(0) && entry.has("compute-capability") {
                    wrong("asks for no GPU, and for its compute capability");
                }
                let capability = entry.real("compute-capability");
                if capability.is_some_and(|number| self::capability(number).is_none()) {
                    wrong("asks for a compute capability that there is not: it is a number such as 9.0 or 12.1");
                }
                let hardware = Hardware {
                    gpus: entry.number("gpus").unwrap_or(0),
                    count: entry.number("count").unwrap_or(1),
                    model: entry.string("model").map(|model| model.text),
                    capability: capability.and_then(self::capability),
                    resource: entry.string("resource").map(|resource| resource.text),
                };
                self.policy.hardware.insert(name.text.clone(), hardware);
                self.references.push(Reference { name, to: Defined::MemberOf(Category::Hardware) });
            }
        }
        let members = self.policy.members(Category::Hardware).to_vec();
        for member in members.iter().filter(|member| !self.policy.hardware.contains_key(*member)) {
            // Where it is listed, or else where its entry belongs.
            let listed = self.document.section("categories").and_then(|categories| categories.section("hardware"));
            let words = listed.map(|section| [section.words("markers"), section.words("add")]);
            let mut words = words.into_iter().flatten().flatten().flatten();
            let at = words.find(|word| word.text == *member).map_or(self.document.span().clone(), |word| word.span);
            let message = format!(
                "hardware marker `{member}` has no entry in `[hardware]` that says what it asks for: \
                 `{member} = {{ gpus = 1 }}`"
            );
            self.document.mistake(&at, message);
        }
        // A file that leaves out some of what it extends means to be without them.
        let policy = &mut self.policy;
        policy.hardware.retain(|name, _| members.contains(name));
    }

    pub(super) fn gpus(&mut self) {
        let Some(section) = self.document.section("gpus") else { return };
        let models = section.named_sections().into_iter();
        self.policy.gpus = models.filter_map(|(model, entry)| Some((model.text, entry.real("gib")?))).collect();
    }

    pub(super) fn planning(&mut self) {
        if let Some(section) = self.document.section("planning") {
            if let Some(name) = section.string("vram-marker") {
                self.policy.planning.vram_marker = name.text;
            }
            if let Some(name) = section.string("timeout-marker") {
                self.policy.planning.timeout_marker = name.text;
            }
            for (key, marker) in [
                ("cpu-marker", &mut self.policy.planning.cpu_marker),
                ("host-memory-marker", &mut self.policy.planning.host_memory_marker),
                ("parallel-marker", &mut self.policy.planning.parallel_marker),
            ] {
                if let Some(name) = section.string(key) {
                    *marker = Some(name.text);
                }
            }
            if let Some(headroom) = section.real("headroom") {
                self.policy.planning.headroom = headroom;
            }
            if let Some(stagger) = section.string("stagger").and_then(|text| duration::parse(&text.text)) {
                self.policy.planning.stagger = stagger;
            }
        }
        if let Some(section) = self.document.section("exclusive") {
            for (name, thing) in section.named_strings(&[]) {
                self.policy.exclusive.insert(name.text.clone(), thing.text);
                self.references.push(Reference { name, to: Defined::Marker });
            }
        }
        let Some(entries) = self.document.sections("engine-caps") else { return };
        self.policy.engine_caps.clear();
        for entry in entries {
            let Some(name) = entry.string("marker") else { continue };
            if self.policy.engine_caps.iter().any(|cap| cap.marker == name.text) {
                let message = format!("`{}` has an engine cap above, and the first applies", name.text);
                entry.mistake(&name.span, message);
            }
            let env = entry.string("env").map(|env| env.text);
            self.policy.engine_caps.push(EngineCap { marker: name.text.clone(), env });
            self.references.push(Reference { name, to: Defined::Marker });
        }
    }
}

/// The parts of a compute capability, which has one figure behind the point; `None` for what is none.
fn capability(number: f64) -> Option<(u32, u32)> {
    let tenths = (number * 10.0).round();
    if !(10.0..10_000.0).contains(&tenths) || (tenths - number * 10.0).abs() > 1e-6 {
        return None;
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "below 10,000")]
    let tenths = tenths as u32;
    Some((tenths / 10, tenths % 10))
}
