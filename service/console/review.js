/** The review page: a wall of results, each judged with one key, the next one at once. */

import { below, getJson, hooks, keepKey, key, picture, sharedLink } from "./api.js";
import { guard } from "./banner.js";
import { askForKey } from "./dialogs.js";
import { askForComment } from "./comment.js";
import { byId, fill, h, spoken, tell } from "./dom.js";
import { named, sentence, verdictTag } from "./report.js";
import { Reviews } from "./reviews.js";
import { share } from "./share.js";
import { Viewer } from "./viewer.js";
import { Wall, nameOf, reviewTag } from "./wall.js";

const FIRST_PAGE = 24;
const PAGE = 100;
/** How many results after the chosen one are fetched before they are wanted. */
const AHEAD = 2;
/** Px of a window in which two pictures do not fit beside each other. */
const NARROW = 640;
const ZOOMS = ["fit", "1", "2"];
const FILTERS = {
  kind: ["Kind", ["recreate", "customise", "cutout", "packshot", "check", "compare", "generate"]],
  verdict: ["Verdict", ["accepted", "rejected", "not_judged"]],
  review: ["Review", ["none", "approved", "rejected", "disputed"]],
};

/** The one page. */
class ReviewPage {
  constructor() {
    /** @type {{job: any, said: import("./reviews.js").Said|null}[]} what was said of a job before it was judged here */
    this.judged = [];
    this.viewer = new Viewer();
    this.plain = window.innerWidth < NARROW ? "slider" : "beside";
    this.viewer.look = this.plain;
    this.wall = new Wall(byId("wall"), byId("wall-end"), { chosen: (job) => guard(this.show(job)), more: () => guard(this.more()) });
    this.said = h("div", { class: "bench-said" });
    this.acts = h("div", { class: "bench-acts", role: "group", "aria-label": "Judge" });
    /** @type {Promise<void>|null} the page that is being read */
    this.reading = null;
  }

  async start() {
    hooks.askForKey = askForKey;
    hooks.away = (away) => {
      if (away) fill(byId("banner"), "The service is not responding. What you judge is kept on this page and sent again.");
      if (away || this.wasAway) byId("banner").hidden = !away;
      this.wasAway = away;
    };
    byId("key-button").addEventListener("click", () => { keepKey(""); location.reload(); });
    byId("filters").addEventListener("submit", (/** @type {Event} */ event) => event.preventDefault());
    document.addEventListener("keydown", (event) => this.pressed(event));
    const asked = new URLSearchParams(location.hash.slice(1));
    if (asked.get("link")) keepKey(asked.get("link")); // it leaves the address with the first result that is shown
    this.link = sharedLink();
    this.drawFilters(asked);
    const me = this.link ? `${this.link.name} (link)` : (await getJson("usage")).key;
    this.reviews = new Reviews(me, (job) => this.reviewed(job));
    await this.reviews.resume();
    this.drawAccess();
    await this.load(asked.get("job"));
  }

  /** @param {URLSearchParams} asked */
  drawFilters(asked) {
    const change = () => guard(this.load());
    const selects = Object.entries(FILTERS).map(([name, [label, values]]) => h("label", {}, label, h("select", { name, on: { change } },
      h("option", { value: "" }, "Any"), values.map((value) => h("option", { value, selected: asked.get(name) === value }, name === "review" && value === "none" ? "To do" : spoken(value))))));
    const reference = h("input", { type: "search", name: "reference", maxlength: 200, autocomplete: "off", value: asked.get("reference") || "", on: { change } });
    fill(byId("filters"), selects, h("label", { hidden: Boolean(this.link) }, "Reference", reference));
  }

  /** Show what this person may do beside reviewing: with a link nothing, with a key also share a reference. */
  drawAccess() {
    byId("key-button").hidden = !key() || Boolean(this.link);
    if (this.link) {
      document.querySelectorAll('a[href="./"]').forEach((each) => each.removeAttribute("href"));
      fill(byId("shared"), `Shared with ${this.link.name} until ${this.link.until.toLocaleString([], { dateStyle: "medium", timeStyle: "short" })}`);
      byId("shared").hidden = false;
      byId("to-console").hidden = true;
    } else if (key()) {
      const press = () => {
        const reference = this.filters().get("reference");
        if (reference) return share(reference);
        byId("filters").querySelector("[name=reference]")?.focus();
        tell("Set a reference first: a link is for the results of one", true);
      };
      byId("filters").append(h("button", { type: "button", id: "share", on: { click: press } }, "Share…"));
    }
  }

  /** The filters that are set. */
  filters() {
    const set = [...new FormData(byId("filters"))].map(([name, value]) => [name, String(value).trim()]);
    return new URLSearchParams(set.filter(([, value]) => value));
  }

  /** Read the results anew, and choose a job of the first ones, or the first. @param {string|null} [id] */
  async load(id = null) {
    this.wall.clear();
    Object.assign(this, { next: "", job: null, asked: this.filters() });
    fill(byId("bench-body"), h("p", { class: "bench-empty" }, "Loading…"));
    await this.more(FIRST_PAGE);
    while (id && this.next && this.wall.jobs[this.wall.jobs.length - 1].id > id) await this.more(); // newest first, and ids sort by time
    const place = this.wall.jobs.findIndex((job) => job.id === id);
    if (this.wall.jobs.length) this.wall.choose(Math.max(0, place));
    else fill(byId("bench-body"), h("p", { class: "bench-empty" }, "No result is like that."));
    byId("wall").focus({ preventScroll: true });
  }

  /** Read the next results. @param {number} [limit] */
  async more(limit = PAGE) {
    if (this.next === null || !this.asked) return;
    if (!this.reading || limit !== PAGE) {
      const reading = this.read(limit).finally(() => { if (this.reading === reading) this.reading = null; });
      this.reading = reading;
    }
    await this.reading;
  }

  /** @param {number} limit */
  async read(limit) {
    const { asked } = this;
    do {
      const query = new URLSearchParams([...asked, ["limit", String(limit)], ...(this.next ? [["cursor", this.next]] : [])]);
      const page = await getJson(`jobs?${query}`);
      if (asked !== this.asked) return; // other filters were set meanwhile
      this.next = page.next;
      this.wall.add(page.jobs.filter((/** @type {any} */ job) => job.result));
    } while (this.next && !this.wall.jobs.length);
    byId("wall-end").textContent = this.next ? "" : `${this.wall.jobs.length} results`;
    this.tellProgress();
  }

  tellProgress() {
    const done = this.wall.jobs.filter((job) => this.reviews?.mine(job)?.decision).length;
    byId("progress").textContent = `${done} of ${this.wall.jobs.length}${this.next ? " loaded" : ""} judged by you`;
  }

  /** Put a result on the bench. @param {any} job */
  async show(job) {
    this.job = job;
    history.replaceState(null, "", `#${new URLSearchParams([...this.asked, ["job", job.id]])}`);
    const image = job.result.images[0];
    const [made, given] = await this.pictures(job);
    if (this.job !== job) return;
    await this.viewer.show({ before: given?.url || null, after: made.url, label: nameOf(job) });
    if (this.job !== job) return;
    const name = h("div", { class: "bench-name" }, h("strong", {}, nameOf(job)), h("span", { class: "small" }, "Verdict: ", verdictTag(image.report.verdict)), h("span", { class: "small muted" }, job.asked));
    const reasons = h("ul", { class: "reasons small" }, image.report.reasons.map((/** @type {string} */ reason) => h("li", {}, sentence(named(reason)))));
    fill(byId("bench-body"), this.viewer.element, h("div", { class: "bench-foot" }, h("div", { class: "bench-said" }, name, reasons, this.said), this.acts));
    this.viewer.measure();
    this.drawReviews();
    for (const later of this.wall.jobs.slice(this.wall.at + 1, this.wall.at + 1 + AHEAD)) this.pictures(later).catch(() => {});
  }

  /** The result of a job and its original, if there is one. @param {any} job */
  pictures(job) {
    const given = job.kind === "generate" ? null : picture(`jobs/${job.id}/input`).catch(() => null);
    return Promise.all([picture(below(job.result.images[0].url)), given]);
  }

  drawReviews() {
    const { job } = this;
    const mine = this.reviews.mine(job);
    const act = (/** @type {string} */ text, /** @type {string} */ letter, /** @type {() => void} */ does, more = {}) =>
      h("button", { type: "button", "aria-keyshortcuts": letter, on: { click: does }, ...more }, text, h("kbd", { "aria-hidden": "true" }, letter));
    const decides = (/** @type {string} */ decision) => ({ class: decision === "approved" ? "approve" : "reject", "aria-pressed": String(mine?.decision === decision) });
    fill(this.acts, act("Approve", "A", () => this.decide("approved"), decides("approved")), act("Reject", "R", () => this.decide("rejected"), decides("rejected")),
      act("Comment", "C", () => guard(this.comment())), act("Undo", "U", () => guard(this.undo()), { disabled: !this.judged.length && !mine }));
    fill(this.said, job.reviews.map((/** @type {any} */ review) => h("p", { class: "small" }, h("strong", {}, review.by === this.reviews.me ? "You" : review.by), " ",
      reviewTag(review.decision), review.comment && h("span", { class: "comment" }, ` ${review.comment}`))));
  }

  /** @param {any} job */
  reviewed(job) {
    this.wall.mark(job);
    if (job === this.job && this.acts.isConnected) this.drawReviews();
    this.tellProgress();
  }

  /** @param {any} job @param {import("./reviews.js").Said|null} said */
  say(job, said) {
    this.judged.push({ job, said: this.reviews.mine(job) });
    guard(this.reviews.say(job, said));
  }

  /** @param {string} decision */
  decide(decision) {
    const { job } = this;
    if (!job) return;
    this.say(job, { decision, comment: this.reviews.mine(job)?.comment || null });
    tell(`${spoken(decision)}: ${nameOf(job)}`, true);
    this.wall.choose(this.wall.at + 1);
  }

  async comment() {
    const { job } = this;
    if (!job) return;
    const mine = this.reviews.mine(job);
    const comment = await askForComment(nameOf(job), mine?.comment || "");
    byId("wall").focus({ preventScroll: true });
    if (comment === null) return;
    this.say(job, comment || mine?.decision ? { decision: mine?.decision || null, comment: comment || null } : null);
  }

  /** Take back what was said last; after a reload, what is said of the chosen result. */
  async undo() {
    const last = this.judged.pop() || (this.job && this.reviews.mine(this.job) && { job: this.job, said: null });
    if (!last) return;
    this.wall.choose(this.wall.jobs.indexOf(last.job));
    tell(`Undone: ${nameOf(last.job)}`, true);
    await this.reviews.say(last.job, last.said);
  }

  /** @param {KeyboardEvent} event */
  pressed(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches("select, textarea, input:not([type=radio])") || document.querySelector("dialog[open]");
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !this.job) return;
    const own = target.matches("input[type=radio], [role=slider], .viewer-frame"); // arrows mean something else there
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.wall.across, ArrowDown: this.wall.across, Home: -this.wall.at, End: this.wall.jobs.length - 1 - this.wall.at };
    const turn = { z: () => this.viewer.turn("zoom", ZOOMS[(ZOOMS.indexOf(this.viewer.zoom) + 1) % ZOOMS.length]), d: () => this.viewer.turn("look", this.viewer.look === "difference" ? this.plain : "difference") };
    const acts = { a: () => this.decide("approved"), r: () => this.decide("rejected"), c: () => guard(this.comment()), u: () => guard(this.undo()), ...turn };
    const act = event.key in steps ? !own && (() => this.wall.choose(this.wall.at + steps[event.key])) : acts[event.key.toLowerCase()];
    if (!act || (event.repeat && !(event.key in steps))) return;
    event.preventDefault();
    act();
  }
}

const page = new ReviewPage();
guard(page.start());
