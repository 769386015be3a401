// @ts-check
import { byId } from "./document.js";
import { el, table, textButton } from "./elements.js";
import { counted, grouped, seconds } from "./words.js";
import { folded } from "./coverage.js";
import { timeline } from "./timeline.js";

/** How many failures are shown before the reader asks for more. */
const SHOWN_FAILURES = 12;

/**
 * What an earlier run gave, where one was named.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderRun(model, view) {
  const { run } = model.report;
  if (!run) return;
  byId("run").hidden = false;
  byId("run-link").hidden = false;
  const all = run.outcomes.reduce((sum, [, count]) => sum + count, 0);
  const outcomes = run.outcomes.map(([outcome, count]) => `${grouped(count)} ${outcome}`).join(", ");
  const absent = run.absent > 0 ? ` ${counted(run.absent, "result is", "results are")} of no test that the tree has now.` : "";
  byId("run-lead").textContent = `${counted(all, "result")} in ${run.source}: ${outcomes || "none"}. One after another they took ${seconds(run.took_ms)}.${absent}`;
  const name = (/** @type {import("./document.js").RunResult} */ { test, id }) =>
    test === null ? el("code", {}, id) : textButton(el("code", {}, id), () => view.set({ test: model.idOf(test) }));
  const failures = run.failures.map((result) =>
    el("tr", {}, el("td", { class: "number" }, seconds(result.took_ms)), el("td", {}, name(result), el("div", { class: "faint" }, result.outcome, result.reason && `: ${result.reason}`), result.output && el("details", {}, el("summary", {}, "What it said and printed"), el("pre", { class: "output" }, result.output)))),
  );
  byId("run-failures").replaceChildren(failures.length === 0 ? el("p", {}, "None.") : folded("Tests that failed", ["Time", "Test"], failures, SHOWN_FAILURES));
  byId("run-timeline").replaceChildren(...(run.timeline ? [el("h3", {}, "What ran where"), ...timeline(run.timeline, "result")] : []));
  const budgets = run.budgets.map((budget) =>
    el("tr", {}, el("td", { class: "number" }, seconds(budget.used_ms)), el("td", {}, el("bdi", {}, budget.name), el("div", { class: budget.used_ms > budget.limit_ms ? "bad" : "faint" }, `${budget.used_ms > budget.limit_ms ? "over its budget of" : "of"} ${seconds(budget.limit_ms)}`), el("progress", { max: Math.max(budget.limit_ms, budget.used_ms, 1), value: budget.used_ms, "aria-label": `${seconds(budget.used_ms)} of ${seconds(budget.limit_ms)}` }))),
  );
  byId("run-budgets").replaceChildren(...(budgets.length > 0 ? [el("h3", {}, "Budgets"), folded("Budgets", ["Took", "Budget"], budgets, SHOWN_FAILURES)] : []));
  const flaky = run.flaky.map((test) => el("tr", {}, el("td", { class: "number" }, `${grouped(test.failed)} of ${grouped(test.failed + test.passed)}`), el("td", {}, el("code", {}, test.id))));
  byId("run-flaky").replaceChildren(...(flaky.length > 0 ? [el("h3", {}, "Flaky: passed and failed"), folded("Flaky tests", ["Failed", "Test"], flaky, SHOWN_FAILURES)] : []));
  const slowest = run.slowest.map((result) => el("tr", {}, el("td", { class: "number" }, seconds(result.took_ms)), el("td", {}, name(result))));
  const heads = [el("th", { scope: "col", class: "number" }, "Time"), "Test"];
  byId("run-slowest").replaceChildren(table("The slowest tests", heads, slowest, { class: "list" }));
}
