/** What a comparison runs: engines, each with values to try; every combination is a run. */

import { defaultOf, takes } from "./catalogue.js";
import { fill, freshId, h, spoken } from "./dom.js";

export const MOST_RUNS = 24;
const NUMBERS = new Set(["integer", "number"]);

/** Of these the first that an engine takes is tried with two values: as it is, and half of it. */
const TRIED = ["steps", "style_weight", "temperature"];

/** The rows of a comparison. */
export class Grid {
  /** @param {import("./catalogue.js").Catalogue} catalogue @param {string} kind of each run @param {string} purpose the same, or the way of customising */
  constructor(catalogue, kind, purpose) {
    Object.assign(this, { catalogue, kind, purpose });
    const way = kind === "customise" ? purpose : undefined;
    this.engines = catalogue.enginesFor(kind, way).filter((engine) => engine.installed);
    /** @type {{engine: any, values: Map<string, string>}[]} */
    this.rows = [];
    this.list = h("div", { class: "grid-rows" });
    this.count = h("div", { class: "count", id: freshId("count") });
    const first = catalogue.defaultFor(kind, way);
    const second = this.engines.find((engine) => engine.name !== first?.name);
    if (first) this.rows.push({ engine: first, values: new Map(this.tried(first)) });
    if (second) this.rows.push({ engine: second, values: new Map() });
    this.element = h("div", { class: "field", "data-field": "runs" }, h("p", { class: "label" }, "Engines and parameters"), this.list,
      h("div", { class: "row" }, h("button", { type: "button", on: { click: () => this.add() } }, "Add an engine")), this.count);
    this.draw();
  }

  /** The values that an engine is first tried with. @param {any} engine @returns {[string, string][]} */
  tried(engine) {
    if (this.kind === "recreate") return "strength" in engine.parameters ? [["strength", "0, 0.3"]] : [];
    const name = TRIED.find((each) => each in engine.parameters);
    const usual = name && defaultOf(engine.parameters[name], this.purpose);
    if (!name || !usual) return [];
    const half = name === "steps" ? Math.ceil(usual / 2) : usual / 2;
    return half === usual ? [] : [[name, `${usual}, ${half}`]];
  }

  add() {
    const unused = this.engines.find((engine) => !this.rows.some((row) => row.engine === engine));
    this.rows.push({ engine: unused || this.engines[0], values: new Map() });
    this.draw();
  }

  draw() {
    fill(this.list, this.rows.map((row, place) => this.drawn(row, place)));
    this.tellCount();
  }

  /** @param {{engine: any, values: Map<string, string>}} row @param {number} place */
  drawn(row, place) {
    const id = freshId("engine");
    const engine = h("select", { id, on: { change: () => { this.rows[place] = { engine: this.catalogue.engine(engine.value), values: new Map() }; this.draw(); this.focus(place, "select"); } } },
      this.engines.map((each) => h("option", { selected: each === row.engine }, each.name)));
    const remove = h("button", { type: "button", class: "quiet", "aria-label": `Remove ${row.engine.name}`, disabled: this.rows.length === 1, on: { click: () => { this.rows.splice(place, 1); this.draw(); } } }, "Remove");
    return h("div", { class: "grid-row", "data-pointer": `#/runs/${place}` },
      h("div", { class: "pair" }, h("div", { class: "field" }, h("label", { for: id, class: "visually-hidden" }, `Engine ${place + 1}`), engine), remove),
      [...row.values.keys()].map((name) => this.valueField(row, place, name)), this.adder(row, place));
  }

  /** @param {{engine: any, values: Map<string, string>}} row @param {number} place @param {string} name */
  valueField(row, place, name) {
    const id = freshId(name);
    const spec = row.engine.parameters[name];
    const words = spec.choices.length ? `: ${spec.choices.join(", ")}` : typeof spec.minimum === "number" && typeof spec.maximum === "number" ? `, ${spec.minimum} to ${spec.maximum}` : "";
    const box = h("input", { type: "text", id, value: row.values.get(name), "aria-describedby": `${id}-hint`, autocomplete: "off",
      on: { input: () => { row.values.set(name, box.value); this.tellCount(); } } });
    return h("div", { class: "field", "data-pointer": `#/runs/${place}/${name}` }, h("label", { for: id }, spoken(name)), box,
      h("p", { class: "hint", id: `${id}-hint` }, `One or more, separated by commas${words}`));
  }

  /** @param {number} place of the row @param {string} selector */
  focus(place, selector) {
    this.list.children[place]?.querySelector(/** @type {any} */ (selector))?.focus();
  }

  /** @param {{engine: any, values: Map<string, string>}} row @param {number} place */
  adder(row, place) {
    const left = Object.keys(row.engine.parameters).filter((name) => !row.values.has(name) && takes(row.engine.parameters[name], this.purpose));
    if (left.length === 0) return null;
    const box = h("select", { "aria-label": `Parameter of ${row.engine.name} to set`, on: { change: () => { row.values.set(box.value, ""); this.draw(); this.focus(place, `[data-pointer$="/${box.value}"] input`); } } },
      h("option", { value: "" }, "Set a parameter…"), left.map((name) => h("option", { value: name }, spoken(name))));
    return box;
  }

  tellCount() {
    const count = this.read().reduce((sum, row) => sum + Object.values(row).filter(Array.isArray).reduce((product, list) => product * list.length, 1), 0);
    this.count.classList.toggle("over-limit", count > MOST_RUNS);
    fill(this.count, h("span", {}, `${count} of at most ${MOST_RUNS} runs`),
      h("progress", { max: MOST_RUNS, value: Math.min(count, MOST_RUNS), "aria-label": "Runs, of the maximum" }));
  }

  /** The runs as the service takes them. @returns {Record<string, any>[]} */
  read() {
    return this.rows.map(({ engine, values }) => {
      const filled = [...values].map(([name, text]) => [name, this.parsed(name, text)]).filter(([, list]) => list.length > 0);
      return { engine: engine.name, ...Object.fromEntries(filled) };
    });
  }

  /** @param {string} name @param {string} text @returns {(string|number)[]} */
  parsed(name, text) {
    const type = this.catalogue.field(this.kind, name).type;
    const parts = text.split(",").map((part) => part.trim()).filter(Boolean);
    return NUMBERS.has(type) ? parts.map((part) => (Number.isNaN(Number(part)) ? part : Number(part))) : parts;
  }
}
