// @ts-check
import { byId } from "./document.js";
import { el } from "./elements.js";
import { counted, seconds } from "./words.js";

const WIDTH = 1000;
const ROW = 16;
const GRAPH = 40;
/** @type {Record<string, string>} */
const BAR_KINDS = { passed: "bar-good", planned: "bar-planned", "planned alone": "bar-alone" };

/**
 * A picture for each device: a row for what ran side by side, a bar for each test, and below it the memory that they took.
 * @param {import("./document.js").Timeline} timeline
 * @param {string} what a bar is about
 * @returns {HTMLElement[]}
 */
export function timeline({ whole_ms: whole, devices }, what) {
  const axis = el("div", { class: "time-axis faint", "aria-hidden": "true" }, ...[0, 0.25, 0.5, 0.75, 1].map((part) => el("span", {}, part === 0 ? "0" : seconds(whole * part))));
  const pictures = devices.map((device) => {
    const tests = device.rows.flat().reduce((sum, bar) => sum + bar.count, 0);
    const most = Math.max(0, ...device.memory.map(([, bytes]) => bytes));
    const memory = most > 0 ? `, ${(most / 2 ** 30).toFixed(1)} GiB at most` : "";
    const more = device.left_out > 0 ? `, ${counted(device.left_out, "result is", "results are")} not drawn` : "";
    const label = `${counted(tests, what)}, ${counted(device.rows.length, "row")}${memory}${more}`;
    return el("div", { class: "device" }, el("div", {}, el("strong", {}, el("bdi", {}, device.name)), el("div", { class: "faint" }, label)), picture(device, whole, most, `${device.name}: ${label}`));
  });
  return [el("div", { class: "timeline" }, ...pictures, el("div", { class: "device" }, el("div", {}), axis))];
}

/**
 * @param {import("./document.js").Device} device
 * @param {number} whole
 * @param {number} most
 * @param {string} label
 */
function picture(device, whole, most, label) {
  const bars = device.rows.length * ROW;
  const height = bars + (most > 0 ? GRAPH + 4 : 0);
  const x = (/** @type {number} */ ms) => ((WIDTH * ms) / whole).toFixed(2);
  const drawn = device.rows.flatMap((row, index) =>
    row.map((bar) => {
      const more = bar.count > 1 ? ` and ${counted(bar.count - 1, "more test", "more tests")}` : "";
      const title = svg("title", {});
      title.textContent = `${bar.name}${more}\n${bar.outcome}, ${seconds(bar.took_ms)} from ${seconds(bar.start_ms)}`;
      const width = Math.max((WIDTH * bar.took_ms) / whole, 1).toFixed(2);
      const kind = bar.is_failure ? "bar-bad" : (BAR_KINDS[bar.outcome] ?? "bar-other");
      return svg("rect", { class: `bar ${kind}`, x: x(bar.start_ms), y: index * ROW, width, height: ROW - 2 }, title);
    }),
  );
  if (most > 0) {
    const y = (/** @type {number} */ bytes) => (height - (GRAPH * bytes) / most).toFixed(2);
    const path = device.memory.map(([at, bytes]) => `H${x(at)}V${y(bytes)}`).join("");
    drawn.push(svg("path", { class: "memory", d: `M0 ${height}${path}H${WIDTH}V${height}Z` }));
  }
  const attributes = { viewBox: `0 0 ${WIDTH} ${Math.max(height, 1)}`, height: Math.max(height, 1), preserveAspectRatio: "none", role: "img", "aria-label": label };
  return svg("svg", attributes, ...drawn);
}

/**
 * An element of a picture: their namespace is that of the one in the template.
 * @param {string} name
 * @param {Record<string, string | number>} attributes
 * @param {...Element} children
 */
function svg(name, attributes, ...children) {
  const element = document.createElementNS(byId("picture").namespaceURI, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, String(value));
  element.append(...children);
  return element;
}
