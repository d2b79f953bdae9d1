/** Reviews on their way to the service: sent at once, in order for each job, and again until they arrive, also after a reload. */

import { Problem, getJson } from "./api.js";

const PAUSE = 2000;
const OUTBOX = "likeness-reviews";

/** @typedef {{decision: string|null, comment: string|null}} Said what a person says of a result */

/** How decisions stand together, as the service says it. @param {any[]} reviews */
function stateOf(reviews) {
  const made = new Set(reviews.map((review) => review.decision));
  if (made.has("approved")) return made.has("rejected") ? "disputed" : "approved";
  return made.has("rejected") ? "rejected" : "none";
}

/** Whether a problem may pass by itself. @param {any} error */
const passing = (error) => error instanceof Problem && (error.status === 0 || error.status === 429 || error.status >= 500);

/** The reviews of one person. */
export class Reviews {
  /** @param {string} me name of the key @param {(job: any) => void} changed called whenever a job's reviews changed */
  constructor(me, changed) {
    Object.assign(this, { me, changed });
    /** @type {Map<string, Promise<any>>} the last review of each job that is on its way */
    this.sending = new Map();
    /** @type {Map<string, Said|null>} what has not arrived, kept in the tab for when the page is loaded anew */
    this.outbox = new Map(JSON.parse(sessionStorage.getItem(`${OUTBOX}:${me}`) || "[]"));
    window.addEventListener("beforeunload", (event) => { if (this.held) event.preventDefault(); });
    this.held = 0;
  }

  /** Send what an earlier life of this page could not. */
  async resume() {
    for (const [id, said] of this.outbox) {
      await this.send(id, said).catch(() => {}); // its job may be gone
      this.keep(id);
    }
  }

  /** Keep what was said of a job until it has arrived; with nothing said, it has. @param {string} id @param {Said|null} [said] */
  keep(id, said) {
    if (said === undefined) this.outbox.delete(id);
    else this.outbox.set(id, said);
    sessionStorage.setItem(`${OUTBOX}:${this.me}`, JSON.stringify([...this.outbox]));
  }

  /** What this person said of a job. @param {any} job @returns {Said|null} */
  mine(job) {
    const found = job.reviews.find((/** @type {any} */ review) => review.by === this.me);
    return found ? { decision: found.decision, comment: found.comment } : null;
  }

  /** Say something of a job, or with null nothing any more; shown at once. Throws Problem. @param {any} job @param {Said|null} said */
  async say(job, said) {
    const others = job.reviews.filter((/** @type {any} */ review) => review.by !== this.me);
    this.show(job, said ? [...others, { ...said, by: this.me, at: new Date().toISOString() }] : others);
    const sent = (this.sending.get(job.id) || Promise.resolve()).catch(() => {}).then(() => this.send(job.id, said));
    this.sending.set(job.id, sent);
    this.keep(job.id, said);
    try {
      const answer = await sent;
      if (this.sending.get(job.id) === sent) this.show(job, answer.reviews);
    } catch (error) {
      const stands = await getJson(`jobs/${job.id}`).catch(() => null);
      if (stands) this.show(job, stands.reviews);
      throw error;
    } finally {
      if (this.sending.get(job.id) === sent) {
        this.sending.delete(job.id);
        this.keep(job.id);
      }
    }
  }

  /** @param {any} job @param {any[]} reviews */
  show(job, reviews) {
    Object.assign(job, { reviews, review: stateOf(reviews) });
    this.changed(job);
  }

  /** @param {string} id @param {Said|null} said */
  async send(id, said) {
    const body = said && { body: JSON.stringify(said), headers: { "Content-Type": "application/json" } };
    for (;;) {
      try {
        return await getJson(`jobs/${id}/review`, { method: said ? "POST" : "DELETE", keepalive: true, ...body });
      } catch (error) {
        if (!passing(error)) throw error;
      }
      this.held += 1;
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
      this.held -= 1;
    }
  }
}
