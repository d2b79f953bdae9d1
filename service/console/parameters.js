/** The fields that an engine takes, drawn from what `GET /engines` and the API's description say of it. */

import { defaultOf, takes } from "./catalogue.js";
import { figure, fill, h, spoken } from "./dom.js";
import { checkField, choiceField, numberField, textField } from "./fields.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./catalogue.js").Catalogue} Catalogue */

const TEXTS = new Set(["prompt", "negative_prompt"]);
const PLAIN = {
  strength: "Strength", guidance_scale: "Guidance", image_guidance_scale: "Image guidance", label: "Kind of product",
  negative_prompt: "What to avoid",
};

/** Whether a number of this field is whole. @param {any} said */
const isWhole = (said) => said.type === "integer";

/**
 * The field of one parameter of an engine.
 * @param {Catalogue} catalogue @param {string} kind @param {string} name @param {any} spec @param {string} purpose @returns {Field}
 */
export function parameterField(catalogue, kind, name, spec, purpose) {
  const said = catalogue.field(kind, name);
  const value = defaultOf(spec, purpose);
  const about = { label: PLAIN[name], hint: said.description };
  if (TEXTS.has(name)) return textField(name, { ...about, value, longest: said.maxLength, lines: 2 });
  const choices = spec.choices.length ? spec.choices : said.enum;
  if (choices) return choiceField(name, { ...about, value, choices });
  if (said.type === "string") return textField(name, { ...about, value, longest: said.maxLength });
  const bounds = { minimum: spec.minimum ?? said.minimum, maximum: spec.maximum ?? said.maximum };
  return numberField(name, { ...about, value, ...bounds, whole: isWhole(said) });
}

/**
 * The fields of everything an engine takes: those in sight, and those for later. Never one that it does not take.
 * @param {Catalogue} catalogue @param {string} kind @param {any} engine @param {string} purpose @param {string[]} [without]
 * @returns {{main: Field[], more: Field[]}}
 */
export function engineFields(catalogue, kind, engine, purpose, without = []) {
  const names = Object.keys(engine.parameters).filter((name) => !without.includes(name) && takes(engine.parameters[name], purpose));
  const later = new Set(["seed", "negative_prompt", "scheduler", "clip_skip", ...(engine.captioned || kind === "generate" ? [] : ["prompt"])]);
  const made = (/** @type {string} */ name) => parameterField(catalogue, kind, name, engine.parameters[name], purpose);
  return { main: names.filter((name) => !later.has(name)).map(made), more: names.filter((name) => later.has(name)).map(made) };
}

/**
 * The fields that every job has, as far as they mean something with this engine.
 * @param {Catalogue} catalogue @param {string} kind @param {any} engine @returns {{main: Field[], more: Field[]}}
 */
export function orderFields(catalogue, kind, engine) {
  const hint = (/** @type {string} */ name) => catalogue.field(kind, name).description;
  const several = engine.max_candidates > 1;
  const main = [...(kind === "customise" ? [flattenField(hint("flatten"))] : []), ...(several ? candidateFields(hint, engine) : [])];
  const more = [];
  if (several) more.push(numberField("attempts", { hint: hint("attempts"), value: 1, minimum: 1, maximum: 5, whole: true }));
  const formats = kind === "generate" ? ["png", "jpeg", "webp"] : ["same", "png", "jpeg", "webp"];
  const usual = kind === "generate" ? "png" : kind === "customise" ? null : "same";
  const names = { same: "Same as the original", png: "PNG", jpeg: "JPEG", webp: "WebP" };
  more.push(choiceField("format", { hint: hint("format"), value: usual, choices: formats, names }));
  more.push(checkField("exact", { label: "Exact", hint: hint("exact") }));
  if (engine.loras.length) more.push(loraField(engine));
  more.push(...comparisonFields(catalogue, kind));
  if (kind !== "generate") more.push(thresholdField(catalogue, kind));
  return { main, more };
}

/** The colour that a cut-out is laid on; only for a picture with alpha. @param {string} hint @returns {Field} */
function flattenField(hint) {
  const about = { label: "Flatten onto", hint, longest: 7, placeholder: "#ffffff", suggestions: ["#ffffff", "#f2f2f2", "#000000"] };
  const made = textField("flatten", about);
  made.element.setAttribute("data-needs-alpha", "");
  return { ...made, read: () => (made.element.hidden ? undefined : made.read()) };
}

/** The fields that a job has, whatever it does. @param {Catalogue} catalogue @param {string} [kind] @returns {Field[]} */
export function comparisonFields(catalogue, kind = "compare") {
  const { description } = catalogue.field(kind, "webhook");
  const reference = catalogue.field(kind, "reference");
  return [
    ...(reference.description ? [textField("reference", { hint: reference.description, longest: 200 })] : []),
    choiceField("priority", { value: "interactive", choices: ["interactive", "batch"], hint: "batch: runs when no interactive job is waiting" }),
    ...(description ? [textField("webhook", { hint: description, placeholder: "https://" })] : []),
  ];
}

/** The adapters that an engine may put on, each with how strongly it works. @param {any} engine @returns {Field} */
function loraField(engine) {
  const rows = engine.loras.map((/** @type {string} */ name) => {
    const on = checkField(name, { label: name });
    const weight = h("input", { type: "number", min: -2, max: 2, step: "any", value: 1, inputmode: "decimal", "aria-label": `Weight of ${name}` });
    return { name, on, weight, element: h("div", { class: "pair" }, on.element, weight) };
  });
  const element = h("fieldset", { class: "field", "data-field": "loras" }, h("legend", { class: "label" }, "Adapters (LoRA)"), rows.map((/** @type {any} */ row) => row.element),
    h("p", { class: "hint" }, "Each with its weight, -2 to 2."));
  const read = () => {
    const put = rows.filter((/** @type {any} */ row) => row.on.read()).map((/** @type {any} */ row) => ({ name: row.name, weight: Number(row.weight.value) }));
    return put.length ? put : undefined;
  };
  return { name: "loras", element, read };
}

/**
 * What a candidate must reach, as far as that is asked when nothing else is said.
 * @param {Catalogue} catalogue @param {string} kind @returns {Field}
 */
function thresholdField(catalogue, kind) {
  const model = kind === "customise" ? "EditThresholds" : "Thresholds";
  const fields = Object.entries(catalogue.thresholds(kind)).map(([name, value]) => {
    const said = catalogue.schemas[model].properties[name];
    const bounds = said.anyOf?.find((/** @type {any} */ each) => each.type === "number") || said;
    return numberField(name, { hint: said.description, value, minimum: bounds.minimum, maximum: bounds.maximum });
  });
  const element = h("fieldset", { class: "field", "data-field": "thresholds" }, h("legend", { class: "label" }, "Acceptance thresholds"), h("div", { class: "two" }, fields.map((each) => each.element)));
  const read = () => {
    const asked = fields.map((each) => [each.name, each.read()]).filter(([, value]) => value !== undefined);
    return asked.length ? Object.fromEntries(asked) : undefined;
  };
  return { name: "thresholds", element, read };
}

/** @param {(name: string) => string} hint @param {any} engine @returns {Field[]} */
function candidateFields(hint, engine) {
  const names = { best: "Only the best", all: "All of them" };
  const keep = choiceField("keep", { label: "Return", value: "best", choices: ["all", "best"], names });
  keep.write?.("all");
  keep.element.hidden = true;
  const change = () => { keep.element.hidden = !(Number(candidates.read() ?? 1) > 1); };
  const candidates = numberField("candidates", { hint: hint("candidates"), value: 1, minimum: 1, maximum: engine.max_candidates, whole: true, change });
  return [candidates, { ...keep, read: () => (keep.element.hidden ? undefined : keep.read()) }];
}

/** What an engine is, in a few words. @param {any} engine @param {string} kind */
export function engineFacts(engine, kind) {
  const measured = engine.figures.find((/** @type {any} */ each) => each.kind === kind)?.figures || {};
  const resident = engine.resident[0];
  const tags = [
    resident && h("span", { class: "tag good" }, `In memory (${resident.device})`),
    !engine.installed && h("span", { class: "tag" }, "Not installed"),
    h("span", { class: "tag" }, engine.licence),
    typeof measured.ssim === "number" && h("span", { class: "tag", title: "median over the photos of docs/studies.md" }, `ssim ${figure(measured.ssim)}`),
  ];
  return h("div", { class: "field" }, h("p", { class: "hint" }, engine.use || engine.summary), h("div", { class: "engine-facts" }, tags));
}

/** The engines to choose from, those that are not installed last. @param {any[]} engines @param {string} chosen @param {(name: string) => void} change */
export function engineChoice(engines, chosen, change) {
  const option = (/** @type {any} */ engine) => h("option", { value: engine.name, selected: engine.name === chosen }, engine.name);
  const absent = engines.filter((engine) => !engine.installed);
  const id = `engine-${engines.length}-${chosen}`;
  const note = h("p", { class: "hint", id: `${id}-note`, role: "status" });
  const take = () => {
    const engine = absent.find((each) => each.name === box.value);
    if (!engine) return change(box.value);
    box.value = chosen;
    fill(note, `${engine.name} is not installed. On the machine of a worker: `, h("code", {}, `likeness models pull ${engine.name}`));
  };
  const box = h("select", { id, name: "engine", "aria-describedby": note.id, on: { change: take } },
    engines.filter((engine) => engine.installed).map(option),
    absent.length > 0 && h("optgroup", { label: "Not installed" }, absent.map(option)));
  return h("div", { class: "field", "data-field": "engine" }, h("label", { for: id }, spoken("engine")), box, note);
}
