// @ts-check
/**
 * The document in the page. Its schema is described in crates/test-report/src/html/data.rs; these types say the same to a
 * type checker. A number that is called an index is a place in one of the document's lists.
 *
 * @typedef {{ source: [number, number] } | { hook: [number, number] } | { policy: string }} Origin
 * @typedef {{ text: number, from: Origin }} Marker
 * @typedef {{ name: string, members: string[] }} Category
 * @typedef {{ text: string, language: "python" | "rust" }} Scope
 * @typedef {{ name: string, family: string, file: number, line: number, stage: string | null, folder: string | null,
 *   command: string, marks: string | null, limit_s: number | null, doubt: string | null, refused: string | null,
 *   condition: string | null, measured: { tests: number, took_ms: number } | null }} Lane
 * @typedef {{ test: number | null, id: string, outcome: string, reason: string | null, took_ms: number, output: string | null }} RunResult
 * @typedef {{ start_ms: number, took_ms: number, name: string, outcome: string, is_failure: boolean, count: number }} Bar
 * @typedef {{ name: string, rows: Bar[][], left_out: number, memory: [number, number][] }} Device
 * @typedef {{ whole_ms: number, devices: Device[] }} Timeline
 * @typedef {{ name: string, used_ms: number, limit_ms: number }} BudgetUse
 * @typedef {{ number: number, name: string, memory: number | null, free: number | null, instances: number, holders: string[],
 *   unusable: string | null }} Gpu
 * @typedef {{ need: string, here: "now" | "later" | "never", reason: string | null, tests: number }} Fit
 * @typedef {{ name: string, limit_ms: number, expected_ms: number, p90_ms: number | null, ends_ms: number, tests: number,
 *   too_many: number }} BudgetForecast
 * @typedef {{ machine: string, stage: string | null, is_of_run: boolean, tests: number, on_gpus: number, expected_ms: number,
 *   bound_ms: number, bound_by: string, serial_ms: number, why_no_gpu: string | null, gpus: Gpu[], fits: Fit[],
 *   not_run: [string, number][], budgets: BudgetForecast[], timeline: Timeline | null }} Plan
 * @typedef {{ source: string, outcomes: [string, number][], took_ms: number, absent: number, failures: RunResult[],
 *   slowest: RunResult[], timeline: Timeline | null, flaky: { id: string, passed: number, failed: number }[],
 *   budgets: BudgetUse[] }} Run
 * @typedef {{ runs: number[], may_run: number[] }} Reach
 * @typedef {{ kind: "inexact" | "open-markers" | "hook-markers" | "condition" | "left-out" | "ignored" | "compiled" | "workflow",
 *   text: string, at: [number, number] | null }} Note
 * @typedef {{ scope: number[], name: string[], file: number[], line: number[], markers: number[], reach: number[],
 *   causes: [number, number][], notes: [number, number][] }} Tests
 * @typedef {{ code: string, severity: "error" | "warning" | null, summary: string }} Rule
 * @typedef {{ rule: number, severity: "error" | "warning", message: string, file: number, line: number, tests: number[],
 *   has: string[], needs: string[], effect: string | null, help: string, note: string | null, allowed: string | null,
 *   new: boolean | null }} Finding
 * @typedef {{ file: string, sets: string[][], of_file: number[], problems: [number, string][] }} Owners
 * @typedef {{ rule: number, then: number, now: number, new: number, gone: number, judged: boolean }} Change
 * @typedef {{ report: number, title: string, label: string | null, policy: string, pytest: string | null,
 *   python: string | null, categories: Category[], files: string[], scopes: Scope[], texts: string[], markers: Marker[],
 *   marker_sets: number[][], lanes: Lane[], lane_problems: Note[], reaches: Reach[], causes: string[], notes: Note[],
 *   tests: Tests, rules: Rule[], findings: Finding[], owners: Owners | null, run: Run | null, plan: Plan | null,
 *   trend: { baseline: string, rules: Change[] } | null }} Report
 */

/**
 * Reads it.
 * @returns {Report}
 */
export function readReport() {
  return JSON.parse(byId("data").textContent ?? "");
}

/**
 * An element that the template has.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the template has no #${id}`);
  return found;
}
