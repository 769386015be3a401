// @ts-check
import { byId } from "./document.js";
import { el, table, textButton } from "./elements.js";
import { counted, grouped, seconds } from "./words.js";
import { folded } from "./coverage.js";

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
    el("tr", {}, el("td", { class: "number" }, seconds(result.took_ms)), el("td", {}, name(result), el("div", { class: "faint" }, result.outcome, result.reason && `: ${result.reason}`))),
  );
  byId("run-failures").replaceChildren(failures.length === 0 ? el("p", {}, "None.") : folded("Tests that failed", ["Time", "Test"], failures, SHOWN_FAILURES));
  const slowest = run.slowest.map((result) => el("tr", {}, el("td", { class: "number" }, seconds(result.took_ms)), el("td", {}, name(result))));
  const heads = [el("th", { scope: "col", class: "number" }, "Time"), "Test"];
  byId("run-slowest").replaceChildren(table("The slowest tests", heads, slowest, { class: "list" }));
}
