// A small client of the Likeness API: fetch and the types of likeness.d.ts, nothing else. Copy it and make it yours.

import type { AcceptedJob, Event, JobView, Problem, RecreateRequest, Report } from "../likeness.js";

/** Fields of a call that takes a picture; the picture itself is sent as a file. */
export type Fields = Omit<RecreateRequest, "image">;

/** What the service said was wrong; `code` is stable, `retryAfter` in seconds. */
export class LikenessError extends Error {
  constructor(
    readonly problem: Problem,
    readonly retryAfter: number | null,
  ) {
    super(problem.detail);
  }
}

export class Likeness {
  private readonly headers: Record<string, string>;

  constructor(
    private readonly url: string,
    key?: string,
  ) {
    this.headers = key === undefined ? {} : { Authorization: `Bearer ${key}` };
  }

  /** Hand in a picture to be recreated. The idempotency key makes it safe to send the same again. */
  async recreate(picture: Blob, name: string, fields: Fields = {}): Promise<AcceptedJob> {
    const body = new FormData();
    for (const [field, value] of Object.entries(fields)) {
      if (value !== null && value !== undefined) body.set(field, part(value));
    }
    body.set("image", picture, name);
    const key = crypto.randomUUID();
    const answer = await this.ask("/recreate", { method: "POST", body, headers: { "Idempotency-Key": key } });
    return (await answer.json()) as AcceptedJob;
  }

  /** Yield each event of a job until it has ended; a connection that breaks is made anew where it was. */
  async *events(job: AcceptedJob): AsyncGenerator<Event> {
    let last = "";
    for (;;) {
      const headers: Record<string, string> = last === "" ? {} : { "Last-Event-ID": last };
      const answer = await this.ask(job.links.events, { headers });
      if (answer.status === 204 || answer.body === null) return;
      try {
        for await (const { id, event } of parsed(answer.body)) {
          last = id;
          yield event;
          if (ended(event.status)) return;
        }
      } catch (error) {
        if (!(error instanceof TypeError)) throw error; // what fetch throws when a connection breaks
      }
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }

  /** Read a job as it stands. */
  async job(id: string): Promise<JobView> {
    return (await (await this.ask(`/jobs/${id}`)).json()) as JobView;
  }

  /** Read an image of a job; 0 is the best. */
  async image(id: string, n = 0): Promise<Blob> {
    return (await this.ask(`/jobs/${id}/images/${n}`)).blob();
  }

  /** Read the report of the best image. */
  async report(id: string): Promise<Report> {
    return (await (await this.ask(`/jobs/${id}/report`, { headers: { Accept: "application/json" } })).json()) as Report;
  }

  private async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = { ...this.headers, ...(init.headers as Record<string, string> | undefined) };
    const answer = await fetch(new URL(path, this.url), { ...init, headers });
    if (answer.ok) return answer;
    const wait = answer.headers.get("Retry-After");
    throw new LikenessError((await answer.json()) as Problem, wait === null ? null : Number(wait));
  }
}

function part(value: string | number | boolean | object): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

function ended(status: JobView["status"]): boolean {
  return status !== "queued" && status !== "running";
}

/** Yield the events of a stream with their ids. */
async function* parsed(body: ReadableStream<Uint8Array>): AsyncGenerator<{ id: string; event: Event }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const chunk of body as unknown as AsyncIterable<Uint8Array>) {
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split("\r\n\r\n");
    rest = blocks.pop() ?? "";
    for (const block of blocks) {
      const fields = new Map(block.split("\r\n").map((line) => [line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 2)]));
      const data = fields.get("data");
      if (data !== undefined && fields.get("event") !== "error") yield { id: fields.get("id") ?? "", event: JSON.parse(data) as Event };
    }
  }
}
