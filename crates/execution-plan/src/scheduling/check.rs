//! What a problem cannot be: jobs that wait for each other, or that name or need what is not there.

use super::problem::{Job, Problem};
use crate::Share;

/// Why a problem has no schedule. Jobs are named by their index in [`Problem::jobs`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ProblemError {
    /// Jobs that wait for each other.
    #[error("jobs wait for each other, so that none of them can start: {}; take one of these waits out", chain(.0))]
    Cycle(Vec<usize>),
    /// A job names something by a number that nothing has.
    #[error("job {job} names {what} {number}, and there are {count}: they are counted from 0")]
    Missing {
        /// Which job.
        job: usize,
        /// What it names: `pool`, `resource` or `job`.
        what: &'static str,
        /// The number.
        number: usize,
        /// How many there are.
        count: usize,
    },
    /// A job that does not fit the empty machine.
    #[error("job {job} needs {gpus} GPUs, and {fitting} of its pool have as much memory: refuse it beforehand")]
    FitsNowhere {
        /// Which job.
        job: usize,
        /// How many it needs.
        gpus: u32,
        /// How many would do.
        fitting: usize,
    },
}

/// `3 waits for 5, which waits for 3`.
fn chain(cycle: &[usize]) -> String {
    let Some(first) = cycle.first() else { return String::new() };
    let behind = cycle[1..].iter().chain([first]).map(ToString::to_string).collect::<Vec<_>>();
    format!("{first} waits for {}", behind.join(", which waits for "))
}

impl Problem {
    /// Whether there is a schedule of all jobs. What the planner makes has one; who makes a problem himself asks before: a
    /// schedule of a problem that fails here leaves jobs out.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn check(&self) -> Result<(), ProblemError> {
        for (index, job) in self.jobs.iter().enumerate() {
            self.check_job(index, job)?;
        }
        self.cycle().map_or(Ok(()), |cycle| Err(ProblemError::Cycle(cycle)))
    }

    fn check_job(&self, index: usize, job: &Job) -> Result<(), ProblemError> {
        let missing = |what, numbers: &[usize], count| {
            let number = numbers.iter().copied().find(|number| *number >= count);
            number.map_or(Ok(()), |number| Err(ProblemError::Missing { job: index, what, number, count }))
        };
        missing("job", &job.after, self.jobs.len())?;
        missing("resource", &job.resources, self.resources)?;
        if job.gpus == 0 {
            return Ok(());
        }
        missing("pool", &[job.pool], self.pools.len())?;
        let units = self.pools[job.pool].units().iter().filter_map(|&unit| self.capacity.units.get(unit));
        let fitting = units.filter(|unit| match job.share {
            Share::Bytes(bytes) => bytes <= unit.memory,
            Share::Whole => true,
        });
        let fitting = fitting.count();
        if fitting < job.gpus as usize {
            return Err(ProblemError::FitsNowhere { job: index, gpus: job.gpus, fitting });
        }
        Ok(())
    }

    /// Jobs of which each waits for the next, and the last for the first.
    fn cycle(&self) -> Option<Vec<usize>> {
        let dependents = self.dependents();
        let mut blocked_by: Vec<usize> = self.jobs.iter().map(|job| job.after.len()).collect();
        let mut free: Vec<usize> = (0..self.jobs.len()).filter(|&job| blocked_by[job] == 0).collect();
        while let Some(job) = free.pop() {
            for &dependent in &dependents[job] {
                blocked_by[dependent] -= 1;
                if blocked_by[dependent] == 0 {
                    free.push(dependent);
                }
            }
        }
        // Whoever is still blocked waits for one that is, so that the way along these comes back to itself.
        let mut way = vec![(0..self.jobs.len()).find(|&job| blocked_by[job] > 0)?];
        loop {
            let next = self.jobs[*way.last()?].after.iter().copied().find(|&before| blocked_by[before] > 0)?;
            if let Some(at) = way.iter().position(|&job| job == next) {
                return Some(way.split_off(at));
            }
            way.push(next);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scheduling::Pool;
    use crate::{Capacity, UnitCapacity};

    fn problem(jobs: Vec<Job>) -> Problem {
        let unit = UnitCapacity { memory: 100, ..UnitCapacity::default() };
        let capacity = Capacity { units: vec![unit], cpu_slots: 1, headroom: 0.15, ..Capacity::default() };
        Problem { capacity, pools: vec![Pool::new(0..1)], resources: 1, jobs, ..Problem::default() }
    }

    #[test]
    fn what_has_no_schedule_says_which_job_and_why() {
        let after = |jobs: &[usize]| Job { after: jobs.to_vec(), ..Job::default() };
        let on_gpus = |gpus, share| Job { gpus, share, ..Job::default() };
        for (name, jobs, expected) in [
            ("all is well", vec![after(&[1, 2]), after(&[2]), on_gpus(1, Share::Bytes(100))], None),
            ("itself", vec![after(&[0])], Some("0 waits for 0; take one")),
            (
                "a cycle that others hang on",
                vec![after(&[1]), after(&[4, 2]), after(&[3]), after(&[1]), after(&[])],
                Some(
                    "jobs wait for each other, so that none of them can start: 1 waits for 2, which waits for 3, which waits for 1;",
                ),
            ),
            ("no such job", vec![after(&[7])], Some("job 0 names job 7, and there are 1")),
            (
                "no such pool",
                vec![Job { pool: 3, ..on_gpus(1, Share::Whole) }],
                Some("job 0 names pool 3, and there are 1"),
            ),
            (
                "no such thing",
                vec![Job::default(), Job { resources: vec![0, 1], ..Job::default() }],
                Some("job 1 names resource 1, and there are 1"),
            ),
            ("too many", vec![on_gpus(2, Share::Whole)], Some("job 0 needs 2 GPUs, and 1 of its pool")),
            ("too much", vec![on_gpus(1, Share::Bytes(101))], Some("job 0 needs 1 GPUs, and 0 of its pool")),
        ] {
            let told = problem(jobs).check().err().map(|error| error.to_string());
            let is_right = match (&told, expected) {
                (Some(told), Some(expected)) => told.contains(expected),
                (told, expected) => told.is_none() && expected.is_none(),
            };
            assert!(is_right, "{name}: {told:?}");
        }
    }
}
