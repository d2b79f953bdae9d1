// A client of the Likeness API; likeness.d.ts says what each method does.

const RETRIED = [429, 502, 503];
const LONGEST_PAUSE = 120; // seconds
const WAIT = 25; // seconds that one request waits for a job

export class LikenessError extends Error {
  constructor({ code, detail, status = 200, errors = [], request_id = "" }, retryAfter = null, cause = undefined) {
    super(detail, { cause });
    this.name = "LikenessError";
    Object.assign(this, { code, status, errors, requestId: request_id, retryAfter });
  }
}

export class Likeness {
  #url;
  #key;
  #tries;

  constructor(url = "", { key, tries = 5 } = {}) {
    this.#url = url.replace(/\/+$/, "");
    this.#key = key;
    this.#tries = tries;
  }

  static {
    for (const kind of ["recreate", "customise", "compare", "cutout", "packshot", "check"]) {
      this.prototype[kind] = function (image, fields, options) {
        return this.#submit(`/${kind}`, { ...fields, image }, options);
      };
    }
  }

  generate(fields, options) {
    return this.#submit("/generate", fields, options);
  }

  reproduce(job, options) {
    return this.#submit(`${pathOf(job)}/reproduce`, undefined, options);
  }

  job(job, options) {
    return this.#json(pathOf(job), options);
  }

  async *jobs(filters = {}, options) {
    let cursor = null;
    do {
      const page = await this.#json(`/jobs?${new URLSearchParams(given({ ...filters, cursor }))}`, options);
      yield* page.jobs;
      cursor = page.next;
    } while (cursor);
  }

  async wait(job, options) {
    for (;;) {
      const asked = Date.now();
      const answer = await this.#ask(`${pathOf(job)}?wait=${WAIT}`, options);
      const found = await answer.json();
      if (found.error) throw new LikenessError(found.error);
      if (found.status === "cancelled") throw new LikenessError({ code: "cancelled", detail: `job ${found.id} was cancelled` });
      if (ended(found)) return found;
      if (Date.now() - asked < 1000) await pause(secondsOf(answer) ?? 1, options?.signal);
    }
  }

  async *events(job, options) {
    let last = "";
    for (let tried = 1; ; tried += 1) {
      const headers = last ? { "Last-Event-ID": last } : {};
      const answer = await this.#ask(`${pathOf(job)}/events`, { ...options, headers });
      if (answer.status === 204) return;
      let cause;
      try {
        for await (const { id, event, data } of serverSent(answer.body)) {
          if (event === "error") break;
          const told = JSON.parse(data);
          [last, tried] = [id, 0];
          yield told;
          if (ended(told)) return;
        }
      } catch (error) {
        cause = broken(error);
      }
      if (tried >= this.#tries) throw noAnswer(this.#url, cause);
      await pause(0.5 * (tried + 1), options?.signal);
    }
  }

  image(job, n = 0, options) {
    return this.#file(`${pathOf(job)}/images/${n}`, options);
  }

  matte(job, n = 0, options) {
    return this.#file(`${pathOf(job)}/images/${n}/matte`, options);
  }

  original(job, options) {
    return this.#file(`${pathOf(job)}/input`, options);
  }

  report(job, options) {
    return this.#json(`${pathOf(job)}/report`, { ...options, headers: { Accept: "application/json" } });
  }

  cancel(job, options) {
    return this.#json(`${pathOf(job)}/cancel`, { ...options, method: "POST" });
  }

  async erase(job, options) {
    await this.#ask(pathOf(job), { ...options, method: "DELETE" });
  }

  async upload(picture, options) {
    const body = new Blob([picture]);
    const upload = await sha256Of(body);
    await this.#ask(`/uploads/${upload}`, { ...options, method: "PUT", body });
    return { upload };
  }

  submitBatch(batch, options) {
    return this.#submit("/batches", batch, options);
  }

  batch(batch, options) {
    return this.#json(pathOf(batch, "batches"), options);
  }

  async waitBatch(batch, options) {
    let found;
    while ((found = await this.batch(batch, options)).state !== "ended") await pause(1, options?.signal);
    return found;
  }

  async manifest(batch, options) {
    const answer = await this.#ask(`${pathOf(batch, "batches")}/manifest`, options);
    return (await answer.text()).trim().split("\n").map((row) => JSON.parse(row));
  }

  batchImage(batch, { sha256 }, options) {
    return this.#file(`${pathOf(batch, "batches")}/images/${sha256}`, options);
  }

  async engines(options) {
    return (await this.#json("/engines", options)).engines;
  }

  /** Post a body; its idempotency key makes every try of it the same job. */
  async #submit(path, fields, { idempotencyKey = randomKey(), signal } = {}) {
    const headers = { "Idempotency-Key": idempotencyKey };
    const body = fields && (await bodyOf(fields));
    if (typeof body === "string") headers["Content-Type"] = "application/json";
    return this.#json(path, { method: "POST", headers, body, signal });
  }

  /** Return the bytes of an answer, checked by its ETag, a sha256, where that can be done (pages: by https). */
  async #file(path, options) {
    const answer = await this.#ask(path, options);
    const blob = await answer.blob();
    const sha256 = /^"([0-9a-f]{64})"$/.exec(answer.headers.get("ETag"))?.[1];
    if (sha256 && crypto.subtle && (await sha256Of(blob)) !== sha256) throw unexpected(answer, "the bytes are not those of their sha256");
    return blob;
  }

  async #json(path, options) {
    return (await this.#ask(path, options)).json();
  }

  async #ask(path, { method, headers = {}, body, signal } = {}) {
    const own = this.#key ? { ...headers, Authorization: `Bearer ${this.#key}` } : headers;
    for (let tried = 1; ; tried += 1) {
      const outcome = await fetch(this.#url + path, { method, headers: own, body, signal }).catch((error) => noAnswer(this.#url, broken(error)));
      if (outcome.ok) return outcome;
      const problem = outcome instanceof LikenessError ? outcome : await problemOf(outcome);
      const seconds = problem.retryAfter ?? 0.25 * 2 ** (tried - 1);
      const passing = problem.status === 0 || RETRIED.includes(problem.status) || problem.code === "idempotency_pending";
      if (!passing || tried >= this.#tries || seconds > LONGEST_PAUSE) throw problem;
      await pause(seconds * (1 + Math.random() / 4), signal);
    }
  }
}

function pathOf(found, kind = "jobs") {
  return `/${kind}/${encodeURIComponent(found.id ?? found)}`;
}

function ended({ status }) {
  return status !== "queued" && status !== "running";
}

function given(values) {
  return Object.entries(values).filter(([, value]) => value != null);
}

/** Return a form for an image that is a file, else JSON, in which files are base64. */
async function bodyOf(fields) {
  const form = new FormData();
  const texts = {};
  for (const [name, value] of given(fields)) {
    const file = value instanceof ArrayBuffer || ArrayBuffer.isView(value) ? new Blob([value]) : value;
    if (file instanceof Blob) form.set(name, file, file.name ?? name);
    else form.set(name, typeof value === "string" ? value : JSON.stringify(value));
    texts[name] = file;
  }
  if (form.get("image") instanceof Blob && !texts.images) return form;
  const said = (one) => one instanceof Blob ? base64(one) : one;
  for (const name in texts) texts[name] = await (name === "images" ? Promise.all(texts.images.map(said)) : said(texts[name]));
  return JSON.stringify(texts);
}

async function base64(blob) {
  const bytes = new Uint8Array(await blob.arrayBuffer());
  let text = "";
  for (let at = 0; at < bytes.length; at += 32768) text += String.fromCharCode(...bytes.subarray(at, at + 32768));
  return btoa(text);
}

/** Not randomUUID, which pages have by https alone. */
function randomKey() {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

async function sha256Of(blob) {
  return hex(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
}

function hex(bytes) {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function problemOf(answer) {
  const problem = await answer.json().catch(() => null);
  if (typeof problem?.code !== "string") return unexpected(answer, `the answer is ${answer.status}`);
  return new LikenessError({ ...problem, status: answer.status }, secondsOf(answer));
}

function unexpected(answer, detail) {
  return new LikenessError({ code: "unexpected_answer", status: answer.status, detail: `${answer.url}: ${detail}` }, secondsOf(answer));
}

function secondsOf(answer) {
  const seconds = parseFloat(answer.headers.get("Retry-After"));
  return seconds >= 0 ? seconds : null;
}

function noAnswer(url, cause) {
  return new LikenessError({ code: "no_answer", status: 0, detail: `${url || "the service"} does not answer` }, null, cause);
}

/** Return the TypeError of a connection that is not there, or breaks; throw any other error. */
function broken(error) {
  if (error instanceof TypeError) return error;
  throw error;
}

async function pause(seconds, signal) {
  signal?.throwIfAborted();
  let timer, stop;
  await new Promise((resolve) => {
    timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", (stop = resolve));
  });
  clearTimeout(timer);
  signal?.removeEventListener("abort", stop);
  signal?.throwIfAborted();
}

/** Yield the fields of each event; lines end in CRLF or LF, chunks anywhere. */
async function* serverSent(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let fields = {};
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop();
      for (const line of lines) {
        const [, name, said] = /^([^:]*):? ?(.*)$/s.exec(line);
        if (name !== "") fields[name] = said;
        else if (line === "") {
          if (fields.data !== undefined) yield fields;
          fields = {};
        }
      }
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}
