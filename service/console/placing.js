/** Where a product comes to lie in a packshot's frame: dragged down or up, and made larger or smaller. */

import { h, tell } from "./dom.js";

/** @typedef {import("./fields.js").Field} Field */

const USUAL = 0.85;
const STEP = 0.01;
const LEAST = 0.1;

/**
 * A small frame with the product in it. Dragging it down stands it on the ground, dragging it up centres it; its corner
 * sets how much of the frame it takes.
 * @param {Field} fill @param {Field} align the fields that it sets
 */
export function placing(fill, align) {
  const product = h("button", { type: "button", class: "placed", "aria-label": "Product: drag to place; arrow up centres it, arrow down stands it on the ground, plus and minus change its size" });
  const corner = h("span", { class: "corner", "aria-hidden": "true" });
  product.append(corner);
  const frame = h("div", { class: "placing" }, product);
  const [share, where] = [() => fill.read() ?? USUAL, () => align.read() ?? "centre"];
  const draw = () => {
    frame.style.setProperty("--fill", String(share()));
    frame.dataset.align = where();
  };
  const size = (/** @type {number} */ to) => { fill.write?.(Math.min(1, Math.max(LEAST, Math.round(to * 100) / 100))); draw(); };
  const stand = (/** @type {string} */ to) => { align.write?.(to); draw(); tell(`Align: ${to}`, true); };
  product.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const acts = { ArrowUp: () => stand("centre"), ArrowDown: () => stand("bottom"), "+": () => size(share() + STEP), "-": () => size(share() - STEP) };
    if (!(event.key in acts)) return;
    event.preventDefault();
    acts[event.key]();
  });
  product.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    event.preventDefault();
    product.focus();
    product.setPointerCapture(event.pointerId);
    const box = frame.getBoundingClientRect();
    const sizing = event.target === corner;
    const move = (/** @type {PointerEvent} */ moved) => {
      const middle = box.left + box.width / 2;
      if (sizing) size((2 * Math.abs(moved.clientX - middle)) / box.width);
      else if (Math.abs(moved.clientY - event.clientY) > box.height / 12) {
        const to = moved.clientY > event.clientY ? "bottom" : "centre";
        if (to !== where()) stand(to);
      }
    };
    const end = () => product.removeEventListener("pointermove", move);
    product.addEventListener("pointermove", move);
    product.addEventListener("pointerup", end, { once: true });
    product.addEventListener("pointercancel", end, { once: true });
  });
  for (const each of [fill, align]) each.element.addEventListener("input", draw);
  draw();
  return h("div", { class: "field" }, h("span", { class: "label" }, "Place"), frame, h("p", { class: "hint" }, "Drag the product down to stand it on the ground, its corner to size it."));
}
