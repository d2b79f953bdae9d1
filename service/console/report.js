/** The quality report of one image as a card: verdict, reasons, figures, frame. */

import { figure, h, icon, s, seconds, spoken } from "./dom.js";

/** What each figure is called, what it says, and the ends of its gauge. */
const FIGURES = {
  psnr: ["PSNR", "mean squared error; 100 dB is equal", 10, 50],
  ssim: ["SSIM", "structure, in windows of 11 px", 0, 1],
  ms_ssim: ["MS-SSIM", "structure at several scales", 0, 1],
  delta_e: ["Colour difference", "mean CIEDE2000; 1 is just visible", 0, 20],
  edge_f1: ["Edges", "share of edges within 2 px of each other", 0, 1],
  drift: ["Drift", "length of the shift", 0, 5],
  lpips: ["LPIPS", "perceptual distance by a network", 0, 1],
  st_lpips: ["ST-LPIPS", "perceptual distance, tolerant of shifts", 0, 1],
  clip_similarity: ["CLIP similarity", "similarity of content", 0, 1],
  hue_error: ["Hue", "distance from the requested hue", 0, 180],
  colour_delta_e: ["Mean colour", "CIEDE2000 to the requested colour", 0, 20],
  pixel_delta_e: ["Colour of each pixel", "mean CIEDE2000 to the requested colour", 0, 20],
  change_inside: ["Change inside", "mean CIEDE2000 inside the edited area", 0, 20],
  change_outside: ["Change outside", "mean CIEDE2000 outside the edited area", 0, 20],
  clip_score: ["CLIP score", "similarity of image and text", 0, 1],
  directional_similarity: ["Direction", "similarity of the change to that of the captions", -1, 1],
  lightness: ["Lightness", "mean of the product", 0, 100],
};
const UNITS = { ratio: "", dE00: "ΔE00", degrees: "°" };

/** How a verdict looks: its tone and its icon. @type {Record<string, [string, string]>} */
const VERDICTS = { accepted: ["good", "check"], rejected: ["bad", "cross"], not_judged: ["", "dash"] };

/** A verdict as word, colour and icon. @param {string} verdict */
export function verdictTag(verdict) {
  const [tone, mark] = VERDICTS[verdict] || VERDICTS.rejected;
  return h("span", { class: `verdict ${tone}` }, icon(mark), spoken(verdict));
}

/** "a.b" as a sentence. @param {string} text */
export function sentence(text) {
  const said = text.trim();
  return said.charAt(0).toUpperCase() + said.slice(1) + (/[.!?]$/.test(said) ? "" : ".");
}

/** A reason that begins with a figure, which is then called as its gauge is. @param {string} reason */
export const named = (reason) => reason.trim().replace(/^[a-z_0-9]+/, (word) => FIGURES[word]?.[0] || word);

/** A small gauge: how much of its range a figure is, and where the threshold lies. @param {any} score @param {number|undefined} asked */
function gauge(score, asked) {
  const [, , low, high] = FIGURES[score.name] || ["", "", 0, 1];
  const at = (/** @type {number} */ value) => (Math.min(1, Math.max(0, (value - low) / (high - low))) * 100).toFixed(1);
  const met = asked === undefined ? "" : (score.higher_is_better ? score.value >= asked : score.value <= asked) ? "met" : "missed";
  const parts = [s("rect", { class: "track", width: 100, height: 6, rx: 3 }), s("rect", { class: `filled ${met}`, width: at(score.value), height: 6, rx: 3 })];
  if (asked !== undefined) parts.push(s("rect", { class: "asked", x: Math.max(0, Number(at(asked)) - 0.75), y: -2, width: 1.5, height: 10 }));
  return s("svg", { class: "gauge", viewBox: "0 -2 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, ...parts);
}

/** @param {any} score @param {number|undefined} asked */
function scoreRow(score, asked) {
  const [name, about] = FIGURES[score.name] || [spoken(score.name), ""];
  const unit = UNITS[score.unit] ?? score.unit;
  const direction = score.higher_is_better ? "higher is better" : "lower is better";
  const bound = asked === undefined ? "" : `, required: ${score.higher_is_better ? "at least" : "at most"} ${figure(asked, 2)}`;
  const digits = score.unit === "dB" || score.unit === "degrees" ? 1 : score.unit === "dE00" ? 2 : 3;
  return h("li", { class: "score" },
    h("div", { class: "score-head" }, h("span", { class: "score-name", title: score.name }, name),
      h("span", { class: "score-value" }, figure(score.value, digits), unit && h("span", { class: "unit" }, ` ${unit}`))),
    gauge(score, asked), h("p", { class: "hint" }, `${about ? `${about}; ` : ""}${direction}${bound}`), score.reason && h("p", { class: "hint" }, sentence(score.reason)));
}

/** Figures, those that were measured first, the others folded away with why. @param {string} title @param {any[]} scores @param {Record<string, number>} thresholds */
function scoreList(title, scores, thresholds) {
  const known = scores.filter((score) => score.value !== null);
  const unknown = scores.filter((score) => score.value === null);
  if (scores.length === 0) return null;
  return h("div", { class: "report-part" }, h("h3", {}, title),
    known.length > 0 && h("ul", { class: "scores" }, known.map((score) => scoreRow(score, thresholds[score.name]))),
    unknown.length > 0 && h("details", {}, h("summary", {}, `${unknown.length} not measured`),
      h("ul", { class: "small muted fields" }, unknown.map((score) => h("li", {}, `${FIGURES[score.name]?.[0] || score.name}: ${score.reason || "no reason given"}`)))));
}

/** @param {any[]} rows */
function frameTable(rows) {
  const cell = (/** @type {any} */ value) => h("td", { class: "mono" }, value === null ? "none" : String(value));
  return h("div", { class: "report-part" }, h("h3", { id: "frame-title" }, "Frame"),
    h("div", { class: "table-box", tabindex: 0, role: "region", "aria-labelledby": "frame-title" }, h("table", { class: "frame" },
      h("thead", {}, h("tr", {}, ["Property", "Original", "Result", "Equal"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, rows.map((row) => h("tr", { class: row.equal ? "" : "differs" }, h("th", { scope: "row" }, spoken(row.name)), cell(row.given), cell(row.made),
        h("td", {}, h("span", { class: row.equal ? "yes" : "no" }, icon(row.equal ? "check" : "cross"), row.equal ? "yes" : "no"))))))));
}

/** The figures that the verdict is made of, those that missed their limit first. @param {any[]} figures */
function figureTable(figures) {
  if (figures.length === 0) return null;
  const sorted = [...figures].sort((one, other) => Number(one.met) - Number(other.met));
  const limit = (/** @type {any} */ one) => (one.limit === null ? "none" : `${one.higher_is_better ? "at least" : "at most"} ${figure(one.limit, 3)}`);
  return h("div", { class: "report-part" }, h("h3", { id: "figures-title" }, "What an editor looks for"),
    h("div", { class: "table-box", tabindex: 0, role: "region", "aria-labelledby": "figures-title" }, h("table", { class: "frame" },
      h("thead", {}, h("tr", {}, ["Figure", "Value", "Limit", "Met"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, sorted.map((one) => h("tr", { class: one.met ? "" : "differs" }, h("th", { scope: "row", title: `cannot see: ${one.misses}` }, spoken(one.name)),
        h("td", { class: "mono" }, one.value === null ? "not measured" : figure(one.value, 3)), h("td", {}, limit(one)),
        h("td", {}, one.value === null ? "" : h("span", { class: one.met ? "yes" : "no" }, icon(one.met ? "check" : "cross"), one.met ? "yes" : "no"))))))));
}

/** @param {any} report */
function editPart(report) {
  const { edit, registration } = report.before || report;
  const locked = report.before?.locked || report.locked;
  if (!edit && !locked && !registration) return null;
  const swatch = edit?.colour && s("svg", { viewBox: "0 0 10 10", class: "swatch", role: "img", "aria-label": edit.colour }, s("rect", { width: 10, height: 10, rx: 2, fill: edit.colour }));
  return h("div", { class: "report-part" }, h("h3", {}, "Edit"), h("ul", { class: "plain" },
    edit && h("li", {}, swatch, sentence(`requested: ${edit.asked}; ${edit.happened ? "the edit took effect" : "the edit had no effect"}`)),
    locked && h("li", {}, sentence(`protected area: ${(locked.area * 100).toFixed(1)} % of the picture; largest change in it: ${locked.max_abs_diff}`)),
    registration && h("li", {}, sentence(`the engine shifted the picture by ${figure(registration.right, 2)} px to the right and ${figure(registration.down, 2)} px down; ${registration.undone ? "this was undone" : "this was left as it is"}`))));
}

/** The rules of a marketplace, or what was asked, with marks. @param {any} compliance */
function rulesPart(compliance) {
  if (!compliance || compliance.rows.length === 0) return null;
  const mark = (/** @type {any} */ row) => row.ok === null
    ? h("span", { class: "muted", title: row.note || "" }, "not judged")
    : h("span", { class: row.ok ? "yes" : "no" }, icon(row.ok ? "check" : "cross"), row.ok ? "yes" : "no");
  const found = (/** @type {any} */ row) => [row.found ?? "", row.offending ? `${row.offending} pixels off` : "", row.note ?? ""].filter(Boolean).join("; ");
  const name = (/** @type {any} */ row) => row.source?.startsWith("http") ? h("a", { href: row.source, rel: "noreferrer", target: "_blank" }, spoken(row.rule)) : spoken(row.rule);
  return h("div", { class: "report-part" }, h("h3", { id: "rules-title" }, compliance.preset ? `Rules of ${compliance.preset}` : "What was asked"),
    h("div", { class: "table-box", tabindex: 0, role: "region", "aria-labelledby": "rules-title" }, h("table", { class: "frame" },
      h("thead", {}, h("tr", {}, ["Rule", "Asked", "Found", "Met"].map((title) => h("th", { scope: "col" }, title)))),
      h("tbody", {}, compliance.rows.map((/** @type {any} */ row) => h("tr", { class: row.ok === false && row.level === "must" ? "differs" : "" },
        h("th", { scope: "row" }, name(row), row.level === "advised" && h("span", { class: "muted" }, " advised")),
        h("td", {}, row.asked), h("td", {}, found(row)), h("td", {}, mark(row))))))));
}

/** Where the time went, as one bar and its parts. @param {Record<string, number>} timings */
export function timingPart(timings) {
  const parts = Object.entries(timings).filter(([, value]) => value >= 0.005);
  const all = parts.reduce((sum, [, value]) => sum + value, 0);
  let at = 0;
  const bars = parts.map(([name, value]) => {
    const width = (value / all) * 100;
    at += width;
    return s("rect", { class: `time-${name}`, x: at - width, width: Math.max(0.4, width - 0.4), height: 8 });
  });
  return h("div", { class: "report-part" }, h("h3", {}, `Time: ${seconds(all)}`),
    s("svg", { class: "times", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true" }, ...bars),
    h("dl", { class: "time-list" }, parts.map(([name, value]) => h("div", {}, h("dt", {}, h("span", { class: `dot time-${name}` }), spoken(name)), h("dd", {}, seconds(value))))));
}

/**
 * The card of one image.
 * @param {any} image of a result @param {Record<string, number>} thresholds that were asked @param {...any} extra
 */
export function reportCard(image, thresholds, ...extra) {
  const { report } = image;
  const changed = report.before || report;
  const [tone] = VERDICTS[report.verdict] || VERDICTS.rejected;
  return h("article", { class: "card report", "aria-labelledby": "report-title" },
    h("header", { class: `report-head ${tone}` },
      h("h3", { id: "report-title" }, verdictTag(report.verdict), report.retouchable && h("span", { class: "hint" }, " can be retouched")),
      h("ul", { class: "reasons" }, report.reasons.map((/** @type {string} */ reason) => h("li", {}, sentence(named(reason)))))),
    h("div", { class: "report-body" }, rulesPart(report.compliance), figureTable(changed.figures || []), editPart(report), scoreList("Edit metrics", changed.edit?.scores || [], thresholds),
      scoreList("Result compared with original", report.fidelity, thresholds), frameTable(report.frame), extra));
}
