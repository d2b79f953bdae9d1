/** The banner: what went wrong with something that nobody waits for. */

import { Problem } from "./api.js";
import { byId, fill, h } from "./dom.js";

/** Show a problem of a call; that the service is away is shown elsewhere, and an error of another kind is thrown. @param {unknown} error */
export function showProblem(error) {
  if (!(error instanceof Problem)) throw error;
  if (error.status === 0) return;
  const banner = byId("banner");
  const close = h("button", { type: "button", class: "quiet", on: { click: () => { banner.hidden = true; } } }, "Close");
  fill(banner, h("span", {}, error.message), error.wantsKey && h("button", { type: "button", on: { click: () => location.reload() } }, "Enter a key"), close);
  banner.hidden = false;
}

/** @param {Promise<any>} promise */
export function guard(promise) {
  promise.catch(showProblem);
}
