/** A ruler over a finished picture: the box of its product, how much of the frame that takes, and the margins left. */

import { h, s } from "./dom.js";

/** Px of the longer side of the copy that is measured. */
const SIDE = 500;
/** Levels by which a pixel differs from the background, and alpha from which on one is seen. */
const DIFFERS = 24;
const SEEN = 128;

/** @typedef {{left: number, top: number, right: number, bottom: number}} Box shares of the frame, 0 to 1 */

/**
 * The box of what is not background: of what is opaque, else of what differs from the corner; null where nothing does.
 * @param {HTMLImageElement} image @returns {Box|null}
 */
export function boxOf(image) {
  const shrink = Math.min(1, SIDE / Math.max(image.naturalWidth, image.naturalHeight));
  const width = Math.max(1, Math.round(image.naturalWidth * shrink));
  const height = Math.max(1, Math.round(image.naturalHeight * shrink));
  const canvas = h("canvas", { width, height });
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
  pen.drawImage(image, 0, 0, width, height);
  const { data } = pen.getImageData(0, 0, width, height);
  const clear = data[3] < SEEN;
  const part = (/** @type {number} */ at) => (clear ? data[at + 3] >= SEEN : [0, 1, 2].some((channel) => Math.abs(data[at + channel] - data[channel]) > DIFFERS));
  const box = { left: width, top: height, right: 0, bottom: 0 };
  for (let at = 0; at < data.length; at += 4) {
    if (!part(at)) continue;
    const x = (at / 4) % width;
    const y = Math.floor(at / 4 / width);
    Object.assign(box, { left: Math.min(box.left, x), top: Math.min(box.top, y), right: Math.max(box.right, x + 1), bottom: Math.max(box.bottom, y + 1) });
  }
  return box.right ? { left: box.left / width, top: box.top / height, right: box.right / width, bottom: box.bottom / height } : null;
}

/** A share in percent. @param {number} share */
const percent = (share) => `${(share * 100).toFixed(1)} %`;

/** What a ruler says, in words. @param {Box} box */
export function said(box) {
  const fill = Math.max(box.right - box.left, box.bottom - box.top);
  return `Fill ${percent(fill)}; margins: left ${percent(box.left)}, top ${percent(box.top)}, right ${percent(1 - box.right)}, bottom ${percent(1 - box.bottom)}`;
}

/** The ruler to lay over a picture. @param {Box} box */
export function ruler(box) {
  const across = (box.left + box.right) / 2;
  const down = (box.top + box.bottom) / 2;
  const line = (/** @type {number[]} */ [x1, y1, x2, y2]) => s("line", { x1: x1 * 100, y1: y1 * 100, x2: x2 * 100, y2: y2 * 100 });
  const lines = [[0, down, box.left, down], [box.right, down, 1, down], [across, 0, across, box.top], [across, box.bottom, across, 1]].map(line);
  const frame = s("rect", { x: box.left * 100, y: box.top * 100, width: (box.right - box.left) * 100, height: (box.bottom - box.top) * 100 });
  const label = (/** @type {number} */ share, /** @type {number} */ x, /** @type {number} */ y) => {
    const element = h("span", {}, percent(share));
    element.style.setProperty("left", `${x * 100}%`);
    element.style.setProperty("top", `${y * 100}%`);
    return element;
  };
  return h("div", { class: "ruler", role: "img", "aria-label": said(box) }, s("svg", { viewBox: "0 0 100 100", preserveAspectRatio: "none", "aria-hidden": "true" }, frame, ...lines),
    label(box.left, box.left / 2, down), label(1 - box.right, (1 + box.right) / 2, down), label(box.top, across, box.top / 2), label(1 - box.bottom, across, (1 + box.bottom) / 2),
    label(Math.max(box.right - box.left, box.bottom - box.top), across, down));
}
