/** The settings: what to do, with which engine, how; and what the service finds wrong with them. */

import { Problem } from "./api.js";
import { EDIT_TYPES } from "./catalogue.js";
import { fill, h, icon, tell } from "./dom.js";
import { numberField, radios, textField } from "./fields.js";
import { Grid } from "./grid.js";
import { Memory } from "./memory.js";
import { PACKSHOTS, packshotForm } from "./packshots.js";
import { comparisonFields, engineChoice, engineFacts, engineFields, orderFields } from "./parameters.js";
import { asCurl, asPython, copy } from "./request.js";
import { makeEdit, readAll } from "./edit_types.js";

const MODES = [
  { value: "recreate", label: "Recreate", about: "Makes the same picture again, as exactly as the engine can.", act: "Recreate the picture" },
  { value: "customise", label: "Customise", about: "One edit, or several in order. What they do not change stays as it is in the original.", act: "Customise the picture" },
  { value: "compare", label: "Compare", about: "Runs one picture through several engines and settings, and ranks the results.", act: "Compare the engines" },
  { value: "cutout", label: "Cut out", about: "The product on nothing, at the same size.", act: "Cut the product out" },
  { value: "packshot", label: "Packshot", about: "The product in a frame of its own: background, size, shadow, a marketplace's rules.", act: "Make the packshot" },
  { value: "check", label: "Check", about: "Judges a picture by a marketplace's rules, and marks the pixels that break them.", act: "Check the picture" },
  { value: "generate", label: "Generate", about: "Makes a new image, without an original.", act: "Generate an image" },
];

const COMPARED = [{ value: "recreate", label: "Recreate the picture" }, { value: "customise", label: "Edit the picture" }];
/** The fields of an edit with what steers its engine; of several edits that is said in the first. @param {Record<string, any>} own @param {Record<string, any>} fields */
function steeredBy(own, fields) {
  if (!fields.edits) return { ...own, ...fields };
  const [first, ...others] = fields.edits;
  return { ...fields, edits: [{ ...own, ...first }, ...others] };
}

const NO_EDIT = { elements: [], read: () => ({ fields: {}, files: {} }) };

/** Seconds; a quota that comes back tomorrow is only told. */
const LONGEST_COUNTDOWN = 600;

/** The form at the side of the stage. */
export class Panel {
  /**
   * @param {HTMLElement} body @param {import("./catalogue.js").Catalogue} catalogue
   * @param {{picture: () => any, submit: (request: import("./request.js").Request) => void}} page
   */
  constructor(body, catalogue, page) {
    this.body = body;
    this.catalogue = catalogue;
    this.page = page;
    this.kind = "recreate";
    /** What every run of a comparison does. */
    this.compared = "recreate";
    /** @type {Map<string, Grid>} */
    this.grids = new Map();
    /** @type {{mask?: File, guide?: File}} on the picture that is there now */
    this.paintings = {};
    this.editType = catalogue.editTypes()[0]?.name || "instruction";
    /** @type {{pointer: string, detail: string}[]} */
    this.complaints = [];
    this.busy = false;
    this.memory = new Memory(body, (ofTheJob) => [this.kind, this.compared, this.purpose, this.editType, ofTheJob ? "" : this.engine?.name].join("/"));
    this.draw();
  }

  /** @returns {string} what is done to a picture, in each run where they are compared */
  get doing() {
    return this.kind === "compare" ? this.compared : this.kind;
  }

  /** @returns {string} what an engine is chosen and set for */
  get purpose() {
    return this.doing === "customise" ? EDIT_TYPES.find((editType) => editType.name === this.editType)?.way || "" : this.doing;
  }

  draw() {
    const way = this.kind === "customise" ? this.purpose : undefined;
    const able = this.kind === "compare" ? [] : this.catalogue.enginesFor(this.kind, way);
    this.engine = able.find((engine) => engine.name === this.chosen) || (able.length ? this.catalogue.defaultFor(this.kind, way) : null);
    const mode = MODES.find((each) => each.value === this.kind) || MODES[0];
    const parts = this.kind === "compare" ? this.forComparison() : PACKSHOTS.includes(this.kind) && this.engine ? this.forPackshot() : this.engine ? this.forEngine() : [h("p", { class: "hint" }, "No installed engine supports this.")];
    this.error = h("div", { class: "summary-error", role: "alert", tabindex: -1, hidden: true });
    this.button = h("button", { type: "submit", class: "solid", id: "submit" }, mode.act);
    fill(this.body, h("div", { class: "panel-fields" }, this.modes(), h("p", { class: "hint" }, mode.about), parts),
      h("div", { class: "panel-foot" }, this.error, this.button, this.copies()));
    this.memory.restore();
    this.fitPicture();
    this.setBusy(this.busy);
  }

  modes() {
    return radios("kind", "What to do", MODES, this.kind, (kind) => { this.kind = kind; this.redrawn(`[data-field=kind] input[value="${kind}"]`); });
  }

  /** Draw anew and put the focus back where it was. @param {string} selector */
  redrawn(selector) {
    this.draw();
    this.body.querySelector(/** @type {any} */ (selector))?.focus();
  }

  forComparison() {
    const { catalogue, compared, purpose } = this;
    const edits = compared === "customise";
    const key = edits ? purpose : compared;
    const grid = this.grids.get(key) || new Grid(catalogue, compared, purpose);
    this.grids.set(key, grid);
    const editType = edits ? makeEdit(this.editType, this.setting(catalogue.defaultFor(compared, purpose))) : NO_EDIT;
    const order = comparisonFields(catalogue);
    this.read = () => {
      const said = editType.read();
      return { fields: { ...(edits ? { task: { kind: compared, ...said.fields } } : {}), runs: grid.read(), ...readAll(order) }, files: said.files };
    };
    return [
      radios("task", "In every run", COMPARED, compared, (chosen) => { this.compared = chosen; this.redrawn(`[data-field=task] input[value="${chosen}"]`); }, "chips"),
      edits && this.editTypeChoice(), editType.elements, grid.element,
      h("details", { id: "more" }, h("summary", {}, "More settings"), h("div", { class: "fields" }, order.map((each) => each.element))),
    ];
  }

  /** Whether the service chooses the engine, by what an instruction asks for: nobody chose one here. */
  get free() {
    return this.kind === "customise" && this.purpose === "instruction" && this.engine?.name !== this.chosen;
  }

  /** What a way of customising is set in. @param {any} engine @returns {import("./edit_types.js").Setting} */
  setting(engine) {
    const painted = (/** @type {"mask"|"guide"} */ what, /** @type {File|undefined} */ file) => {
      if (file) this.paintings[what] = file;
      return this.paintings[what] || null;
    };
    const lines = this.free ? this.catalogue.instructions() : engine.instructions;
    return { catalogue: this.catalogue, engine, lines, picture: this.page.picture, complain: (problem) => this.complaints.push(problem), painted };
  }

  /** Show the fields that fit the picture. */
  fitPicture() {
    const alpha = Boolean(this.page.picture()?.alpha);
    this.body.querySelectorAll("[data-needs-alpha]").forEach((each) => { /** @type {HTMLElement} */ (each).hidden = !alpha; });
  }

  /** Another picture is there, or none: drop what was painted on the one before. */
  changePicture() {
    this.fitPicture();
    this.paintings = {};
    this.body.querySelectorAll("[data-unpainted]").forEach((each) => { each.textContent = each.getAttribute("data-unpainted"); });
  }

  forEngine() {
    const { kind, engine, catalogue } = this;
    const editType = kind === "customise" ? makeEdit(this.editType, this.setting(engine)) : NO_EDIT;
    const own = engineFields(catalogue, kind, engine, this.purpose, kind === "recreate" ? [] : ["prompt"]);
    const order = orderFields(catalogue, kind, engine);
    const first = kind === "generate" ? this.fieldsOfGenerate() : [];
    const steering = [...first, ...own.main, ...own.more];
    this.read = () => {
      const said = editType.read();
      const { loras, ...ofJob } = readAll([...order.main, ...order.more]);
      const named = this.free ? {} : { engine: engine.name };
      const steered = { ...named, ...readAll(steering), ...(loras ? { loras } : {}) };
      return { fields: { ...steeredBy(steered, said.fields), ...ofJob }, files: said.files };
    };
    const elements = (/** @type {any[]} */ list) => list.map((each) => each.element);
    return [
      kind === "customise" && this.editTypeChoice(), editType.elements, elements(first.filter((each) => each.name === "prompt")),
      first.length > 0 && h("div", { class: "two" }, elements(first.filter((each) => each.name !== "prompt"))),
      engineChoice(catalogue.enginesFor(kind, kind === "customise" ? this.purpose : undefined), engine.name, (name) => { this.chosen = name; this.redrawn("select[name=engine]"); }),
      engineFacts(engine, kind), elements(own.main), elements(order.main),
      h("details", { id: "more" }, h("summary", {}, "More settings"), h("div", { class: "fields" }, elements(own.more), elements(order.more))),
    ];
  }

  forPackshot() {
    const { main, board, more, read } = packshotForm(this.kind, this.catalogue);
    this.read = read;
    const elements = (/** @type {any[]} */ list) => list.map((each) => each.element);
    return [elements(main), board, more.length > 0 && h("details", { id: "more" }, h("summary", {}, "More settings"), h("div", { class: "fields" }, elements(more)))];
  }

  editTypeChoice() {
    const options = this.catalogue.editTypes().map((editType) => ({ value: editType.name, label: editType.label }));
    return radios("editType", "Edit type", options, this.editType, (editType) => { this.editType = editType; this.redrawn(`[data-field=editType] input[value="${editType}"]`); }, "chips");
  }

  fieldsOfGenerate() {
    const prompt = this.engine && "prompt" in this.engine.parameters;
    const sides = ["width", "height"].map((name) => {
      const said = this.catalogue.field("generate", name);
      return numberField(name, { hint: "px; set both or neither", value: null, minimum: said.minimum, maximum: said.maximum, whole: true });
    });
    return [...(prompt ? [textField("prompt", { label: "What the image shows", lines: 3 })] : []), ...sides];
  }

  copies() {
    const button = (/** @type {string} */ text, /** @type {(request: any) => string} */ write) => {
      const label = h("span", {}, text);
      const press = async () => {
        const request = this.request();
        if (!request) return;
        await copy(write(request));
        label.textContent = "Copied";
        tell(`${text}: copied`, true);
        setTimeout(() => { label.textContent = text; }, 1600);
      };
      return h("button", { type: "button", class: "quiet", on: { click: press } }, icon("copy"), label);
    };
    return h("div", { class: "copies" }, button("Copy as curl", asCurl), button("Copy as Python", asPython));
  }

  /** What is to be submitted, or null when something is missing, which is then shown. */
  request() {
    this.clear();
    this.complaints = [];
    const said = this.read ? this.read() : { fields: {}, files: {} };
    const picture = this.page.picture();
    if (this.kind !== "generate" && !picture) this.complaints.push({ pointer: "#/image", detail: "choose a picture first" });
    if (this.complaints.length) {
      this.show(new Problem(422, { title: "Something is missing.", detail: this.complaints.map((each) => each.detail).join("; "), errors: this.complaints }));
      return null;
    }
    const image = this.kind === "generate" ? {} : { image: picture.file };
    return { kind: this.kind, fields: said.fields, files: { ...image, ...said.files } };
  }

  send() {
    const request = this.busy ? null : this.request();
    if (request) this.page.submit(request);
  }

  /** @param {boolean} busy */
  setBusy(busy) {
    this.busy = busy;
    this.button.disabled = busy;
  }

  clear() {
    clearInterval(this.counting);
    this.error.hidden = true;
    this.body.querySelectorAll(".wrong").forEach((each) => each.remove());
    this.body.querySelectorAll("[aria-invalid]").forEach((each) => each.removeAttribute("aria-invalid"));
  }

  /** Show what is wrong beside its fields, and go to the first. @param {Problem} problem */
  show(problem) {
    this.clear();
    const unread = problem.code === "instruction_not_understood"; // its errors list what could be asked: the form shows that
    const errors = unread ? [{ pointer: "#/instruction", detail: problem.message.replace(/^instruction: |; errors lists .*$/g, "") }] : problem.errors;
    const homeless = errors.filter((each) => !this.mark(each));
    fill(this.error, h("p", {}, errors.length && homeless.length === 0 ? problem.title || "Something is missing." : problem.message),
      homeless.length > 1 && h("ul", {}, homeless.map((each) => h("li", {}, each.detail))),
      problem.retryAfter && problem.retryAfter <= LONGEST_COUNTDOWN && this.countdown(problem.retryAfter),
      problem.status >= 500 && problem.requestId && h("p", { class: "small" }, `Request ${problem.requestId}`));
    this.error.hidden = false;
    const first = this.body.querySelector("[aria-invalid]");
    (first instanceof HTMLElement ? first : this.error).focus();
  }

  /** Put a problem beside its field; false when none of the fields is meant. @param {{pointer: string, detail: string}} problem */
  mark(problem) {
    const path = problem.pointer.replace("#/task/", "#/");
    const name = path.split("/")[1] || "";
    const place = this.byPointer(path) || this.body.querySelector(`[data-field="${CSS.escape(name)}"]`);
    if (!place) return false;
    const details = place.closest("details");
    if (details) details.open = true;
    place.append(h("p", { class: "wrong" }, h("span", {}, problem.detail)));
    place.querySelector("input:not([tabindex]), textarea, select, button")?.setAttribute("aria-invalid", "true");
    return true;
  }

  /** The field whose pointer is the longest that leads to this one. @param {string} path */
  byPointer(path) {
    const places = /** @type {HTMLElement[]} */ ([...this.body.querySelectorAll("[data-pointer]")]);
    const fits = places.filter((each) => `${path}/`.startsWith(`${each.dataset.pointer}/`));
    return fits.sort((one, other) => String(other.dataset.pointer).length - String(one.dataset.pointer).length)[0];
  }

  /** @param {number} wait in seconds */
  countdown(wait) {
    let left = Math.ceil(wait);
    const again = h("button", { type: "button", disabled: true, on: { click: () => this.send() } });
    const say = () => {
      again.textContent = left > 0 ? `Try again in ${left} s` : "Try again";
      again.disabled = left > 0;
      if (left <= 0) clearInterval(this.counting);
      left -= 1;
    };
    this.counting = setInterval(say, 1000);
    say();
    return h("p", {}, again);
  }
}
