// @ts-check
import { byId } from "./document.js";
import { el, place, textButton } from "./elements.js";
import { counted } from "./words.js";
import { severity } from "./findings.js";

/** What kinds of notes are called. */
const NOTES = new Map([
  ["inexact", "Inexact"],
  ["open-markers", "Maybe more markers"],
  ["hook-markers", "Maybe markers of a hook"],
  ["condition", "Needs"],
  ["left-out", "Left out by"],
  ["ignored", "Ignored"],
  ["compiled", "Compiled under"],
]);

/**
 * Everything of one test, in a dialog over the page while its id stands in the address.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderDetail(model, view) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("detail"));
  const id = view.get("test");
  if (!id) {
    if (dialog.open) dialog.close();
    return;
  }
  const test = testOf(model, id);
  const content = test === undefined ? el("p", {}, `No test has the id ${id}.`) : facts(model, view, test);
  const title = el("h2", { id: "detail-title", tabindex: -1 }, el("bdi", {}, id));
  dialog.replaceChildren(el("div", { class: "dialog-head" }, title, el("button", { type: "button", class: "close", click: () => dialog.close() }, "Close")), content);
  if (!dialog.open) dialog.showModal();
  title.focus();
}

/**
 * Lets the dialog close itself: Escape, a click beside it.
 * @param {import("./view.js").View} view
 */
export function watchDetail(view) {
  const dialog = byId("detail");
  dialog.addEventListener("close", () => view.get("test") && view.set({ test: null }));
  dialog.addEventListener("click", (event) => {
    if (event.target === dialog) /** @type {HTMLDialogElement} */ (dialog).close();
  });
}

/** @type {Map<string, number> | undefined} */
let testsById;

/**
 * The first test of an id: ids are not unique.
 * @param {import("./model.js").Model} model
 * @param {string} id
 */
function testOf(model, id) {
  if (!testsById) {
    testsById = new Map();
    for (let test = model.count - 1; test >= 0; test -= 1) testsById.set(model.idOf(test), test);
  }
  return testsById.get(id);
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {number} test
 */
function facts(model, view, test) {
  const { report } = model;
  const at = (/** @type {[number, number]} */ [file, line]) => place(report.files[file], line);
  const markers = report.marker_sets[report.tests.markers[test]].map((index) => {
    const { text, from } = report.markers[index];
    const origin = "source" in from ? at(from.source) : "hook" in from ? el("span", {}, "a hook, ", at(from.hook)) : `the policy, ${from.policy}`;
    const name = model.names[index];
    return el("li", {}, textButton(el("code", {}, report.texts[text]), () => view.showTests({ marker: name, test: [] }), { title: `Tests with ${name}` }), el("span", { class: "from" }, origin));
  });
  const notes = model.notesOf(test).map((note) => el("li", {}, el("strong", {}, NOTES.get(note.kind) ?? note.kind), " ", el("code", {}, note.text), " ", note.at && at(note.at)));
  const findings = (model.findings.get(test) ?? []).map((index) => {
    const finding = report.findings[index];
    return el("li", {}, severity(finding.severity), finding.allowed !== null && el("span", { class: "tag" }, "allowed"), " ", finding.message, " ", el("div", { class: "faint" }, finding.help), place(report.files[finding.file], finding.line));
  });
  const owners = model.ownersOf(report.tests.file[test]);
  return el(
    "div",
    {},
    el("p", {}, place(model.fileOf(test), report.tests.line[test]), " ", el("span", { class: "faint" }, [model.languageOf(test) === "rust" ? "Rust" : "Python", ...owners].join(" · "))),
    block("Findings", findings),
    block("Markers, the closest first", markers),
    lanesOfTest(model, view, test),
    block("To know", notes),
  );
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {number} test
 */
function lanesOfTest(model, view, test) {
  const { report } = model;
  const reach = report.reaches[report.tests.reach[test]];
  const cause = model.causes.get(test);
  if (cause !== undefined) return el("div", {}, el("h3", {}, "Lanes"), el("p", {}, `None: ${report.causes[cause]}.`));
  const one = (/** @type {number} */ index, /** @type {boolean} */ maybe) => {
    const lane = report.lanes[index];
    return el("li", {}, lane.stage && el("span", { class: "tag" }, lane.stage), " ", textButton(lane.name, () => view.showTests({ lane: lane.name, test: [] })), maybe && el("span", { class: "faint" }, " maybe"));
  };
  const all = [...reach.runs.map((lane) => one(lane, false)), ...reach.may_run.map((lane) => one(lane, true))];
  const heading = `${counted(reach.runs.length, "lane")} ${reach.runs.length === 1 ? "runs" : "run"} it${reach.may_run.length > 0 ? `, ${reach.may_run.length} more may` : ""}`;
  return report.lanes.length > 0 && block(heading, all);
}

/**
 * @param {string} title
 * @param {HTMLElement[]} items
 */
function block(title, items) {
  return items.length > 0 && el("div", {}, el("h3", {}, title), el("ul", { class: "plain" }, ...items));
}
