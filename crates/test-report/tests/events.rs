//! Every event, held against the schema that is published.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::Duration;

use execution_plan::{Capacity, NotRun, PlanSettings, plan_demands};
use serde_json::Value;
use support::{HOSTILE, hostile, step};
use test_catalog::NodeId;
use test_report::events;
use test_runner::Event;

fn validator() -> jsonschema::Validator {
    let schema: Value = serde_json::from_str(include_str!("../../../docs/events.schema.json")).unwrap();
    jsonschema::validator_for(&schema).unwrap()
}

#[test]
fn every_event_is_one_object_a_line_as_the_schema_says() {
    let outcome = hostile();
    let capacity = Capacity { units: Vec::new(), cpu_slots: 1, headroom: 0.0, ..Capacity::default() };
    let mut plan = plan_demands(Vec::new(), capacity, &PlanSettings::default());
    plan.not_run.clone_from(&outcome.refused);
    let mut told = vec![
        Event::RunStarted { run: "a".to_owned(), folder: "b".into(), cases: 3 },
        Event::StepStarted { step: step(), at: Duration::from_millis(1), gpus: vec!["0".to_owned()] },
        Event::Interrupted { at_once: true },
    ];
    told.extend(outcome.results.iter().cloned().map(Event::CaseFinished));
    told.extend(outcome.steps.iter().cloned().map(Event::StepFinished));
    told.extend(HOSTILE.map(|name| Event::Warning(name.to_owned())));
    let case = |name: &str| Event::CaseStarted {
        step: step(),
        id: NodeId::from_text(name),
        occurrence: 1,
        at: Duration::from_secs(1),
    };
    told.extend(HOSTILE.map(case));
    let refused: usize = plan.not_run.iter().map(|_: &NotRun| 1).sum();
    let text: String = told.iter().map(|event| events::lines(event, &plan)).collect();
    let text = text + &events::finished(&outcome, 1);
    let schema = validator();
    let mut kinds = std::collections::BTreeSet::new();
    for line in text.lines() {
        let object: Value = serde_json::from_str(line).unwrap();
        let wrong: Vec<_> = schema.iter_errors(&object).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "{line}: {wrong:#?}");
        kinds.insert(object["event"].as_str().unwrap().to_owned());
    }
    assert_eq!(text.lines().count(), told.len() + refused + 1);
    assert_eq!(kinds.len(), 9, "{kinds:?}");
    // The schema is one that refuses.
    for wrong in [r#"{"event":"warning"}"#, r#"{"event":"other"}"#, r#"{"event":"run-started","version":2}"#] {
        assert!(!schema.is_valid(&serde_json::from_str(wrong).unwrap()), "{wrong}");
    }
}
