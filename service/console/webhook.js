/** Whether a job's webhook was delivered, read again as long as another attempt will follow. */

import { getJson } from "./api.js";
import { ago, fill, h, icon } from "./dom.js";

const FIRST_LOOK = 1000;
const LONGEST_PAUSE = 60000;
const STATES = {
  waiting: ["clock", "", "sent when the job ends"], pending: ["clock", "", "not delivered yet"], delivered: ["check", "good", "delivered"],
  failed: ["cross", "bad", "every attempt failed"], disabled: ["stop", "bad", "not sent: the receiver has unsubscribed"],
};

/** @param {any} job @returns {HTMLElement|null} what became of its webhook, kept up to date while it is on the page */
export function webhookPart(job) {
  if (!job.webhook) return null;
  const body = h("div", {});
  const element = h("div", { class: "report-part", id: "webhook" }, h("h3", {}, "Webhook"), body);
  draw(body, job.webhook);
  if (job.webhook.state === "waiting" || job.webhook.state === "pending") setTimeout(() => look(job.id, body, FIRST_LOOK), FIRST_LOOK);
  return element;
}

/** @param {string} id of the job @param {HTMLElement} body @param {number} pause in ms */
async function look(id, body, pause) {
  if (!body.isConnected) return;
  const { webhook } = await getJson(`jobs/${id}`).catch(() => ({ webhook: null }));
  if (webhook) draw(body, webhook);
  if (!webhook || webhook.state === "pending") setTimeout(() => look(id, body, Math.min(LONGEST_PAUSE, pause * 2)), pause * 2);
}

/** @param {HTMLElement} body @param {any} webhook */
function draw(body, webhook) {
  const [mark, tone, text] = STATES[webhook.state] || ["dash", "", webhook.state];
  const tries = webhook.deliveries.slice(-5);
  fill(body, h("p", {}, h("span", { class: `verdict ${tone}`, "data-state": webhook.state }, icon(mark), text),
    webhook.next_at && webhook.state === "pending" && h("span", { class: "small muted" }, ` next attempt ${new Date(webhook.next_at).toLocaleTimeString("en-GB")}`)),
  h("ul", { class: "small muted" }, tries.map((/** @type {any} */ each) =>
    h("li", {}, `${ago(each.at)}: ${each.status ? `answered ${each.status}` : each.error || "no answer"}, after ${each.seconds.toFixed(2)} s`))),
  webhook.deliveries.length > tries.length && h("p", { class: "small muted" }, `${webhook.deliveries.length} attempts in total`));
}
