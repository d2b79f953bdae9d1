/** Questions: an API key, and whether something is really meant. */

import { keepKey, key, sharedLink } from "./api.js";
import { h } from "./dom.js";

/** @param {HTMLElement} dialog */
function open(dialog) {
  document.body.append(dialog);
  /** @type {HTMLDialogElement} */ (dialog).showModal();
}

/** Ask before something that cannot be undone. @param {string} title @param {string} text @param {string} act @returns {Promise<boolean>} */
export function confirmed(title, text, act) {
  return new Promise((resolve) => {
    const dialog = h("dialog", { role: "alertdialog", "aria-labelledby": "ask-title", "aria-describedby": "ask-text", on: { close: () => { resolve(dialog.returnValue === "yes"); dialog.remove(); } } },
      h("div", { class: "dialog-body" }, h("h2", { id: "ask-title" }, title), h("p", { id: "ask-text" }, text),
        h("div", { class: "dialog-buttons" },
          h("button", { type: "button", autofocus: true, on: { click: () => dialog.close("no") } }, "Keep it"),
          h("button", { type: "button", class: "danger", id: "ask-yes", on: { click: () => dialog.close("yes") } }, act))));
    open(dialog);
  });
}

/** @type {Promise<void>|null} */
let asking = null;

/** Ask for an API key, once for all calls that want one. It is kept for this tab alone, and never in an address. @param {import("./api.js").Problem} problem */
export function askForKey(problem) {
  asking ||= ask(problem).finally(() => { asking = null; });
  return asking;
}

/** @param {import("./api.js").Problem} problem @returns {Promise<void>} */
function ask(problem) {
  return new Promise((resolve, reject) => {
    const refused = key() !== "";
    const box = h("input", { type: "password", id: "key", name: "key", autocomplete: "off", spellcheck: "false", required: true, "aria-describedby": "key-hint key-wrong" });
    const take = (/** @type {Event} */ event) => {
      event.preventDefault();
      if (!box.value.trim()) return;
      keepKey(box.value.trim());
      box.value = "";
      resolve();
      dialog.close();
    };
    const dialog = h("dialog", { "aria-labelledby": "key-title", on: { close: () => { reject(problem); dialog.remove(); } } },
      h("form", { on: { submit: take } }, h("h2", { id: "key-title" }, "API key"),
        h("div", { class: "field" }, h("label", { for: "key" }, "Key for this service"), box,
          h("p", { class: "hint", id: "key-hint" }, "Kept until you close this tab, and sent to this service only. “likeness keys create NAME” creates one."),
          refused && h("p", { class: "wrong", id: "key-wrong", role: "alert" }, h("span", {}, problem.status === 403 || sharedLink() ? problem.message : "The service rejected this key."))),
        h("div", { class: "dialog-buttons" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Not now"), h("button", { type: "submit", class: "solid", id: "key-use" }, "Use this key"))));
    open(dialog);
    box.focus();
  });
}
