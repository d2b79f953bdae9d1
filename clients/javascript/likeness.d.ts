import type {
  AcceptedJob,
  BatchView,
  CheckRequest,
  CompareRequest,
  CustomiseRequest,
  CutoutRequest,
  EngineView,
  Event,
  FieldProblemView,
  Generate,
  JobFailure,
  JobView,
  PackshotRequest,
  RecreateRequest,
  Report,
  ResultView,
  Verdict,
} from "./schema.js";

export type * from "./schema.js";

/** Bytes of a picture: a Blob, such as a File of an `<input>`, or what Node reads. */
export type Bytes = Blob | ArrayBuffer | ArrayBufferView;

/** The picture to work on: its bytes, a public https URL, a data URI, base64, or an image of an earlier job. */
export type Picture = Bytes | string | { job: string; image?: number };

/** Fields of a call without its picture; other pictures among them are texts as the API takes them, or bytes. */
export type Fields<Request> = {
  [Name in keyof Request as Exclude<Name, "image">]: Request[Name] | (Name extends Files ? Bytes : never);
};
export type Files = "mask" | "logo" | "control" | "style_image" | "guide" | "background";

export interface Options {
  /** stops the call; the job goes on */
  signal?: AbortSignal;
}

export interface SubmitOptions extends Options {
  /** the same key is the same job, for 24 hours; by default one for each call, which covers its own retries */
  idempotencyKey?: string;
}

/** Of `GET /jobs`. */
export interface Filters {
  reference?: string;
  kind?: JobView["kind"];
  verdict?: Verdict;
  /** RFC 3339, with its offset from UTC */
  since?: string;
  /** jobs in one page, 1 to 100 */
  limit?: number;
}

/** A job or its id. */
export type JobOrId = string | { id: string };

/** A batch or its id. */
export type BatchOrId = string | { id: string };

/** What a batch makes: each item by each recipe. */
export interface NewBatch {
  /** a name, a kind, and fields of its call, in which `{colour}` stands for an item's value */
  recipes: ({ name: string } & Record<string, unknown>)[];
  /** an image is a URL, an upload, or one of an earlier job */
  items: ({ reference: string; image?: string | { upload: string } | { job: string; image?: number } } & Record<string, unknown>)[];
  name?: string;
  webhook?: string;
  references?: "numbered";
}

/** One job of a batch: an item by a recipe. */
export interface BatchRow {
  item: number;
  reference: string;
  recipe: string;
  set?: string;
  status: "waiting" | "queued" | "succeeded" | "failed" | "cancelled";
  verdict?: Verdict;
  reasons: string[];
  figures: Record<string, number>;
  error?: JobFailure;
  link?: string;
  sha256?: string;
  format?: string;
  attempt: number;
  seconds?: number;
}

/** A job that succeeded. */
export type DoneJob = JobView & { result: ResultView };

/** What went wrong: with a request, with a job, or that there was no answer. */
export class LikenessError extends Error {
  readonly name: "LikenessError";
  /** stable code of the error; `no_answer` and `unexpected_answer` are the client's own */
  readonly code: string;
  /** HTTP status: 0 without an answer, 200 for a job that failed */
  readonly status: number;
  /** the invalid fields */
  readonly errors: FieldProblemView[];
  readonly requestId: string;
  /** seconds after which the service may be asked again */
  readonly retryAfter: number | null;
}

/** A connection to one service. Every method throws LikenessError, or the reason of its signal. */
export class Likeness {
  /**
   * `url` may be left out in a page that the service's own origin serves.
   * `tries` is how often a request is sent while the service is busy or does not answer; by default 5.
   */
  constructor(url?: string, settings?: { key?: string | undefined; tries?: number });
  recreate(image: Picture, fields?: Fields<RecreateRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  customise(image: Picture, fields?: Fields<CustomiseRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  compare(image: Picture, fields: Fields<CompareRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  cutout(image: Picture, fields?: Fields<CutoutRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  packshot(image: Picture, fields?: Fields<PackshotRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  check(image: Picture, fields?: Fields<CheckRequest>, options?: SubmitOptions): Promise<AcceptedJob>;
  generate(fields: Generate, options?: SubmitOptions): Promise<AcceptedJob>;
  /** Make the images of a job again and compare them. */
  reproduce(job: JobOrId, options?: SubmitOptions): Promise<AcceptedJob>;
  /** Read a job as it stands. */
  job(job: JobOrId, options?: Options): Promise<JobView>;
  /** Yield your jobs, newest first, page by page; by `reference`, say. */
  jobs(filters?: Filters, options?: Options): AsyncGenerator<JobView>;
  /** Wait until a job has ended, and return it. Throws what it failed with; `cancelled` if it was. */
  wait(job: JobOrId, options?: Options): Promise<DoneJob>;
  /** Yield each event of a job until it has ended; a connection that breaks is made anew where it was. */
  events(job: JobOrId, options?: Options): AsyncGenerator<Event>;
  /** Download an image of a job; 0 is the best. */
  image(job: JobOrId, n?: number, options?: Options): Promise<Blob>;
  /** Download what was taken for the product, a grey PNG over the image. */
  matte(job: JobOrId, n?: number, options?: Options): Promise<Blob>;
  /** Download the original that was sent. */
  original(job: JobOrId, options?: Options): Promise<Blob>;
  /** Read the quality report of the best image. */
  report(job: JobOrId, options?: Options): Promise<Report>;
  /** Stop a job within one step, and return it. */
  cancel(job: JobOrId, options?: Options): Promise<JobView>;
  /** Stop a job and erase it and its images. */
  erase(job: JobOrId, options?: Options): Promise<void>;
  /** Upload a picture by its sha256 (pages: by https), and return what the `image` of an item is then. */
  upload(picture: Bytes, options?: Options): Promise<{ upload: string }>;
  /** Make items by several recipes. */
  submitBatch(batch: NewBatch, options?: SubmitOptions): Promise<BatchView>;
  /** Read how a batch stands. */
  batch(batch: BatchOrId, options?: Options): Promise<BatchView>;
  /** Wait until every job of a batch has ended; those that failed are among its counts. */
  waitBatch(batch: BatchOrId, options?: Options): Promise<BatchView>;
  /** Read how each job of a batch stands, in the order of its items; at any time. */
  manifest(batch: BatchOrId, options?: Options): Promise<BatchRow[]>;
  /** Download the image of a row of the manifest that has a `sha256`. */
  batchImage(batch: BatchOrId, row: BatchRow, options?: Options): Promise<Blob>;
  engines(options?: Options): Promise<EngineView[]>;
}
