//! `[timeouts]` and `[[budgets]]`: how long tests may take.

use crate::category::Category;
use crate::duration;
use crate::planning::{Budget, BudgetScope};

use super::{Defined, Reader, Reference};

impl Reader<'_, '_> {
    pub(super) fn timeouts(&mut self) {
        let Some(section) = self.document.section("timeouts") else { return };
        if let Some(limit) = section.string("default").and_then(|text| duration::parse(&text.text)) {
            self.policy.timeouts.default = limit;
        }
        for (test_type, text) in section.named_strings(&["default"]) {
            if let Some(limit) = duration::parse(&text.text) {
                self.policy.timeouts.by_type.insert(test_type.text.clone(), limit);
            }
            self.references.push(Reference { name: test_type, to: Defined::MemberOf(Category::Type) });
        }
    }

    pub(super) fn budgets(&mut self) {
        let Some(entries) = self.document.sections("budgets") else { return };
        self.policy.budgets.clear();
        for entry in entries {
            let test_type = self.member(&entry, "type", Category::Type);
            let stage = self.member(&entry, "stage", Category::Lifecycle);
            let scope = match entry.string("per").as_ref().map(|word| &*word.text) {
                Some("suite") => BudgetScope::Suite,
                _ => BudgetScope::Run,
            };
            let Some(limit) = entry.string("limit").and_then(|text| duration::parse(&text.text)) else { continue };
            let budget = Budget { test_type, stage, scope, limit };
            let same = |other: &Budget| {
                (&other.test_type, &other.stage, other.scope) == (&budget.test_type, &budget.stage, budget.scope)
            };
            if self.policy.budgets.iter().any(same) {
                let message = "this budget stands above with a limit of its own: the same type, stage and `per`";
                entry.mistake(&entry.span_of("limit"), message);
            }
            self.policy.budgets.push(budget);
        }
    }
}
