//! What rules about GPUs share: what a test asks of its machine.

use crate::category::Category;
use crate::policy::Policy;
use crate::resolve::ResolvedCase;

/// What the hardware markers of a test ask for.
pub(super) struct Machine<'p> {
    pub(super) gpus: u32,
    /// Parts of product names, such as `H100`.
    pub(super) models: Vec<&'p str>,
    /// Whether it asks for more than GPUs, such as `k8s`.
    is_elsewhere: bool,
}

impl<'p> Machine<'p> {
    pub(super) fn of(policy: &'p Policy, case: &ResolvedCase<'_>) -> Self {
        let hardware: Vec<_> = policy
            .members_of(Category::Hardware, case)
            .into_iter()
            .filter_map(|marker| policy.hardware(marker))
            .collect();
        Self {
            gpus: hardware.iter().map(|one| one.gpus).max().unwrap_or(0),
            models: hardware.iter().filter_map(|one| one.model.as_deref()).collect(),
            is_elsewhere: hardware.iter().any(|one| one.resource.is_some()),
        }
    }

    pub(super) fn is_one_gpu(&self) -> bool {
        self.gpus == 1 && !self.is_elsewhere
    }
}

/// The measured peak of GPU memory of a test, in GiB; `None` where it has none that is known.
pub(super) fn profile<'x>(
    policy: &Policy,
    case: &'x ResolvedCase<'x>,
) -> Option<(f64, &'x test_catalog::Marker, &'x test_catalog::SourceSpan)> {
    let (marker, at) = case.written().find(|(marker, _)| policy.current_name(&marker.name) == policy.vram_marker())?;
    let value = marker.args.first().or_else(|| marker.kwargs.first().map(|(_, value)| value))?;
    Some((value.as_f64()?, marker, at))
}
