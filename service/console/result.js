/** What a job gave: its images in the viewer, candidates, the report, the table of a comparison, what went wrong. */

import { below, call, key, picture, ROOT } from "./api.js";
import { fill, figure, h, icon, seconds, spoken } from "./dom.js";
import { reportCard, timingPart, verdictTag } from "./report.js";
import { webhookPart } from "./webhook.js";

const EXTENSIONS = { jpeg: "jpg" };
/** The figures of a run in the table of a comparison, and their titles. */
const OF_REPLICAS = [["ssim", "ssim"], ["delta_e", "ΔE00"]];
const OF_EDITS = [["ssim", "ssim"], ["colour_delta_e", "Colour ΔE00"], ["change_inside", "Inside"], ["change_outside", "Outside"]];

/** @param {string} text */
const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** What the names of a job's files begin with: its reference, made safe as the service does it, or its id. @param {any} job @returns {string} */
const stemOf = (job) => (job.reference || "").normalize("NFC").replace(/[^\p{L}\p{N}._-]/gu, "-").replace(/-{2,}/g, "-").replace(/\.{2,}/g, ".").replace(/^[.-]+|[.-]+$/g, "").slice(0, 80) || job.id;

/** The part of the page that shows an ended job. */
export class Result {
  /** @param {HTMLElement} section @param {HTMLElement} body @param {import("./viewer.js").Viewer} viewer @param {import("./catalogue.js").Catalogue} catalogue */
  constructor(section, body, viewer, catalogue) {
    Object.assign(this, { section, body, viewer, catalogue });
  }

  hide() {
    this.section.hidden = true;
  }

  /** Show a job that succeeded. @param {any} job @param {string|null} given address of the picture that was given */
  async show(job, given) {
    this.job = job;
    this.given = given;
    this.number = 0;
    this.viewer.reset();
    this.draw();
    await this.choose(0);
  }

  draw() {
    const { images, comparison } = this.job.result;
    this.card = h("div", {});
    this.section.hidden = false;
    this.chips = images.length > 1 && !comparison ? this.candidates() : null;
    fill(this.body, this.chips, comparison && this.table(comparison), this.card);
  }

  /** Show an image and its report. @param {number} number */
  async choose(number) {
    const { job } = this;
    const image = job.result.images[number];
    this.number = number;
    const { url } = await picture(below(image.url));
    if (this.job !== job) return;
    await this.viewer.show({ before: this.given, after: url, label: `${job.kind}, image ${number + 1}`, ruled: Boolean(image.report.compliance) && job.kind !== "check" });
    this.body.querySelectorAll("[data-image]").forEach((each) => each.setAttribute("aria-pressed", String(Number(/** @type {HTMLElement} */ (each).dataset.image) === number)));
    fill(this.card, reportCard(image, this.asked(image), timingPart(job.result.timings), webhookPart(job), this.recipe(image), this.downloads(number, image)));
  }

  /** Show an image that was asked for from afar. @param {number} number */
  async turnTo(number) {
    await this.choose(number);
    this.viewer.element.scrollIntoView({ block: "nearest" });
  }

  /** The thresholds that held for an image: those asked, else the usual ones. @param {any} image @returns {Record<string, number>} */
  asked(image) {
    const { task } = image.recipe || this.job.result.recipe;
    if (!task) return this.job.kind === "generate" ? {} : this.catalogue.thresholds(this.job.kind);
    return Object.fromEntries(Object.entries(task.thresholds || {}).filter(([, value]) => typeof value === "number"));
  }

  candidates() {
    const { images } = this.job.result;
    return h("div", { class: "candidates", role: "group", "aria-label": `${images.length} candidates, best first` }, images.map((/** @type {any} */ image, /** @type {number} */ number) => {
      const thumb = h("img", { alt: "" });
      picture(below(image.url)).then(({ url }) => { thumb.src = url; }, () => {});
      const ssim = image.report.fidelity.find((/** @type {any} */ score) => score.name === "ssim")?.value;
      return h("button", { type: "button", class: "candidate", "data-image": number, "aria-pressed": String(number === 0), on: { click: () => this.choose(number) } },
        thumb, h("span", { class: "candidate-name" }, number === 0 ? "Best" : `No. ${number + 1}`, verdictTag(image.report.verdict)),
        h("span", { class: "small" }, [typeof ssim === "number" && `ssim ${figure(ssim)}`, image.seed !== null && `seed ${image.seed}`].filter(Boolean).join(", ")));
    }));
  }

  /** @param {any} comparison */
  table(comparison) {
    const names = [...new Set(comparison.runs.flatMap((/** @type {any} */ run) => Object.keys(run.parameters)))].filter((name) => name !== "prompt" && name !== "seed" && this.varies(comparison.runs, name));
    const of = (/** @type {any} */ run, /** @type {string} */ name) => run.figures.find((/** @type {any} */ score) => score.name === name)?.value;
    const edits = comparison.runs.some((/** @type {any} */ run) => of(run, "change_inside") !== undefined);
    const shown = edits ? OF_EDITS.filter(([name]) => comparison.runs.some((/** @type {any} */ run) => of(run, name) !== undefined)) : OF_REPLICAS;
    const advice = comparison.recommendation;
    const look = (/** @type {any} */ run) => run.image !== null && h("button", { type: "button", "data-image": run.image, "aria-pressed": "false", "aria-label": `Show run ${run.run}`, on: { click: () => this.turnTo(run.image) } }, "Show");
    return h("section", { class: "card comparison", "aria-labelledby": "comparison-title" },
      h("div", { class: "section-head" }, h("h3", { id: "comparison-title" }, `${comparison.runs.length} runs, best first`), this.sheetButton()),
      h("div", { class: "advice" }, h("strong", {}, `Recommended: run ${advice.run}`), h("ul", {}, advice.reasons.map((/** @type {string} */ reason) => h("li", {}, capital(reason))))),
      h("div", { class: "table-box", tabindex: 0, role: "region", "aria-labelledby": "comparison-title" }, h("table", {},
        h("thead", {}, h("tr", {}, ["Rank", "Run", "Engine", ...names.map(spoken), ...shown.map(([, title]) => title), "Merit", "Verdict", "Time", ""].map((name) => h("th", { scope: "col" }, name || h("span", { class: "visually-hidden" }, "Picture"))))),
        h("tbody", {}, comparison.runs.map((/** @type {any} */ run) => h("tr", {},
          h("td", {}, run.rank ?? "–"), h("td", {}, run.run), h("th", { scope: "row" }, run.engine), names.map((name) => h("td", {}, run.parameters[name] ?? "–")),
          shown.map(([name]) => h("td", {}, figure(of(run, name), name === "ssim" ? 3 : 2))), h("td", {}, figure(run.merit)),
          h("td", {}, run.verdict ? verdictTag(run.verdict) : h("span", { class: "verdict bad", title: run.error?.detail }, icon("cross"), `Failed: ${run.error?.detail || run.error?.code}`)),
          h("td", {}, run.seconds === null ? "–" : seconds(run.seconds)), h("td", {}, look(run))))))),
      h("p", { class: "hint" }, `Merit: ${comparison.merit}`));
  }

  /** Whether runs of one engine differ in a parameter. @param {any[]} runs @param {string} name */
  varies(runs, name) {
    const values = new Map();
    for (const run of runs) values.set(run.engine, new Set([...(values.get(run.engine) || []), run.parameters[name]]));
    return [...values.values()].some((each) => each.size > 1);
  }

  sheetButton() {
    const open = async () => {
      const { url } = await picture(`jobs/${this.job.id}/sheet`);
      const dialog = h("dialog", { class: "wide", "aria-label": "Contact sheet", on: { close: () => dialog.remove() } },
        h("div", { class: "dialog-body" }, h("div", { class: "sheet-box", tabindex: 0 }, h("img", { src: url, alt: "The original and the result of every run, best first" })),
          h("div", { class: "dialog-buttons" }, h("a", { class: "button", href: url, download: `${stemOf(this.job)}-sheet.png` }, icon("arrow"), "Download"),
            h("button", { type: "button", on: { click: () => dialog.close() } }, "Close"))));
      document.body.append(dialog);
      dialog.showModal();
    };
    return h("button", { type: "button", id: "sheet", on: { click: open } }, "Contact sheet");
  }

  /** @param {any} image */
  recipe(image) {
    const { engine, attempts, batch, degradations, caption } = this.job.result;
    const recipe = image.recipe || this.job.result.recipe;
    const rows = [
      ["Engine", `${recipe.engine}, revision ${recipe.revision}`], ["Weights", engine.weights],
      ...Object.entries(recipe.parameters).filter(([, value]) => value !== "" && value !== null).map(([name, value]) => [spoken(name), value]),
      ["Seed", image.seed], ["Caption", caption], ["Attempts", attempts], ["Jobs in the run", batch], ["Remarks", degradations.join(", ")],
      ["sha256", image.sha256.slice(0, 16)],
    ].filter(([, value]) => value !== null && value !== undefined && value !== "");
    return h("details", { class: "report-part" }, h("summary", {}, "Recipe"), h("dl", { class: "rows" }, rows.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", { class: "mono" }, String(value))))));
  }

  /** @param {number} number @param {any} image */
  downloads(number, image) {
    const { id } = this.job;
    const stem = stemOf(this.job);
    const report = `jobs/${id}/report?image=${number}`;
    const save = async (/** @type {string} */ path, /** @type {string} */ accept, /** @type {string} */ name) => {
      const blob = await (await call(path, { accept })).blob();
      const link = h("a", { href: URL.createObjectURL(blob), download: name });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    };
    const button = (/** @type {string} */ text, /** @type {() => void} */ act, id_ = "") => h("button", { type: "button", id: id_ || null, on: { click: act } }, icon("arrow"), text);
    const ending = EXTENSIONS[image.format] || image.format;
    const page = key() ? button("Report page", () => save(report, "text/html", `${stem}-${number}.html`), "report-page")
      : h("a", { class: "button", id: "report-page", href: new URL(report, ROOT).href, target: "_blank", rel: "noopener" }, "Report page");
    return h("div", { class: "report-part row" },
      button("Image", () => save(below(image.url), "image/*", `${stem}-${number}.${ending}`), "download"),
      image.matte && button("Matte", () => save(below(image.matte), "image/png", `${stem}-${number}-matte.png`), "matte"),
      button("Report as PNG", () => save(report, "image/png", `${stem}-${number}-report.png`)),
      button("Report as JSON", () => save(report, "application/json", `${stem}-${number}-report.json`)), page);
  }

  /** Show why a job gave nothing. @param {any} job */
  showFailure(job) {
    this.section.hidden = false;
    const cancelled = job.status === "cancelled";
    const why = cancelled ? "The job was cancelled on request." : job.error?.detail || "The cause is unknown.";
    const fault = { caller: "Change the request and try again.", engine: "The engine could not make this image.", service: "The service is at fault, not your request. Try again later." }[job.error?.fault];
    fill(this.body, h("article", { class: "card report", role: cancelled ? null : "alert" },
      h("header", { class: `report-head ${cancelled ? "" : "bad"}` }, h("h3", {}, h("span", { class: `verdict ${cancelled ? "" : "bad"}` }, icon(cancelled ? "stop" : "cross"), cancelled ? "Cancelled" : "Failed")),
        h("ul", { class: "reasons" }, h("li", {}, why), !cancelled && fault && h("li", {}, fault), job.error && h("li", {}, h("code", {}, job.error.code)))),
      job.webhook && h("div", { class: "report-body" }, webhookPart(job))));
  }
}
