/** The console: what is on the stage, and what happens to it. */

import { Problem, call, getJson, submit, hooks, keepKey, key, picture } from "./api.js";
import { originalOf, refill, resultOf } from "./again.js";
import { guard, showProblem } from "./banner.js";
import { Catalogue } from "./catalogue.js";
import { askForKey } from "./dialogs.js";
import { byId, fill, h, spoken, tell } from "./dom.js";
import { ended, follow } from "./follow.js";
import { Panel } from "./panel.js";
import { Recent } from "./recent.js";
import { Result } from "./result.js";
import { Stage, readPicture } from "./stage.js";
import { Viewer } from "./viewer.js";

const READY_LOOK = 20000;
/** Pictures that are taken at once; a batch takes more. */
const MOST_FILES = 20;

/** The one page. */
class App {
  constructor() {
    /** @type {import("./stage.js").Picture|null} */
    this.picture = null;
    /** @type {File[]} that are worked on as the picture is */
    this.others = [];
    /** @type {any} */
    this.job = null;
    this.watching = new AbortController();
    this.viewer = new Viewer();
    this.stage = new Stage(byId("stage"), byId("stage-body"), {
      take: (files) => guard(this.take(...files)), remove: () => this.remove(), cancel: () => guard(this.cancel()),
    });
    this.recent = new Recent(byId("recent-body"), { guard, gone: (id) => { if (id === this.job?.id) this.leave(); } });
  }

  async start() {
    hooks.askForKey = askForKey;
    hooks.away = (away) => this.showAway(away);
    this.stage.showEmpty();
    byId("panel").addEventListener("submit", (/** @type {Event} */ event) => { event.preventDefault(); this.panel?.send(); });
    byId("recent-refresh").addEventListener("click", () => guard(this.recent.load()));
    byId("key-button").addEventListener("click", () => { keepKey(""); location.hash = ""; location.reload(); });
    window.addEventListener("unhandledrejection", (event) => {
      if (!(event.reason instanceof Problem)) return;
      event.preventDefault();
      showProblem(event.reason);
    });
    window.addEventListener("hashchange", () => guard(this.openHash()));
    this.watchReady();
    await this.load();
    await Promise.all([this.recent.load(), this.openHash()]);
  }

  /** Read the catalogue and draw the settings; retried while the service is not responding. */
  async load() {
    const body = byId("panel-body");
    fill(body, h("p", { class: "panel-fields muted" }, "Loading the engines…"));
    for (let wait = 1000; ; wait = Math.min(15000, wait * 2)) {
      try {
        this.catalogue = await Catalogue.read();
        break;
      } catch (error) {
        if (!(error instanceof Problem) || (error.status !== 0 && error.status < 500)) {
          fill(body, h("div", { class: "panel-fields" }, h("p", { class: "summary-error" }, /** @type {Error} */ (error).message)));
          throw error;
        }
        await new Promise((resolve) => setTimeout(resolve, wait));
      }
    }
    byId("key-button").hidden = !key();
    this.panel = new Panel(body, this.catalogue, { picture: () => this.picture, submit: (request) => guard(this.submit(request)) });
    this.result = new Result(byId("result"), byId("result-body"), this.viewer, this.catalogue);
  }

  /** @param {boolean} away */
  showAway(away) {
    const banner = byId("banner");
    if (away) fill(banner, h("span", {}, "The service is not responding. Retrying…"));
    if (away || this.wasAway) banner.hidden = !away;
    if (away !== this.wasAway) this.showReady(away ? "away" : "unknown", away ? "Not responding" : "Connected");
    this.wasAway = away;
  }

  watchReady() {
    const look = async () => {
      try {
        await call("readyz");
        this.showReady("ready", "Ready");
      } catch (error) {
        const problem = /** @type {Problem} */ (error);
        if (problem.status !== 0) this.showReady("unknown", `Not ready: ${problem.message}`);
      }
    };
    look();
    setInterval(() => { if (!document.hidden) look(); }, READY_LOOK);
  }

  /** @param {string} state @param {string} text */
  showReady(state, text) {
    const element = byId("service-state");
    if (element.textContent !== text) Object.assign(element, { textContent: text, title: text });
    element.dataset.state = state;
  }

  /** Put a picture on the stage, and others beside it to be worked on alike. @param {File} file @param {...File} others */
  async take(file, ...others) {
    try {
      if (others.length >= MOST_FILES) throw new Error(`At most ${MOST_FILES} pictures at once: for more, make a batch.`);
      const taken = await readPicture(file);
      for (const other of others) URL.revokeObjectURL((await readPicture(other)).url);
      this.picture = taken;
      this.others = others;
      if (!this.wasAway) byId("banner").hidden = true; // what it says is of the file or the job before
      this.panel?.changePicture();
      this.leave();
      tell(`${file.name}, ${taken.width} by ${taken.height} pixels`, true);
    } catch (error) {
      const wrong = /** @type {Error} */ (error).message;
      if (this.job) showProblem(new Problem(422, { detail: wrong })); // what is on the stage belongs to its report
      else if (this.picture) this.stage.showPicture(this.picture, wrong);
      else this.stage.showEmpty(wrong);
    }
  }

  remove() {
    if (this.picture) URL.revokeObjectURL(this.picture.url);
    this.picture = null;
    this.others = [];
    this.panel?.changePicture();
    this.leave();
    byId("choose")?.focus();
  }

  /** Stop watching the job, if any, and show the picture, if any. */
  leave() {
    this.watching.abort();
    this.job = null;
    this.result?.hide();
    this.panel?.setBusy(false);
    this.panel?.clear();
    this.recent.mark("");
    document.title = "Likeness";
    if (location.hash) history.pushState(null, "", location.pathname + location.search);
    if (this.picture) this.stage.showPicture(this.picture, undefined, this.others);
    else this.stage.showEmpty();
  }

  /** Submit for the other pictures what was submitted for the one on the stage. @param {import("./request.js").Request} request */
  async submitOthers(request) {
    const others = request.kind === "generate" ? [] : this.others.splice(0);
    if (others.length && (request.files.mask || request.files.guide)) throw new Problem(422, { detail: "What was painted is for one picture: the others were not submitted." });
    for (const image of others) await submit({ ...request, files: { ...request.files, image } });
  }

  /** @param {import("./request.js").Request} request */
  async submit(request) {
    this.panel?.clear();
    this.panel?.setBusy(true);
    this.result?.hide();
    try {
      const accepted = await submit(request);
      this.given = request.kind === "generate" ? null : this.picture?.url || null;
      history.pushState(null, "", `#job=${accepted.id}`);
      tell("Submitted", true);
      byId("stage").scrollIntoView({ block: "nearest" });
      guard(this.watch(accepted, this.given));
      guard(this.submitOthers(request).finally(() => this.listAgain()));
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      this.panel?.setBusy(false);
      this.panel?.show(error);
    }
  }

  /** Read the list, in which the job that is watched stands as it does by now. */
  async listAgain() {
    await this.recent.load();
    if (this.job && !ended(this.job)) this.recent.update(this.job);
  }

  /** Watch a job to its end and show what it gave. @param {any} job @param {string|null} given */
  async watch(job, given) {
    this.watching.abort();
    this.watching = new AbortController();
    const { signal } = this.watching;
    this.job = job;
    this.recent.mark(job.id);
    let shown = 0;
    document.title = "Likeness";
    this.stage.showRunning(job, given);
    const onProgress = (/** @type {any} */ progress) => {
      if (signal.aborted) return;
      this.stage.step(progress);
      if ((progress.preview || 0) > shown) {
        shown = progress.preview;
        this.showPreview(job, shown, signal);
      }
    };
    const onJob = (/** @type {any} */ current) => {
      if (signal.aborted) return;
      this.job = current;
      if (ended(current)) return;
      this.stage.update(current);
      this.recent.update(current);
    };
    try {
      if (!ended(job)) await follow(job, { onJob, onProgress }, signal);
      if (!signal.aborted) await this.showEnded(this.job, given);
    } catch (error) {
      if (!signal.aborted) this.leave(); // erased meanwhile, or its pictures are
      throw error;
    }
  }

  /** @param {any} job @param {number} number @param {AbortSignal} signal */
  async showPreview(job, number, signal) {
    try {
      const answer = await call(`jobs/${job.id}/preview`, { signal });
      const url = URL.createObjectURL(await answer.blob());
      if (!signal.aborted) this.stage.showPreview(url);
    } catch { /* gone with the run's end: the picture itself comes next */ }
  }

  /** @param {any} job @param {string|null} given */
  async showEnded(job, given) {
    this.panel?.setBusy(false);
    guard(this.recent.load());
    tell(job.status === "succeeded" ? `Done: ${job.result.images[0].report.verdict.replaceAll("_", " ")}` : job.status === "cancelled" ? "The job was cancelled" : "The job failed", true);
    if (job.status === "succeeded") {
      await this.result?.show(job, given);
      this.stage.showViewer(this.viewer.element, ...this.footOf(job));
      this.viewer.measure();
      document.title = `${spoken(job.result.images[0].report.verdict)} · Likeness`;
    } else {
      document.title = `${spoken(job.status)} · Likeness`;
      this.result?.showFailure(job);
      if (this.picture && (!given || given === this.picture.url)) this.stage.showPicture(this.picture);
      else if (given) this.stage.showGiven(given, job);
      else this.stage.showEmpty();
    }
    // Cancel is gone, and the button that was pressed had been switched off: do not leave the keyboard nowhere.
    if (document.activeElement === document.body) byId("result").focus({ preventScroll: true });
  }

  /** @param {any} job */
  footOf(job) {
    const { naturalWidth, naturalHeight } = this.viewer.after; // as it is seen, which an orientation tag may turn
    const act = (/** @type {string} */ id, /** @type {string} */ text, /** @type {() => Promise<void>} */ does) => h("button", { type: "button", class: "quiet", id, on: { click: () => guard(does()) } }, text);
    const further = [act("edit-again", job.kind === "generate" ? "Generate again" : "Edit again", () => this.editAgain(job)), act("use-result", "Use the result", () => this.useResult(job))];
    return [h("p", { class: "stage-name" }, h("strong", {}, `${spoken(job.kind)} with ${job.result.engine.name}`), h("span", { class: "muted" }, ` ${naturalWidth} × ${naturalHeight} px`)),
      h("div", { class: "row" }, further, h("button", { type: "button", class: "quiet", id: "again", on: { click: () => this.leave() } }, this.picture ? "Back to the original" : "Start with a picture"))];
  }

  /** Put what was asked of a job back into the form, and its original on the stage. @param {any} job */
  async editAgain(job) {
    const file = job.kind === "generate" ? null : await originalOf(job);
    if (file) await this.take(file);
    else this.leave();
    const lost = refill(this.panel, job);
    tell(lost.length ? `The settings are back; choose again: ${lost.join(", ")}` : "The picture and the settings are back", true);
    byId("panel").querySelector("textarea, input[type=text], #submit")?.focus();
  }

  /** Put the image that is shown of a job on the stage, to be worked on. @param {any} job */
  async useResult(job) {
    await this.take(await resultOf(job, this.result?.number || 0));
    byId("panel").querySelector("input:checked")?.focus();
  }

  async cancel() {
    if (!this.job) return;
    this.stage.setStopping(true);
    await call(`jobs/${this.job.id}/cancel`, { method: "POST" }).catch((error) => {
      this.stage.setStopping(false);
      throw error;
    });
  }

  /** Open the job that the address names, if it is not open. */
  async openHash() {
    const id = /^#job=([0-9a-f]{32})$/.exec(location.hash)?.[1];
    if (!location.hash && this.job) return this.leave(); // by the browser's Back
    if (!id || id === this.job?.id) return;
    const job = await getJson(`jobs/${id}`);
    const given = job.kind === "generate" ? null : await picture(`jobs/${id}/input`).then(({ url }) => url, () => null);
    this.panel?.setBusy(!ended(job));
    await this.watch(job, given);
    byId("stage").scrollIntoView({ block: "nearest" });
  }
}

const app = new App();
guard(app.start());
