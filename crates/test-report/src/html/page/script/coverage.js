// @ts-check
import { byId } from "./document.js";
import { el, place, table, textButton, withShare } from "./elements.js";
import { counted, duration, grouped, percent, range, seconds } from "./words.js";
import { IN_NO_LANE } from "./model.js";

/** How many causes, and how many sets of lanes, are shown before the reader asks for more. */
const SHOWN_CAUSES = 12;
const SHOWN_OVERLAPS = 5;

/**
 * Lanes that run the same tests by the same command under the same condition: most differ in the combination of a matrix.
 * @typedef {{ lane: import("./document.js").Lane, more: number, runs: number, mayRun: number }} LaneGroup
 */

/**
 * What CI runs, and what it does not.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderLanes(model, view) {
  const { report } = model;
  const problems = report.lane_problems.map((note) => el("li", {}, note.at && place(report.files[note.at[0]], note.at[1]), ` ${note.text}`));
  if (problems.length > 0) {
    byId("lane-problems").replaceChildren(el("p", { class: "notice" }, "These could not be read, so that lanes may be missing:"), el("ul", {}, ...problems));
  }
  if (report.lanes.length === 0) {
    byId("lanes-lead").textContent = "No lane: nothing in the tree’s workflows or in the policy runs tests.";
    for (const heading of document.querySelectorAll("#lanes h3")) heading.remove();
    byId("coverage-table").remove();
    return;
  }
  byId("lanes-lead").textContent = `${counted(report.lanes.length, "command")} of CI ${report.lanes.length === 1 ? "runs" : "run"} tests.`;
  renderCoverage(model, view);
  renderLaneList(model, view);
  renderUnreached(model, view);
  renderOverlaps(model, view);
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
function renderCoverage(model, view) {
  byId("coverage-lead").textContent =
    "How many tests of each component the lanes of a stage run. A lane runs earlier stages’ tests too, so that most tests count in several columns.";
  const { cells, ofRow, ofColumn, all } = model.cross("component", "ci", () => true);
  const columns = model.inOrder("ci", ofColumn);
  const cell = (/** @type {string} */ name, /** @type {number} */ count, /** @type {number} */ whole, /** @type {string} */ column, /** @type {Record<string, string>} */ values) => {
    if (count === 0) return el("td", { class: "number empty" }, el("span", { "aria-label": "none" }, "·"));
    const share = percent(count, whole);
    const button = textButton(grouped(count), () => view.showTests({ ...values, ci: column }), { "aria-label": `${name}, ${column}: ${grouped(count)}, ${share}, show them` });
    const kind = column === IN_NO_LANE ? "missing" : "covered";
    return withShare(el("td", { class: `number share ${kind}` }, button, el("span", { class: "faint percent", "aria-hidden": "true" }, share)), count / whole);
  };
  const row = (/** @type {string} */ name, /** @type {number} */ whole, /** @type {Map<string, number> | undefined} */ counts, /** @type {Record<string, string>} */ values) =>
    el("tr", { class: values.component ? "" : "totals" }, el("th", { scope: "row" }, el("bdi", {}, name)), el("td", { class: "number" }, grouped(whole)), ...columns.map((column) => cell(name, counts?.get(column) ?? 0, whole, column, values)));
  const rows = model.inOrder("component", ofRow).map((component) => row(component, ofRow.get(component) ?? 0, cells.get(component), { component }));
  rows.push(row("All", all, ofColumn, {}));
  const heads = ["Component", "Tests", ...columns].map((text, index) => el("th", { scope: "col", class: index === 0 ? "" : "number" }, el("bdi", {}, text)));
  byId("coverage-table").replaceChildren(table("Tests of each component by the stage of the lanes that run them", heads, rows, { class: "matrix" }));
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
function renderLaneList(model, view) {
  const workflows = lanesByWorkflow(model);
  const most = Math.max(1, ...[...workflows.values()].flat().map((group) => group.runs + group.mayRun));
  const blocks = [...workflows].map(([workflow, groups]) => {
    const lanes = groups.reduce((sum, group) => sum + 1 + group.more, 0);
    const stage = groups.find((group) => group.lane.stage)?.lane.stage;
    const rows = groups.map((group) => laneRow(model, view, group, most));
    const heads = ["Lane", el("th", { scope: "col", class: "number" }, "Tests"), el("th", { scope: "col", class: "number optional" }, "Limit")];
    return el(
      "details",
      { class: "workflow" },
      el("summary", {}, el("strong", {}, workflow), stage && el("span", { class: "tag" }, stage), el("span", { class: "faint" }, counted(lanes, "lane"))),
      table(`Lanes of ${workflow}`, heads, rows, { class: "lanes" }),
    );
  });
  if (blocks.length === 1) blocks[0].setAttribute("open", "");
  byId("lane-list").replaceChildren(...blocks);
}

/**
 * @param {import("./model.js").Model} model
 * @returns {Map<string, LaneGroup[]>}
 */
function lanesByWorkflow(model) {
  const { report } = model;
  const perReach = new Float64Array(report.reaches.length);
  for (const reach of report.tests.reach) perReach[reach] += 1;
  const counts = report.lanes.map(() => ({ runs: 0, mayRun: 0, reaches: /** @type {number[]} */ ([]) }));
  report.reaches.forEach((reach, index) => {
    for (const lane of reach.runs) {
      counts[lane].runs += perReach[index];
      counts[lane].reaches.push(index);
    }
    for (const lane of reach.may_run) {
      counts[lane].mayRun += perReach[index];
      counts[lane].reaches.push(-1 - index);
    }
  });
  /** @type {Map<string, LaneGroup[]>} */
  const workflows = new Map();
  /** @type {Map<string, LaneGroup>} */
  const same = new Map();
  report.lanes.forEach((lane, index) => {
    const { runs, mayRun, reaches } = counts[index];
    const [workflow] = splitLane(lane.name);
    const key = JSON.stringify([workflow, lane.command, lane.folder, lane.condition, reaches]);
    const like = same.get(key);
    if (like) {
      like.more += 1;
      return;
    }
    const group = { lane, more: 0, runs, mayRun };
    same.set(key, group);
    const groups = workflows.get(workflow);
    if (groups) groups.push(group);
    else workflows.set(workflow, [group]);
  });
  return workflows;
}

/**
 * The workflow that starts a lane, and the rest of its name. One of the policy has no workflow.
 * @param {string} name
 * @returns {[string, string]}
 */
function splitLane(name) {
  const at = name.indexOf(" / ");
  return at < 0 ? ["the policy", name] : [name.slice(0, at), name.slice(at + 3)];
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {LaneGroup} group
 * @param {number} most
 */
function laneRow(model, view, { lane, more, runs, mayRun }, most) {
  const what = lane.marks !== null && lane.doubt === null ? lane.marks : lane.command;
  const folder = lane.folder === null ? "in an unknown folder" : lane.folder === "" ? null : `in ${lane.folder}`;
  const name = splitLane(lane.name)[1];
  const why = lane.doubt ?? lane.refused;
  const number = lane.refused !== null ? "refused" : lane.doubt !== null ? "unknown" : range(runs, mayRun);
  const button = runs + mayRun > 0 ? textButton(number, () => view.showTests({ lane: lane.name }), { "aria-label": `${name}: ${number}, show the tests` }) : number;
  return el(
    "tr",
    {},
    el(
      "th",
      { scope: "row" },
      el("div", {}, el("bdi", {}, name), more > 0 && el("span", { class: "faint" }, ` and ${more} more like it`)),
      el("div", { class: "lane-what" }, el("code", { class: "clip" }, what), folder && el("span", { class: "faint" }, folder), place(model.report.files[lane.file], lane.line)),
      lane.condition && el("div", { class: "faint lane-more" }, `may run: if ${lane.condition}`),
      lane.measured && el("div", { class: "faint lane-more" }, `measured: ${seconds(lane.measured.took_ms)} one after another, ${grouped(lane.measured.tests)} of ${counted(runs, "test")}`),
      why && el("div", { class: "doubtful" }, why),
    ),
    withShare(el("td", { class: "number share covered" }, button), lane.doubt === null ? (runs + mayRun) / most : 0),
    el("td", { class: "number optional" }, lane.limit_s === null ? el("span", { "aria-label": "none" }, "·") : duration(lane.limit_s)),
  );
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
function renderUnreached(model, view) {
  const counts = [...model.tally("cause")].sort((one, other) => other[1] - one[1]);
  const all = model.causes.size;
  byId("unreached-title").textContent = `${counted(all, "test")} in no lane`;
  const rows = counts.map(([cause, count]) => el("tr", {}, el("td", { class: "number" }, textButton(grouped(count), () => view.showTests({ cause }), { "aria-label": `${cause}: ${grouped(count)}, show them` })), el("td", {}, cause)));
  byId("unreached").replaceChildren(all === 0 ? el("p", {}, "Some lane runs every test, or may run it.") : folded("Tests in no lane by cause", ["Tests", "What keeps the nearest lane from them"], rows, SHOWN_CAUSES));
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
function renderOverlaps(model, view) {
  const counts = model.tally("overlap");
  const overlaps = model.overlaps.map((overlap, index) => ({ ...overlap, index, count: counts.get(String(index)) ?? 0 }));
  overlaps.sort((one, other) => other.count - one.count);
  const rows = overlaps.map(({ stage, families, index, count }) =>
    el(
      "tr",
      {},
      el("td", { class: "number" }, textButton(grouped(count), () => view.showTests({ overlap: String(index) }), { "aria-label": `${grouped(count)} of ${stage}, show them` })),
      el("td", {}, el("span", { class: "tag" }, stage), el("ul", { class: "plain" }, ...families.map((family) => el("li", {}, family)))),
    ),
  );
  // A test that is in two such sets, of two stages, is one test.
  const several = new Set(overlaps.flatMap((overlap) => [...overlap.reaches]));
  const all = model.report.tests.reach.reduce((sum, reach) => sum + Number(several.has(reach)), 0);
  byId("overlap-title").textContent = `${counted(all, "test")} in several lanes of one stage`;
  byId("overlaps").replaceChildren(rows.length === 0 ? el("p", {}, "No two lanes of a stage run the same test.") : folded("Tests in several lanes", ["Tests", "Lanes"], rows, SHOWN_OVERLAPS));
}

/**
 * A table of which the first rows are shown until somebody wants all.
 * @param {string} caption
 * @param {string[]} heads
 * @param {HTMLElement[]} rows
 * @param {number} first
 */
export function folded(caption, heads, rows, first) {
  const cells = heads.map((head, index) => el("th", { scope: "col", class: index === 0 ? "number" : "" }, head));
  const body = table(caption, cells, rows.slice(0, first), { class: "list" });
  if (rows.length <= first) return body;
  const more = textButton(`Show ${rows.length - first} more`, () => {
    body.querySelector("tbody")?.append(...rows.slice(first));
    more.remove();
    rows[first].querySelector("button")?.focus();
  }, { class: "text action" });
  return el("div", {}, body, more);
}
