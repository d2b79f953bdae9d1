/** Calls to the service: addresses below the page's own, the key, problems told by the service, pictures as blobs. */

const KEY = "likeness.key";

/** Where the service is: the folder that holds `console/`, whatever a proxy put before it. */
export const ROOT = new URL("../", import.meta.url);

/** An answer that is no success, as the service told it. */
export class Problem extends Error {
  /** @param {number} status 0 when there was no answer @param {any} body @param {number|null} retryAfter in seconds */
  constructor(status, body, retryAfter = null) {
    super(body.detail || body.title || "the service gave no reason");
    this.status = status;
    this.code = body.code || "no_answer";
    this.title = body.title || "";
    /** @type {{pointer: string, detail: string}[]} */
    this.errors = body.errors || [];
    this.requestId = body.request_id || "";
    this.retryAfter = retryAfter;
  }

  /** Whether another key may help. */
  get wantsKey() {
    return this.status === 401 || this.code === "scope_missing";
  }
}

/** What to do when a key is wanted: resolves once there is one to try; and what to show while the service is away. */
export const hooks = {
  /** @type {(problem: Problem) => Promise<void>} */
  askForKey: async (problem) => { throw problem; },
  /** @type {(away: boolean) => void} */
  away: () => {},
};

export const key = () => sessionStorage.getItem(KEY) || "";

/** Keep a key until this tab is closed. @param {string} value */
export function keepKey(value) {
  if (value) sessionStorage.setItem(KEY, value);
  else sessionStorage.removeItem(KEY);
}

/** Whose review link is in the place of a key, and until when it works; null for a key. */
export function sharedLink() {
  const [, name, until] = /^lr_([a-z0-9_-]+)\.(\d+)\./.exec(key()) || [];
  return name ? { name, until: new Date(Number(until) * 1000) } : null;
}

/** @param {string} path below the service's root @param {RequestInit & {accept?: string}} [options] */
async function once(path, options = {}) {
  const headers = new Headers(options.headers);
  if (options.accept) headers.set("Accept", options.accept);
  if (key()) headers.set("Authorization", `Bearer ${key()}`);
  let answer;
  try {
    answer = await fetch(new URL(path, ROOT), { ...options, headers, credentials: "same-origin" });
  } catch (error) {
    if (/** @type {Error} */ (error).name === "AbortError") throw error;
    hooks.away(true);
    throw new Problem(0, { title: "Not responding", detail: "The service is not responding. Is it running?" });
  }
  hooks.away(false);
  if (answer.ok || answer.status === 304) return answer;
  const wait = Number(answer.headers.get("Retry-After"));
  throw new Problem(answer.status, await answer.json().catch(() => ({ title: answer.statusText })), wait || null);
}

/**
 * Call the service; ask for a key and try again when one is wanted. Throws Problem.
 * @param {string} path @param {RequestInit & {accept?: string}} [options] @returns {Promise<Response>}
 */
export async function call(path, options = {}) {
  for (;;) {
    const used = key();
    try {
      return await once(path, options);
    } catch (error) {
      if (!(error instanceof Problem && error.wantsKey)) throw error;
      if (key() === used) await hooks.askForKey(error);
    }
  }
}

/** @param {string} path @param {RequestInit} [options] @returns {Promise<any>} */
export const getJson = async (path, options) => (await call(path, options)).json();

/** An address of the service that an answer gave, as a path below the root. @param {string} link */
export function below(link) {
  const at = link.indexOf("/jobs/");
  return link.slice(at + 1);
}

/** @type {Map<string, Promise<{url: string, blob: Blob}>>} */
const held = new Map();
const MOST_HELD = 48;

/**
 * Return a picture of the service as a blob, kept while it is among the last that were asked for. Throws Problem.
 * @param {string} path @returns {Promise<{url: string, blob: Blob}>}
 */
export function picture(path) {
  const known = held.get(path);
  if (known) return known;
  const asked = call(path, { accept: "image/*" }).then(async (answer) => {
    const blob = await answer.blob();
    return { blob, url: URL.createObjectURL(blob) };
  });
  held.set(path, asked);
  asked.catch(() => held.delete(path));
  if (held.size > MOST_HELD) drop(held.keys().next().value);
  return asked;
}

/** @param {string|undefined} path */
function drop(path) {
  const old = path && held.get(path);
  if (!old) return;
  held.delete(path);
  old.then(({ url }) => URL.revokeObjectURL(url), () => {});
}

/** Forget the pictures of a job that was erased. @param {string} id */
export function forget(id) {
  [...held.keys()].filter((path) => path.includes(id)).forEach(drop);
}

/**
 * Submit a job. Throws Problem.
 * @param {import("./request.js").Request} request @returns {Promise<any>} the accepted job
 */
export async function submit(request) {
  const body = new FormData();
  for (const [name, value] of Object.entries(request.fields)) body.append(name, asText(value));
  for (const [name, file] of Object.entries(request.files)) body.append(name, file, file.name);
  const bare = Object.keys(request.files).length === 0;
  const json = { body: JSON.stringify(request.fields), headers: { "Content-Type": "application/json" } };
  return getJson(request.kind, { method: "POST", ...(bare ? json : { body }) });
}

/** A value as a form part: texts as they are, everything else as JSON. @param {any} value */
export const asText = (value) => (typeof value === "string" ? value : JSON.stringify(value));
