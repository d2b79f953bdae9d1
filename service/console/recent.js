/** The caller's jobs, newest first: open, cancel, delete. */

import { below, forget, getJson, call } from "./api.js";
import { confirmed } from "./dialogs.js";
import { ago, fill, figure, h, icon, spoken, tell } from "./dom.js";
import { ended } from "./follow.js";
import { verdictTag } from "./report.js";
import { Thumbs, forgetThumbs } from "./thumbs.js";

const PAGE = 8;
/** A picture of more pixels is not fetched for its small one's sake. */
const MOST_PIXELS = 12e6;

/** The list of jobs. */
export class Recent {
  /** @param {HTMLElement} body @param {{guard: (promise: Promise<any>) => void, gone: (id: string) => void}} page */
  constructor(body, page) {
    this.body = body;
    this.page = page;
    this.list = h("ul", { class: "job-list" });
    this.more = h("button", { type: "button", class: "more", hidden: true, on: { click: () => page.guard(this.load(false)) } }, "Show more");
    this.thumbs = new Thumbs();
    this.current = "";
    fill(body, h("p", { class: "muted" }, "Loading…"));
  }

  /** @param {boolean} [anew] from the newest */
  async load(anew = true) {
    const limit = `limit=${PAGE}`;
    const page = await getJson(anew || !this.next ? `jobs?${limit}` : `jobs?${limit}&cursor=${encodeURIComponent(this.next)}`);
    if (anew) {
      fill(this.list);
      this.thumbs.reset();
    }
    this.list.append(...page.jobs.map((/** @type {any} */ job) => this.row(job)));
    this.next = page.next;
    this.more.hidden = !page.next;
    fill(this.body, this.list.children.length ? [this.list, this.more] : h("p", { class: "muted" }, "No jobs yet. Jobs and their images are erased some time after the job ends: download what you want to keep."));
    this.mark(this.current);
  }

  /** Say which job is on the stage. @param {string} id */
  mark(id) {
    this.current = id;
    for (const row of this.list.children) row.setAttribute("aria-current", String(/** @type {HTMLElement} */ (row).dataset.job === id));
  }

  /** Show how a job that is listed stands now. @param {any} job */
  update(job) {
    const state = this.list.querySelector(`[data-job="${job.id}"] .job-state`);
    if (state) fill(state, this.state(job));
  }

  /** @param {any} job */
  row(job) {
    const image = job.result?.images[0];
    const thumb = h("span", { class: "job-thumb", "aria-hidden": "true" }, icon(job.status === "succeeded" ? "check" : job.status === "failed" ? "cross" : job.status === "cancelled" ? "stop" : "clock"));
    if (image && image.width * image.height <= MOST_PIXELS) this.thumbs.show(thumb, below(image.url));
    return h("li", { class: "job", "data-job": job.id }, thumb,
      h("div", {}, h("a", { class: "job-name", href: `#job=${job.id}` }, `${spoken(job.kind)} with ${job.engine}`), h("p", { class: "small muted" }, h("time", { datetime: job.created_at }, ago(job.created_at)), `, ${job.id.slice(0, 12)}`)),
      h("div", { class: "job-state" }, this.state(job)), h("div", { class: "job-tools" }, this.tools(job)));
  }

  /** @param {any} job */
  state(job) {
    const image = job.result?.images[0];
    const ssim = image?.report.fidelity.find((/** @type {any} */ score) => score.name === "ssim")?.value;
    if (image) return [typeof ssim === "number" && h("span", { class: "small muted" }, `ssim ${figure(ssim)} `), verdictTag(image.report.verdict)];
    return h("span", { class: `verdict ${job.status === "failed" ? "bad" : ""}` }, icon(job.status === "failed" ? "cross" : job.status === "cancelled" ? "stop" : "clock"), spoken(job.status));
  }

  /** @param {any} job */
  tools(job) {
    const name = `${job.kind} ${job.id.slice(0, 12)}`;
    if (!ended(job)) return h("button", { type: "button", class: "quiet", "aria-label": `Cancel ${name}`, on: { click: () => this.page.guard(this.cancel(job)) } }, "Cancel");
    return h("button", { type: "button", class: "quiet", "aria-label": `Delete ${name}`, on: { click: () => this.page.guard(this.erase(job)) } }, icon("bin"), "Delete");
  }

  /** @param {any} job */
  async cancel(job) {
    await call(`jobs/${job.id}/cancel`, { method: "POST" }).finally(() => this.load());
    tell("Cancelled", true);
  }

  /** @param {any} job */
  async erase(job) {
    if (!(await confirmed("Delete this job?", "Its images are erased immediately, here and in storage. This cannot be undone.", "Delete"))) return;
    await call(`jobs/${job.id}`, { method: "DELETE" }).finally(() => this.load());
    forget(job.id);
    forgetThumbs(job.id);
    this.page.gone(job.id);
    tell("Deleted", true);
  }
}
