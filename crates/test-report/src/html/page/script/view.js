// @ts-check

/**
 * What the reader looks at. It stands in the address behind `#`, so that a view can be pasted:
 * `#tests&q=router&stage=nightly&stage=weekly&m=not+gpu_0`.
 *
 * @typedef {{ words: string, expression: string, facets: { key: string, values: string[] }[] }} Filter
 */
export class View {
  /** @param {string[]} facets the keys of facets that the tests can be filtered by */
  constructor(facets) {
    this.facets = facets;
    /** @type {(() => void)[]} */
    this.listeners = [];
    this.section = "";
    this.params = new URLSearchParams();
    this.read();
    window.addEventListener("hashchange", () => {
      this.read();
      this.tell();
      this.show();
    });
  }

  /** @param {() => void} listener is called after every change */
  listen(listener) {
    this.listeners.push(listener);
  }

  read() {
    const [section, ...rest] = location.hash.slice(1).split("&");
    this.section = section.includes("=") ? "" : section;
    this.params = new URLSearchParams(section.includes("=") ? [section, ...rest].join("&") : rest.join("&"));
  }

  tell() {
    for (const listener of this.listeners) listener();
  }

  /** @param {string} key */
  get(key) {
    return this.params.get(key) ?? "";
  }

  /** @param {string} key */
  all(key) {
    return this.params.getAll(key);
  }

  /** @returns {Filter} */
  filter() {
    const facets = this.facets.map((key) => ({ key, values: this.all(key) })).filter(({ values }) => values.length > 0);
    return { words: this.get("q"), expression: this.get("m"), facets };
  }

  /**
   * Changes what is looked at.
   * @param {Record<string, string | string[] | null>} changes by key; nothing takes the key out
   * @param {{ section?: string, stay?: boolean, typing?: boolean }} [options] where to go, unless the reader is there and
   *   stays; while somebody types, no step of the history is made
   */
  set(changes, { section, stay = false, typing = false } = {}) {
    for (const [key, value] of Object.entries(changes)) {
      this.params.delete(key);
      for (const one of Array.isArray(value) ? value : [value]) if (one) this.params.append(key, one);
    }
    if (section) this.section = section;
    const address = this.address(this.section);
    if (address !== location.hash) {
      if (typing) history.replaceState(null, "", address);
      else history.pushState(null, "", address);
    }
    this.tell();
    if (section && !stay) this.show();
  }

  /**
   * Shows the tests of these values and of no other filter.
   * @param {Record<string, string | string[]>} values
   */
  showTests(values) {
    const cleared = Object.fromEntries(["q", "m", ...this.facets].map((key) => [key, null]));
    this.set({ ...cleared, ...values }, { section: "tests" });
  }

  /**
   * The fragment with another section and the same filters.
   * @param {string} section
   */
  address(section) {
    const params = this.params.toString();
    return `#${section}${params ? `&${params}` : ""}`;
  }

  /** Brings the section to the reader, and the keyboard with it. */
  show() {
    const section = this.section && document.getElementById(this.section);
    if (!section) return;
    section.scrollIntoView();
    section.focus({ preventScroll: true });
  }
}
