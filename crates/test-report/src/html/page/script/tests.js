// @ts-check
import { byId } from "./document.js";
import { el, textButton, toggle } from "./elements.js";
import { counted, grouped } from "./words.js";
import { keepFocus } from "./matrix.js";

/** Facets that a reader can choose from; others are set by what was clicked. */
const CHOICES = ["language", "stage", "type", "hardware", "component", "ci", "rule", "owner", "marker"];

/** How many values of a facet are offered, the most frequent first. */
const OFFERED = 60;

/** Rows above and below those that can be seen, so that scrolling shows no gap. */
const MARGIN = 12;

/** How many tests are printed. */
const PRINTED = 300;

/** Browsers draw nothing higher than some millions of pixels. */
const MOST_ROWS = 200_000;

/** The table of tests and its filter. Of the rows, only those that can be seen are in the page. */
export class TestsTable {
  /**
   * @param {import("./model.js").Model} model
   * @param {import("./view.js").View} view
   */
  constructor(model, view) {
    this.model = model;
    this.view = view;
    /** @type {number[]} */
    this.chosen = [];
    /** What the rows in the page show. */
    this.drawn = "";
    /** The filter that was applied last. */
    this.filtered = "";
    this.printing = false;
    this.viewport = byId("viewport");
    this.words = /** @type {HTMLInputElement} */ (byId("words"));
    this.expression = /** @type {HTMLInputElement} */ (byId("expression"));
    this.body = el("tbody");
    this.table = el(
      "table",
      { class: "tests" },
      el("caption", { class: "visually-hidden" }, "Tests"),
      el("thead", {}, el("tr", { "aria-rowindex": 1 }, ...["Test", "Markers", "Lanes", "Findings"].map((text, index) => el("th", { scope: "col", class: ["", "optional", "number optional", "number"][index] }, text)))),
      this.body,
    );
    this.viewport.replaceChildren(this.table);
    this.listen();
  }

  listen() {
    const typed = () => this.view.set({ q: this.words.value, m: this.expression.value }, { section: "tests", stay: true, typing: true });
    this.words.addEventListener("input", typed);
    this.expression.addEventListener("input", typed);
    byId("filter").addEventListener("submit", (event) => event.preventDefault());
    byId("facets").addEventListener("toggle", () => this.drawFacets());
    this.viewport.addEventListener("scroll", () => this.draw(), { passive: true });
    this.viewport.addEventListener("keydown", (event) => this.move(event));
    window.addEventListener("resize", () => this.draw());
    window.addEventListener("beforeprint", () => this.print(true));
    window.addEventListener("afterprint", () => this.print(false));
  }

  /** Shows what the view asks for. */
  render() {
    const filter = this.view.filter();
    if (document.activeElement !== this.words) this.words.value = filter.words;
    if (document.activeElement !== this.expression) this.expression.value = filter.expression;
    const key = JSON.stringify(filter);
    if (key === this.filtered) return;
    this.filtered = key;
    let mistake = "";
    try {
      this.chosen = this.model.select(filter);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      // What was chosen before stays, so that the table does not flicker while somebody types.
      mistake = error.message;
    }
    byId("expression-error").textContent = mistake;
    this.expression.setAttribute("aria-invalid", String(mistake !== ""));
    const all = this.model.count;
    byId("tests-count").textContent = this.chosen.length === all ? `All ${counted(all, "test")}` : `${grouped(this.chosen.length)} of ${counted(all, "test")}`;
    this.table.setAttribute("aria-rowcount", String(this.chosen.length + 1));
    this.drawActive(filter);
    this.drawFacets();
    this.viewport.scrollTop = 0;
    this.drawn = "";
    this.draw();
  }

  /** Puts the rows that can be seen into the page. */
  draw() {
    if (this.printing) return;
    const height = parseFloat(getComputedStyle(this.viewport).getPropertyValue("--row")) || 48;
    const rows = Math.min(this.chosen.length, MOST_ROWS);
    const first = Math.max(0, Math.floor(this.viewport.scrollTop / height) - MARGIN);
    const last = Math.min(rows, Math.ceil((this.viewport.scrollTop + this.viewport.clientHeight) / height) + MARGIN);
    const drawn = `${first} ${last} ${height}`;
    if (drawn === this.drawn) return;
    this.drawn = drawn;
    const focused = this.body.contains(document.activeElement) ? this.focusedRow() : undefined;
    this.body.replaceChildren(spacer(first * height), ...this.rows(first, last), spacer((rows - last) * height));
    if (focused !== undefined) this.focusRow(focused);
  }

  /**
   * @param {number} first
   * @param {number} last
   */
  rows(first, last) {
    return this.chosen.slice(first, last).map((test, index) => this.row(test, first + index));
  }

  /**
   * @param {number} test
   * @param {number} position
   */
  row(test, position) {
    const { model } = this;
    const { report } = model;
    const id = model.idOf(test);
    const reach = report.reaches[report.tests.reach[test]];
    const findings = model.findings.get(test)?.length ?? 0;
    const lanes = reach.runs.length > 0 ? grouped(reach.runs.length) : reach.may_run.length > 0 ? "maybe" : report.lanes.length > 0 ? "none" : "·";
    const scope = report.scopes[report.tests.scope[test]];
    const where = scope.language === "rust" ? `${scope.text}· ${model.fileOf(test)}` : model.fileOf(test);
    return el(
      "tr",
      { "aria-rowindex": position + 2, "data-position": position },
      el("th", { scope: "row" }, textButton(el("bdi", {}, report.tests.name[test]), () => this.view.set({ test: id }), { class: "text name" }), el("div", { class: "path" }, el("bdi", {}, where), `:${report.tests.line[test]}`)),
      el("td", { class: "optional markers" }, [...model.nameSets[report.tests.markers[test]]].map(String).join("  ")),
      el("td", { class: `number optional ${lanes === "none" ? "doubtful" : ""}` }, lanes),
      el("td", { class: "number" }, findings === 0 ? el("span", { class: "faint", "aria-label": "none" }, "·") : el("span", { class: "doubtful" }, `▲ ${findings}`)),
    );
  }

  /** @param {KeyboardEvent} event */
  move(event) {
    const steps = new Map([["ArrowDown", 1], ["ArrowUp", -1], ["PageDown", 10], ["PageUp", -10], ["Home", -Infinity], ["End", Infinity]]);
    const step = steps.get(event.key);
    if (step === undefined || this.chosen.length === 0) return;
    event.preventDefault();
    const now = this.focusedRow();
    const last = Math.min(this.chosen.length, MOST_ROWS) - 1;
    const next = Math.min(last, Math.max(0, now === undefined ? (step > 0 && step !== Infinity ? 0 : Math.max(0, last * Number(step === Infinity))) : now + step));
    const height = parseFloat(getComputedStyle(this.viewport).getPropertyValue("--row")) || 48;
    const head = this.table.querySelector("thead")?.getBoundingClientRect().height ?? 0;
    const [top, bottom] = [this.viewport.scrollTop, this.viewport.scrollTop + this.viewport.clientHeight - head];
    if (next * height < top) this.viewport.scrollTop = next * height;
    else if ((next + 1) * height > bottom) this.viewport.scrollTop = (next + 1) * height - this.viewport.clientHeight + head;
    this.draw();
    this.focusRow(next);
  }

  focusedRow() {
    const row = document.activeElement?.closest("tr[data-position]");
    return row ? Number(row.getAttribute("data-position")) : undefined;
  }

  /** @param {number} position */
  focusRow(position) {
    const button = this.body.querySelector(`tr[data-position="${position}"] button`);
    if (button instanceof HTMLElement) button.focus({ preventScroll: true });
  }

  /** @param {import("./view.js").Filter} filter */
  drawActive(filter) {
    const chips = filter.facets.flatMap(({ key, values }) => {
      const { title } = this.model.facet(key);
      return values.map((value) => {
        const remove = () => this.view.set({ [key]: values.filter((other) => other !== value) }, { section: "tests", stay: true });
        const label = this.labelOf(key, value);
        return el("button", { type: "button", class: "chip active-chip", click: remove, "aria-label": `Remove ${title}: ${label}` }, el("span", { class: "faint" }, title), " ", el("bdi", {}, label), el("span", { "aria-hidden": "true" }, " ×"));
      });
    });
    const any = chips.length > 0 || filter.words || filter.expression;
    byId("active").replaceChildren(...chips, ...(any ? [textButton("Clear all", () => this.clear(), { class: "text action" })] : []));
  }

  clear() {
    this.words.value = "";
    this.expression.value = "";
    const cleared = Object.fromEntries(["q", "m", ...this.view.facets].map((key) => [key, null]));
    this.view.set(cleared, { section: "tests", stay: true });
    this.words.focus();
  }

  /**
   * @param {string} key
   * @param {string} value
   */
  labelOf(key, value) {
    if (key === "finding") return this.model.report.findings[Number(value)]?.message ?? value;
    const overlap = key === "overlap" && this.model.overlaps[Number(value)];
    return overlap ? `${overlap.families.length} of ${overlap.stage}` : value;
  }

  /** The values that can be chosen, with how many of the tests shown have each. */
  drawFacets() {
    const details = /** @type {HTMLDetailsElement} */ (byId("facets"));
    if (!details.open) return;
    const groups = CHOICES.map((key) => {
      const all = this.model.tally(key);
      const counts = this.model.tally(key, this.chosen);
      const chosen = this.view.all(key);
      const ordered = key === "marker" || key === "owner" || key === "rule" ? [...all.keys()].sort((one, other) => (all.get(other) ?? 0) - (all.get(one) ?? 0)) : this.model.inOrder(key, all);
      const offered = ordered.slice(0, OFFERED).filter((value) => chosen.includes(value) || (counts.get(value) ?? 0) > 0 || chosen.length > 0);
      if (offered.length === 0) return null;
      const flip = (/** @type {string} */ value) => this.view.set({ [key]: chosen.includes(value) ? chosen.filter((other) => other !== value) : [...chosen, value] }, { section: "tests", stay: true });
      const chips = offered.map((value) => toggle(value, grouped(counts.get(value) ?? 0), chosen.includes(value), () => flip(value)));
      return el("fieldset", {}, el("legend", {}, this.model.facet(key).title), el("div", { class: "chips" }, ...chips));
    });
    keepFocus(byId("facet-groups"), el("div", {}, ...groups));
  }

  /**
   * Paper does not scroll: it gets the first tests of the filter.
   * @param {boolean} printing
   */
  print(printing) {
    this.printing = printing;
    // What was closed before is closed again.
    for (const details of document.querySelectorAll(printing ? "details.workflow:not([open])" : "details.workflow[data-printed]")) {
      details.toggleAttribute("data-printed", printing);
      details.toggleAttribute("open", printing);
    }
    const { words, expression } = this.view.filter();
    const filters = [words && `words: ${words}`, expression && `markers: ${expression}`].filter(Boolean);
    byId("print-note").textContent = filters.join("; ");
    if (!printing) {
      this.drawn = "";
      this.draw();
      return;
    }
    this.body.replaceChildren(...this.rows(0, PRINTED));
    const more = this.chosen.length - PRINTED;
    if (more > 0) filters.push(`${counted(more, "more test")} not printed: a filter takes those that are wanted`);
    byId("print-note").textContent = filters.join("; ");
  }
}

/** @param {number} height */
function spacer(height) {
  const row = el("tr", { class: "spacer", "aria-hidden": "true" }, el("td"));
  /** @type {HTMLElement} */ (row.firstElementChild).style.height = `${height}px`;
  return row;
}
