// @ts-check
import { byId } from "./document.js";
import { el, table, textButton, toggle, withShare } from "./elements.js";
import { grouped } from "./words.js";

/**
 * The matrix of components by hardware, of one stage or of all.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderMatrix(model, view) {
  const counts = model.tally("stage");
  const stages = model.inOrder("stage", counts);
  const chosen = stages.includes(view.get("matrix")) ? view.get("matrix") : "";
  const choose = (/** @type {string} */ stage) => view.set({ matrix: stage });
  const buttons = [toggle("All stages", grouped(model.count), chosen === "", () => choose(""))];
  for (const stage of stages) buttons.push(toggle(stage, grouped(counts.get(stage) ?? 0), chosen === stage, () => choose(stage)));
  keepFocus(byId("matrix-stages"), el("div", { class: "chips", role: "group", "aria-label": "Stage" }, ...buttons));

  const stage = model.facet("stage");
  const isOfStage = (/** @type {number} */ test) => chosen === "" || stage.valuesOf(stage.groupOf(test)).includes(chosen);
  const { cells, ofRow, ofColumn, all } = model.cross("component", "hardware", isOfStage);
  const [components, hardware] = [model.inOrder("component", ofRow), model.inOrder("hardware", ofColumn)];
  const most = Math.max(1, ...[...cells.values()].flatMap((row) => [...row.values()]));
  const filter = (/** @type {Record<string, string>} */ values) => view.showTests(chosen ? { stage: chosen, ...values } : values);

  const cell = (/** @type {string} */ component, /** @type {string} */ machine) => {
    const count = cells.get(component)?.get(machine) ?? 0;
    if (count === 0) return el("td", { class: "number empty" }, el("span", { "aria-label": "none" }, "·"));
    const label = `${component}, ${machine}: ${grouped(count)}, show them`;
    const button = textButton(grouped(count), () => filter({ component, hardware: machine }), { "aria-label": label });
    // A few tests should be told from none, and a thousand from a hundred: the shade is by the order of magnitude.
    return withShare(el("td", { class: "number heat" }, button), Math.log(count + 1) / Math.log(most + 1));
  };
  const total = (/** @type {number} */ count, /** @type {Record<string, string>} */ values, /** @type {string} */ what) =>
    el("td", { class: "number total" }, textButton(grouped(count), () => filter(values), { "aria-label": `${what}: ${grouped(count)}, show them` }));
  const rows = components.map((component) =>
    el("tr", {}, el("th", { scope: "row" }, el("bdi", {}, component)), ...hardware.map((machine) => cell(component, machine)), total(ofRow.get(component) ?? 0, { component }, `${component}, all hardware`)),
  );
  rows.push(
    el("tr", { class: "totals" }, el("th", { scope: "row" }, "All"), ...hardware.map((machine) => total(ofColumn.get(machine) ?? 0, { hardware: machine }, `all components, ${machine}`)), total(all, {}, "all")),
  );
  const heads = ["Component", ...hardware, "All"].map((text, index) => el("th", { scope: "col", class: index === 0 ? "" : "number" }, el("bdi", {}, text)));
  const caption = `Tests of ${chosen || "all stages"} by component and hardware`;
  byId("matrix-table").replaceChildren(table(caption, heads, rows, { class: "matrix" }));
}

/**
 * Puts new content in place of old, and the keyboard back to the button of the same text.
 * @param {HTMLElement} parent
 * @param {HTMLElement} content
 */
export function keepFocus(parent, content) {
  const focused = parent.contains(document.activeElement) ? document.activeElement?.textContent : null;
  parent.replaceChildren(content);
  if (focused === null) return;
  const same = [...parent.querySelectorAll("button")].find((button) => button.textContent === focused);
  (same ?? parent.querySelector("button"))?.focus({ preventScroll: true });
}
