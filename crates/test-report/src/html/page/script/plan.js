// @ts-check
import { byId } from "./document.js";
import { el, table } from "./elements.js";
import { counted, grouped, seconds } from "./words.js";
import { folded } from "./coverage.js";
import { timeline } from "./timeline.js";

/** How many needs, reasons and budgets are shown before the reader asks for more. */
const SHOWN = 12;
const FITS = { now: "fits", later: "fits, not while others hold its memory", never: "does not fit" };
const FIT_KINDS = { now: "good", later: "doubtful", never: "bad" };

/**
 * A machine, what fits it, and what would run where, where that was asked for.
 * @param {import("./model.js").Model} model
 */
export function renderPlan(model) {
  const { plan } = model.report;
  if (!plan) return;
  byId("plan").hidden = false;
  byId("plan-link").hidden = false;
  const what = plan.stage === null ? "" : ` of ${plan.stage}`;
  const whose = plan.is_of_run ? "The run below was planned for" : "Planned for";
  const refused = plan.not_run.reduce((sum, [, count]) => sum + count, 0);
  byId("plan-lead").textContent =
    `${whose} ${plan.machine}: ${counted(plan.tests, "test")}${what}, ${grouped(plan.on_gpus)} on GPUs, ${grouped(refused)} not run there. ` +
    `Expected to take ${seconds(plan.expected_ms)}; no plan can be faster than ${seconds(plan.bound_ms)} (${plan.bound_by}); one after another it would be ${seconds(plan.serial_ms)}.`;
  byId("plan-gpus").replaceChildren(gpus(plan));
  byId("plan-fits").replaceChildren(...fits(plan), ...notRun(plan));
  byId("plan-budgets").replaceChildren(...budgets(plan));
  byId("plan-timeline").replaceChildren(...(plan.timeline ? [el("h3", {}, "What would run where"), ...timeline(plan.timeline, "test")] : []));
}

/** @param {import("./document.js").Plan} plan */
function gpus(plan) {
  if (plan.gpus.length === 0) return el("p", {}, plan.why_no_gpu ?? "No GPU.");
  const number = (/** @type {string} */ text) => el("th", { scope: "col", class: "number" }, text);
  const rows = plan.gpus.map((gpu) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", class: "number" }, gpu.number),
      el("td", {}, el("bdi", {}, gpu.name), gpu.instances > 0 && el("div", { class: "faint" }, counted(gpu.instances, "MIG instance")), gpu.unusable && el("div", { class: "bad" }, `unusable: ${gpu.unusable}`), ...gpu.holders.map((holder) => el("div", { class: "faint" }, holder))),
      el("td", { class: "number" }, gib(gpu.memory)),
      el("td", { class: "number" }, gib(gpu.free)),
    ),
  );
  return table("GPUs of the machine", [number("GPU"), "Model", number("Memory"), number("Free")], rows, { class: "list" });
}

/** @param {import("./document.js").Plan} plan */
function fits(plan) {
  if (plan.fits.length === 0) return [];
  const rows = plan.fits.map((fit) =>
    el("tr", {}, el("td", { class: "number" }, grouped(fit.tests)), el("td", {}, fit.need, el("div", { class: FIT_KINDS[fit.here] }, fit.reason ? `${FITS[fit.here]}: ${fit.reason}` : FITS[fit.here]))),
  );
  return [el("h3", {}, "What fits"), folded("What tests need of GPUs, and whether the machine has it", ["Tests", "What they need"], rows, SHOWN)];
}

/** @param {import("./document.js").Plan} plan */
function notRun(plan) {
  if (plan.not_run.length === 0) return [];
  const rows = plan.not_run.map(([reason, count]) => el("tr", {}, el("td", { class: "number" }, grouped(count)), el("td", {}, reason)));
  return [el("h3", {}, "Not run there"), folded("Why tests do not run there", ["Tests", "Why"], rows, SHOWN)];
}

/** @param {import("./document.js").Plan} plan */
function budgets(plan) {
  if (plan.budgets.length === 0) return [];
  const rows = plan.budgets.map((budget) => {
    const over = budget.expected_ms > budget.limit_ms;
    const spread = budget.p90_ms === null ? "" : `, ${seconds(budget.p90_ms)} with each at its p90`;
    const said = over ? `over its budget of ${seconds(budget.limit_ms)} by ${seconds(budget.expected_ms - budget.limit_ms)}: without its ${counted(budget.too_many, "dearest test")} the rest fits` : `of ${seconds(budget.limit_ms)}`;
    return el(
      "tr",
      {},
      el("td", { class: "number" }, seconds(budget.expected_ms)),
      el("td", {}, el("bdi", {}, budget.name), el("div", { class: over ? "bad" : "faint" }, said), el("div", { class: "faint" }, `${counted(budget.tests, "test")}${spread}; beside all else that is planned the last ends after ${seconds(budget.ends_ms)}`), el("progress", { max: Math.max(budget.limit_ms, budget.expected_ms, 1), value: budget.expected_ms, "aria-label": `${seconds(budget.expected_ms)} of ${seconds(budget.limit_ms)}` })),
    );
  });
  return [el("h3", {}, "Budgets"), folded("Budgets of the plan", ["Expected", "Budget"], rows, SHOWN)];
}

/** @param {number | null} bytes */
function gib(bytes) {
  return bytes === null ? "unknown" : `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}
