/** The wall: every result as a small picture with its verdict and how its reviews stand; one is chosen. */

import { below } from "./api.js";
import { h, icon, spoken } from "./dom.js";
import { verdictTag } from "./report.js";
import { Thumbs } from "./thumbs.js";

/** Px from the end of the wall at which more is fetched. */
const AHEAD = 800;
const MARKS = { approved: ["good", "check"], rejected: ["bad", "cross"], disputed: ["", "differ"] };

/** What a job is called: its reference, the file that was sent, or what was asked. @param {any} job @returns {string} */
export const nameOf = (job) => job.reference || job.filename || job.asked || spoken(job.kind);

/** How the reviews of a job stand, as word, colour and icon; null before there is a decision. @param {string} review */
export function reviewTag(review) {
  const [tone, mark] = MARKS[review] || [];
  return mark ? h("span", { class: `verdict pill ${tone}` }, icon(mark), spoken(review)) : null;
}

/** The wall. */
export class Wall {
  /** @param {HTMLElement} list @param {HTMLElement} end @param {{chosen: (job: any) => void, more: () => void}} page */
  constructor(list, end, page) {
    Object.assign(this, { list, end, page });
    /** @type {any[]} */
    this.jobs = [];
    this.at = -1;
    this.thumbs = new Thumbs();
    list.addEventListener("click", (event) => {
      const tile = /** @type {HTMLElement} */ (event.target).closest(".tile");
      if (tile) this.choose([...list.children].indexOf(tile));
    });
    this.observer = new IntersectionObserver((entries) => { if (entries.some((entry) => entry.isIntersecting)) page.more(); }, { rootMargin: `${AHEAD}px` });
    this.observer.observe(end);
  }

  /** The job that is chosen. */
  get job() {
    return this.jobs[this.at];
  }

  clear() {
    this.jobs = [];
    this.at = -1;
    this.thumbs.reset();
    this.list.replaceChildren();
  }

  /** @param {any[]} jobs with images */
  add(jobs) {
    this.jobs.push(...jobs);
    this.list.append(...jobs.map((job) => this.tile(job)));
    this.observer.unobserve(this.end); // seen anew, should the end still be in view
    this.observer.observe(this.end);
  }

  /** @param {any} job */
  tile(job) {
    const thumb = h("span", { class: "tile-picture", "aria-hidden": "true" }, icon("dash"));
    this.thumbs.show(thumb, below(job.result.images[0].url));
    const tile = h("li", { class: "tile", role: "option", id: `tile-${job.id}`, "aria-selected": "false", title: job.asked }, thumb, h("span", { class: "tile-name" }, nameOf(job)), h("span", { class: "tile-state" }));
    this.mark(job, tile);
    return tile;
  }

  /** Show how a job's reviews stand now. @param {any} job @param {any} [tile] */
  mark(job, tile = document.getElementById(`tile-${job.id}`)) {
    tile?.setAttribute("data-review", job.review);
    tile?.querySelector(".tile-state").replaceChildren(reviewTag(job.review) || verdictTag(job.result.images[0].report.verdict));
  }

  /** @param {number} place */
  choose(place) {
    if (place < 0 || place >= this.jobs.length) return;
    this.list.children[this.at]?.setAttribute("aria-selected", "false");
    this.at = place;
    const tile = this.list.children[place];
    tile.setAttribute("aria-selected", "true");
    this.list.setAttribute("aria-activedescendant", tile.id);
    tile.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (place > this.jobs.length - 5) this.page.more();
    this.page.chosen(this.job);
  }

  /** How many tiles stand in a row. */
  get across() {
    const top = /** @type {HTMLElement} */ (this.list.firstElementChild)?.offsetTop;
    const next = [...this.list.children].findIndex((tile) => /** @type {HTMLElement} */ (tile).offsetTop !== top);
    return next > 0 ? next : 1;
  }
}
