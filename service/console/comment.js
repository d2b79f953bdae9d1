/** The question for a comment. */

import { h } from "./dom.js";

const LONGEST = 1000;

/** Ask for a comment on a result; null where nothing is to change. @param {string} name of the result @param {string} known @returns {Promise<string|null>} */
export function askForComment(name, known) {
  return new Promise((resolve) => {
    const box = h("textarea", { id: "comment", rows: 4, maxlength: LONGEST, "aria-describedby": "comment-hint" });
    box.value = known;
    const keep = (/** @type {Event} */ event) => {
      event.preventDefault();
      dialog.close("keep");
    };
    box.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => { if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) keep(event); });
    const dialog = h("dialog", { "aria-labelledby": "comment-title", on: { close: () => { resolve(dialog.returnValue === "keep" ? box.value.trim() : null); dialog.remove(); } } },
      h("form", { on: { submit: keep } }, h("h2", { id: "comment-title" }, `Comment on ${name}`),
        h("div", { class: "field" }, h("label", { for: "comment" }, "Comment"), box, h("p", { class: "hint", id: "comment-hint" }, "Everybody who sees the job can read it. Ctrl+Enter saves it.")),
        h("div", { class: "dialog-buttons" }, h("button", { type: "button", on: { click: () => dialog.close() } }, "Cancel"), h("button", { type: "submit", class: "solid" }, "Save comment"))));
    document.body.append(dialog);
    /** @type {HTMLDialogElement} */ (dialog).showModal();
    box.focus();
  });
}
