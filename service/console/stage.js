/** The stage: where a picture is dropped, seen, and watched while it is worked on. */

import { bytes, fill, h, icon, s, seconds, spoken, tell } from "./dom.js";

const STAGES = { loading: "Loading the engine", preparing: "Preparing", denoising: "Generating", decoding: "Decoding", assessing: "Measuring" };
/** Px of the longer side; a smaller picture is shown as large, like its result. */
export const SMALL = 420;
/** Px of the longer side of a copy that is looked at for alpha. */
const GLANCE = 256;
const TAKEN = ["image/png", "image/jpeg", "image/webp"];

/** @typedef {{file: File, url: string, width: number, height: number, alpha: boolean}} Picture upright, in px; `alpha`: some of it is transparent */

/** Read a picture that was dropped, pasted or chosen. Throws an Error that says what is wrong. @param {File} file @returns {Promise<Picture>} */
export async function readPicture(file) {
  if (!TAKEN.includes(file.type)) throw new Error(`${file.name} is not a PNG, JPEG or WebP picture.`);
  const url = URL.createObjectURL(file);
  const image = new Image();
  image.src = url;
  try {
    await image.decode();
  } catch {
    URL.revokeObjectURL(url);
    throw new Error(`${file.name} cannot be read as a picture.`);
  }
  return { file, url, width: image.naturalWidth, height: image.naturalHeight, alpha: hasAlpha(image) };
}

/** Whether some of a picture is transparent, seen on a small copy. @param {HTMLImageElement} image */
function hasAlpha(image) {
  const [width, height] = [image.naturalWidth, image.naturalHeight].map((side) => Math.min(side, GLANCE));
  const context = Object.assign(document.createElement("canvas"), { width, height }).getContext("2d");
  context?.drawImage(image, 0, 0, width, height);
  return context?.getImageData(0, 0, width, height).data.some((value, at) => at % 4 === 3 && value < 255) || false;
}

/** The stage. `take` gets the files that are dropped, pasted or chosen. */
export class Stage {
  /** @param {HTMLElement} section @param {HTMLElement} body @param {{take: (files: File[]) => void, remove: () => void, cancel: () => void}} page */
  constructor(section, body, page) {
    this.section = section;
    this.body = body;
    this.page = page;
    this.input = h("input", { type: "file", id: "picture", accept: TAKEN.join(","), class: "visually-hidden", tabindex: -1, multiple: true, "aria-label": "Picture", on: { change: () => this.chosen() } });
    section.append(this.input);
    this.listen();
  }

  chosen() {
    const files = [...(this.input.files || [])];
    this.input.value = "";
    if (files.length) this.page.take(files);
  }

  listen() {
    const over = (/** @type {boolean} */ is) => this.section.classList.toggle("over", is);
    document.addEventListener("dragover", (event) => {
      event.preventDefault();
      over(true);
    });
    document.addEventListener("dragleave", (event) => { if (!event.relatedTarget) over(false); });
    document.addEventListener("drop", (event) => {
      event.preventDefault();
      over(false);
      const files = [...(event.dataTransfer?.files || [])];
      if (files.length) this.page.take(files);
    });
    document.addEventListener("paste", (event) => {
      const file = [...(event.clipboardData?.files || [])].find((each) => each.type.startsWith("image/"));
      if (!file) return;
      event.preventDefault();
      this.page.take([file]);
    });
  }

  /** @param {string} [wrong] why the last one was not taken */
  showEmpty(wrong) {
    const choose = () => this.input.click();
    fill(this.body, h("div", { class: "drop", on: { click: choose } }, artwork(),
      h("p", { class: "drop-title" }, "Drop a product photo"),
      h("p", { class: "muted" }, "PNG, JPEG or WebP. Drop several to make all of them, or paste one."),
      h("button", { type: "button", class: "solid", id: "choose", on: { click: (/** @type {Event} */ event) => { event.stopPropagation(); choose(); } } }, "Choose a picture"),
      wrong && h("p", { class: "wrong", role: "alert" }, h("span", {}, wrong)),
      h("ul", { class: "promises" }, ["The frame never changes", "Every result is measured", "It stays on your servers"].map((text) => h("li", {}, icon("check"), text)))));
  }

  /** @param {Picture} picture @param {string} [wrong] @param {File[]} [others] that are worked on with it */
  showPicture(picture, wrong, others = []) {
    const image = h("img", { src: picture.url, alt: `Original: ${picture.file.name}`, class: "fade" });
    enlarge(image, picture.width, picture.height);
    fill(this.body, h("div", { class: "shown" }, image), this.foot(picture),
      others.length > 0 && h("p", { class: "stage-others small", id: "others" }, `And with the same settings: ${others.map((file) => file.name).join(", ")}`),
      wrong && h("p", { class: "wrong stage-wrong", role: "alert" }, h("span", {}, wrong)));
  }

  /** Show what was given for a job that gave nothing, when it is opened again. @param {string} url @param {any} job */
  showGiven(url, job) {
    const image = h("img", { src: url, alt: `Picture of the job: ${job.filename || job.kind}` });
    image.addEventListener("load", () => enlarge(image, image.naturalWidth, image.naturalHeight));
    fill(this.body, h("div", { class: "shown" }, image), h("div", { class: "stage-foot" }, h("p", { class: "stage-name" }, h("strong", {}, job.filename || spoken(job.kind))),
      h("button", { type: "button", class: "quiet", on: { click: () => this.input.click() } }, "Choose another picture")));
  }

  /** @param {Picture} picture */
  foot(picture) {
    return h("div", { class: "stage-foot" },
      h("p", { class: "stage-name" }, h("strong", { title: picture.file.name }, picture.file.name), h("span", { class: "muted" }, ` ${picture.width} × ${picture.height} px, ${bytes(picture.file.size)}`)),
      h("div", { class: "row" },
        h("button", { type: "button", class: "quiet", on: { click: () => this.input.click() } }, "Replace"),
        h("button", { type: "button", class: "quiet", id: "remove", on: { click: () => this.page.remove() } }, "Remove")));
  }

  /** Show a job on its way. @param {any} job @param {string|null} url of the picture that was given */
  showRunning(job, url) {
    this.picture = h("img", { src: url, alt: "", class: url ? "waiting" : "waiting none", hidden: !url });
    this.picture.addEventListener("load", () => enlarge(this.picture, this.picture.naturalWidth, this.picture.naturalHeight));
    this.preview = h("img", { alt: "Preview of the running job", class: "preview", hidden: true });
    this.what = h("p", { class: "doing", id: "doing" }, "Submitting");
    this.detail = h("p", { class: "muted small" });
    this.bar = h("progress", { "aria-labelledby": "doing" });
    this.stop = h("button", { type: "button", id: "cancel", on: { click: () => this.page.cancel() } }, icon("stop"), "Cancel");
    this.began = Date.now();
    /** @type {string|null} */
    this.counted = null;
    const { detail } = this;
    const ticking = setInterval(() => {
      if (!detail.isConnected) clearInterval(ticking);
      else if (this.counted !== null) detail.textContent = this.soFar();
    }, 1000);
    fill(this.body, h("div", { class: "shown working" }, this.picture, this.preview),
      h("div", { class: "stage-foot" }, h("div", { class: "doing-box" }, this.what, this.bar, this.detail), this.stop));
    this.update(job);
  }

  /** Say that the job is being stopped, so that it cannot be asked twice, or that it is not after all. @param {boolean} is */
  setStopping(is) {
    if (is) this.say("Cancelling", "Stops after the current step.");
    this.stop.disabled = is;
  }

  /** @param {any} job as it stands */
  update(job) {
    if (this.stop.disabled) return;
    if (job.status === "queued") {
      const before = job.position;
      this.say(before ? `Waiting: ${before} ${before === 1 ? "job" : "jobs"} ahead of this one` : "Waiting for a worker", "You may close this page: the job will still run.");
      this.bar.removeAttribute("value");
    } else if (job.progress) this.step(job.progress);
    else if (job.status === "running") this.say("Starting", "");
  }

  /** @param {any} progress */
  step(progress) {
    if (this.stop.disabled) return;
    const run = progress.runs ? `Run ${progress.run} of ${progress.runs}: ` : "";
    const attempt = progress.attempt > 1 ? `, attempt ${progress.attempt}` : "";
    const doing = STAGES[progress.stage] || progress.stage;
    const share = progress.stage === "denoising" && progress.steps ? progress.step / progress.steps : progress.stage === "assessing" || progress.stage === "decoding" ? 1 : 0;
    const whole = ((progress.run || 1) - 1 + share) / (progress.runs || 1);
    const counted = progress.stage === "denoising" && progress.steps ? `step ${progress.step} of ${progress.steps}` : "";
    if (whole > 0) this.bar.value = whole;
    document.title = `${Math.round(whole * 100)} % · Likeness`;
    this.say(`${run}${run ? doing.toLowerCase() : doing}${attempt}`, "", counted);
  }

  /** @returns {string} the step, and the time, which goes on where a step is long */
  soFar() {
    return [this.counted, `${seconds((Date.now() - this.began) / 1000)} so far`].filter(Boolean).join(", ");
  }

  /** @param {string} what @param {string} detail @param {string|null} [counted] the step: the time is told beside it */
  say(what, detail, counted = null) {
    if (this.what.textContent !== what) tell(what);
    this.what.textContent = what;
    this.counted = counted;
    this.detail.textContent = counted === null ? detail : this.soFar();
  }

  /** @param {string} url */
  showPreview(url) {
    if (this.preview.src) URL.revokeObjectURL(this.preview.src);
    this.preview.src = url;
    this.preview.hidden = false;
    this.picture.classList.add("behind");
  }

  /** @param {HTMLElement} element the viewer @param {...any} foot */
  showViewer(element, ...foot) {
    fill(this.body, element, h("div", { class: "stage-foot" }, foot));
  }
}

/** Show a small picture as large as its result will be. @param {HTMLElement} image @param {number} width @param {number} height in px */
function enlarge(image, width, height) {
  if (Math.max(width, height) < SMALL) image.style.setProperty(width > height ? "width" : "height", `${SMALL}px`);
}

/** Two halves of one frame with a divider: what the page is about. */
function artwork() {
  const line = { fill: "none", stroke: "currentColor", "stroke-width": 2.5, "stroke-linejoin": "round", "stroke-linecap": "round" };
  return s("svg", { viewBox: "0 0 136 96", class: "drop-art", "aria-hidden": "true" },
    s("path", { d: "M68 10H20a8 8 0 0 0-8 8v60a8 8 0 0 0 8 8h48", ...line, "stroke-dasharray": "1 6" }),
    s("path", { d: "M68 10h48a8 8 0 0 1 8 8v60a8 8 0 0 1-8 8H68", ...line }),
    s("path", { d: "M52 34l8-6c2 5 14 5 16 0l8 6 10 9-7 9-6-4v24H55V48l-6 4-7-9z", ...line }),
    s("path", { d: "M68 2v92", ...line, class: "art-line" }));
}
