//! What the processes of a step hold of GPUs that other steps have as well: by the driver's list of processes, and the
//! kernel's of who descends from the step's shims.

use std::collections::HashSet;

use crate::UnitMemory;

/// A process that has memory of a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessMemory {
    /// Its number, as this machine counts it.
    pub process: u32,
    /// What it holds, in bytes.
    pub bytes: u64,
}

/// What these processes hold of units, together; why that is not known.
pub(crate) fn held_by<'u>(
    processes: &HashSet<u32>,
    units: impl IntoIterator<Item = &'u UnitMemory>,
) -> Result<u64, String> {
    let mut held = 0_u64;
    for unit in units {
        let all = unit.processes.as_ref().map_err(Clone::clone)?;
        let mine = all.iter().filter(|one| processes.contains(&one.process));
        held = mine.fold(held, |sum, one| sum.saturating_add(one.bytes));
    }
    Ok(held)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_unit_does_not_tell_makes_the_sum_unknown() {
        let unit =
            |processes| UnitMemory { visible: "0".to_owned(), used: 9, held: None, holders: Vec::new(), processes };
        let of = |list: &[(u32, u64)]| {
            unit(Ok(list.iter().map(|(process, bytes)| ProcessMemory { process: *process, bytes: *bytes }).collect()))
        };
        let mine = HashSet::from([7, 8]);
        assert_eq!(held_by(&mine, &[of(&[(7, 3), (9, 5)]), of(&[(8, 4), (7, 1)])]), Ok(8));
        assert_eq!(held_by(&mine, &[of(&[(7, u64::MAX), (8, 1)])]), Ok(u64::MAX));
        assert_eq!(held_by(&mine, &[of(&[(7, 3)]), unit(Err("why".to_owned()))]), Err("why".to_owned()));
        assert_eq!(held_by(&mine, &[]), Ok(0));
    }
}
