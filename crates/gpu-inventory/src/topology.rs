//! What lies between the devices, and which of them are best used together.

use std::cmp::Reverse;
use std::fmt;

use crate::inventory::Inventory;
use crate::unit::{Unit, UnitKind};

/// What data between two devices goes over. Closer links order before farther ones, and an unknown one is last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Link {
    /// NVLink, directly or through a switch.
    NvLink {
        /// How many links there are; more is closer.
        links: Reverse<u32>,
    },
    /// PCI Express.
    Pcie(Pcie),
    /// It cannot be known.
    Unknown {
        /// Why.
        reason: String,
    },
}

/// The closest thing that two devices on PCI Express share (`nvmlGpuTopologyLevel_t`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Pcie {
    /// They are one board.
    Board,
    /// A single switch.
    Switch,
    /// Several switches, and no host bridge between them.
    Switches,
    /// A host bridge.
    HostBridge,
    /// A NUMA node, over several host bridges.
    NumaNode,
    /// Nothing but the machine: the way goes from one NUMA node to another.
    Machine,
}

/// In the letters of `nvidia-smi topo -m`: `NV4`, `PIX`, `SYS`; `?` for an unknown link.
impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::NvLink { links } => return f.pad(&format!("NV{}", links.0)),
            Self::Pcie(Pcie::Board) => "PSB",
            Self::Pcie(Pcie::Switch) => "PIX",
            Self::Pcie(Pcie::Switches) => "PXB",
            Self::Pcie(Pcie::HostBridge) => "PHB",
            Self::Pcie(Pcie::NumaNode) => "NODE",
            Self::Pcie(Pcie::Machine) => "SYS",
            Self::Unknown { .. } => "?",
        })
    }
}

/// The links between the devices of an inventory, by their places in [`Inventory::devices`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Topology {
    devices: usize,
    /// Of each pair once: (1, 0), (2, 0), (2, 1), (3, 0) and so on.
    links: Vec<Link>,
}

impl Topology {
    /// Asks `link` for each pair of `devices` devices, the greater place first.
    #[must_use]
    pub fn of(devices: usize, mut link: impl FnMut(usize, usize) -> Link) -> Self {
        let pairs = (0..devices).flat_map(|a| (0..a).map(move |b| (a, b)));
        Self { devices, links: pairs.map(|(a, b)| link(a, b)).collect() }
    }

    /// How many devices there are.
    #[must_use]
    pub fn devices(&self) -> usize {
        self.devices
    }

    /// What lies between two devices, in either order; `None` for a device and itself, and for one that is not there.
    #[must_use]
    pub fn between(&self, a: usize, b: usize) -> Option<&Link> {
        let (high, low) = (a.max(b), a.min(b));
        (low < high && high < self.devices).then(|| self.links.get(high * (high - 1) / 2 + low))?
    }

    /// The `count` devices among `candidates` that are linked best, in the order of `candidates`; `None` if there
    /// are fewer.
    ///
    /// Best is where the farthest link of the group is closest, then where all its links together are; of groups alike
    /// in that, the one that comes first. Up to [`MOST_GROUPS`] groups all are compared; beyond that the best of those
    /// that begin at one device and take the closest device again and again.
    #[must_use]
    pub fn best_linked(&self, candidates: &[usize], count: usize) -> Option<Vec<usize>> {
        if count > candidates.len() {
            return None;
        }
        // A single device has no link, and all of them leave no choice.
        if count < 2 || count == candidates.len() {
            return Some(candidates[..count].to_vec());
        }
        let groups = match groups(candidates.len(), count) {
            Some(number) if number <= MOST_GROUPS => all_groups(candidates.len(), count),
            _ => (0..candidates.len()).map(|first| self.grown(candidates, first, count)).collect(),
        };
        let best = groups.into_iter().min_by_key(|group| {
            let places: Vec<_> = group.iter().map(|&place| candidates[place]).collect();
            let mut links: Vec<_> = pairs(&places).filter_map(|(a, b)| self.between(a, b)).collect();
            links.sort_by_key(|link| Reverse(*link));
            links
        })?;
        Some(best.into_iter().map(|place| candidates[place]).collect())
    }

    /// A group that begins with one candidate and takes the one whose farthest link to it is closest, again and again.
    fn grown(&self, candidates: &[usize], first: usize, count: usize) -> Vec<usize> {
        let mut group = vec![first];
        // How far each candidate is from the group.
        let mut farthest: Vec<Option<&Link>> = vec![None; candidates.len()];
        while let Some(&last) = group.last()
            && group.len() < count
        {
            for (place, far) in farthest.iter_mut().enumerate() {
                *far = (*far).max(self.between(candidates[last], candidates[place]));
            }
            let outside = (0..candidates.len()).filter(|place| !group.contains(place));
            let Some(next) = outside.min_by_key(|&place| farthest[place]) else { break };
            group.push(next);
        }
        group.sort_unstable();
        group
    }
}

/// Up to this many groups are all compared: four of sixteen are 1,820, eight of sixteen 12,870.
pub const MOST_GROUPS: usize = 20_000;

fn pairs(places: &[usize]) -> impl Iterator<Item = (usize, usize)> {
    places.iter().enumerate().flat_map(|(at, &a)| places[..at].iter().map(move |&b| (a, b)))
}

/// How many groups of `count` there are among `of`; `None` where that is more than can be counted.
fn groups(of: usize, count: usize) -> Option<usize> {
    // Each factor gives the number of groups of one device more, so that the division leaves no rest.
    (0..count.min(of - count)).try_fold(1_usize, |number, taken| Some(number.checked_mul(of - taken)? / (taken + 1)))
}

/// All groups in the order of their first devices.
fn all_groups(of: usize, count: usize) -> Vec<Vec<usize>> {
    let mut all = Vec::new();
    let mut group: Vec<usize> = (0..count).collect();
    loop {
        all.push(group.clone());
        // The last device that can move on, with those behind it close to it.
        let Some(moving) = (0..count).rev().find(|&at| group[at] < of - count + at) else { return all };
        group[moving] += 1;
        for at in moving + 1..count {
            group[at] = group[at - 1] + 1;
        }
    }
}

impl Inventory {
    /// The `count` units among `units` that are linked best, by their places there; `None` if there are fewer.
    ///
    /// Work that needs several GPUs cannot have MIG instances: for a `count` of two and more they are passed over.
    #[must_use]
    pub fn best_linked(&self, units: &[Unit], count: usize) -> Option<Vec<usize>> {
        // The place among the devices, and that among the units.
        let places: Vec<(usize, usize)> = units
            .iter()
            .enumerate()
            .filter(|(_, unit)| count < 2 || unit.kind == UnitKind::Gpu)
            .filter_map(|(place, unit)| {
                Some((self.devices.iter().position(|device| device.index == unit.index)?, place))
            })
            .collect();
        let candidates: Vec<usize> = places.iter().map(|(device, _)| *device).collect();
        let best = self.topology.best_linked(&candidates, count)?;
        Some(match count {
            1 => places.first().map(|(_, unit)| *unit).into_iter().collect(),
            _ => places.iter().filter(|(device, _)| best.contains(device)).map(|(_, unit)| *unit).collect(),
        })
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn nv(links: u32) -> Link {
        Link::NvLink { links: Reverse(links) }
    }

    /// Pairs (0, 3) and (1, 2) have NVLink, (0, 3) more of it; all else goes over the machine.
    fn two_pairs() -> Topology {
        Topology::of(4, |a, b| match (a, b) {
            (3, 0) => nv(4),
            (2, 1) => nv(2),
            _ => Link::Pcie(Pcie::Machine),
        })
    }

    #[test]
    fn links_order_from_close_to_far() {
        let far = Link::Unknown { reason: String::new() };
        let order =
            [nv(18), nv(4), nv(1), Link::Pcie(Pcie::Board), Link::Pcie(Pcie::Switch), Link::Pcie(Pcie::Machine), far];
        assert!(order.is_sorted(), "{order:?}");
        assert_eq!(order.map(|link| link.to_string()), ["NV18", "NV4", "NV1", "PSB", "PIX", "SYS", "?"]);
    }

    #[test]
    fn a_pair_is_the_same_in_either_order_and_a_device_has_no_link_to_itself() {
        let topology = two_pairs();
        for a in 0..4 {
            assert_eq!(topology.between(a, a), None);
            for b in 0..4 {
                assert_eq!(topology.between(a, b), topology.between(b, a));
            }
        }
        assert_eq!(topology.between(0, 3), Some(&nv(4)));
        assert_eq!(topology.between(0, 4), None);
        assert_eq!(Topology::default().between(0, 1), None);
    }

    #[test]
    fn the_closest_devices_are_chosen_and_the_first_of_those_alike() {
        let topology = two_pairs();
        for (candidates, count, best) in [
            (&[0, 1, 2, 3][..], 2, Some(vec![0, 3])),
            (&[0, 1, 2], 2, Some(vec![1, 2])),
            (&[2, 1, 0], 2, Some(vec![2, 1])),
            (&[0, 1], 2, Some(vec![0, 1])),
            (&[3, 1], 1, Some(vec![3])),
            (&[3, 1], 0, Some(vec![])),
            (&[0], 2, None),
            (&[0, 1, 2, 3], 3, Some(vec![0, 1, 3])),
        ] {
            assert_eq!(topology.best_linked(candidates, count), best, "{count} of {candidates:?}");
        }
    }

    #[test]
    fn what_is_grown_from_each_device_is_what_trying_all_finds_on_islands() {
        // Islands of four with NVLink, as on two halves of a machine.
        for devices in [4_usize, 8, 12] {
            let topology =
                Topology::of(devices, |a, b| if a % 3 == b % 3 { nv(4) } else { Link::Pcie(Pcie::NumaNode) });
            let candidates: Vec<usize> = (0..devices).collect();
            for count in 2..devices.min(4) {
                let all = topology.best_linked(&candidates, count).unwrap();
                let worst = |group: &[usize]| pairs(group).filter_map(|(a, b)| topology.between(a, b)).max().cloned();
                let grown = (0..devices).map(|first| topology.grown(&candidates, first, count));
                assert_eq!(grown.map(|group| worst(&group)).min().unwrap(), worst(&all), "{count} of {devices}");
            }
        }
    }

    #[test]
    fn many_devices_are_chosen_in_bounded_work() {
        let topology = Topology::of(256, |a, b| if a / 8 == b / 8 { nv(18) } else { Link::Pcie(Pcie::Machine) });
        let candidates: Vec<usize> = (4..256).collect();
        assert_eq!(topology.best_linked(&candidates, 8), Some((8..16).collect()));
    }

    #[test]
    fn groups_are_counted_and_listed() {
        assert_eq!(
            (groups(16, 8), groups(4, 2), groups(5, 5), groups(1024, 512)),
            (Some(12870), Some(6), Some(1), None)
        );
        assert_eq!(all_groups(4, 2), [[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]]);
    }
}
