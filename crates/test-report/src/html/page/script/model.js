// @ts-check
import { UNKNOWN, YES, NO, parseExpression } from "./expression.js";

/** Stands where a test has no marker of a category, where that is not known, and where nobody owns a file. */
export const NONE = "(none)";
export const NOT_KNOWN = "(unknown)";

/** What lanes make of a test, beside the stages of those that run it. */
export const IN_NO_LANE = "(no lane)";
export const MAY_RUN = "(may run)";
export const NO_STAGE = "(no stage)";

/**
 * A property by which tests are counted and filtered. Tests of one group have the same values, so that each group is looked
 * at once.
 * @typedef {{ key: string, title: string, groups: number, groupOf: (test: number) => number,
 *   valuesOf: (group: number) => string[] }} Facet
 */

/** The document with what follows from it. */
export class Model {
  /** @param {import("./document.js").Report} report */
  constructor(report) {
    this.report = report;
    this.count = report.tests.name.length;
    this.names = report.markers.map((marker) => nameOf(report.texts[marker.text]));
    /** The names of each set of markers. */
    this.nameSets = report.marker_sets.map((set) => new Set(set.map((marker) => this.names[marker])));
    /** Whether a test may have markers that could not be seen. */
    this.isOpen = new Uint8Array(this.count);
    /** @type {Set<number>} */
    this.inexact = new Set();
    for (const [test, note] of report.tests.notes) {
      const { kind } = report.notes[note];
      if (kind === "open-markers") this.isOpen[test] = 1;
      // As the audit and the listing count: one whose markers are not all known is inexact, too.
      if (kind === "inexact" || kind === "open-markers" || kind === "hook-markers") this.inexact.add(test);
    }
    this.causes = new Map(report.tests.causes);
    /** @type {Map<number, number[]>} */
    this.findings = new Map();
    report.findings.forEach((finding, index) => {
      for (const test of finding.tests) {
        const list = this.findings.get(test);
        if (list) list.push(index);
        else this.findings.set(test, [index]);
      }
    });
    /** What words are looked for in. */
    this.haystacks = report.tests.name.map((name, test) => {
      const scope = report.scopes[report.tests.scope[test]];
      const file = scope.language === "rust" ? ` ${this.fileOf(test)}` : "";
      return `${scope.text}${name}${file}`.toLowerCase();
    });
    this.overlaps = overlapsOf(report);
    this.facets = facetsOf(this);
  }

  /** @param {number} test */
  idOf(test) {
    return this.report.scopes[this.report.tests.scope[test]].text + this.report.tests.name[test];
  }

  /** @param {number} test */
  fileOf(test) {
    return this.report.files[this.report.tests.file[test]];
  }

  /** @param {number} test */
  languageOf(test) {
    return this.report.scopes[this.report.tests.scope[test]].language;
  }

  /** @param {number} test */
  notesOf(test) {
    return this.report.tests.notes.filter(([of]) => of === test).map(([, note]) => this.report.notes[note]);
  }

  /**
   * The owners of a file; none where nobody says.
   * @param {number} file
   * @returns {string[]}
   */
  ownersOf(file) {
    const owners = this.report.owners;
    return owners ? owners.sets[owners.of_file[file]] : [];
  }

  /**
   * @param {string} key
   * @returns {Facet}
   */
  facet(key) {
    const found = this.facets.find((facet) => facet.key === key);
    if (!found) throw new Error(`no facet ${key}`);
    return found;
  }

  /**
   * The tests that a filter takes, in the document's order.
   * @param {import("./view.js").Filter} filter
   * @returns {number[]}
   */
  select(filter) {
    const words = filter.words.toLowerCase().split(/\s+/).filter(Boolean);
    const expression = parseExpression(filter.expression);
    const wanted = filter.facets.map(({ key, values }) => membership(this.facet(key), new Set(values)));
    const holds = expression ? this.memoized(expression) : () => true;
    const chosen = [];
    for (let test = 0; test < this.count; test += 1) {
      if (wanted.every((takes) => takes(test)) && words.every((word) => this.haystacks[test].includes(word)) && holds(test)) {
        chosen.push(test);
      }
    }
    return chosen;
  }

  /**
   * Whether a marker expression holds or may hold, asked once for each set of markers.
   * @param {import("./expression.js").Expression} expression
   */
  memoized(expression) {
    const answers = new Map();
    return (/** @type {number} */ test) => {
      const set = this.report.tests.markers[test];
      const key = 2 * set + this.isOpen[test];
      let answer = answers.get(key);
      if (answer === undefined) {
        const absent = this.isOpen[test] ? UNKNOWN : NO;
        answer = expression((name) => (this.nameSets[set].has(name) ? YES : absent)) !== NO;
        answers.set(key, answer);
      }
      return answer;
    };
  }

  /**
   * How many tests have each value of a facet; of those in `tests`, or of all.
   * @param {string} key
   * @param {Iterable<number>} [tests]
   * @returns {Map<string, number>}
   */
  tally(key, tests) {
    const facet = this.facet(key);
    const groups = new Float64Array(facet.groups);
    if (tests) for (const test of tests) groups[facet.groupOf(test)] += 1;
    else for (let test = 0; test < this.count; test += 1) groups[facet.groupOf(test)] += 1;
    const counts = new Map();
    groups.forEach((count, group) => {
      if (count > 0) for (const value of facet.valuesOf(group)) counts.set(value, (counts.get(value) ?? 0) + count);
    });
    return counts;
  }

  /**
   * How many tests have each pair of values of two facets, and how many have each value of the first at all.
   * @param {string} rows
   * @param {string} columns
   * @param {(test: number) => boolean} counts which tests count
   */
  cross(rows, columns, counts) {
    const [row, column] = [this.facet(rows), this.facet(columns)];
    /** @type {Map<string, Map<string, number>>} */
    const cells = new Map();
    const [ofRow, ofColumn] = [new Map(), new Map()];
    let all = 0;
    const add = (/** @type {Map<string, number>} */ map, /** @type {string} */ key) => map.set(key, (map.get(key) ?? 0) + 1);
    for (let test = 0; test < this.count; test += 1) {
      if (!counts(test)) continue;
      all += 1;
      const ofTest = column.valuesOf(column.groupOf(test));
      for (const value of ofTest) add(ofColumn, value);
      for (const value of row.valuesOf(row.groupOf(test))) {
        add(ofRow, value);
        let line = cells.get(value);
        if (!line) cells.set(value, (line = new Map()));
        for (const other of ofTest) add(line, other);
      }
    }
    return { cells, ofRow, ofColumn, all };
  }

  /**
   * Values of a facet in the order of the policy where it has one, what there is none of left out.
   * @param {string} key
   * @param {Map<string, number>} counts
   */
  inOrder(key, counts) {
    const category = this.report.categories.find((one) => one.name === CATEGORY_OF.get(key));
    const known = category?.members.filter((member) => counts.has(member)) ?? [];
    const others = [...counts.keys()].filter((value) => !known.includes(value) && !value.startsWith("(")).sort();
    return [...known, ...others, ...[NO_STAGE, MAY_RUN, IN_NO_LANE, NONE, NOT_KNOWN].filter((value) => counts.has(value))];
  }
}

/** The facets whose values are of a category of the policy. */
const CATEGORY_OF = new Map([
  ["stage", "lifecycle"],
  ["type", "type"],
  ["hardware", "hardware"],
  ["component", "component"],
  ["ci", "lifecycle"],
]);

/**
 * `timeout` of `timeout(120)`.
 * @param {string} text
 */
export function nameOf(text) {
  const bracket = text.indexOf("(");
  return bracket < 0 ? text : text.slice(0, bracket);
}

/**
 * @param {Facet} facet
 * @param {Set<string>} values
 */
function membership(facet, values) {
  /** @type {(boolean | undefined)[]} */
  const answers = [];
  return (/** @type {number} */ test) => {
    const group = facet.groupOf(test);
    return (answers[group] ??= facet.valuesOf(group).some((value) => values.has(value)));
  };
}

/**
 * Lanes of one stage that are no mere combinations of one matrix and run the same tests.
 * @param {import("./document.js").Report} report
 */
function overlapsOf(report) {
  /** @type {Map<string, { stage: string, families: string[], reaches: Set<number> }>} */
  const found = new Map();
  report.reaches.forEach((reach, index) => {
    /** @type {Map<string, Set<string>>} */
    const stages = new Map();
    for (const { stage, family } of reach.runs.map((lane) => report.lanes[lane])) {
      if (stage === null) continue;
      const families = stages.get(stage);
      if (families) families.add(family);
      else stages.set(stage, new Set([family]));
    }
    for (const [stage, families] of stages) {
      if (families.size < 2) continue;
      const names = [...families].sort();
      const key = JSON.stringify([stage, names]);
      const overlap = found.get(key) ?? { stage, families: names, reaches: new Set() };
      overlap.reaches.add(index);
      found.set(key, overlap);
    }
  });
  return [...found.values()];
}

/**
 * @param {Model} model
 * @returns {Facet[]}
 */
function facetsOf(model) {
  const { report } = model;
  const { tests } = report;
  const ofMarkers = (/** @type {string} */ key, /** @type {string} */ title, /** @type {(set: number, open: boolean) => string[]} */ of) =>
    facet(key, title, 2 * report.marker_sets.length, (test) => 2 * tests.markers[test] + model.isOpen[test], (group) =>
      of(group >> 1, group % 2 === 1),
    );
  const ofLanes = (/** @type {string} */ key, /** @type {string} */ title, /** @type {(reach: number) => string[]} */ of) =>
    facet(key, title, report.reaches.length, (test) => tests.reach[test], of);
  const ofTest = (/** @type {string} */ key, /** @type {string} */ title, /** @type {(test: number) => string[]} */ of) =>
    facet(key, title, model.count, (test) => test, of);

  const category = (/** @type {string} */ key, /** @type {string} */ title) => {
    const members = report.categories.find((one) => one.name === CATEGORY_OF.get(key))?.members ?? [];
    return ofMarkers(key, title, (set, open) => {
      const found = members.filter((member) => model.nameSets[set].has(member));
      return found.length > 0 ? found : [open ? NOT_KNOWN : NONE];
    });
  };
  const findingsOf = (/** @type {number} */ test) => model.findings.get(test) ?? [];
  return [
    facet("language", "Language", report.scopes.length, (test) => tests.scope[test], (scope) => [report.scopes[scope].language]),
    category("stage", "Stage"),
    category("type", "Type"),
    category("hardware", "Hardware"),
    category("component", "Component"),
    ofLanes("ci", "Lanes of", (reach) => ciOf(report, reach)),
    facet("owner", "Owner", report.files.length, (test) => tests.file[test], (file) => {
      const owners = model.ownersOf(file);
      return owners.length > 0 ? owners : [NONE];
    }),
    ofTest("rule", "Rule", (test) => [...new Set(findingsOf(test).map((index) => report.rules[report.findings[index].rule].code))]),
    ofMarkers("marker", "Marker", (set) => [...model.nameSets[set]]),
    ofLanes("lane", "Lane", (reach) => [...report.reaches[reach].runs, ...report.reaches[reach].may_run].map((lane) => report.lanes[lane].name)),
    ofTest("cause", "In no lane", (test) => {
      const cause = model.causes.get(test);
      return cause === undefined ? [] : [report.causes[cause]];
    }),
    ofLanes("overlap", "In several lanes", (reach) => model.overlaps.flatMap((overlap, index) => (overlap.reaches.has(reach) ? [String(index)] : []))),
    ofTest("finding", "Finding", (test) => findingsOf(test).map(String)),
    ofTest("certainty", "Certainty", (test) => (model.inexact.has(test) ? ["inexact"] : ["exact"])),
  ];
}

/**
 * @param {import("./document.js").Report} report
 * @param {number} index
 */
function ciOf(report, index) {
  // Where nothing is known of lanes, nothing is said of them.
  if (report.lanes.length === 0) return [];
  const { runs, may_run: mayRun } = report.reaches[index];
  if (runs.length > 0) return [...new Set(runs.map((lane) => report.lanes[lane].stage ?? NO_STAGE))];
  return [mayRun.length > 0 ? MAY_RUN : IN_NO_LANE];
}

/**
 * A facet that asks for the values of each group once.
 * @param {string} key
 * @param {string} title
 * @param {number} groups
 * @param {(test: number) => number} groupOf
 * @param {(group: number) => string[]} of
 * @returns {Facet}
 */
function facet(key, title, groups, groupOf, of) {
  /** @type {string[][]} */
  const values = [];
  return { key, title, groups, groupOf, valuesOf: (group) => (values[group] ??= of(group)) };
}
