//! Every plan over random instances keeps its promises.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::Duration;

use execution_plan::{
    Capacity, Demand, Plan, PlanSettings, Share, Step, StepKind, UnitCapacity, Window, plan_demands, validate,
};
use proptest::prelude::*;
use test_catalog::{NodeId, TreePath};

const GIB: u64 = 1 << 30;

fn demand(number: usize, file: &str, gpus: u32, share: Share, seconds: u64) -> Demand {
    let file = TreePath::new(file);
    let mut demand = Demand::new(NodeId::python(&file, [format!("test_{number}").as_str()], None), file);
    demand.case.estimate.duration = Duration::from_secs(seconds);
    Demand { gpus, share, ..demand }
}

/// A card: its GiB, how many of them others hold, and whether it is an H100.
type Card = (u64, u64, bool);

fn machine_of(cards: &[Card], cpu_slots: u32) -> Capacity {
    let unit = |(index, &(gib, held, is_h100)): (usize, &Card)| UnitCapacity {
        name: if is_h100 { "NVIDIA H100 80GB HBM3" } else { "NVIDIA L4" }.to_owned(),
        visible: index.to_string(),
        memory: gib.saturating_sub(held) * GIB,
        held: held.min(gib) * GIB,
        ..UnitCapacity::default()
    };
    Capacity { units: cards.iter().enumerate().map(unit).collect(), cpu_slots, headroom: 0.15, ..Capacity::default() }
}

fn machine(gib: &[u64], cpu_slots: u32) -> Capacity {
    let cards: Vec<Card> = gib.iter().map(|&gib| (gib, 0, false)).collect();
    machine_of(&cards, cpu_slots)
}

#[test]
fn a_test_that_fits_nowhere_is_refused_with_the_reason() {
    let demands = vec![demand(0, "a.py", 2, Share::Whole, 1), demand(1, "a.py", 1, Share::Bytes(24 * GIB), 1)];
    let plan = plan_demands(demands, machine(&[22], 2), &PlanSettings { jobs: 2, ..PlanSettings::default() });
    let reasons: Vec<_> = plan.not_run.iter().map(|refused| refused.reason.to_string()).collect();
    assert_eq!(reasons, ["needs 2 GPUs, 1 visible", "needs 24 GiB, the largest card has 22"]);
}

#[test]
fn what_others_hold_is_not_planned_with() {
    let demands = vec![
        demand(0, "a.py", 1, Share::Bytes(5 * GIB), 1),
        demand(1, "a.py", 1, Share::Bytes(6 * GIB), 1),
        demand(2, "a.py", 1, Share::Whole, 1),
        demand(3, "a.py", 1, Share::Bytes(23 * GIB), 1),
    ];
    let plan =
        plan_demands(demands, machine_of(&[(22, 17, false)], 2), &PlanSettings { jobs: 2, ..PlanSettings::default() });
    let reasons: Vec<_> = plan.not_run.iter().map(|refused| refused.reason.to_string()).collect();
    let held = "other processes hold memory";
    assert_eq!(
        reasons,
        [
            format!("needs 6 GiB, and no GPU has that free: {held}"),
            format!("needs 1 GPU to itself, none is free: {held}"),
            "needs 23 GiB, the largest card has 22".to_owned()
        ]
    );
}

#[test]
fn modules_of_one_base_name_never_share_a_process() {
    let demands =
        vec![demand(0, "a/test_main.py", 0, Share::Whole, 1), demand(1, "b/test_main.py", 0, Share::Whole, 1)];
    let plan = plan_demands(demands, machine(&[], 1), &PlanSettings { jobs: 1, ..PlanSettings::default() });
    assert_eq!(plan.steps().filter(|step| step.kind == StepKind::PythonBatch).count(), 2);
}

#[test]
fn two_tests_share_a_gpu_only_below_the_headroom() {
    let half = |number| demand(number, "a.py", 1, Share::Bytes(10 * GIB), 10);
    let settings = PlanSettings { jobs: 4, ..PlanSettings::default() };
    assert_eq!(plan_demands(vec![half(0), half(1)], machine(&[20], 4), &settings).expected.as_secs(), 20);
    assert_eq!(plan_demands(vec![half(0), half(1)], machine(&[24], 4), &settings).expected.as_secs(), 10);
}

#[test]
fn tests_that_need_no_memory_run_at_once_where_none_is_left() {
    let demands = vec![demand(0, "a.py", 1, Share::Bytes(0), 1), demand(1, "a.py", 1, Share::Bytes(0), 5)];
    let settings = PlanSettings { jobs: 2, stagger: Duration::ZERO, ..PlanSettings::default() };
    let plan = plan_demands(demands, machine_of(&[(1, 1, false)], 2), &settings);
    assert_eq!((plan.expected.as_secs(), plan.bounds.best().as_secs()), (5, 5));
}

/// When and where each step runs if the plan is run and all takes as long as expected, and when the last one ends.
fn played(plan: &Plan) -> (Vec<(Window, Vec<usize>)>, Duration) {
    let mut dispatch = plan.dispatch();
    let expected: Vec<Duration> = plan.steps().map(Step::expected).collect();
    let mut places = vec![(Window::default(), Vec::new()); expected.len()];
    let mut running: Vec<(Duration, usize)> = Vec::new();
    let mut now = Duration::ZERO;
    loop {
        while let Some(start) = dispatch.start(now) {
            let end = now + expected[start.job];
            places[start.job] = (Window { start: now, end }, start.units);
            running.push((end, start.job));
        }
        let next_end = running.iter().map(|(end, _)| *end).min();
        let Some(next) = next_end.into_iter().chain(dispatch.next_moment(now)).min() else { break };
        now = next;
        running.retain(|(end, job)| {
            if *end <= now {
                dispatch.end(*job);
            }
            *end > now
        });
    }
    assert!(dispatch.is_done());
    let last = places.iter().map(|(window, _)| window.end).max().unwrap_or_default();
    (places, last)
}

/// What a test of an instance needs.
#[derive(Debug, Clone)]
struct Wanted {
    file: usize,
    gpus: u32,
    /// Of each GPU; `None` where it wants them whole.
    gib: Option<u64>,
    seconds: u64,
    alone: Option<u8>,
    needs_h100: bool,
    cpus: u32,
    host_gib: u64,
    xpus: u32,
}

/// Tests and the machine that they are planned on.
#[derive(Debug, Clone)]
struct Instance {
    tests: Vec<Wanted>,
    cards: Vec<Card>,
    host_gib: Option<u64>,
    jobs: u32,
    stagger: u64,
    xpus: u32,
}

prop_compose! {
    fn wanted()(
        file in 0_usize..6,
        gpus in prop::sample::select(vec![0_u32, 1, 1, 2, 4, 8]),
        gib in prop::option::of(0_u64..60),
        seconds in 0_u64..100,
        alone in prop::option::weighted(0.2, 0_u8..3),
        needs_h100 in prop::bool::weighted(0.2),
        cpus in prop::option::weighted(0.2, 2_u32..5),
        host_gib in prop::option::weighted(0.2, 1_u64..40),
        xpus in prop::option::weighted(0.1, 1_u32..3),
    ) -> Wanted {
        let (cpus, host_gib, xpus) = (cpus.unwrap_or(1), host_gib.unwrap_or_default(), xpus.unwrap_or_default());
        Wanted { file, gpus, gib, seconds, alone, needs_h100, cpus, host_gib, xpus }
    }
}

prop_compose! {
    fn card()(
        gib in 1_u64..80,
        held in prop::option::weighted(0.2, 1_u64..40),
        is_h100 in prop::bool::weighted(0.3),
    ) -> Card {
        (gib, held.unwrap_or_default(), is_h100)
    }
}

prop_compose! {
    fn instance(most_cards: usize)(
        tests in prop::collection::vec(wanted(), 0..25),
        cards in prop::collection::vec(card(), 0..=most_cards),
        host_gib in prop::option::weighted(0.7, 16_u64..48),
        jobs in 1_u32..6,
        stagger in 0_u64..5,
        xpus in 0_u32..3,
    ) -> Instance {
        Instance { tests, cards, host_gib, jobs, stagger, xpus }
    }
}

/// Plans an instance and holds the plan against all that it promises.
fn keeps_its_promises(instance: &Instance) -> Result<(), TestCaseError> {
    let Instance { tests, cards, host_gib, jobs, stagger, xpus } = instance;
    let xpu = |count: u32| (count > 0).then(|| "xpu".to_owned());
    let demand_of = |(number, test): (usize, &Wanted)| {
        let share = test.gib.map_or(Share::Whole, |gib| Share::Bytes(gib * GIB));
        let file = format!("{}/test_{}.py", test.file % 2, test.file);
        Demand {
            exclusive: test.alone.map(|thing| thing.to_string()).into_iter().chain(xpu(test.xpus)).collect(),
            resources: xpu(test.xpus).map(|xpu| (xpu, test.xpus)).into_iter().collect(),
            model: (test.gpus > 0 && test.needs_h100).then(|| "H100".to_owned()),
            cpu_slots: test.cpus,
            host_memory: test.host_gib * GIB,
            ..demand(number, &file, test.gpus, share, test.seconds)
        }
    };
    let demands: Vec<_> = tests.iter().enumerate().map(demand_of).collect();
    let settings = PlanSettings { jobs: *jobs, stagger: Duration::from_secs(*stagger), ..PlanSettings::default() };
    let resources = xpu(*xpus).map(|xpu| (xpu, *xpus)).into_iter().collect();
    let host_memory = host_gib.map(|gib| gib * GIB);
    let capacity = Capacity { host_memory, resources, ..machine_of(cards, *jobs) };
    let plan = plan_demands(demands.clone(), capacity, &settings);
    prop_assert_eq!(validate(&plan, &demands), Vec::<String>::new());
    prop_assert_eq!(plan.case_count() + plan.not_run.len(), tests.len());
    prop_assert!(plan.expected >= plan.bounds.best().saturating_sub(Duration::from_millis(1)));
    // Where another order was shorter, the plan shows that one, and a run starts by area all the same.
    let (places, last) = played(&plan);
    prop_assert!(last >= plan.expected);
    if last == plan.expected {
        for (step, (window, units)) in plan.steps().zip(places) {
            prop_assert_eq!(step.window, window);
            prop_assert_eq!(step.claim.gpus.iter().map(|gpu| gpu.unit).collect::<Vec<_>>(), units.clone());
            prop_assert_eq!(&plan.place(step.id, &units).gpus, &step.claim.gpus);
        }
    }
    let refused: HashSet<_> = plan.not_run.iter().map(|refused| refused.id.clone()).collect();
    prop_assert_eq!(refused.len(), plan.not_run.len());
    for (number, test) in tests.iter().enumerate() {
        let fits = |&&(card, held, is_h100): &&Card| {
            (is_h100 || !test.needs_h100) && test.gib.map_or(held == 0, |gib| gib + held.min(card) <= card)
        };
        let fitting = cards.iter().filter(fits).count();
        let id = NodeId::from_text(format!("{}/test_{}.py::test_{number}", test.file % 2, test.file));
        let has_too_little = host_gib.is_some_and(|all| test.host_gib > all) || test.xpus > *xpus;
        prop_assert_eq!(refused.contains(&id), has_too_little || fitting < test.gpus as usize, "{}", id);
    }
    Ok(())
}

// Two tests, so that they run at once.
proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn every_plan_on_few_gpus_is_valid_and_loses_no_test(instance in instance(4)) {
        keeps_its_promises(&instance)?;
    }

    #[test]
    fn every_plan_on_many_gpus_is_valid_and_loses_no_test(instance in instance(8)) {
        keeps_its_promises(&instance)?;
    }
}
