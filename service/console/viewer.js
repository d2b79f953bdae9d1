/** Original and result, over each other with a divider, side by side, or as their difference; each with its true pixels. */

import { fill, h, icon, tell } from "./dom.js";
import { radios } from "./fields.js";
import { centre, draggable, middle, reachable } from "./pan.js";
import { boxOf, ruler, said } from "./ruler.js";
import { SMALL } from "./stage.js";

const ZOOMS = [{ value: "fit", label: "Fit" }, { value: "1", label: "100 %" }, { value: "2", label: "200 %" }, { value: "4", label: "400 %" }];
const STEP = 2;
const FAR = 10;
const MOST_DIFFERENCE = 16e6;

/** @typedef {{before: string|null, after: string, label: string, ruled?: boolean}} Pair addresses of the two pictures, and whether a product is measured */

/** The viewer of one pair at a time. */
export class Viewer {
  constructor() {
    this.look = "slider";
    this.zoom = "fit";
    this.split = 50;
    this.gain = 4;
    this.sharp = false;
    this.ruled = false;
    /** @type {Pair|null} */
    this.pair = null;
    this.tools = h("div", { class: "viewer-tools" });
    this.frame = h("div", { class: "viewer-frame" });
    this.element = h("div", { class: "viewer" }, this.frame, this.tools);
    draggable(this.frame, (event) => this.zoom !== "fit" && !this.knob?.contains(/** @type {Node} */ (event.target)));
    new ResizeObserver(() => this.measure()).observe(this.frame);
  }

  /** Show a pair; resolves once both are decoded. @param {Pair} pair */
  async show(pair) {
    this.pair = pair;
    this.after = h("img", { src: pair.after, alt: `Result: ${pair.label}`, class: "after", draggable: "false" });
    this.before = pair.before ? h("img", { src: pair.before, alt: `Original: ${pair.label}`, class: "before", draggable: "false" }) : null;
    await Promise.all([this.after, this.before].map((image) => image?.decode().catch(() => {})));
    if (this.pair === pair) this.draw();
  }

  /** Back to the whole picture, for another job. */
  reset() {
    Object.assign(this, { zoom: "fit", sharp: false, split: 50 });
  }

  draw() {
    const look = this.before ? this.look : "alone";
    this.knob = null;
    if (look === "slider") this.drawSlider();
    else if (look === "beside") fill(this.frame, h("div", { class: "beside" }, this.titled("Original", this.before), this.titled("Result", this.after)));
    else if (look === "difference") fill(this.frame, h("div", { class: "pictures" }, this.difference()));
    else fill(this.frame, h("div", { class: "pictures" }, this.after));
    this.frame.dataset.look = look;
    this.drawRuler();
    this.drawTools();
    this.measure();
  }

  /** Lay the ruler over the result, where there is one and it is asked for. */
  drawRuler() {
    this.box = this.pair?.ruled ? boxOf(/** @type {any} */ (this.after)) : null;
    const pictures = [...this.frame.querySelectorAll(".pictures")].at(-1);
    if (this.box && this.ruled) pictures?.append(ruler(this.box));
  }

  /** @param {string} title @param {HTMLElement} image */
  titled(title, image) {
    return h("figure", {}, h("div", { class: "pictures" }, image), h("figcaption", {}, title));
  }

  drawSlider() {
    this.knob = h("button", { type: "button", class: "knob", role: "slider", "aria-label": "Divider between original and result", "aria-orientation": "horizontal",
      "aria-valuemin": 0, "aria-valuemax": 100, on: { keydown: (/** @type {KeyboardEvent} */ event) => this.byKey(event) } }, icon("same"));
    const line = h("div", { class: "divider" }, this.knob);
    const pictures = h("div", { class: "pictures" }, this.before, this.after, line);
    fill(this.frame, pictures, h("span", { class: "side given", "aria-hidden": "true" }, "Original"), h("span", { class: "side made", "aria-hidden": "true" }, "Result"));
    pictures.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
      const onKnob = this.knob?.contains(/** @type {Node} */ (event.target));
      if (this.zoom !== "fit" && !onKnob) return;
      pictures.setPointerCapture(event.pointerId);
      this.dragged(event, pictures);
      const move = (/** @type {PointerEvent} */ moved) => this.dragged(moved, pictures);
      pictures.addEventListener("pointermove", move);
      const end = () => pictures.removeEventListener("pointermove", move);
      pictures.addEventListener("pointerup", end, { once: true });
      pictures.addEventListener("pointercancel", end, { once: true });
    });
    this.moveTo(this.split);
  }

  /** @param {PointerEvent} event @param {HTMLElement} pictures */
  dragged(event, pictures) {
    const box = pictures.getBoundingClientRect();
    this.moveTo(((event.clientX - box.left) / box.width) * 100);
    event.preventDefault();
  }

  /** @param {KeyboardEvent} event */
  byKey(event) {
    const moves = { ArrowLeft: -STEP, ArrowDown: -STEP, ArrowRight: STEP, ArrowUp: STEP, PageDown: -FAR, PageUp: FAR, Home: -100, End: 100 };
    if (!(event.key in moves)) return;
    event.preventDefault();
    this.moveTo(this.split + moves[event.key] * (event.shiftKey ? 5 : 1));
  }

  /** @param {number} split share of the width that shows the given picture, in % */
  moveTo(split) {
    this.split = Math.min(100, Math.max(0, split));
    this.frame.style.setProperty("--split", `${this.split}%`);
    this.knob?.setAttribute("aria-valuenow", String(Math.round(this.split)));
    this.knob?.setAttribute("aria-valuetext", `${Math.round(this.split)} % original, ${Math.round(100 - this.split)} % result`);
  }

  /** Set the size in which the pictures are shown: of the frame, or so many of the screen's own pixels for each of theirs. */
  measure() {
    const { naturalWidth: width, naturalHeight: height } = this.after || {};
    if (!width) return;
    const across = this.frame.dataset.look === "beside" && this.frame.clientWidth > 560 ? 2 : 1;
    const room = { width: (this.frame.clientWidth - 24 * across) / across, height: Math.max(240, window.innerHeight * 0.6) };
    const scale = this.zoom === "fit" ? Math.min(room.width / width, room.height / height, Math.max(1, SMALL / Math.max(width, height))) : Number(this.zoom) / window.devicePixelRatio;
    for (const pictures of this.frame.querySelectorAll(".pictures")) {
      pictures.style.setProperty("width", `${width * scale}px`);
      pictures.style.setProperty("height", `${height * scale}px`);
    }
    this.frame.classList.toggle("sharp", this.sharp);
    this.frame.classList.toggle("zoomed", this.zoom !== "fit");
    reachable(this.frame, this.zoom !== "fit");
  }

  /** What is looked at: the middle of the frame, or the divider when the whole picture is in it. */
  spot() {
    return this.zoom === "fit" ? { across: this.before && this.look === "slider" ? this.split / 100 : 0.5, down: 0.5 } : middle(this.frame);
  }

  difference() {
    const shrink = Math.min(1, Math.sqrt(MOST_DIFFERENCE / (this.after.naturalWidth * this.after.naturalHeight)));
    const canvas = h("canvas", { width: Math.round(this.after.naturalWidth * shrink), height: Math.round(this.after.naturalHeight * shrink), role: "img", "aria-label": `Difference, amplified ${this.gain} times; black where the two are equal` });
    const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
    const size = /** @type {[number, number, number, number]} */ ([0, 0, canvas.width, canvas.height]);
    pen.fillRect(...size);
    pen.drawImage(this.before, ...size);
    pen.globalCompositeOperation = "difference";
    pen.drawImage(this.after, ...size);
    pen.globalCompositeOperation = "lighter";
    for (let gain = 1; gain < this.gain; gain *= 2) pen.drawImage(canvas, 0, 0);
    return canvas;
  }

  /** Change the view or the zoom, and keep in the middle what is looked at. @param {"look"|"zoom"} what @param {string} value */
  turn(what, value) {
    const spot = this.spot();
    this[what] = value;
    if (what === "zoom") this.sharp = Number(value) > 1;
    this.draw();
    centre(this.frame, spot);
    tell(`${what === "zoom" ? "Zoom" : "View"}: ${value === "fit" ? "fit" : what === "zoom" ? `${Number(value) * 100} %` : value}`, true);
  }

  drawTools() {
    const looks = [{ value: "slider", label: "Slider" }, { value: "beside", label: "Side by side" }, { value: "difference", label: "Difference" }];
    const change = (/** @type {"look"|"zoom"} */ what, /** @type {string} */ value) => {
      this.turn(what, value);
      this.tools.querySelector(/** @type {any} */ (`input[value="${value}"]`))?.focus();
    };
    const pixels = h("button", { type: "button", class: "quiet", "aria-pressed": String(this.sharp), title: "Show each pixel as a square", on: { click: () => {
      this.sharp = !this.sharp;
      this.measure();
      pixels.setAttribute("aria-pressed", String(this.sharp));
    } } }, "Pixels");
    const rule = this.box && h("button", { type: "button", class: "quiet", "aria-pressed": String(this.ruled), title: said(this.box), on: { click: () => {
      this.ruled = !this.ruled;
      this.draw();
      /** @type {any} */ (this.tools.querySelector("[data-ruler]"))?.focus();
      if (this.ruled && this.box) tell(said(this.box), true);
    } }, "data-ruler": true }, "Ruler");
    fill(this.tools, this.before && radios("look", "View", looks, this.look, (value) => change("look", value)),
      this.look === "difference" && this.before && this.gains(),
      radios("zoom", "Zoom", ZOOMS, this.zoom, (value) => change("zoom", value)), pixels, rule);
  }

  gains() {
    const box = h("select", { "aria-label": "Amplify the difference", on: { change: () => { this.gain = Number(box.value); this.draw(); } } },
      [1, 2, 4, 8, 16, 32].map((gain) => h("option", { value: gain, selected: gain === this.gain }, `× ${gain}`)));
    return box;
  }
}
