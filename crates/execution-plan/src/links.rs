//! How the GPUs of a machine are linked: which of them a test that takes several should have together.

use gpu_inventory::{Inventory, Topology, Unit, UnitKind};

/// What lies between the units of a [`Capacity`](crate::Capacity), as far as it tells one from another.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Links {
    topology: Topology,
    /// The place of each unit among the devices of the topology; `None` for what cannot be used together with another.
    device_of: Vec<Option<usize>>,
}

impl Links {
    /// Of the units of an inventory, in their order. Where all are linked alike, or nothing is known of it, that is nothing.
    #[must_use]
    pub fn of(inventory: &Inventory, units: &[Unit]) -> Self {
        let device = |unit: &Unit| inventory.devices.iter().position(|device| device.index == unit.index);
        let whole = |unit: &Unit| unit.kind == UnitKind::Gpu;
        let device_of = units.iter().map(|unit| whole(unit).then(|| device(unit)).flatten()).collect();
        Self::new(inventory.topology.clone(), device_of)
    }

    /// Of units of which each is a device of the topology, or none.
    pub(crate) fn new(topology: Topology, device_of: Vec<Option<usize>>) -> Self {
        let places: Vec<usize> = device_of.iter().copied().flatten().collect();
        let pairs = || places.iter().enumerate().flat_map(|(at, &a)| places[..at].iter().map(move |&b| (a, b)));
        let mut links = pairs().map(|(a, b)| topology.between(a, b));
        let first = links.next();
        if links.all(|link| Some(link) == first) { Self::default() } else { Self { topology, device_of } }
    }

    /// Whether some units are better used together than others.
    pub(crate) fn tell_units_apart(&self) -> bool {
        !self.device_of.is_empty()
    }

    /// The `count` units among these that are linked best; `None` where there are fewer of which that is known.
    pub(crate) fn best(&self, units: &[usize], count: usize) -> Option<Vec<usize>> {
        let known: Vec<(usize, usize)> =
            units.iter().filter_map(|&unit| Some((unit, self.device_of.get(unit).copied().flatten()?))).collect();
        let devices: Vec<usize> = known.iter().map(|(_, device)| *device).collect();
        let best = self.topology.best_linked(&devices, count)?;
        Some(known.iter().filter(|(_, device)| best.contains(device)).map(|(unit, _)| *unit).collect())
    }
}
