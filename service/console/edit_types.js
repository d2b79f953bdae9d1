/** The edit types: for each the fields that describe the edit, and how the service takes them. */

import { examplesOf } from "./catalogue.js";
import { h, tell } from "./dom.js";
import { checkField, choiceField, field, fileField, numberField, radios, textField } from "./fields.js";
import { lastEdit } from "./packshots.js";
import { paint } from "./painter.js";

/** @typedef {import("./fields.js").Field} Field */
/**
 * @typedef {object} EditForm what an edit type adds to the form and to the request
 * @property {HTMLElement[]} elements
 * @property {() => {fields: Record<string, any>, files: Record<string, File>}} read
 */
/**
 * @typedef {object} Setting
 * @property {import("./catalogue.js").Catalogue} catalogue
 * @property {any} engine
 * @property {string[]} lines how edits can be asked for in words
 * @property {() => {url: string, width: number, height: number}|null} picture upright
 * @property {(problem: {pointer: string, detail: string}) => void} complain
 * @property {(what: "mask"|"guide", file?: File) => File|null} painted what was painted on this picture; with a file: keep it
 */

/** The request's part of a few plain fields. @param {Field[]} list @returns {Record<string, any>} */
export function readAll(list) {
  const pairs = list.map((each) => [each.name, each.read()]).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs);
}

/**
 * The request's part of a few plain fields, the first of which must say something.
 * @param {Setting} setting @param {string} detail what is told where it says nothing @param {Field[]} list
 */
function readSaid(setting, detail, list) {
  const said = readAll(list);
  if (said[list[0].name] === undefined) setting.complain({ pointer: `#/${list[0].name}`, detail });
  return said;
}

const REGIONS = [
  { value: "product", label: "The product" },
  { value: "background", label: "The background" },
  { value: "painted", label: "A painted area" },
];

/**
 * The area that an edit is limited to: a detected part of the picture, or a painted one.
 * @param {Setting} setting @param {string} label @param {{value: string, label: string}[]} options @param {string} chosen
 */
function region(setting, label, options, chosen) {
  let value = chosen;
  const row = h("div", { class: "row" }, paintButton(setting, "mask", "Paint the mask", "Mask painted.", ""));
  row.hidden = value !== "painted";
  const element = radios("mask", label, options, chosen, (picked) => { value = picked; row.hidden = picked !== "painted"; }, "chips");
  element.append(row);
  const read = () => {
    const mask = setting.painted("mask");
    if (value === "painted" && !mask) setting.complain({ pointer: "#/mask", detail: "paint the mask first" });
    return { value, mask: value === "painted" ? mask : null };
  };
  return { element, read };
}

/**
 * A button that opens the paint table, and what came of it.
 * @param {Setting} setting @param {"mask"|"guide"} what @param {string} label @param {string} after @param {string} before what is said before something is painted
 */
function paintButton(setting, what, label, after, before) {
  const state = h("span", { class: "hint", "data-unpainted": before }, setting.painted(what) ? after : before);
  const press = async () => {
    const picture = setting.picture();
    if (!picture) return setting.complain({ pointer: "#/image", detail: "choose a picture first" });
    const file = await paint(picture, what);
    if (file) {
      setting.painted(what, file);
      state.textContent = after;
      tell(`${label}: done`, true);
    }
  };
  return [h("button", { type: "button", on: { click: press } }, label), state];
}

/** What a region adds to the request. @param {{value: string, mask: File|null}} said */
function masked(said) {
  if (said.mask) return { fields: {}, files: { mask: said.mask } };
  return { fields: said.value === "product" || said.value === "background" ? { mask: said.value } : {}, files: {} };
}

/**
 * Edits to make after the first, of what it made: a button adds one.
 * @param {Setting} setting @param {number} longest
 */
function furtherEdits(setting, longest) {
  const most = setting.catalogue.field("customise", "edits").maxItems;
  /** @type {Field[]} */
  const list = [];
  const rows = h("div", { class: "fields", "data-pointer": "#/edits" });
  const add = h("button", { type: "button", id: "add-edit", on: { click: () => {
    const each = textField(`then-${list.length + 1}`, { label: `Then, edit ${list.length + 2}`, longest, placeholder: "put it on a white background" });
    list.push(each);
    rows.append(each.element);
    add.disabled = list.length + 1 >= most;
    each.element.querySelector("input")?.focus();
  } } }, "Add another edit");
  const last = lastEdit(setting.catalogue);
  const read = () => {
    const said = list.map((each) => each.read()).filter((one) => one !== undefined).map((instruction) => ({ instruction }));
    const end = last.read();
    return end ? [...said, end] : said;
  };
  return { elements: [rows, h("div", { class: "row" }, add), ...last.elements], read };
}

/** @type {Record<string, (setting: Setting) => EditForm>} */
const MAKERS = {
  instruction(setting) {
    const said = setting.catalogue.field("customise", "instruction");
    const text = textField("instruction", { label: "What to change", lines: 2, longest: said.maxLength, placeholder: "make it red" });
    const examples = examplesOf(setting.lines);
    const where = region(setting, "Area to change", [{ value: "any", label: "Automatic" }, ...REGIONS], "any");
    const more = furtherEdits(setting, said.maxLength);
    const lines = h("details", {}, h("summary", {}, "All supported instructions"), h("ul", { class: "fields small muted" }, setting.lines.map((line) => h("li", {}, line))));
    const chips = h("div", { class: "examples", role: "group", "aria-label": "Examples" },
      examples.map((example) => h("button", { type: "button", on: { click: () => text.write?.(example) } }, example)));
    return {
      elements: [text.element, examples.length > 0 && chips, ...more.elements, setting.engine.closed && lines, where.element],
      read: () => {
        const { fields, files } = masked(where.read());
        const first = readSaid(setting, "say what to change", [text]);
        const others = more.read();
        return { fields: { ...(others.length ? { edits: [first, ...others] } : first), ...fields }, files };
      },
    };
  },

  recolour(setting) {
    const colour = h("input", { type: "color", value: "#1f4e79" });
    const code = h("input", { type: "text", value: "#1F4E79", maxlength: 7, "aria-label": "Colour as #RRGGBB" });
    colour.addEventListener("input", () => { code.value = colour.value.toUpperCase(); });
    code.addEventListener("input", () => { if (/^#[0-9a-f]{6}$/i.test(code.value)) colour.value = code.value; });
    const element = field("recolour", "Colour", "The product's average colour becomes exactly this one; its shading is kept.", colour, h("div", { class: "row" }, colour, h("div", {}, code)));
    const where = region(setting, "Area to recolour", REGIONS, "product");
    return {
      elements: [element, where.element],
      read: () => {
        const { value, mask } = where.read();
        if (!/^#[0-9a-f]{6}$/i.test(code.value)) setting.complain({ pointer: "#/recolour", detail: "enter a colour as #RRGGBB, for example #1F4E79" });
        const part = value === "background" ? { mask: value } : {};
        return { fields: { recolour: { to: code.value, ...part } }, files: mask ? { mask } : {} };
      },
    };
  },

  text(setting) {
    const said = setting.catalogue.field("customise", "text");
    const list = [
      textField("text", { label: "Text", hint: "printed in the middle of the product, with its light and shadow", longest: said.maxLength }),
      choiceField("text_colour", { label: "Text colour", value: null, choices: ["#000000", "#FFFFFF", "#A82217", "#1D4BC7"], names: { "#000000": "Black", "#FFFFFF": "White", "#A82217": "Red", "#1D4BC7": "Blue" } }),
    ];
    return { elements: list.map((each) => each.element), read: () => ({ fields: readSaid(setting, "say what to print", list), files: {} }) };
  },

  logo: (setting) => oneFile(setting, "logo", "Logo", "PNG, JPEG or WebP; transparent parts stay transparent."),
  style_image: (setting) => oneFile(setting, "style_image", "Style image", "An image of any size whose style is applied."),

  fill(setting) {
    const prompt = textField("prompt", { label: "What to show there", hint: "in words", lines: 2, placeholder: "a white wall" });
    const where = region(setting, "Area to replace", REGIONS, "background");
    return {
      elements: [prompt.element, where.element],
      read: () => {
        const { fields, files } = masked(where.read());
        return { fields: { ...readSaid(setting, "say what to show there", [prompt]), ...fields }, files };
      },
    };
  },

  guide(setting) {
    const open = paintButton(setting, "guide", "Paint over the picture", "Painted.", "Paint roughly what you want to see; the engine makes it look like a photo.");
    const prompt = "prompt" in setting.engine.parameters && textField("prompt", { label: "What the result shows", hint: "in words; optional" });
    const element = h("div", { class: "field", "data-field": "guide" }, h("div", { class: "row" }, open));
    return {
      elements: [element, prompt && prompt.element],
      read: () => {
        const painted = setting.painted("guide");
        if (!painted) setting.complain({ pointer: "#/guide", detail: "paint over the picture first" });
        return { fields: prompt ? readAll([prompt]) : {}, files: painted ? { guide: painted } : {} };
      },
    };
  },

  complete(setting) {
    const said = setting.catalogue.field("customise", "complete");
    const share = numberField("complete", { label: "Share kept, from the top", hint: said.description, value: null, minimum: said.minimum, maximum: said.maximum });
    share.write?.(0.5);
    return { elements: [share.element], read: () => ({ fields: readAll([share]), files: {} }) };
  },

  control(setting) {
    const prompt = textField("prompt", { label: "What the result shows", hint: "in words", lines: 2 });
    const kinds = setting.engine.controls.filter((/** @type {string} */ kind) => kind !== "inpaint");
    const maps = kinds.map((/** @type {string} */ kind) => checkField(kind, { label: kind.replace("_", " ") }));
    const first = maps[0]?.element.querySelector("input");
    if (first) first.checked = true;
    const group = h("fieldset", { class: "field", "data-field": "controls" }, h("legend", { class: "label" }, "Maps of the original to follow"), maps.map((/** @type {Field} */ map) => map.element));
    const chosen = () => maps.filter((/** @type {Field} */ map) => map.read()).map((/** @type {Field} */ map) => ({ kind: map.name }));
    return { elements: [prompt.element, group], read: () => ({ fields: { ...readSaid(setting, "say what the result shows", [prompt]), controls: chosen() }, files: {} }) };
  },
};

/** @param {Setting} setting @param {string} name @param {string} label @param {string} hint @returns {EditForm} */
function oneFile(setting, name, label, hint) {
  const box = fileField(name, { label, hint });
  return { elements: [box.element], read: () => ({ fields: {}, files: /** @type {any} */ (readSaid(setting, "choose a picture", [box])) }) };
}

/** Make what an edit type adds to the form. @param {string} name of EDIT_TYPES @param {Setting} setting @returns {EditForm} */
export const makeEdit = (name, setting) => MAKERS[name](setting);
