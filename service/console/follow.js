/** Following a job: server-sent events, and polling while those do not come. */

import { ROOT, Problem, below, getJson } from "./api.js";

const QUEUE_LOOK = 3000;
const FIRST_PAUSE = 1000;
const LONGEST_PAUSE = 15000;

const ENDED = new Set(["succeeded", "failed", "cancelled"]);

/** @param {{status: string}} job */
export const ended = (job) => ENDED.has(job.status);

/** @param {number} time in ms */
const pause = (time) => new Promise((resolve) => setTimeout(resolve, time));

/**
 * Follow a job until it has ended or `signal` is aborted. `onJob` gets the job as it stands whenever that is known to
 * have changed; `onProgress` each step between.
 * @param {any} job as handed in or read
 * @param {{onJob: (job: any) => void, onProgress: (progress: any) => void}} watch
 * @param {AbortSignal} signal
 */
export async function follow(job, watch, signal) {
  let wait = FIRST_PAUSE;
  let current = job;
  while (!ended(current) && !signal.aborted) {
    const heard = await listen(current, watch, signal);
    if (signal.aborted) return;
    try {
      current = await getJson(`jobs/${job.id}`);
      watch.onJob(current);
      wait = heard ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, wait * 1.6);
    } catch (error) {
      if (error instanceof Problem && error.status !== 0 && error.status < 500 && error.status !== 429) throw error;
      wait = Math.min(LONGEST_PAUSE, wait * 1.6);
    }
    if (!ended(current)) await pause(wait);
  }
}

/**
 * Listen to a job's events until one ends it or the stream breaks off; return whether anything was heard.
 * @param {any} job @param {{onJob: Function, onProgress: Function}} watch @param {AbortSignal} signal
 * @returns {Promise<boolean>}
 */
function listen(job, watch, signal) {
  return new Promise((resolve) => {
    const source = new EventSource(new URL(below(job.links.events), ROOT));
    let heard = false;
    let queued = job.status === "queued";
    const looking = setInterval(async () => {
      if (queued) await getJson(`jobs/${job.id}`).then((read) => queued && watch.onJob(read), () => {});
    }, QUEUE_LOOK);
    const finish = () => {
      clearInterval(looking);
      source.close();
      signal.removeEventListener("abort", finish);
      resolve(heard);
    };
    source.addEventListener("status", (event) => {
      heard = true;
      const said = JSON.parse(/** @type {MessageEvent} */ (event).data);
      queued = said.status === "queued";
      if (ended(said)) finish();
      else if (!queued) watch.onJob({ ...job, status: said.status, position: null });
    });
    source.addEventListener("progress", (event) => {
      heard = true;
      queued = false;
      watch.onProgress(JSON.parse(/** @type {MessageEvent} */ (event).data).progress);
    });
    // Also what the service calls `error`, as when too many follow jobs: polling then goes on.
    source.addEventListener("error", finish);
    signal.addEventListener("abort", finish);
  });
}
