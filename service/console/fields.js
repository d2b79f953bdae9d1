/** Form fields with a label, a caption, and a place for what the service says is wrong. */

import { freshId, h, spoken } from "./dom.js";

/**
 * @typedef {object} Field
 * @property {string} name of the task's field
 * @property {HTMLElement} element label, control, caption and error together
 * @property {() => any} read the value; undefined where the default stands, which is then not sent
 * @property {(value: any) => void} [write]
 */

/**
 * Wrap a control: label above, caption and error below, all tied to it.
 * @param {string} name @param {string} label @param {string} hint @param {any} control the one that is labelled @param {...any} parts
 */
export function field(name, label, hint, control, ...parts) {
  control.id ||= freshId(name);
  control.name ||= name;
  const hintId = `${control.id}-hint`;
  if (hint) control.setAttribute("aria-describedby", hintId);
  return h("div", { class: "field", "data-field": name },
    h("label", { for: control.id }, label), parts.length ? parts : control, hint && h("p", { class: "hint", id: hintId }, hint));
}

/** A caption, which begins with a capital, units excepted. @param {string} text */
const sentence = (text) => (/^(dB|px)\b/.test(text) ? text : text.charAt(0).toUpperCase() + text.slice(1));

/**
 * A number: with a slider too where both bounds are known and near.
 * @param {string} name
 * @param {{label?: string, hint?: string, value: number|null, minimum?: number|null, maximum?: number|null, whole?: boolean, change?: () => void}} about
 * @returns {Field}
 */
export function numberField(name, about) {
  const { minimum, maximum, value, whole } = about;
  const bounded = typeof minimum === "number" && typeof maximum === "number" && maximum - minimum <= 200;
  const step = whole ? 1 : maximum !== null && maximum !== undefined && maximum - (minimum ?? 0) <= 2 ? 0.01 : 0.1;
  const box = h("input", { type: "number", step: whole ? 1 : "any", min: minimum, max: maximum, value, inputmode: whole ? "numeric" : "decimal", autocomplete: "off" });
  const label = about.label || spoken(name);
  const range = bounded && h("input", { type: "range", min: minimum, max: maximum, step, value: value ?? minimum, "aria-label": `${label}, slider`, tabindex: -1 });
  if (range) {
    range.addEventListener("input", () => { box.value = range.value; about.change?.(); });
    box.addEventListener("input", () => { range.value = box.value; });
  }
  box.addEventListener("input", () => about.change?.());
  const element = field(name, label, sentence(about.hint || ""), box, ...(range ? [h("div", { class: "pair" }, range, box)] : []));
  const read = () => (box.value === "" || Number(box.value) === value ? undefined : Number(box.value));
  return { name, element, read, write: (given) => { box.value = given; if (range) range.value = given; } };
}

/**
 * A text, in one line or several; with suggestions, one of them or another.
 * @param {string} name @param {{label?: string, hint?: string, value?: string|null, longest?: number, lines?: number, placeholder?: string, suggestions?: string[], change?: () => void}} about
 * @returns {Field}
 */
export function textField(name, about) {
  const shared = { maxlength: about.longest, placeholder: about.placeholder, autocomplete: "off" };
  const box = about.lines ? h("textarea", { rows: about.lines, ...shared }) : h("input", { type: "text", ...shared });
  box.value = about.value || "";
  box.addEventListener("input", () => about.change?.());
  const list = about.suggestions && h("datalist", { id: freshId(name) }, about.suggestions.map((one) => h("option", { value: one })));
  if (list) box.setAttribute("list", list.id);
  const element = field(name, about.label || spoken(name), sentence(about.hint || ""), box, ...(list ? [box, list] : []));
  const read = () => (box.value === (about.value || "") || box.value.trim() === "" ? undefined : box.value);
  return { name, element, read, write: (value) => { box.value = value; box.dispatchEvent(new Event("input", { bubbles: true })); } };
}

/**
 * One of several words.
 * @param {string} name @param {{label?: string, hint?: string, value: string|null, choices: string[], names?: Record<string, string>, change?: () => void}} about
 * @returns {Field}
 */
export function choiceField(name, about) {
  const empty = about.value === null ? [h("option", { value: "" }, "Automatic")] : [];
  const box = h("select", {}, empty, about.choices.map((choice) => h("option", { value: choice, selected: choice === about.value }, about.names?.[choice] || choice)));
  box.addEventListener("change", () => about.change?.());
  const element = field(name, about.label || spoken(name), sentence(about.hint || ""), box);
  return { name, element, read: () => (box.value === (about.value ?? "") ? undefined : box.value), write: (value) => { box.value = value; } };
}

/**
 * Yes or no; no is the default.
 * @param {string} name @param {{label?: string, hint?: string}} about @returns {Field}
 */
export function checkField(name, about) {
  const box = h("input", { type: "checkbox", id: freshId(name), name });
  const hint = h("p", { class: "hint", id: `${box.id}-hint` }, sentence(about.hint || ""));
  if (about.hint) box.setAttribute("aria-describedby", hint.id);
  const element = h("div", { class: "field", "data-field": name },
    h("div", { class: "check" }, box, h("label", { for: box.id }, about.label || spoken(name))), about.hint && hint);
  return { name, element, read: () => (box.checked ? true : undefined) };
}

/**
 * A picture from a file.
 * @param {string} name @param {{label: string, hint: string, change?: () => void}} about @returns {Field}
 */
export function fileField(name, about) {
  const box = h("input", { type: "file", accept: "image/png,image/jpeg,image/webp" });
  box.addEventListener("change", () => about.change?.());
  return { name, element: field(name, about.label, about.hint, box), read: () => box.files[0] };
}

/**
 * One of a few things, all in sight.
 * @param {string} name @param {string} label @param {{value: string, label: string}[]} options @param {string} chosen
 * @param {(value: string) => void} change @param {"segments"|"chips"} [look]
 */
export function radios(name, label, options, chosen, change, look = "segments") {
  const group = freshId(name);
  return h("fieldset", { class: "field", "data-field": name },
    h("legend", { class: look === "chips" ? "label" : "visually-hidden" }, label),
    h("div", { class: look }, options.map((option) => h("label", {},
      h("input", { type: "radio", name: group, value: option.value, checked: option.value === chosen, on: { change: () => change(option.value) } }),
      h("span", {}, option.label)))));
}
