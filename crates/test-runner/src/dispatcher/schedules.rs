//! Runs of generated plans whose steps take as long as they like, judged by looking at all that runs whenever something
//! starts. The judge knows nothing of how it was decided.

use std::collections::HashMap;

use execution_plan::{Capacity, Demand, PlanSettings, Share, UnitCapacity, plan_demands};
use proptest::prelude::*;
use test_catalog::{NodeId, TreePath};

use super::*;

const GIB: u64 = 1 << 30;

/// A test: GPUs, GiB of each, seconds that are expected, something that it has alone.
type Test = (u32, Option<u64>, u64, Option<u8>);

fn plan(tests: &[Test], cards: &[u64], jobs: u32, stagger: Duration) -> Plan {
    let demand = |(number, &(gpus, gib, seconds, alone)): (usize, &Test)| {
        let file = TreePath::new(format!("test_{}.py", number % 3));
        let id = NodeId::python(&file, [format!("test_{number}").as_str()], None);
        let mut demand = Demand::new(id, file);
        demand.case.estimate.duration = Duration::from_secs(seconds);
        demand.gpus = gpus;
        demand.share = gib.map_or(Share::Whole, |gib| Share::Bytes(gib * GIB));
        demand.exclusive = alone.map(|thing| thing.to_string()).into_iter().collect();
        demand
    };
    let unit = |(index, gib): (usize, &u64)| UnitCapacity {
        name: "NVIDIA L4".to_owned(),
        visible: index.to_string(),
        memory: gib * GIB,
        ..UnitCapacity::default()
    };
    let capacity = Capacity {
        units: cards.iter().enumerate().map(unit).collect(),
        cpu_slots: jobs,
        headroom: 0.15,
        ..Capacity::default()
    };
    let settings = PlanSettings { jobs, stagger, ..PlanSettings::default() };
    plan_demands(tests.iter().enumerate().map(demand).collect(), capacity, &settings)
}

/// Everything that was seen of a run.
struct Judge<'p> {
    plan: &'p Plan,
    running: HashMap<StepId, Vec<usize>>,
    ended: HashSet<StepId>,
    /// The last start on each GPU of what shares it.
    last_start: HashMap<usize, Duration>,
    decided: HashSet<StepId>,
}

impl Judge<'_> {
    fn started(&mut self, id: StepId, units: Vec<usize>, now: Duration) {
        assert!(self.decided.insert(id), "step {id} is decided twice");
        for before in self.plan.dependencies_of(id) {
            assert!(self.ended.contains(&before), "step {id} starts before {before} is over");
        }
        let step = self.plan.step(id).unwrap();
        let place = self.plan.place(id, &units);
        assert_eq!(units.len(), step.claim.gpus.len(), "step {id}");
        for gpu in place.gpus.iter().filter(|gpu| gpu.share != Share::Whole) {
            if let Some(last) = self.last_start.insert(gpu.unit, now) {
                assert!(now - last >= self.plan.stagger, "step {id} starts {:?} after another", now - last);
            }
        }
        self.running.insert(id, units);
        self.judge();
    }

    fn judge(&self) {
        let capacity = &self.plan.capacity;
        let running: Vec<(&Step, &Vec<usize>)> =
            self.running.iter().map(|(id, units)| (self.plan.step(*id).unwrap(), units)).collect();
        let slots: u32 = running.iter().map(|(step, _)| step.claim.cpu_slots.min(capacity.cpu_slots)).sum();
        assert!(slots <= capacity.cpu_slots, "{slots} slots are taken");
        let mut alone: Vec<&String> = running.iter().flat_map(|(step, _)| &step.claim.exclusive).collect();
        alone.sort_unstable();
        assert!(alone.windows(2).all(|pair| pair[0] != pair[1]), "{alone:?}");
        for (unit, card) in capacity.units.iter().enumerate() {
            let here = running.iter().filter(|(_, units)| units.contains(&unit));
            let shares: Vec<Share> = here.map(|(step, _)| step.claim.gpus[0].share).collect();
            let bytes = |share: &Share| match share {
                Share::Bytes(bytes) => *bytes,
                Share::Whole => card.memory,
            };
            assert!(shares.len() < 2 || !shares.contains(&Share::Whole), "{shares:?} on one card");
            let limit = if shares.len() > 1 { card.memory / 100 * 85 + 100 } else { card.memory };
            assert!(shares.iter().map(bytes).sum::<u64>() <= limit, "{shares:?} of {}", card.memory);
        }
    }
}

/// What comes from outside: when it comes, in seconds.
#[derive(Debug, Clone, Copy)]
enum Outside {
    Nothing,
    Interrupt(u64),
    /// The step with this number, counted from those that were started, does not come to work.
    Fails(usize),
}

/// Plays a run: a step takes so many tenths of what is expected, and at least so long.
fn play(plan: &Plan, tenths: &[u32], outside: Outside) {
    let mut dispatcher = Dispatcher::new(plan, false);
    let mut judge = Judge {
        plan,
        running: HashMap::new(),
        ended: HashSet::new(),
        last_start: HashMap::new(),
        decided: HashSet::new(),
    };
    let mut ends: BTreeSet<(Duration, StepId)> = BTreeSet::new();
    let mut interrupt = match outside {
        Outside::Interrupt(at) => Some(Duration::from_secs(at)),
        Outside::Nothing | Outside::Fails(_) => None,
    };
    let mut now = Duration::ZERO;
    let mut actions = dispatcher.at(now);
    let (mut started, mut failing) = (0, None);
    while !dispatcher.is_done() || !actions.is_empty() {
        for action in std::mem::take(&mut actions) {
            match action {
                Action::Start(id, units) => {
                    let expected = plan.step(id).unwrap().expected();
                    ends.insert((now + expected * tenths[started % tenths.len()] / 10, id));
                    if matches!(outside, Outside::Fails(number) if number == started) {
                        failing = Some(id);
                    }
                    started += 1;
                    judge.started(id, units, now);
                }
                Action::Refuse(id, why) => {
                    assert!(judge.decided.insert(id), "step {id} is decided twice");
                    assert_ne!(why, Refusal::NeverFits, "every step of a plan fits");
                    judge.ended.insert(id);
                }
                Action::Stop(_) => {}
            }
        }
        let next = ends.first().map(|(end, _)| *end).into_iter().chain(dispatcher.next_moment()).chain(interrupt).min();
        let Some(next) = next else { break };
        now = now.max(next);
        if interrupt.is_some_and(|at| at <= now) {
            interrupt = None;
            actions.extend(dispatcher.on(Input::Interrupt, now));
        } else if ends.first().is_some_and(|(end, _)| *end <= now) {
            let (_, step) = ends.pop_first().unwrap();
            judge.running.remove(&step);
            judge.ended.insert(step);
            let error = (failing == Some(step)).then(|| "it cannot".to_owned());
            actions.extend(dispatcher.on(Input::StepEnded { step, error }, now));
        } else {
            actions.extend(dispatcher.at(now));
        }
    }
    assert_eq!(judge.decided.len(), plan.steps().len(), "each step is started or refused");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_steps_take_nothing_is_given_out_twice_and_each_step_has_its_turn(
        tests in prop::collection::vec(
            (
                prop::sample::select(vec![0_u32, 1, 1, 1, 2, 4, 8]),
                prop::option::weighted(0.8, 1_u64..60),
                0_u64..100,
                prop::option::weighted(0.2, 0_u8..3),
            ),
            0..25,
        ),
        cards in prop::collection::vec(8_u64..80, 0..9),
        jobs in 1_u32..9,
        stagger in 0_u64..5,
        tenths in prop::collection::vec(0_u32..40, 1..10),
        outside in prop_oneof![
            2 => Just(Outside::Nothing),
            1 => (0_u64..200).prop_map(Outside::Interrupt),
            1 => (0_usize..5).prop_map(Outside::Fails),
        ],
    ) {
        play(&plan(&tests, &cards, jobs, Duration::from_secs(stagger)), &tenths, outside);
    }
}
