// @ts-check
import { byId } from "./document.js";
import { el, table, textButton, withShare } from "./elements.js";
import { counted, grouped } from "./words.js";

/**
 * The findings then and now, where a baseline says what was.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderTrend(model, view) {
  const { trend, rules } = model.report;
  if (!trend) return;
  byId("trend").hidden = false;
  byId("trend-link").hidden = false;
  const sum = (/** @type {"then" | "now" | "new" | "gone"} */ key) => trend.rules.reduce((all, change) => all + change[key], 0);
  byId("trend-lead").textContent =
    `Since ${trend.baseline} was written: ${counted(sum("then"), "finding")} then, ${grouped(sum("now"))} now; ` +
    `${grouped(sum("new"))} new, ${grouped(sum("gone"))} gone. Counted by test, or by file where a finding is about no test.`;
  const most = Math.max(1, ...trend.rules.map((change) => Math.max(change.then, change.now)));
  const number = (/** @type {number} */ count, /** @type {string} */ sign = "") =>
    el("td", { class: "number" }, count === 0 && sign ? el("span", { "aria-label": "none" }, "·") : `${sign}${grouped(count)}`);
  const rows = trend.rules.map((change) => {
    const { code } = rules[change.rule];
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, textButton(code, () => view.set({ frule: code, fowner: null }, { section: "findings" })), !change.judged && el("div", { class: "faint" }, "not looked for now")),
      withShare(el("td", { class: "number share covered" }, grouped(change.then)), change.then / most),
      withShare(el("td", { class: "number share covered" }, grouped(change.now)), change.now / most),
      number(change.new, "+"),
      number(change.gone, "−"),
    );
  });
  const heads = ["Rule", ...["Then", "Now", "New", "Gone"].map((text) => el("th", { scope: "col", class: "number" }, text))];
  byId("trend-table").replaceChildren(table("Findings of each rule then and now", heads, rows, { class: "matrix" }));
}
