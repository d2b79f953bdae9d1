/** What the service can do: its engines, and what its API says of each field. */

import { getJson } from "./api.js";

/** The edit types, in the order shown: the field of the task that selects each, its name in the API, and its label. */
export const EDIT_TYPES = [
  { name: "instruction", way: "instruction", label: "By instruction" },
  { name: "recolour", way: "colourway", label: "Exact colour" },
  { name: "text", way: "print", label: "Print text" },
  { name: "logo", way: "print", label: "Print a logo" },
  { name: "fill", way: "fill", label: "Replace an area" },
  { name: "style_image", way: "style", label: "Apply a style" },
  { name: "guide", way: "guide", label: "Paint over" },
  { name: "complete", way: "complete", label: "Redraw the lower part" },
  { name: "control", way: "control", label: "Keep the edges" },
];

const SCHEMAS = { recreate: "RecreateRequest", customise: "CustomiseRequest", generate: "Generate", compare: "CompareRequest",
  cutout: "CutoutRequest", packshot: "PackshotRequest", check: "CheckRequest" };

/** The engines and the API's own description of every field. */
export class Catalogue {
  /** @param {any[]} engines @param {any} schemas of `/openapi.json` */
  constructor(engines, schemas) {
    this.engines = engines;
    this.schemas = schemas;
  }

  /** Read both from the service. Throws Problem. */
  static async read() {
    const [listed, described] = await Promise.all([getJson("engines"), getJson("openapi.json")]);
    return new Catalogue(listed.engines, described.components.schemas);
  }

  /** @param {string} name */
  engine(name) {
    return this.engines.find((engine) => engine.name === name);
  }

  /** The engines for a purpose: a kind, or a way of customising. @param {string} kind @param {string} [way] */
  enginesFor(kind, way) {
    return this.engines.filter((engine) => engine.kinds.includes(kind) && (!way || does(engine, way)));
  }

  /** The engine that is taken when none is named; of instructions, for a colour. @param {string} kind @param {string} [way] */
  defaultFor(kind, way) {
    const able = this.enginesFor(kind, way);
    const ready = able.filter((engine) => engine.installed);
    const wanted = way === "instruction" ? "recolour" : way || kind;
    return ready.find((engine) => engine.default_for.includes(wanted)) || ready[0] || able[0];
  }

  /** What can be asked in words where nobody chose an engine: the service chooses by what is asked. @returns {string[]} */
  instructions() {
    const able = this.enginesFor("customise", "instruction").filter((engine) => engine.installed);
    return [...new Set(able.flatMap((engine) => engine.instructions))];
  }

  /** The edit types that some installed engine supports. */
  editTypes() {
    return EDIT_TYPES.filter((editType) => this.engines.some((engine) => engine.installed && does(engine, editType.way)));
  }

  /** What the API says of a field: description, type, bounds, choices. @param {string} kind @param {string} name */
  field(kind, name) {
    const said = this.schemas[SCHEMAS[kind]]?.properties?.[name] || {};
    const option = (said.anyOf || []).find((each) => each.type !== "null") || {};
    const named = said.$ref ? this.schemas[said.$ref.split("/").pop()] : {};
    return { ...named, ...option, ...said, default: said.default };
  }

  /** The thresholds that hold when none are asked. @param {string} kind @returns {Record<string, number>} */
  thresholds(kind) {
    const model = this.schemas[kind === "customise" ? "EditThresholds" : "Thresholds"];
    const all = Object.entries(model?.properties || {}).map(([name, said]) => [name, said.default]);
    return Object.fromEntries(all.filter(([, value]) => typeof value === "number"));
  }
}

/** Whether an engine does a way. One that scales a product is asked in words. @param {any} engine @param {string} way */
function does(engine, way) {
  return engine.ways.includes(way) || (way === "instruction" && engine.ways.includes("resize"));
}

/** The default of an engine's parameter for a purpose. @param {any} spec @param {string} purpose */
export const defaultOf = (spec, purpose) => spec.by_way?.[purpose] ?? spec.default;

/** Whether a parameter does something for a purpose. @param {any} spec @param {string} purpose */
export const takes = (spec, purpose) => !spec.only_for?.length || spec.only_for.includes(purpose);

/** Whole examples of what can be asked, from the lines that say it. @param {string[]} lines @returns {string[]} */
export function examplesOf(lines) {
  return lines.map((line) => /'([^']+)'/.exec(line)?.[1] || "").filter(Boolean);
}
