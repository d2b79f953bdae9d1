/** Elements made without markup strings, so that nothing a service says can become markup. */

const SVG = "http://www.w3.org/2000/svg";

/** Outlines of the icons, drawn in a square of 16 by 16. */
const ICONS = {
  check: "M3 8.500l3.500 3.500L13 4.500", cross: "M4 4l8 8M12 4l-8 8", clock: "M8 4.500V8l2.500 1.500M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2",
  arrow: "M8 2.500v8M4.500 7.500L8 11l3.500-3.500M3 13.500h10", stop: "M4.500 4.500h7v7h-7z", dash: "M4 8h8",
  bin: "M3 4.500h10M6.500 4.500v-2h3v2M4.500 4.500l.5 9h6l.5-9", play: "M5 3.500l7 4.500-7 4.500z",
  copy: "M5.500 5.500v-3h8v8h-3M2.500 5.500h8v8h-8z", same: "M3 6h10M3 10h10", differ: "M3 6h10M3 10h10M10.500 3l-5 10",
};

/**
 * Make an element. `on` holds event listeners; true sets an empty attribute; null and false leave one out.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {...(Node|string|number|null|undefined|false|Array<any>)} children
 * @returns {any} typed loosely: callers know which element they asked for
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "on") Object.entries(value).forEach(([event, listener]) => element.addEventListener(event, /** @type {any} */ (listener)));
    else if (value === true) element.setAttribute(name, "");
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, String(value));
  }
  put(element, children);
  return element;
}

/** Add children, flat, leaving out what is null or false. */
function put(element, children) {
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false) element.append(child instanceof Node ? child : String(child));
  }
}

/** Replace what an element holds. @param {Element} element @param {...any} children */
export function fill(element, ...children) {
  element.replaceChildren();
  put(element, children);
  return element;
}

/** Make an SVG element. @param {string} tag @param {Record<string, any>} attributes @param {...Node} children */
export function s(tag, attributes, ...children) {
  const element = document.createElementNS(SVG, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  element.append(...children);
  return element;
}

/** An icon that says nothing by itself: the text beside it does. @param {keyof typeof ICONS} name */
export function icon(name) {
  const path = s("path", { d: ICONS[name], fill: "none", stroke: "currentColor", "stroke-width": 1.75, "stroke-linecap": "round", "stroke-linejoin": "round" });
  return s("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, path);
}

/** @param {string} id @returns {any} */
export const byId = (id) => document.getElementById(id);

let told = 0;

/** Tell a screen reader something, at most every two seconds unless it matters. @param {string} text @param {boolean} [now] */
export function tell(text, now = false) {
  const time = Date.now();
  if (!now && time - told < 2000) return;
  told = time;
  byId("live").textContent = text;
}

let numbers = 0;

/** A fresh id for an element. @param {string} stem */
export const freshId = (stem) => `${stem}-${(numbers += 1)}`;

const NAMES = {
  icc_profile: "ICC profile", dpi: "DPI", top_k: "Top-k", top_p: "Top-p", clip_skip: "CLIP layers left out", psnr: "PSNR", ssim: "SSIM",
  delta_e: "Colour difference", hue_error: "Hue", change_inside: "Change inside", change_outside: "Change outside",
};

/** "guidance_scale" as "Guidance scale". @param {string} name */
export function spoken(name) {
  if (NAMES[name]) return NAMES[name];
  const text = name.replaceAll("_", " ").replaceAll("-", " ");
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A figure with as many digits as it takes. @param {number|null|undefined} value @param {number} [digits] */
export function figure(value, digits = 3) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  return value.toFixed(Number.isInteger(value) && size >= 10 ? 0 : size >= 100 ? 0 : size >= 10 ? 1 : digits);
}

/** Seconds, for people. @param {number} value */
export function seconds(value) {
  if (value < 0.1) return `${value < 0.005 ? 0 : value.toFixed(2)} s`;
  return value < 10 ? `${value.toFixed(1)} s` : value < 120 ? `${Math.round(value)} s` : `${Math.round(value / 60)} min`;
}

/** How long ago something was. @param {string} moment an ISO time */
export function ago(moment) {
  const passed = (Date.now() - Date.parse(moment)) / 1000;
  if (passed < 60) return "just now";
  if (passed < 3600) return `${Math.round(passed / 60)} min ago`;
  return passed < 86400 ? `${Math.round(passed / 3600)} h ago` : new Date(moment).toLocaleDateString("en-GB");
}

/** Bytes, for people. @param {number} value */
export const bytes = (value) => (value < 1e3 ? `${value} B` : value < 1e6 ? `${Math.round(value / 1e3)} kB` : value < 1e9 ? `${(value / 1e6).toFixed(1)} MB` : `${(value / 1e9).toFixed(1)} GB`);
