// @ts-check
import { byId } from "./document.js";
import { el, textButton, withShare } from "./elements.js";
import { counted, grouped, percent } from "./words.js";
import { IN_NO_LANE, NONE, NOT_KNOWN } from "./model.js";

/** How many parts a bar has at most; what is less is put together. */
const LARGEST_PARTS = 6;

/**
 * The title, the figures and the shape of the tree.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderHeadline(model, view) {
  const { report } = model;
  const facts = [report.label, `policy ${report.policy}`];
  if (report.pytest) facts.push(`pytest ${report.pytest}`);
  if (report.python) facts.push(`Python ${report.python}`);
  byId("subtitle").textContent = facts.filter(Boolean).join(" · ");

  const languages = model.tally("language");
  const open = report.findings.filter((finding) => finding.allowed === null);
  const errors = open.filter((finding) => finding.severity === "error").length;
  const figures = [
    figure("Tests", grouped(model.count), `${grouped(languages.get("python") ?? 0)} Python, ${grouped(languages.get("rust") ?? 0)} Rust`, () =>
      view.showTests({}),
    ),
    figure(
      "Findings",
      grouped(open.length),
      open.length === 0 ? "nothing breaks the policy" : `${counted(errors, "error")}, ${counted(open.length - errors, "warning")}`,
      () => view.set({ frule: null, fowner: null }, { section: "findings" }),
      errors > 0 ? "bad" : open.length > 0 ? "doubtful" : "good",
    ),
  ];
  if (report.lanes.length > 0) {
    const unreached = model.tally("ci").get(IN_NO_LANE) ?? 0;
    const missing = report.lane_problems.length > 0 ? "; lanes may be missing" : "";
    figures.push(
      figure("In no lane", grouped(unreached), `${percent(unreached, model.count)} of all tests${missing}`, () => view.showTests({ ci: IN_NO_LANE })),
    );
  }
  const inexact = model.inexact.size;
  figures.push(
    figure("Inexact", grouped(inexact), inexact === 0 ? "every test is known for certain" : "not known for certain by reading", () =>
      view.showTests({ certainty: "inexact" }),
    ),
  );
  byId("figures").replaceChildren(...figures);
  const shape = [bar(model, view, "type", "By type"), bar(model, view, "stage", "By stage"), bar(model, view, "hardware", "By hardware")];
  byId("shape").replaceChildren(...shape);
}

/**
 * @param {string} name
 * @param {string} number
 * @param {string} note
 * @param {() => void} onclick
 * @param {string} [kind]
 */
function figure(name, number, note, onclick, kind = "") {
  return el(
    "div",
    { class: `figure ${kind}` },
    el("dt", {}, name),
    el("dd", { class: "number" }, textButton(number, onclick, { "aria-label": `${name}: ${number}, show them` })),
    el("dd", { class: "faint" }, note),
  );
}

/**
 * How the tests divide by a facet: a bar, and the counts that it is made of.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {string} key
 * @param {string} title
 */
function bar(model, view, key, title) {
  const counts = model.tally(key);
  const values = model.inOrder(key, counts);
  const sum = [...counts.values()].reduce((all, count) => all + count, 0);
  const largest = [...values].sort((one, other) => (counts.get(other) ?? 0) - (counts.get(one) ?? 0)).slice(0, LARGEST_PARTS);
  const shown = values.filter((value) => largest.includes(value));
  const parts = shown.map((value, index) =>
    withShare(el("span", { class: `part ${partClass(value, index)}` }), (counts.get(value) ?? 0) / Math.max(sum, 1)),
  );
  const legend = shown.map((value, index) =>
    el(
      "li",
      {},
      el("span", { class: `key ${partClass(value, index)}`, "aria-hidden": "true" }),
      textButton(value, () => view.showTests({ [key]: value })),
      el("span", { class: "number" }, grouped(counts.get(value) ?? 0)),
    ),
  );
  if (values.length > shown.length) legend.push(el("li", { class: "faint" }, `and ${values.length - shown.length} more below`));
  return el("div", { class: "bar-block" }, el("h3", {}, title), el("div", { class: "bar", "aria-hidden": "true" }, ...parts), el("ul", { class: "legend" }, ...legend));
}

/**
 * @param {string} value
 * @param {number} index
 */
function partClass(value, index) {
  return value === NONE || value === NOT_KNOWN ? "part-none" : `part-${index}`;
}
