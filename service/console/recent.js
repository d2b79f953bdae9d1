/** The caller's jobs, newest first: open, cancel, delete. */

import { below, forget, getJson, call } from "./api.js";
import { confirmed } from "./dialogs.js";
import { ago, fill, figure, h, icon, spoken, tell } from "./dom.js";
import { ended } from "./follow.js";
import { verdictTag } from "./report.js";
import { Thumbs, forgetThumbs } from "./thumbs.js";

const PAGE = 8;

/** What a job is called: its reference, or the file that was sent, or what was asked. @param {any} job @returns {string} */
const nameOf = (job) => job.reference || job.filename || job.asked || `${spoken(job.kind)} with ${job.engine}`;

/** What was asked of a job with its file, where its name does not say so, up to the name of its engine. @param {any} job @returns {string} */
const told = (job) => `${[job.asked !== nameOf(job) && (job.asked || spoken(job.kind)), job.reference && job.filename].filter(Boolean).map((text) => `${text}, `).join("")}`;

/** The list of jobs. */
export class Recent {
  /** @param {HTMLElement} body @param {{guard: (promise: Promise<any>) => void, gone: (id: string) => void}} page */
  constructor(body, page) {
    this.body = body;
    this.page = page;
    this.list = h("ul", { class: "job-list" });
    this.more = h("button", { type: "button", class: "more", hidden: true, on: { click: () => page.guard(this.load(false)) } }, "Show more");
    this.filter = h("input", {
      type: "search", id: "recent-reference", class: "job-filter", placeholder: "Reference", maxlength: 200, autocomplete: "off",
      "aria-label": "Only jobs with this reference", on: { change: () => page.guard(this.load()) },
    });
    this.thumbs = new Thumbs();
    this.current = "";
    this.rows = h("div", {});
    fill(body, h("p", { class: "muted" }, "Loading…"));
  }

  /** @param {boolean} [anew] from the newest */
  async load(anew = true) {
    const query = new URLSearchParams({ limit: String(PAGE) });
    const reference = this.filter.value.trim();
    if (reference) query.set("reference", reference);
    if (!anew && this.next) query.set("cursor", this.next);
    const page = await getJson(`jobs?${query}`);
    if (anew) {
      fill(this.list);
      this.thumbs.reset();
    }
    this.list.append(...page.jobs.map((/** @type {any} */ job) => this.row(job)));
    this.next = page.next;
    this.more.hidden = !page.next;
    const none = reference ? "No job has this reference." : "No jobs yet. Jobs and their images are erased some time after the job ends: download what you want to keep.";
    fill(this.rows, this.list.children.length || page.next ? [this.list, this.more] : h("p", { class: "muted" }, none));
    if (!this.rows.isConnected) fill(this.body, this.filter, this.rows);
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
    if (image) this.thumbs.show(thumb, below(image.url));
    return h("li", { class: "job", "data-job": job.id }, thumb,
      h("div", {}, h("a", { class: "job-name", href: `#job=${job.id}`, title: job.asked }, nameOf(job)), h("p", { class: "small muted" }, `${told(job)}${job.engine}, `, h("time", { datetime: job.created_at }, ago(job.created_at)), `, ${job.id.slice(0, 12)}`)),
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
