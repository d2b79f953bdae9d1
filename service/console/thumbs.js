/** Small pictures of large ones: fetched only for what is in view, a few at a time, and kept small. */

import { call } from "./api.js";
import { fill, h } from "./dom.js";

const MOST_AT_ONCE = 2;
const MOST_KEPT = 200;
/** Px in which they are kept, twice the size in which they are shown. */
const WIDTH = 128;
const HEIGHT = 96;

/** @type {Map<string, HTMLCanvasElement>} what was drawn, by its path below the service's root */
const kept = new Map();

/** Pictures of images that the service holds. */
export class Thumbs {
  constructor() {
    /** @type {Map<Element, string>} */
    this.paths = new Map();
    /** @type {Set<Element>} in view, and not yet asked for */
    this.waiting = new Set();
    this.running = 0;
    this.seen = new IntersectionObserver((entries) => {
      for (const { isIntersecting, target } of entries) {
        if (isIntersecting) this.waiting.add(target);
        else this.waiting.delete(target);
      }
      this.fetchNext();
    });
  }

  /** Show an image in an element as soon as that is in view. @param {Element} element @param {string} path of the image */
  show(element, path) {
    const known = kept.get(path);
    if (known) return this.put(element, known);
    this.paths.set(element, path);
    this.seen.observe(element);
  }

  /** Forget the elements that are shown no more. */
  reset() {
    this.seen.disconnect();
    this.waiting.clear();
    this.paths.clear();
  }

  async fetchNext() {
    const [element] = this.waiting;
    const path = element && this.paths.get(element);
    if (!path || this.running >= MOST_AT_ONCE) return;
    this.waiting.delete(element);
    this.seen.unobserve(element);
    this.running += 1;
    this.fetchNext();
    try {
      this.put(element, await drawn(path));
    } catch { /* its picture is gone, or the service is away: the icon stays */ }
    this.running -= 1;
    this.fetchNext();
  }

  /** @param {Element} element @param {HTMLCanvasElement} small */
  put(element, small) {
    const own = h("canvas", { width: small.width, height: small.height });
    own.getContext("2d").drawImage(small, 0, 0);
    fill(element, own);
  }
}

/** Forget what was drawn of a job that was erased. @param {string} id */
export function forgetThumbs(id) {
  [...kept.keys()].filter((path) => path.includes(id)).forEach((path) => kept.delete(path));
}

/** Fetch the thumbnail of an image and draw it as small as it is shown. @param {string} path @returns {Promise<HTMLCanvasElement>} */
async function drawn(path) {
  const whole = await createImageBitmap(await (await call(`${path}/thumbnail`, { accept: "image/*" })).blob());
  const scale = Math.min(WIDTH / whole.width, HEIGHT / whole.height);
  const small = h("canvas", { width: Math.max(1, Math.round(whole.width * scale)), height: Math.max(1, Math.round(whole.height * scale)) });
  const pen = small.getContext("2d");
  pen.imageSmoothingQuality = "high";
  pen.drawImage(whole, 0, 0, small.width, small.height);
  whole.close();
  kept.set(path, small);
  if (kept.size > MOST_KEPT) kept.delete(/** @type {string} */ (kept.keys().next().value));
  return small;
}
