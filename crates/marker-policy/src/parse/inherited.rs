//! What a policy builds on and is without: entries of a preset about markers that the file took out of their category.

use std::collections::BTreeSet;

use crate::category::Category;
use crate::policy::Policy;

impl Policy {
    /// Takes out what is about markers that the policy does not have, or that it renamed. Whoever leaves out a marker
    /// means to be without it everywhere; what the file says itself of a marker that there is not, is a mistake.
    pub(super) fn settle(&mut self) {
        self.settle_aliases();
        let known: BTreeSet<String> = self.known_markers().into_iter().map(str::to_owned).collect();
        let is_known = |name: &String| known.contains(name);
        let members: Vec<(Category, BTreeSet<String>)> = Category::ALL
            .into_iter()
            .map(|category| (category, self.members(category).iter().cloned().collect()))
            .collect();
        let is_member = |category: Category, name: &String| {
            members.iter().any(|(of, names)| *of == category && names.contains(name))
        };

        let combinations = &mut self.combinations;
        for group in combinations.conflicts.values_mut().chain(combinations.coexist.values_mut()) {
            group.retain(is_known);
            if group.len() == 1 {
                group.clear();
            }
        }
        combinations.companions.retain(|_, companions| {
            companions.of.retain(is_known);
            companions.one_of.retain(is_known);
            !companions.of.is_empty() && !companions.one_of.is_empty()
        });
        combinations.drop_idle_conflicts();

        self.locations.by_type.retain(|test_type, _| is_member(Category::Type, test_type));
        self.timeouts.by_type.retain(|test_type, _| is_member(Category::Type, test_type));
        self.budgets.retain(|budget| {
            budget.test_type.as_ref().is_none_or(|name| is_member(Category::Type, name))
                && budget.stage.as_ref().is_none_or(|name| is_member(Category::Lifecycle, name))
        });
        self.ci.stages.retain(|stage, _| is_member(Category::Lifecycle, stage));

        self.imports.retain(|_, marker| is_known(marker));
        let rust = &mut self.rust;
        for markers in rust.by_kind.values_mut().chain(rust.by_feature.values_mut()).chain([&mut rust.ignored]) {
            markers.retain(is_known);
        }
        self.engine_caps.retain(|cap| is_known(&cap.marker));
        self.exclusive.retain(|marker, _| is_known(marker));
        if let Some(defaults) = &mut self.defaults {
            defaults.markers.retain(|category, name| is_member(*category, name));
            defaults.tell = defaults.tell.take().filter(is_known);
        }
    }

    /// An older name that has a meaning again is no alias; one whose newer name was renamed has the newest.
    fn settle_aliases(&mut self) {
        let mut aliases = std::mem::take(&mut self.aliases);
        aliases.retain(|old, _| self.category_of(old).is_none() && !self.markers.contains_key(old));
        let newest: Vec<(String, String)> = aliases
            .iter()
            .filter_map(|(old, alias)| Some((old.clone(), aliases.get(&alias.name)?.name.clone())))
            .collect();
        for (old, name) in newest {
            if let Some(alias) = aliases.get_mut(&old) {
                alias.name = name;
            }
        }
        let known: BTreeSet<String> = self.known_markers().into_iter().map(str::to_owned).collect();
        aliases.retain(|_, alias| known.contains(&alias.name));
        self.aliases = aliases;
    }
}
