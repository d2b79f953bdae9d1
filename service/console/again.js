/** A job's settings in the form again, and its pictures as files: to edit again, or to go on from its result. */

import { below, picture } from "./api.js";
import { putBack } from "./memory.js";

const ENDINGS = { "image/png": "png", "image/jpeg": "jpg", "image/webp": "webp" };
/** The field of a task that tells its edit type, where that is not said in words. */
const TELLING = { recolour: "recolour", text: "text", logo: "logo", style_image: "style_image", guide: "guide", complete: "complete" };
/** Pictures that were sent beside the original, which the service gives nobody back. */
const SENT = ["logo", "style_image", "guide", "control", "background"];

/** @param {any} task of kind customise @returns {string} the name of its edit type */
function editTypeOf(task) {
  const told = Object.keys(TELLING).find((name) => task[name]);
  if (told) return TELLING[told];
  if (task.controls?.length) return "control";
  return task.instruction || task.edits?.length || !task.prompt ? "instruction" : "fill";
}

/** What was asked, field by field, as the form has it. @param {any} task @returns {[string, any][]} */
function asked(task) {
  const plain = Object.entries(task).filter(([name, value]) => !["kind", "engine"].includes(name) && ["string", "number", "boolean"].includes(typeof value) && !SENT.includes(name));
  const maps = (task.controls || []).map((/** @type {any} */ control) => [control.kind, true]);
  return [...plain, ...(task.recolour ? [["recolour", task.recolour.to], ["mask", task.recolour.mask || "product"]] : []), ...maps];
}

/**
 * Fill the form in with what was asked of a job that succeeded.
 * @param {import("./panel.js").Panel} panel @param {any} job @returns {string[]} what has to be given anew
 */
export function refill(panel, job) {
  const { recipe } = job.result;
  const task = recipe.task || job.result.images[0].recipe?.task;
  if (!task || job.kind === "compare") {
    panel.kind = job.kind;
    panel.draw();
    return ["the settings"];
  }
  panel.kind = task.kind;
  if (task.kind === "customise") panel.editType = editTypeOf(task);
  panel.chosen = task.engine || undefined;
  panel.draw(); // for the engine, which is a part of where the form stands
  panel.memory.forget();
  panel.draw();
  const { body } = panel;
  const [first, ...others] = task.edits || [];
  const words = others.filter((/** @type {any} */ edit) => edit.instruction);
  const absent = asked({ ...task, ...(first || {}) }).filter(([name, value]) => {
    const place = body.querySelector(`[data-field="${name}"]`);
    putBack(place, value);
    return !place && value !== panel.catalogue.field(task.kind, name).default;
  });
  words.forEach((/** @type {any} */ edit, /** @type {number} */ at) => {
    /** @type {HTMLElement|null} */ (body.querySelector("#add-edit"))?.click();
    putBack(body.querySelector(`[data-field="then-${at + 1}"]`), edit.instruction);
  });
  const files = Object.keys(recipe.files_sha256 || {});
  const lost = [...absent.map(([name]) => name), ...files.map((name) => `the ${name.replaceAll("_", " ")}`), ...(words.length < others.length ? ["the edit at the end"] : [])];
  return [...new Set(lost)];
}

/** The original of a job as a file of its name. Throws Problem. @param {any} job @returns {Promise<File>} */
export async function originalOf(job) {
  const { blob } = await picture(`jobs/${job.id}/input`);
  return new File([blob], job.filename || `${job.reference || job.kind}.${ENDINGS[blob.type]}`, { type: blob.type });
}

/** An image of a job as a file. Throws Problem. @param {any} job @param {number} number @returns {Promise<File>} */
export async function resultOf(job, number) {
  const { blob } = await picture(below(job.result.images[number].url));
  const stem = (job.filename || job.reference || job.kind).replace(/\.\w+$/, "");
  return new File([blob], `${stem}-result.${ENDINGS[blob.type]}`, { type: blob.type });
}
