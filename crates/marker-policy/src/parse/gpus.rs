//! `[gpus]`: the GPUs of the machines that lanes run on.

use super::Reader;

impl Reader<'_, '_> {
    pub(super) fn gpus(&mut self) {
        let Some(mut section) = self.document.section("gpus") else { return };
        self.policy.gpus.clear();
        for (model, mut entry) in section.named_sections() {
            match entry.real("gib").filter(|gib| *gib > 0.0) {
                Some(gib) => {
                    self.policy.gpus.insert(model.text, gib);
                }
                None => entry.mistake(&model.span, format!("`{}`: give its memory, such as `gib = 24`", model.text)),
            }
            entry.finish();
        }
    }
}
