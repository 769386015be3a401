// @ts-check

/**
 * @typedef {string | number | Node | null | undefined | false} Child
 * @typedef {Record<string, string | number | boolean | null | undefined | ((event: any) => void)>} Attributes
 */

/**
 * Makes an element. Its children are nodes or texts, and texts stay texts: nothing that a tree's author wrote is read as
 * HTML. An attribute that is a function listens to the event of its name.
 * @param {string} name
 * @param {Attributes} [attributes]
 * @param {...Child} children
 * @returns {HTMLElement}
 */
export function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(key, value);
    else if (value === true) element.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) element.setAttribute(key, String(value));
  }
  element.append(...children.filter(isShown).map((child) => (typeof child === "number" ? String(child) : child)));
  return element;
}

/**
 * @param {Child} child
 * @returns {child is string | number | Node}
 */
function isShown(child) {
  return child !== null && child !== undefined && child !== false;
}

/**
 * A button that looks like a part of the text.
 * @param {Child} label
 * @param {() => void} onclick
 * @param {Attributes} [attributes]
 */
export function textButton(label, onclick, attributes = {}) {
  return el("button", { type: "button", class: "text", click: onclick, ...attributes }, label);
}

/**
 * A button that is on or off.
 * @param {string} label
 * @param {string} count
 * @param {boolean} on
 * @param {() => void} onclick
 */
export function toggle(label, count, on, onclick) {
  const attributes = { type: "button", class: "chip", "aria-pressed": String(on), click: onclick };
  return el("button", attributes, el("bdi", {}, label), el("span", { class: "chip-count" }, count));
}

/**
 * A table with its caption, for those who do not see where it stands.
 * @param {string} caption
 * @param {Child[]} heads
 * @param {HTMLElement[]} rows
 * @param {Attributes} [attributes]
 */
export function table(caption, heads, rows, attributes = {}) {
  const head = heads.map((one) => (one instanceof HTMLElement ? one : el("th", { scope: "col" }, one)));
  const parts = [el("thead", {}, el("tr", {}, ...head)), el("tbody", {}, ...rows)];
  return el("table", attributes, el("caption", { class: "visually-hidden" }, caption), ...parts);
}

/**
 * How a number compares with the largest: a bar behind or beside it, which says nothing that the number does not.
 * @param {HTMLElement} element
 * @param {number} share from 0 to 1
 */
export function withShare(element, share) {
  element.style.setProperty("--share", share.toFixed(3));
  return element;
}

/**
 * A place in the tree's files.
 * @param {string} file
 * @param {number} line
 */
export function place(file, line) {
  return el("code", { class: "place" }, el("bdi", {}, file), `:${line}`);
}
