// @ts-check
import { byId, readReport } from "./document.js";
import { Model } from "./model.js";
import { View } from "./view.js";
import { renderHeadline } from "./headline.js";
import { renderMatrix } from "./matrix.js";
import { renderLanes } from "./coverage.js";
import { renderFindings } from "./findings.js";
import { renderTrend } from "./trend.js";
import { renderRun } from "./run.js";
import { renderPlan } from "./plan.js";
import { renderDetail, watchDetail } from "./detail.js";
import { TestsTable } from "./tests.js";

/** Puts the page together: sections that never change are drawn once, the others when what they depend on does. */
function start() {
  const model = new Model(readReport());
  const view = new View(model.facets.map((facet) => facet.key));
  const tests = new TestsTable(model, view);
  renderHeadline(model, view);
  renderLanes(model, view);
  renderTrend(model, view);
  renderPlan(model);
  renderRun(model, view);
  watchDetail(view);
  onChange(view, ["matrix"], () => renderMatrix(model, view));
  onChange(view, ["frule", "fowner"], () => renderFindings(model, view));
  onChange(view, ["test"], () => renderDetail(model, view));
  view.listen(() => tests.render());
  view.listen(() => updateLinks(view));
  for (const link of document.querySelectorAll("a[data-section]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      view.set({}, { section: link.getAttribute("data-section") ?? "" });
    });
  }
  view.tell();
  view.show();
  byId("title").dataset.ready = "true";
}

/**
 * Draws now and whenever one of these keys has another value.
 * @param {View} view
 * @param {string[]} keys
 * @param {() => void} draw
 */
function onChange(view, keys, draw) {
  /** @type {string | undefined} */
  let before;
  view.listen(() => {
    const now = JSON.stringify(keys.map((key) => view.all(key)));
    if (now === before) return;
    before = now;
    draw();
  });
}

/**
 * The links of the sections keep the filters.
 * @param {View} view
 */
function updateLinks(view) {
  for (const link of document.querySelectorAll("a[data-section]")) {
    const section = link.getAttribute("data-section") ?? "";
    link.setAttribute("href", view.address(section));
    if (section === view.section) link.setAttribute("aria-current", "true");
    else link.removeAttribute("aria-current");
  }
}

start();
