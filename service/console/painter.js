/** Painting on a picture: a mask (white where it may change), or colour over it. By mouse, finger, pen or keys. */

import { h, tell } from "./dom.js";

const FIRST_BRUSH = 0.06;
const MOST_UNDO = 12;
/** Px of the longer side that is painted on: what is painted on a larger picture is enlarged to its size. */
const LARGEST = 2048;
/** Px of the longer side in which a small picture is shown, to be painted on. */
const SHOWN = 400;

/** The open painting: its canvas, its brush, and what can be undone. */
class Painting {
  /** @param {HTMLCanvasElement} canvas @param {HTMLCanvasElement} cursor shows where the keys' brush is */
  constructor(canvas, cursor) {
    this.canvas = canvas;
    this.pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d", { willReadFrequently: true }));
    this.cursor = /** @type {CanvasRenderingContext2D} */ (cursor.getContext("2d"));
    this.size = Math.round(FIRST_BRUSH * Math.max(canvas.width, canvas.height));
    this.colour = "#ffffff";
    this.erasing = false;
    this.at = { x: canvas.width / 2, y: canvas.height / 2 };
    this.down = false;
    /** @type {ImageData[]} */
    this.undone = [];
  }

  remember() {
    this.undone.push(this.pen.getImageData(0, 0, this.canvas.width, this.canvas.height));
    if (this.undone.length > MOST_UNDO) this.undone.shift();
  }

  undo() {
    const before = this.undone.pop();
    if (before) this.pen.putImageData(before, 0, 0);
  }

  /** @param {number} x @param {number} y in px of the picture */
  line(x, y) {
    Object.assign(this.pen, { lineCap: "round", lineJoin: "round", lineWidth: this.size, strokeStyle: this.colour });
    this.pen.globalCompositeOperation = this.erasing ? "destination-out" : "source-over";
    this.pen.beginPath();
    if (x === this.at.x && y === this.at.y) {
      // The standard drops a line without length, round ends and all, and some browsers do: a touch is a disc.
      this.pen.fillStyle = this.colour;
      this.pen.arc(x, y, this.size / 2, 0, 7);
      this.pen.fill();
    } else {
      this.pen.moveTo(this.at.x, this.at.y);
      this.pen.lineTo(x, y);
      this.pen.stroke();
    }
    this.at = { x, y };
  }

  all() {
    this.remember();
    this.pen.globalCompositeOperation = "source-over";
    this.pen.fillStyle = this.colour;
    this.pen.fillRect(0, 0, this.canvas.width, this.canvas.height);
  }

  clear() {
    this.remember();
    this.pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
  }

  /** Show the brush where the keys have it; nowhere when `shown` is false. @param {boolean} shown */
  point(shown) {
    const { canvas } = this.cursor;
    this.cursor.clearRect(0, 0, canvas.width, canvas.height);
    if (!shown) return;
    for (const [style, width] of /** @type {[string, number][]} */ ([["#000000", 5], ["#ffffff", 2.5]])) {
      Object.assign(this.cursor, { strokeStyle: style, lineWidth: (width * canvas.width) / 600 });
      this.cursor.beginPath();
      this.cursor.arc(this.at.x, this.at.y, this.size / 2, 0, 7);
      this.cursor.stroke();
    }
  }
}

/** Let a pointer paint. @param {Painting} painting @param {HTMLElement} table */
function byPointer(painting, table) {
  const place = (/** @type {PointerEvent} */ event) => {
    const box = painting.canvas.getBoundingClientRect();
    return [((event.clientX - box.left) * painting.canvas.width) / box.width, ((event.clientY - box.top) * painting.canvas.height) / box.height];
  };
  table.addEventListener("pointerdown", (event) => {
    const [x, y] = place(event);
    table.setPointerCapture(event.pointerId);
    painting.remember();
    painting.point(false);
    painting.down = true;
    painting.at = { x, y };
    painting.line(x, y);
  });
  table.addEventListener("pointermove", (event) => {
    if (painting.down) painting.line(...(/** @type {[number, number]} */ (place(event))));
  });
  for (const end of ["pointerup", "pointercancel"]) table.addEventListener(end, () => { painting.down = false; });
}

const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

/** Let the keys paint: arrows move the brush, with Shift further; Space paints, and held while moving draws. @param {Painting} painting @param {HTMLElement} table */
function byKeys(painting, table) {
  let space = false;
  table.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (event.key === " " && !space) {
      painting.remember();
      painting.line(painting.at.x, painting.at.y);
      space = true;
    } else if (move) {
      const far = (painting.size / 2) * (event.shiftKey ? 4 : 1);
      const x = Math.min(painting.canvas.width, Math.max(0, painting.at.x + move[0] * far));
      const y = Math.min(painting.canvas.height, Math.max(0, painting.at.y + move[1] * far));
      if (space) painting.line(x, y);
      painting.at = { x, y };
    } else if (event.key !== " ") return;
    event.preventDefault();
    painting.point(true);
  });
  table.addEventListener("keyup", (event) => { if (event.key === " ") space = false; });
  table.addEventListener("blur", () => { space = false; painting.point(false); });
  table.addEventListener("focus", () => painting.point(table.matches(":focus-visible")));
}

/**
 * Open the paint table over a picture; resolves with the painting as a PNG, or null when it is put away.
 * A mask is white on black; colour is a layer on nothing.
 * @param {{url: string, width: number, height: number}} picture upright, in px @param {"mask"|"guide"} what
 * @returns {Promise<File|null>}
 */
export function paint(picture, what) {
  const shrink = Math.min(1, LARGEST / Math.max(picture.width, picture.height));
  const size = { width: Math.max(1, Math.round(picture.width * shrink)), height: Math.max(1, Math.round(picture.height * shrink)) };
  const canvas = h("canvas", { ...size, class: what === "mask" ? "veil" : "" });
  const cursor = h("canvas", size);
  const painting = new Painting(canvas, cursor);
  if (what === "mask") painting.colour = "#ff5a36";
  const table = h("div", { class: "paint-table", tabindex: 0, role: "application", "aria-label": "Picture to paint on. The arrow keys move the brush, Space paints." },
    h("img", { src: picture.url, alt: "", draggable: "false" }), canvas, cursor);
  const scale = Math.min(Math.max(1, SHOWN / Math.max(picture.width, picture.height)), 880 / picture.width, (window.innerHeight * 0.56) / picture.height, (window.innerWidth - 96) / picture.width);
  table.style.setProperty("width", `${picture.width * scale}px`);
  table.style.setProperty("height", `${picture.height * scale}px`);
  byPointer(painting, table);
  byKeys(painting, table);
  return opened(painting, table, what, picture);
}

/** @param {Painting} painting @param {HTMLElement} table @param {"mask"|"guide"} what @param {{width: number, height: number}} size @returns {Promise<File|null>} */
function opened(painting, table, what, size) {
  return new Promise((resolve) => {
    const done = async () => { resolve(await result(painting.canvas, what, size)); dialog.close(); };
    const title = what === "mask" ? "Paint the area that may change" : "Paint what you want to see";
    const dialog = h("dialog", { class: "wide", "aria-labelledby": "paint-title", on: { close: () => { resolve(null); dialog.remove(); } } },
      h("div", { class: "dialog-body" }, h("h2", { id: "paint-title" }, title), h("div", { class: "paint-area" }, table), tools(painting, what),
        h("div", { class: "dialog-buttons" },
          h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"),
          h("button", { type: "button", class: "solid", id: "paint-done", on: { click: done } }, "Done"))));
    document.body.append(dialog);
    dialog.showModal();
    table.focus();
    tell(title, true);
  });
}

/** @param {Painting} painting @param {"mask"|"guide"} what */
function tools(painting, what) {
  const most = Math.max(painting.canvas.width, painting.canvas.height);
  const size = h("input", { type: "range", id: "brush", min: 2, max: Math.round(most / 3), value: painting.size, on: { input: () => { painting.size = Number(size.value); } } });
  const colour = h("input", { type: "color", id: "paint-colour", value: "#c8102e", on: { input: () => { painting.colour = colour.value; } } });
  if (what === "guide") painting.colour = colour.value;
  const erase = h("button", { type: "button", "aria-pressed": "false", on: { click: () => {
    painting.erasing = !painting.erasing;
    erase.setAttribute("aria-pressed", String(painting.erasing));
  } } }, "Erase");
  const button = (/** @type {string} */ text, /** @type {() => void} */ act) => h("button", { type: "button", on: { click: act } }, text);
  return h("div", { class: "row" },
    h("label", { for: "brush" }, "Brush"), h("div", {}, size),
    what === "guide" && [h("label", { for: "paint-colour" }, "Colour"), colour],
    erase, button("Undo", () => painting.undo()), button("Clear", () => painting.clear()), what === "mask" && button("Fill all", () => painting.all()));
}

/** @param {HTMLCanvasElement} canvas @param {"mask"|"guide"} what @param {{width: number, height: number}} size of the picture @returns {Promise<File>} */
async function result(canvas, what, size) {
  const painted = h("canvas", { width: size.width, height: size.height });
  const pen = /** @type {CanvasRenderingContext2D} */ (painted.getContext("2d"));
  pen.drawImage(canvas, 0, 0, size.width, size.height);
  if (what === "mask") {
    Object.assign(pen, { globalCompositeOperation: "source-in", fillStyle: "#ffffff" });
    pen.fillRect(0, 0, painted.width, painted.height);
    Object.assign(pen, { globalCompositeOperation: "destination-over", fillStyle: "#000000" });
    pen.fillRect(0, 0, painted.width, painted.height);
  }
  const blob = /** @type {Blob} */ (await new Promise((resolve) => painted.toBlob(resolve, "image/png")));
  return new File([blob], `${what}.png`, { type: "image/png" });
}
