// @ts-check
import { byId } from "./document.js";
import { el, place, table, textButton } from "./elements.js";
import { counted, grouped } from "./words.js";
import { NONE } from "./model.js";

/** How many findings, and how many tests of one, are shown before the reader asks for more. */
const SHOWN_FINDINGS = 25;
const SHOWN_TESTS = 20;

/**
 * What the audit found, by rule and by owner, and the findings of those that were chosen.
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 */
export function renderFindings(model, view) {
  const { report } = model;
  const owners = report.owners;
  const [rule, owner] = [view.get("frule"), view.get("fowner")];
  const all = report.findings;
  const allowed = all.filter((finding) => finding.allowed !== null).length;
  const lead = [
    allowed > 0 && `${counted(allowed, "finding")} more ${allowed === 1 ? "is" : "are"} allowed by comments, with the reason.`,
    owners ? `Owners are those of ${owners.file}, for the file that a finding is in.` : "The tree has no CODEOWNERS file, so that findings have no owners.",
    owners && owners.problems.length > 0 && `GitHub skips ${counted(owners.problems.length, "line")} of it: ${owners.problems.map(([line, text]) => `line ${line}, ${text}`).join("; ")}.`,
  ];
  byId("findings-lead").textContent = lead.filter(Boolean).join(" ");

  const open = all.filter((finding) => finding.allowed === null);
  byId("by-rule").replaceChildren(open.length === 0 ? el("p", {}, "No rule has a finding.") : ruleTable(model, view, open, rule));
  byId("by-owner").replaceChildren(!owners || open.length === 0 ? el("p", { class: "faint" }, owners ? "Nobody has a finding." : "No CODEOWNERS.") : ownerTable(model, view, open, owner));

  const chosen = bySeverity(all).filter((finding) => (!rule || report.rules[finding.rule].code === rule) && (!owner || ownersOfFinding(model, finding).includes(owner)));
  byId("finding-list").replaceChildren(...list(model, view, chosen, [rule, owner].filter(Boolean)));
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./document.js").Finding} finding
 */
function ownersOfFinding(model, finding) {
  const owners = model.ownersOf(finding.file);
  return owners.length > 0 ? owners : [NONE];
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {import("./document.js").Finding[]} findings
 * @param {string} chosen
 */
function ruleTable(model, view, findings, chosen) {
  const { rules } = model.report;
  const rows = rules
    .map((rule, index) => ({ rule, of: findings.filter((finding) => finding.rule === index) }))
    .filter(({ of }) => of.length > 0)
    .sort((one, other) => weight(other.of[0]) - weight(one.of[0]) || other.of.length - one.of.length)
    .map(({ rule, of }) =>
      el(
        "tr",
        {},
        el("td", { class: "number" }, grouped(of.length)),
        el("td", { class: "number" }, grouped(new Set(of.flatMap((finding) => finding.tests)).size)),
        el("th", { scope: "row" }, chooser(view, "frule", rule.code, chosen), severity(of[0].severity), el("div", { class: "faint" }, rule.summary)),
      ),
    );
  return table("Findings by rule", [numberHead("Findings"), numberHead("Tests"), "Rule"], rows, { class: "list" });
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {import("./document.js").Finding[]} findings
 * @param {string} chosen
 */
function ownerTable(model, view, findings, chosen) {
  /** @type {Map<string, import("./document.js").Finding[]>} */
  const byOwner = new Map();
  for (const finding of findings) {
    for (const owner of ownersOfFinding(model, finding)) {
      const list = byOwner.get(owner);
      if (list) list.push(finding);
      else byOwner.set(owner, [finding]);
    }
  }
  const sorted = [...byOwner].sort((one, other) => other[1].length - one[1].length || (one[0] < other[0] ? -1 : 1));
  const rows = sorted.map(([owner, of]) => {
    const errors = of.filter((finding) => finding.severity === "error").length;
    return el("tr", {}, el("td", { class: "number" }, grouped(of.length)), el("td", { class: "number" }, errors === 0 ? el("span", { "aria-label": "none" }, "·") : grouped(errors)), el("th", { scope: "row" }, chooser(view, "fowner", owner, chosen)));
  });
  return table("Findings by owner", [numberHead("Findings"), numberHead("Errors"), "Owner"], rows, { class: "list" });
}

/**
 * Errors first; each kind in the order of the places.
 * @param {import("./document.js").Finding[]} findings
 */
function bySeverity(findings) {
  return [...findings].sort((one, other) => weight(other) - weight(one));
}

/** @param {string} text */
function numberHead(text) {
  return el("th", { scope: "col", class: "number" }, text);
}

/**
 * @param {import("./view.js").View} view
 * @param {string} key
 * @param {string} value
 * @param {string} chosen
 */
function chooser(view, key, value, chosen) {
  const isChosen = value === chosen;
  return textButton(el("bdi", {}, value), () => view.set({ [key]: isChosen ? null : value }, { section: "findings" }), { "aria-pressed": String(isChosen) });
}

/** @param {import("./document.js").Finding} finding */
function weight(finding) {
  return finding.severity === "error" ? 1 : 0;
}

/** @param {"error" | "warning"} kind */
export function severity(kind) {
  return el("span", { class: `tag ${kind === "error" ? "bad" : "doubtful"}` }, kind);
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {import("./document.js").Finding[]} findings
 * @param {string[]} chosen
 */
function list(model, view, findings, chosen) {
  if (model.report.findings.length === 0) return [];
  const clear = chosen.length > 0 && textButton("Show all", () => view.set({ frule: null, fowner: null }, { section: "findings" }));
  const head = el("h3", { id: "finding-count" }, counted(findings.length, "finding"), chosen.length > 0 && ` of ${chosen.join(", ")}`, " ", clear);
  const body = el("div", { class: "finding-list" });
  const more = textButton("", () => add(), { class: "text action" });
  const rest = [...findings];
  const add = () => {
    body.append(...rest.splice(0, SHOWN_FINDINGS).map((finding) => oneFinding(model, view, finding)));
    more.hidden = rest.length === 0;
    more.textContent = `Show ${grouped(Math.min(rest.length, SHOWN_FINDINGS))} more`;
  };
  add();
  return [head, body, more];
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {import("./document.js").Finding} finding
 */
function oneFinding(model, view, finding) {
  const { report } = model;
  const index = report.findings.indexOf(finding);
  const rule = report.rules[finding.rule];
  const summary = el(
    "summary",
    {},
    severity(finding.severity),
    finding.allowed !== null && el("span", { class: "tag" }, "allowed"),
    finding.new && el("span", { class: "tag" }, "new"),
    el("span", { class: "message" }, finding.message),
    el("span", { class: "where" }, el("span", { class: "faint" }, rule.code), place(report.files[finding.file], finding.line)),
  );
  const details = el("details", { class: "finding" }, summary);
  // What is inside is made when somebody looks.
  details.addEventListener("toggle", () => details.childElementCount === 1 && details.append(findingBody(model, view, finding, index)), { once: true });
  return details;
}

/**
 * @param {import("./model.js").Model} model
 * @param {import("./view.js").View} view
 * @param {import("./document.js").Finding} finding
 * @param {number} index
 */
function findingBody(model, view, finding, index) {
  const owners = model.ownersOf(finding.file);
  const rows = [
    ["Allowed", finding.allowed],
    ["Has", finding.has.join(", ")],
    ["Needs one of", finding.needs.join(", ")],
    ["Effect", finding.effect],
    ["Help", finding.help],
    ["Note", finding.note],
    ["Owners", owners.join(", ")],
  ].filter(([, text]) => text);
  const facts = el("dl", { class: "facts" }, ...rows.flatMap(([name, text]) => [el("dt", {}, name), el("dd", {}, text)]));
  if (finding.tests.length === 0) return facts;
  const tests = finding.tests.slice(0, SHOWN_TESTS).map((test) => el("li", {}, textButton(el("code", {}, model.idOf(test)), () => view.set({ test: model.idOf(test) }))));
  const all = textButton(`Show ${counted(finding.tests.length, "test")} in the table`, () => view.showTests({ finding: String(index) }));
  return el("div", {}, facts, el("ul", { class: "plain" }, ...tests), all);
}
