/** The settings of what changes a frame on purpose: a cut-out, a packshot, a check. */

import { fill, h } from "./dom.js";
import { checkField, choiceField, field, fileField, numberField, textField } from "./fields.js";
import { placing } from "./placing.js";

/** @typedef {import("./fields.js").Field} Field */

export const PACKSHOTS = ["cutout", "packshot", "check"];

const PRESETS = ["amazon-main", "google-shopping", "walmart", "ebay", "shopify"];
const COLOURS = ["white", "transparent", "#f1ece6", "#dee6ee", "lightgrey"];

/** The fields of each kind: those that are seen at once, and more. @type {Record<string, (said: (name: string) => any) => {main: Field[], more: Field[]}>} */
const FIELDS = {
  cutout: (said) => ({
    main: [choiceField("format", { label: "Format", value: said("format").default, choices: said("format").enum || ["png", "webp"] }),
      checkField("matte", { label: "The matte alone", hint: said("matte").description })],
    more: [],
  }),
  packshot: (said) => ({
    main: [
      textField("preset", { label: "Marketplace", hint: "whose rules to keep, or a preset of your own; empty: none", suggestions: PRESETS, longest: 64 }),
      textField("background", { label: "Background", hint: "a colour of CSS, a code such as #f1ece6, or transparent; white if empty", suggestions: COLOURS, longest: 32 }),
      textField("size", { label: "Size", hint: "such as 2000x2000; empty: the original's", longest: 11 }),
      numberField("fill", { label: "Fill", hint: "share of the frame that the product takes; 0.85 if empty", value: null, minimum: 0.1, maximum: 1 }),
      choiceField("shadow", { label: "Shadow", value: null, choices: ["none", "contact", "cast", "keep", "reflection"] }),
    ],
    more: [
      choiceField("align", { label: "Align", value: null, choices: ["centre", "bottom"] }),
      numberField("angle", { label: "Angle of a cast shadow", hint: "degrees", value: null, minimum: 0, maximum: 360 }),
      choiceField("straighten", { label: "Straighten", value: null, choices: ["auto"] }),
      choiceField("white_balance", { label: "White balance", value: null, choices: ["auto"] }),
      choiceField("format", { label: "Format", value: null, choices: ["jpeg", "png", "webp"] }),
      numberField("quality", { label: "Quality", value: null, minimum: 1, maximum: 100, whole: true }),
      numberField("max_bytes", { label: "Largest file", hint: "bytes", value: null, minimum: 1000, whole: true }),
      choiceField("upscale", { label: "Enlarge", value: null, choices: ["faithful", "never"] }),
      fileField("background_picture", { label: "Picture as background", hint: "cut to the frame's shape; goes before a colour" }),
      fileField("mask", { label: "Mask", hint: "white where the product is; overrules what is found" }),
    ],
  }),
  check: (said) => ({
    main: [textField("preset", { label: "Marketplace", hint: "whose rules to judge by, or a preset of your own", suggestions: PRESETS, longest: said("preset").maxLength })],
    more: [checkField("made_by_ai", { label: "A generative model made it" })],
  }),
};

/** A field of a list by its name. @param {Field[]} list @param {string} name */
const named = (list, name) => /** @type {Field} */ (list.find((each) => each.name === name));

/**
 * What a kind adds to the form and to the request.
 * @param {string} kind of PACKSHOTS @param {import("./catalogue.js").Catalogue} catalogue
 */
export function packshotForm(kind, catalogue) {
  const { main, more } = FIELDS[kind]((name) => catalogue.field(kind, name));
  const board = kind === "packshot" ? [placing(named(main, "fill"), named(more, "align"))] : [];
  const read = () => {
    const pairs = [...main, ...more].map((each) => [each.name, each.read()]).filter(([, value]) => value !== undefined);
    const { mask, background_picture: behind, ...fields } = Object.fromEntries(pairs);
    if (behind) delete fields.background;
    return { fields, files: { ...(mask ? { mask } : {}), ...(behind ? { background: behind } : {}) } };
  };
  return { main, board, more, read };
}

/** What the last of several edits can be, beside one in words. */
const LAST = { none: "Nothing more", cutout: "Cut the product out", packshot: "A packshot" };

/**
 * A cut-out or a packshot after all other edits.
 * @param {import("./catalogue.js").Catalogue} catalogue
 */
export function lastEdit(catalogue) {
  const forms = { cutout: packshotForm("cutout", catalogue), packshot: packshotForm("packshot", catalogue) };
  const holder = h("div", { class: "fields", "data-pointer": "#/edits" });
  const box = h("select", { name: "last" }, Object.entries(LAST).map(([value, label]) => h("option", { value }, label)));
  box.addEventListener("change", () => fill(holder, box.value === "none" ? [] : forms[box.value].main.map((/** @type {Field} */ each) => each.element)));
  const read = () => {
    if (box.value === "none") return null;
    const { fields } = forms[box.value].read();
    return { [box.value]: fields };
  };
  return { elements: [field("last", "At the end", "Its frame and file are what this makes of the edits before it.", box), holder], read };
}
