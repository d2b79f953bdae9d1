/** The question whom a review link is for, and the link. */

import { ROOT, getJson } from "./api.js";
import { showProblem } from "./banner.js";
import { fill, h, tell } from "./dom.js";
import { copy } from "./request.js";

const NAME = "[a-z0-9][a-z0-9_\\-]{0,63}";

/** Make a link to review the results of a reference for a day, and show it this once. @param {string} reference */
export function share(reference) {
  const box = h("input", { id: "share-name", value: "reviewer", pattern: NAME, maxlength: 64, required: true, autocomplete: "off", "aria-describedby": "share-hint" });
  const made = h("div", { role: "status" });
  const make = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const body = JSON.stringify({ reference, name: box.value.trim() });
    const link = await getJson("review-links", { method: "POST", body, headers: { "Content-Type": "application/json" } });
    const address = new URL(link.url.slice(link.url.indexOf("/review#") + 1), ROOT).href;
    const shown = h("input", { id: "share-link", readonly: true, value: address });
    const press = async () => { await copy(address); tell("Copied", true); };
    fill(made, h("div", { class: "field" }, h("label", { for: "share-link" }, "The link, shown this once"), shown, h("p", { class: "hint" }, `Works until ${new Date(link.expires_at).toLocaleString()}.`)),
      h("button", { type: "button", on: { click: press } }, "Copy the link"));
    shown.select();
  };
  const close = () => dialog.close();
  const dialog = h("dialog", { "aria-labelledby": "share-title", on: { close: () => dialog.remove() } },
    h("form", { on: { submit: (/** @type {Event} */ event) => make(event).catch((error) => { close(); showProblem(error); }) } }, h("h2", { id: "share-title" }, `Share ${reference}`),
      h("div", { class: "field" }, h("label", { for: "share-name" }, "For"), box,
        h("p", { class: "hint", id: "share-hint" }, "A name in lower case: reviews by the link have it. Whoever has the link reviews these results for a day, and can do nothing else.")),
      made, h("div", { class: "dialog-buttons" }, h("button", { type: "button", on: { click: close } }, "Close"), h("button", { type: "submit", class: "solid", id: "share-make" }, "Make a link"))));
  document.body.append(dialog);
  /** @type {HTMLDialogElement} */ (dialog).showModal();
  box.select();
}
