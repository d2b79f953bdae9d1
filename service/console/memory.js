/** What a person has filled in: put back when the form is drawn anew, for another engine or after a look elsewhere. */

/** Fields that say what is wanted of a job, whatever engine does it; the others are of one engine. */
const OF_THE_JOB = new Set([
  "instruction", "mask", "recolour", "text", "text_colour", "logo", "style_image", "complete", "prompt", "negative_prompt", "width", "height",
  "seed", "candidates", "attempts", "keep", "format", "priority", "exact", "webhook", "reference",
]);
/** Fields whose state is kept elsewhere, or that decide what is drawn. */
const NOT_KEPT = new Set(["kind", "editType", "task", "engine", "runs", "thresholds", "loras"]);

/** The memory of a form. */
export class Memory {
  /** @param {HTMLElement} body of the form @param {(ofTheJob: boolean) => string} place what is set now: values are put back only there */
  constructor(body, place) {
    this.body = body;
    this.place = place;
    /** @type {Map<string, Map<string, any>>} values by place, then by field and control */
    this.values = new Map();
    body.addEventListener("input", (event) => this.keep(/** @type {HTMLInputElement} */ (event.target)));
    body.addEventListener("change", (event) => this.keep(/** @type {HTMLInputElement} */ (event.target)));
  }

  /** @param {HTMLInputElement} control */
  keep(control) {
    const name = control.closest("[data-field]")?.getAttribute("data-field") || "";
    if (this.restoring || !name || NOT_KEPT.has(name) || control.type === "range" || control.closest("[data-field=runs]")) return;
    const place = this.place(OF_THE_JOB.has(name));
    const values = this.values.get(place) || new Map();
    this.values.set(place, values.set(name, control.type === "checkbox" ? control.checked : control.type === "file" ? control.files : control.value));
  }

  /** Forget what was filled in where the form now stands. */
  forget() {
    for (const ofTheJob of [true, false]) this.values.delete(this.place(ofTheJob));
  }

  /** Put back what was filled in where the form now stands. */
  restore() {
    this.restoring = true;
    for (const ofTheJob of [true, false]) {
      for (const [name, value] of this.values.get(this.place(ofTheJob)) || []) putBack(this.body.querySelector(`[data-field="${name}"]`), value);
    }
    this.restoring = false;
  }
}

/** Fill a field in as a person would, so that all that hangs on it follows. @param {Element|null} field @param {any} value */
export function putBack(field, value) {
  const radio = /** @type {HTMLInputElement|null} */ (field?.querySelector(`input[type=radio][value="${CSS.escape(String(value))}"]`));
  const control = radio || /** @type {HTMLInputElement|null} */ (field?.querySelector("input:not([type=range], [type=radio], [type=color]), textarea, select"));
  if (!control) return;
  if (radio) control.checked = true;
  else if (control.type === "checkbox") control.checked = value;
  else if (control.type === "file") control.files = value;
  else control.value = value;
  for (const event of ["input", "change"]) control.dispatchEvent(new Event(event, { bubbles: true }));
}
