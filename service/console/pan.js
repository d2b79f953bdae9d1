/** Moving about in pictures that are larger than their frame. The frame scrolls by wheel, finger and keys by itself. */

/** @typedef {{across: number, down: number}} Spot shares of what is scrolled, 0..1 */

/** What stands in the middle of a frame. @param {HTMLElement} frame @returns {Spot} */
export function middle(frame) {
  return {
    across: (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth,
    down: (frame.scrollTop + frame.clientHeight / 2) / frame.scrollHeight,
  };
}

/** Put a spot into the middle of a frame, as far as it scrolls. @param {HTMLElement} frame @param {Spot} spot */
export function centre(frame, spot) {
  frame.scrollLeft = spot.across * frame.scrollWidth - frame.clientWidth / 2;
  frame.scrollTop = spot.down * frame.scrollHeight - frame.clientHeight / 2;
}

/** Let a mouse or pen drag what a frame scrolls, where `may` says so. @param {HTMLElement} frame @param {(event: PointerEvent) => boolean} may */
export function draggable(frame, may) {
  frame.addEventListener("pointerdown", (event) => {
    const onBar = event.offsetX > frame.clientWidth || event.offsetY > frame.clientHeight;
    if (event.pointerType === "touch" || event.button !== 0 || (event.target === frame && onBar) || !may(event)) return;
    const from = { left: frame.scrollLeft + event.clientX, top: frame.scrollTop + event.clientY };
    const move = (/** @type {PointerEvent} */ moved) => frame.scrollTo(from.left - moved.clientX, from.top - moved.clientY);
    const end = () => {
      frame.removeEventListener("pointermove", move);
      frame.classList.remove("dragged");
    };
    frame.setPointerCapture(event.pointerId);
    frame.classList.add("dragged");
    frame.addEventListener("pointermove", move);
    for (const over of ["pointerup", "pointercancel"]) frame.addEventListener(over, end, { once: true });
  });
}

/** Tell of a frame what the keys do there, and let them reach it, while it scrolls. @param {HTMLElement} frame @param {boolean} scrolls */
export function reachable(frame, scrolls) {
  const said = scrolls ? { tabindex: "0", role: "region", "aria-label": "Picture, larger than its frame: the arrow keys scroll it" } : {};
  for (const name of ["tabindex", "role", "aria-label"]) {
    if (said[name]) frame.setAttribute(name, said[name]);
    else frame.removeAttribute(name);
  }
}
