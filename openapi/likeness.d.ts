// Types of the Likeness API. Made from openapi.json by `python -m service.openapi`; do not edit.

/** A job that was accepted: it is durable and will run. */
export interface AcceptedJob {
  id: string;
  kind: "recreate" | "customise" | "generate" | "compare";
  status: JobStatus;
  created_at: string;
  /** jobs before it in its queue, while queued */
  position: number | null;
  links: Links;
}

/** A place in the upright picture, as shares of its width and height from the upper left corner. */
export interface Box {
  left: number;
  top: number;
  width: number;
  height: number;
}

/** The canvas an engine works on, in px. */
export interface CanvasSpec {
  /** each side is a multiple of this */
  multiple: number;
  /** each side is at least this */
  minimum: number;
  /** the longest side that is worked on at once */
  tile: number;
  /** the longer side it is best at; a smaller picture is enlarged to be worked on */
  native?: number | null;
  /** a larger picture is worked on in overlapping tiles, or made smaller, and only its change enlarged */
  larger?: "tiles" | "smaller";
  /** how far neighbouring tiles overlap */
  overlap?: number;
}

/** What the engine would work on. */
export interface CanvasView {
  /** px, padding included */
  width: number;
  /** px, padding included */
  height: number;
  /** 1 when the whole is worked on at once */
  tiles: number;
}

/** Run one picture through several engines and settings, to see which does it best. */
export interface CompareRequest {
  kind?: "compare";
  /** what every run does; without `engine` and `priority`, and one image of each run is kept */
  task?: Recreate | Customise;
  /** engines and values; at most 24 combinations in all */
  runs: Array<Grid>;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** the picture (PNG, JPEG or WebP): a public https URL, a data URI, or base64; in a form a file */
  image: string;
  /** a mask for `task`, sent as the image is */
  mask?: string | null;
  /** a picture for `task` to print, sent as the image is */
  logo?: string | null;
  /** a map for the first of `task`'s `controls`, sent likewise */
  control?: string | null;
  /** a picture for `task` to take the style of, likewise */
  style_image?: string | null;
  /** the picture as painted over, for `task`, likewise */
  guide?: string | null;
}

/** One run of a comparison: a row of its table. */
export interface ComparedRun {
  /** its place in the order asked */
  run: number;
  /** 1 is the best; null when it failed */
  rank?: number | null;
  engine: string;
  parameters: Record<string, string | number | boolean | null>;
  /** number of its image; null when it failed */
  image?: number | null;
  verdict?: Verdict | null;
  /** what runs of an equal verdict are ranked by */
  merit?: number | null;
  /** the main figures of its report */
  figures?: Array<Score>;
  /** at work, without queueing and loading the engine */
  seconds?: number | null;
  timings?: Timings | null;
  /** what was done because memory was short */
  degradations?: Array<string>;
  error?: JobFailure | null;
}

/** What a comparison found. */
export interface ComparisonView {
  /** best first, those that failed last */
  runs: Array<ComparedRun>;
  /** how the merit is computed */
  merit: string;
  recommendation: Recommendation;
  /** where the contact sheet is: a PNG of the given picture and that of every run */
  sheet: string;
}

/** A map that steers the engine (ControlNet), drawn from the picture unless it is sent. */
export interface Control {
  /** canny: thin edges; soft_edge: gradients; line_art: lines as drawn; depth: near is bright; inpaint: what a mask leaves, which engines that fill by it take by themselves */
  kind: "canny" | "soft_edge" | "line_art" | "depth" | "inpaint";
  /** how strongly it steers */
  weight?: number;
  /** share of the steps after which it begins */
  start?: number;
  /** share of the steps after which it ends */
  end?: number;
}

/** Change a picture: in words, to a colour, by another picture, within a mask, or by control. */
export interface Customise {
  /** what the picture shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver that takes the steps */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** last layers of the text encoder to leave out */
  clip_skip?: number | null;
  /** the class of what is shown */
  label?: string | null;
  /** how far the latent may lie from its mean: less varies less */
  truncation?: number | null;
  /** of the next token's distribution: below 1 sharper, above flatter */
  temperature?: number | null;
  /** only so many likeliest next tokens are drawn */
  top_k?: number | null;
  /** only the likeliest next tokens that sum to this probability are drawn */
  top_p?: number | null;
  /** seed of the first candidate; drawn at random when not given */
  seed?: number | null;
  /** 0 keeps the picture, 1 forgets it (SDEdit) */
  strength?: number | null;
  /** how strongly the picture is followed */
  image_guidance_scale?: number | null;
  /** how far around the picture's own latent is drawn; 0 is no variant */
  variation?: number | null;
  /** the layer whose features the picture is seen by */
  layer?: string | null;
  /** how much the content counts */
  content_weight?: number | null;
  /** how much the style counts */
  style_weight?: number | null;
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** adapters to put on (LoRA) */
  loras?: Array<Lora>;
  /** run alone, so that the bytes depend on nothing that shares a batch */
  exact?: boolean;
  /** how many images to make in one attempt */
  candidates?: number;
  /** which of them to return */
  keep?: Keep;
  /** how often to try, with new seeds, until one is accepted */
  attempts?: number;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** of jpeg (95 when not given) and webp (92); other formats have none */
  quality?: number | null;
  kind?: "customise";
  /** what to change, in words */
  instruction?: string | null;
  /** where alone the picture may change: a part that is found, or the `mask` file sent */
  mask?: "product" | "background" | "file" | null;
  /** the part that comes back exactly as it was (the lock) */
  preserve?: "product" | "background" | null;
  /** a colourway */
  recolour?: Recolour | null;
  /** words to print */
  text?: string | null;
  /** black or white, whichever stands out, when not given */
  text_colour?: string | null;
  /** the `logo` file sent, to print */
  logo?: "file" | null;
  /** where to print; centred on the product when not given */
  place?: Box | null;
  /** the `style_image` file sent: a picture of any size whose style is taken over */
  style_image?: "file" | null;
  /** the `guide` file sent: the picture as painted over, of its size; where that is transparent, the picture shows. `strength` says how freely it is followed, `prompt` what it shows */
  guide?: "file" | null;
  /** share of the height, from the top, that stays; the rest is made anew */
  complete?: number | null;
  /** maps to keep to */
  controls?: Array<Control>;
  /** the `control` file sent: the map for the first of `controls`, not drawn here */
  control?: "file" | null;
  /** what the given picture shows; for the report, beside target_prompt or prompt */
  source_prompt?: string | null;
  /** what the made picture should show; for the report; by default the prompt */
  target_prompt?: string | null;
  /** file format; when not given the same, or png where pixels are locked and the same would lose them */
  format?: OutputFormat | null;
  /** what a candidate must reach */
  thresholds?: EditThresholds;
}

/** Change a picture: in words, to a colour, by another picture, within a mask, or by control. */
export interface CustomiseRequest {
  /** what the picture shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver that takes the steps */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** last layers of the text encoder to leave out */
  clip_skip?: number | null;
  /** the class of what is shown */
  label?: string | null;
  /** how far the latent may lie from its mean: less varies less */
  truncation?: number | null;
  /** of the next token's distribution: below 1 sharper, above flatter */
  temperature?: number | null;
  /** only so many likeliest next tokens are drawn */
  top_k?: number | null;
  /** only the likeliest next tokens that sum to this probability are drawn */
  top_p?: number | null;
  /** seed of the first candidate; drawn at random when not given */
  seed?: number | null;
  /** 0 keeps the picture, 1 forgets it (SDEdit) */
  strength?: number | null;
  /** how strongly the picture is followed */
  image_guidance_scale?: number | null;
  /** how far around the picture's own latent is drawn; 0 is no variant */
  variation?: number | null;
  /** the layer whose features the picture is seen by */
  layer?: string | null;
  /** how much the content counts */
  content_weight?: number | null;
  /** how much the style counts */
  style_weight?: number | null;
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** adapters to put on (LoRA) */
  loras?: Array<Lora>;
  /** run alone, so that the bytes depend on nothing that shares a batch */
  exact?: boolean;
  /** how many images to make in one attempt */
  candidates?: number;
  /** which of them to return */
  keep?: Keep;
  /** how often to try, with new seeds, until one is accepted */
  attempts?: number;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** of jpeg (95 when not given) and webp (92); other formats have none */
  quality?: number | null;
  kind?: "customise";
  /** what to change, in words */
  instruction?: string | null;
  /** where alone the picture may change: `product` or `background`, which are then found, or a picture of the same size, sent as the image is, white where it may change; it is turned with the picture */
  mask?: string | null;
  /** the part that comes back exactly as it was (the lock) */
  preserve?: "product" | "background" | null;
  /** a colourway */
  recolour?: Recolour | null;
  /** words to print */
  text?: string | null;
  /** black or white, whichever stands out, when not given */
  text_colour?: string | null;
  /** a picture to print, sent as the image is */
  logo?: string | null;
  /** where to print; centred on the product when not given */
  place?: Box | null;
  /** a picture of any size whose style is taken over, sent as the image is */
  style_image?: string | null;
  /** the picture as painted over, of the same size, sent as the image is; where it is transparent, the picture shows. `strength` says how freely it is followed, `prompt` what it shows */
  guide?: string | null;
  /** share of the height, from the top, that stays; the rest is made anew */
  complete?: number | null;
  /** maps to keep to */
  controls?: Array<Control>;
  /** a map for the first of `controls`, sent as the image is */
  control?: string | null;
  /** what the given picture shows; for the report, beside target_prompt or prompt */
  source_prompt?: string | null;
  /** what the made picture should show; for the report; by default the prompt */
  target_prompt?: string | null;
  /** file format; when not given the same, or png where pixels are locked and the same would lose them */
  format?: OutputFormat | null;
  /** what a candidate must reach */
  thresholds?: EditThresholds;
  /** the picture (PNG, JPEG or WebP): a public https URL, a data URI, or base64; in a form a file */
  image: string;
}

/** What one key used in one UTC day. A job counts as accepted on one day, and as ended on the day it ends. */
export interface DayUsage {
  day: string;
  /** jobs; what a daily quota bounds */
  accepted?: number;
  succeeded?: number;
  failed?: number;
  /** with those deleted before they ended */
  cancelled?: number;
  /** images of results */
  images?: number;
  /** that workers had its jobs; of a run shared by n jobs each counts an n-th */
  seconds?: number;
}

/** One try to tell a receiver. */
export interface Delivery {
  at: string;
  /** it took */
  seconds: number;
  /** HTTP status of the answer; null when there was none */
  status?: number | null;
  /** why it failed; null when it did not */
  error?: string | null;
}

/** What a request would do: it is valid and would be accepted now; nothing was stored or queued. */
export interface DryRun {
  dry_run?: true;
  kind: "recreate" | "customise" | "generate" | "compare";
  /** of a comparison that of the first run */
  engine: string;
  /** one; of a comparison all, in the order asked */
  runs: Array<RunView>;
  /** seconds the job may run at most */
  timeout: number;
  /** that it is likely to run */
  seconds: Estimate;
  /** jobs that would be before it */
  position: number;
  /** seconds until a worker is likely to take it */
  wait: Estimate;
}

/** Whether the edit that was asked happened, and only that. */
export interface EditReport {
  /** the edit as it was understood */
  asked: string;
  /** the asked colour as #RRGGBB, where one is asked */
  colour: string | null;
  /** hue_error, colour_delta_e, pixel_delta_e, change_inside, change_outside, clip_score, directional_similarity */
  scores: Array<Score>;
  happened: boolean;
}

/** `POST /v1/images/edits`: the fields beside the pictures. */
export interface EditRequest {
  prompt?: string;
  /** an engine's name; the default when not given */
  model?: string | null;
  /** images to make and return */
  n?: number;
  /** auto, or the picture's own size: the frame never changes */
  size?: string;
  /** url: to be read with the same API key */
  response_format?: "b64_json" | "url";
  /** that of the picture */
  output_format?: "png" | "jpeg" | "webp" | null;
  /** quality of jpeg and webp */
  output_compression?: number | null;
  /** answer with server-sent events */
  stream?: boolean;
  /** most previews to send, with `stream` */
  partial_images?: number;
  background?: "auto" | "opaque" | "transparent";
  /** steps and guidance_scale say it here */
  quality?: "auto";
  /** taken, and of no effect */
  user?: string | null;
  /** taken, and of no effect */
  safety_identifier?: string | null;
  /** ours: what each of several `image` is, in order */
  roles?: Array<"image" | "mask" | "logo" | "control" | "style_image" | "guide">;
}

/** What a customised candidate must reach. Likeness to what was given is tested only when asked. */
export interface EditThresholds {
  /** dB, at least */
  psnr?: number | null;
  /** at least */
  ssim?: number | null;
  /** at least */
  ms_ssim?: number | null;
  /** mean CIEDE2000, at most */
  delta_e?: number | null;
  /** at least */
  edge_f1?: number | null;
  /** at most; missed where it cannot be measured */
  lpips?: number | null;
  /** at most; missed where it cannot be measured */
  st_lpips?: number | null;
  /** degrees from the asked hue, at most */
  hue_error?: number | null;
  /** CIEDE2000 of the mean colour to the asked, at most; 3 for a colourway */
  colour_delta_e?: number | null;
  /** mean CIEDE2000 where the edit belongs, at least */
  change_inside?: number | null;
  /** mean CIEDE2000 where nothing should change, at most */
  change_outside?: number | null;
}

/** The edit types; an engine does some of them. */
export type EditType = "instruction" | "colourway" | "print" | "resize" | "fill" | "control" | "style" | "complete" | "guide";

/** The catalogue. */
export interface EngineList {
  engines: Array<EngineView>;
}

/** Which engine made the images, and how it was set. */
export interface EngineUsedView {
  name: string;
  family: string;
  /** null when the engine is no longer in the catalogue */
  weights: string | null;
  revision: string;
  parameters: Record<string, string | number | boolean | null>;
}

/** One engine of the catalogue, and where it is in memory. */
export interface EngineView {
  name: string;
  family: string;
  summary: string;
  /** when to take it rather than another */
  use: string;
  kinds: Array<"recreate" | "customise" | "generate">;
  /** the edit types it does */
  ways: Array<EditType>;
  /** what it does when no engine is named */
  default_for: Array<"recreate" | "generate" | EditType>;
  /** takes only the instructions that `instructions` lists */
  closed: boolean;
  /** what can be asked of a closed engine in words, a line for each kind */
  instructions: Array<string>;
  pool: string;
  weights: string;
  /** further models it runs on */
  parts: Record<string, string>;
  /** maps that steer it */
  controls: Array<"canny" | "soft_edge" | "line_art" | "depth" | "inpaint">;
  /** adapters that a job may put on */
  loras: Array<string>;
  /** needs a text to recreate a picture; one is written when none is given */
  captioned: boolean;
  /** bytes it needs to make one picture, weights included */
  memory: number | null;
  revision: string;
  licence: string;
  /** most jobs in one run */
  batch: number;
  /** seconds a job may run, for each candidate and attempt */
  timeout: number;
  /** seconds more for each megapixel */
  timeout_per_megapixel: number;
  max_candidates: number;
  /** is known to shift or zoom the picture; undone where it is small and sure */
  drifts: boolean;
  canvas: CanvasSpec;
  parameters: Record<string, ParameterSpec>;
  /** what was measured of it with its default parameters; may be empty */
  figures: Array<Measured>;
  /** whether a worker has everything it runs on */
  installed: boolean;
  resident: Array<Resident>;
}

/** A figure that is not certain. */
export interface Estimate {
  /** null when nothing is known; `reason` then says why */
  value: number | null;
  /** what it rests on */
  reason: string;
}

/** One entry of a job's event stream. */
export interface Event {
  type: "status" | "progress";
  status: JobStatus;
  progress?: Progress | null;
  error?: JobFailure | null;
  /** with `cancelled`: steps run before it stopped */
  steps_done?: number | null;
}

/** One field that is wrong. */
export interface FieldProblemView {
  /** JSON pointer of the field, or `#/header/<name>` */
  pointer: string;
  /** what would be right */
  detail: string;
}

/** One property of the frame, of both pictures. */
export interface FrameRow {
  name: string;
  given: string | number | null;
  made: string | number | null;
  equal: boolean;
}

/** Make a new picture: from text, or of a learned kind. */
export interface Generate {
  /** what the picture shows; needed by an engine that takes one, refused by another */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver that takes the steps */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** last layers of the text encoder to leave out */
  clip_skip?: number | null;
  /** the class of what is shown */
  label?: string | null;
  /** how far the latent may lie from its mean: less varies less */
  truncation?: number | null;
  /** of the next token's distribution: below 1 sharper, above flatter */
  temperature?: number | null;
  /** only so many likeliest next tokens are drawn */
  top_k?: number | null;
  /** only the likeliest next tokens that sum to this probability are drawn */
  top_p?: number | null;
  /** seed of the first candidate; drawn at random when not given */
  seed?: number | null;
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** adapters to put on (LoRA) */
  loras?: Array<Lora>;
  /** run alone, so that the bytes depend on nothing that shares a batch */
  exact?: boolean;
  /** how many images to make in one attempt */
  candidates?: number;
  /** which of them to return */
  keep?: Keep;
  /** how often to try, with new seeds, until one is accepted */
  attempts?: number;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** of jpeg (95 when not given) and webp (92); other formats have none */
  quality?: number | null;
  kind?: "generate";
  /** px; with height; the engine's native square when not given */
  width?: number | null;
  /** px; with width */
  height?: number | null;
  /** file format */
  format?: "png" | "jpeg" | "webp";
}

/** `POST /v1/images/generations`. */
export interface GenerationRequest {
  prompt?: string;
  /** an engine's name; the default when not given */
  model?: string | null;
  /** images to make and return */
  n?: number;
  /** WIDTHxHEIGHT in px; auto is the engine's own */
  size?: string;
  /** url: to be read with the same API key */
  response_format?: "b64_json" | "url";
  /** png when not given */
  output_format?: "png" | "jpeg" | "webp" | null;
  /** quality of jpeg and webp */
  output_compression?: number | null;
  /** answer with server-sent events */
  stream?: boolean;
  /** most previews to send, with `stream` */
  partial_images?: number;
  background?: "auto" | "opaque";
  /** steps and guidance_scale say it here */
  quality?: "auto";
  /** taken, and of no effect */
  user?: string | null;
  /** taken, and of no effect */
  safety_identifier?: string | null;
  /** whoever runs the service says what is checked */
  moderation?: "auto";
}

/** One engine and the values to try with it, one or a list of each; every combination of them is a run. */
export interface Grid {
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** as in `task`, in whose place each value is put */
  prompt?: string | Array<string> | null;
  /** as in `task` */
  negative_prompt?: string | Array<string> | null;
  /** as in `task` */
  strength?: number | Array<number> | null;
  /** as in `task` */
  guidance_scale?: number | Array<number> | null;
  /** as in `task` */
  image_guidance_scale?: number | Array<number> | null;
  /** as in `task` */
  steps?: number | Array<number> | null;
  /** as in `task` */
  scheduler?: string | Array<string> | null;
  /** as in `task` */
  clip_skip?: number | Array<number> | null;
  /** as in `task` */
  label?: string | Array<string> | null;
  /** as in `task` */
  truncation?: number | Array<number> | null;
  /** as in `task` */
  temperature?: number | Array<number> | null;
  /** as in `task` */
  top_k?: number | Array<number> | null;
  /** as in `task` */
  top_p?: number | Array<number> | null;
  /** as in `task` */
  variation?: number | Array<number> | null;
  /** as in `task` */
  layer?: string | Array<string> | null;
  /** as in `task` */
  content_weight?: number | Array<number> | null;
  /** as in `task` */
  style_weight?: number | Array<number> | null;
  /** as in `task` */
  seed?: number | Array<number> | null;
}

/** That the service, or all that it stands on, answers. */
export interface Health {
  status: string;
}

/** One image of a result. */
export interface ImageView {
  url: string;
  width: number;
  height: number;
  mode: string;
  format: string;
  sha256: string;
  /** null with an engine that makes the same picture every time */
  seed: number | null;
  /** as it was for this image, where it grows with each attempt; else null */
  guidance_scale?: number | null;
  report: Report;
  /** of this image, where the job took several runs */
  recipe?: Recipe | null;
}

/** Why a job, or one of its runs, failed. */
export interface JobFailure {
  code: string;
  detail: string;
  fault: "caller" | "engine" | "service";
}

/** A page of jobs, newest first. */
export interface JobPage {
  jobs: Array<JobView>;
  /** `cursor` of the page after this one; null on the last */
  next: string | null;
}

/** Where a job stands. It ends once, in one of the last three. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** A job as it stands. */
export interface JobView {
  id: string;
  kind: "recreate" | "customise" | "generate" | "compare";
  status: JobStatus;
  created_at: string;
  /** jobs before it in its queue, while queued */
  position: number | null;
  links: Links;
  /** of a comparison that of the first run */
  engine: string;
  /** id of the job whose images it makes again */
  reproduces?: string | null;
  started_at: string | null;
  ended_at: string | null;
  /** while running */
  progress: Progress | null;
  /** once succeeded */
  result: ResultView | null;
  /** once failed */
  error: JobFailure | null;
  /** where one was asked for */
  webhook?: WebhookView | null;
}

/** Which candidates of a job are kept. */
export type Keep = "best" | "all";

/** Where to go on with a job. */
export interface Links {
  self: string;
  /** server-sent events; with API keys in use it carries a token for one hour */
  events: string;
  /** what it shows so far; with a token as `events`; null once it has ended */
  preview: string | null;
  cancel: string;
}

/** The proof that what was to be kept was kept, measured on the file that is returned. */
export interface Lock {
  /** share of the picture that was kept */
  area: number;
  /** the largest change of any sample there, in steps of the picture's own */
  max_abs_diff: number;
}

/** An adapter of the catalogue, put on for one job. */
export interface Lora {
  /** one of the engine's `loras` */
  name: string;
  /** how strongly it works */
  weight?: number;
}

/** What one program measured of one engine with one setting of its parameters. */
export interface Measured {
  engine: string;
  /** of the engine, when it was measured */
  revision: string;
  /** what it was measured at */
  kind: "recreate" | "generate";
  /** what it ran with */
  parameters: Record<string, string | number | boolean | null>;
  /** how many pictures it was measured on */
  pictures: number;
  /** by name; figures of a report are medians, their units those of a report; `seconds` is the median of the engine alone, loaded before; `million_parameters` is what its networks hold, `megabytes` their files; a `frechet_distance` is on MobileNetV2's features, to as many real pictures, and `within` these the floor */
  figures: Record<string, number>;
  /** the program that prints them */
  command: string;
  /** what it ran on */
  machine: string;
}

/** An error as OpenAI's clients read it. */
export interface OpenAIError {
  error: OpenAIErrorBody;
}

/** What an error says. */
export interface OpenAIErrorBody {
  message: string;
  type: string;
  param?: string | null;
  code: string;
}

/** One server-sent event of a stream; `image_generation.` in place of `image_edit.` for a generation. */
export interface OpenAIEvent {
  type: string;
  b64_json: string;
  created_at: number;
  output_format: string;
  size: string;
  background?: string;
  quality?: string;
  partial_image_index?: number | null;
  usage?: Usage | null;
  job: string;
  report?: Report | null;
  seed?: number | null;
}

/** One image of an answer. */
export interface OpenAIImage {
  b64_json?: string | null;
  url?: string | null;
  /** ours: the quality report */
  report: Report;
  /** ours */
  seed: number | null;
  /** ours: of the bytes */
  sha256: string;
}

/** The answer to an edit or a generation. */
export interface OpenAIImages {
  /** when the job ended, in Unix seconds */
  created: number;
  data: Array<OpenAIImage>;
  output_format: string;
  size: string;
  usage?: Usage;
  /** ours: id of the job, also in the header X-Likeness-Job */
  job: string;
  /** ours */
  engine: string;
  /** ours: whether an earlier request with the same content had it made */
  replayed: boolean;
}

/** An engine, as a model. */
export interface OpenAIModel {
  id: string;
  object?: "model";
  /** not known: always 0 */
  created?: number;
  owned_by?: string;
  /** ours */
  summary: string;
  /** ours: what it does */
  kinds: Array<string>;
}

/** The engines that are installed. */
export interface OpenAIModels {
  object?: "list";
  data: Array<OpenAIModel>;
}

/** The file format of the images that come back. */
export type OutputFormat = "same" | "png" | "jpeg" | "webp";

/** One parameter that an engine takes. */
export interface ParameterSpec {
  default?: string | number | boolean | null;
  /** defaults of its own for some edit types, and for `generate` */
  by_way?: Record<string, string | number | boolean | null>;
  /** the kinds and edit types in which it does something; all where empty */
  only_for?: Array<"recreate" | "generate" | EditType>;
  minimum?: number | null;
  maximum?: number | null;
  /** the words it may be, where not every one will do */
  choices?: Array<string>;
}

/** Which jobs are taken first. */
export type Priority = "interactive" | "batch";

/** An error (RFC 9457). */
export interface Problem {
  /** names the kind of error; ends in the code */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** path of the request */
  instance: string;
  /** stable name of the kind of error */
  code: string;
  /** the fields that are wrong */
  errors?: Array<FieldProblemView>;
  /** also in the header X-Request-ID and in the service's log */
  request_id: string;
}

/** How far a running job is. */
export interface Progress {
  step: number;
  steps: number;
  stage: "loading" | "preparing" | "denoising" | "decoding" | "assessing";
  attempt?: number;
  /** which of several runs `step` and `steps` are of */
  run?: number | null;
  /** how many runs the job takes, where it takes several */
  runs?: number | null;
  /** previews of this run so far; the newest can be read */
  preview?: number | null;
}

/** All that is needed to make the pictures again. */
export interface Recipe {
  engine: string;
  revision: string;
  /** the commits of the pulled models it ran on */
  models?: Record<string, string>;
  parameters: Record<string, string | number | boolean | null>;
  seeds: Array<number>;
  /** null where a picture was generated */
  input_sha256: string | null;
  files_sha256?: Record<string, string>;
  /** what was asked */
  task?: Recreate | Customise | Generate | null;
  /** the prompt, where a captioner wrote it */
  caption?: string | null;
  /** what the pictures were made on; not known of older jobs */
  device?: string | null;
}

/** A colourway: what the mask covers in exactly this colour on average, its shading kept. */
export interface Recolour {
  /** the colour, as #RRGGBB in sRGB */
  to: string;
  /** what to recolour; a `mask` file, when given, goes before it */
  mask?: "product" | "background";
}

/** The run to take, and why. */
export interface Recommendation {
  /** `run` of the row */
  run: number;
  /** plain sentences, made from the figures */
  reasons: Array<string>;
}

/** Recreate a picture as exactly as the engine can. */
export interface Recreate {
  /** what the picture shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver that takes the steps */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** last layers of the text encoder to leave out */
  clip_skip?: number | null;
  /** the class of what is shown */
  label?: string | null;
  /** how far the latent may lie from its mean: less varies less */
  truncation?: number | null;
  /** of the next token's distribution: below 1 sharper, above flatter */
  temperature?: number | null;
  /** only so many likeliest next tokens are drawn */
  top_k?: number | null;
  /** only the likeliest next tokens that sum to this probability are drawn */
  top_p?: number | null;
  /** seed of the first candidate; drawn at random when not given */
  seed?: number | null;
  /** 0 keeps the picture, 1 forgets it (SDEdit) */
  strength?: number | null;
  /** how strongly the picture is followed */
  image_guidance_scale?: number | null;
  /** how far around the picture's own latent is drawn; 0 is no variant */
  variation?: number | null;
  /** the layer whose features the picture is seen by */
  layer?: string | null;
  /** how much the content counts */
  content_weight?: number | null;
  /** how much the style counts */
  style_weight?: number | null;
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** adapters to put on (LoRA) */
  loras?: Array<Lora>;
  /** run alone, so that the bytes depend on nothing that shares a batch */
  exact?: boolean;
  /** how many images to make in one attempt */
  candidates?: number;
  /** which of them to return */
  keep?: Keep;
  /** how often to try, with new seeds, until one is accepted */
  attempts?: number;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** of jpeg (95 when not given) and webp (92); other formats have none */
  quality?: number | null;
  kind?: "recreate";
  /** file format; it must be able to hold the frame */
  format?: OutputFormat;
  /** what a candidate must reach */
  thresholds?: Thresholds;
}

/** Recreate a picture as exactly as the engine can. */
export interface RecreateRequest {
  /** what the picture shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver that takes the steps */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** last layers of the text encoder to leave out */
  clip_skip?: number | null;
  /** the class of what is shown */
  label?: string | null;
  /** how far the latent may lie from its mean: less varies less */
  truncation?: number | null;
  /** of the next token's distribution: below 1 sharper, above flatter */
  temperature?: number | null;
  /** only so many likeliest next tokens are drawn */
  top_k?: number | null;
  /** only the likeliest next tokens that sum to this probability are drawn */
  top_p?: number | null;
  /** seed of the first candidate; drawn at random when not given */
  seed?: number | null;
  /** 0 keeps the picture, 1 forgets it (SDEdit) */
  strength?: number | null;
  /** how strongly the picture is followed */
  image_guidance_scale?: number | null;
  /** how far around the picture's own latent is drawn; 0 is no variant */
  variation?: number | null;
  /** the layer whose features the picture is seen by */
  layer?: string | null;
  /** how much the content counts */
  content_weight?: number | null;
  /** how much the style counts */
  style_weight?: number | null;
  /** an engine's name; the default when not given */
  engine?: string | null;
  /** adapters to put on (LoRA) */
  loras?: Array<Lora>;
  /** run alone, so that the bytes depend on nothing that shares a batch */
  exact?: boolean;
  /** how many images to make in one attempt */
  candidates?: number;
  /** which of them to return */
  keep?: Keep;
  /** how often to try, with new seeds, until one is accepted */
  attempts?: number;
  priority?: Priority;
  /** https URL that is told how the job ended, signed as Standard Webhooks says */
  webhook?: string | null;
  /** of jpeg (95 when not given) and webp (92); other formats have none */
  quality?: number | null;
  kind?: "recreate";
  /** file format; it must be able to hold the frame */
  format?: OutputFormat;
  /** what a candidate must reach */
  thresholds?: Thresholds;
  /** the picture (PNG, JPEG or WebP): a public https URL, a data URI, or base64; in a form a file */
  image: string;
}

/** How a picture lay against the given one as its engine made it, where the engine is known to drift. A point at (x, y) px from the centre came to scale * (x, y) + (right, down). */
export interface Registration {
  /** px */
  right: number;
  /** px */
  down: number;
  scale: number;
  /** share of the edges that lie in place once this is undone */
  confidence: number;
  /** true where it was small and sure; then all figures are of the picture moved back */
  undone: boolean;
}

/** The quality report of one candidate. */
export interface Report {
  frame: Array<FrameRow>;
  fidelity: Array<Score>;
  /** with a customised picture */
  edit?: EditReport | null;
  /** where pixels were to be kept */
  locked?: Lock | null;
  /** with an engine that is known to drift */
  registration?: Registration | null;
  verdict: Verdict;
  /** plain sentences: what was met or missed */
  reasons: Array<string>;
}

/** One image of the original job, made again. */
export interface Reproduced {
  /** its number in the original job */
  original: number;
  original_sha256: string;
  /** its number in this job; null when it failed */
  image?: number | null;
  sameness?: Sameness | null;
  /** ssim, psnr and delta_e between the two, where bytes differ */
  figures?: Array<Score>;
  /** plain sentences: what is known to differ */
  reasons?: Array<string>;
  error?: JobFailure | null;
}

/** How the images of an earlier job came out when it was run again. */
export interface Reproduction {
  /** id of the original job */
  job: string;
  images: Array<Reproduced>;
}

/** A worker that holds an engine in memory. */
export interface Resident {
  worker: string;
  device: string;
  /** bytes its engines may take */
  memory: number | null;
  /** gives the same bytes in any batch; elsewhere only to jobs that ask for `exact` */
  exact: boolean;
}

/** What a succeeded job gives, best image first. */
export interface ResultView {
  images: Array<ImageView>;
  engine: EngineUsedView;
  recipe: Recipe;
  timings: Timings;
  /** tries that were needed */
  attempts: number;
  /** jobs that shared the run */
  batch: number;
  /** what was done, in order, because memory was short: `batch split`, `other engines unloaded`, or a measure of the engine's own, as `VAE tiling` */
  degradations: Array<string>;
  /** the prompt, where a captioner wrote it for want of one */
  caption: string | null;
  /** why there is no caption though the engine would have used one, else null */
  caption_reason: string | null;
  /** of a comparison */
  comparison?: ComparisonView | null;
  /** of a job that ran another one again */
  reproduction?: Reproduction | null;
  /** until when presigned links work; null where the links are the service's own */
  links_expire_at?: string | null;
}

/** One run of an engine. */
export interface RunView {
  engine: string;
  revision: string;
  /** resolved; `seed` only where one was given */
  parameters: Record<string, string | number | boolean | null>;
  canvas: CanvasView;
  /** seconds it may take at most */
  timeout: number;
  /** bytes */
  memory: Estimate;
}

/** How near a reproduced image came to the original. */
export type Sameness = "bitwise" | "perceptual" | "different";

/** One figure of a report. */
export interface Score {
  name: string;
  /** null when it could not be measured; `reason` then says why */
  value: number | null;
  /** dB, ratio (of two alike, or a cosine), dE00, px, degrees, L* */
  unit: string;
  higher_is_better: boolean;
  reason?: string | null;
}

/** One server-sent event of a job; `data` is an Event, or for `error` an object with `code` and `detail`. */
export interface StreamedEvent {
  event: "status" | "progress" | "error";
  /** for Last-Event-ID */
  id?: string;
  data: string;
}

/** What a candidate must reach to be accepted. A missing figure is not tested. */
export interface Thresholds {
  /** dB, at least */
  psnr?: number | null;
  /** at least */
  ssim?: number | null;
  /** at least */
  ms_ssim?: number | null;
  /** mean CIEDE2000, at most */
  delta_e?: number | null;
  /** at least */
  edge_f1?: number | null;
  /** at most; missed where it cannot be measured */
  lpips?: number | null;
  /** at most; missed where it cannot be measured */
  st_lpips?: number | null;
}

/** Where the time went, in seconds. */
export interface Timings {
  queued?: number;
  loading?: number;
  preparing?: number;
  denoising?: number;
  decoding?: number;
  assessing?: number;
}

/** Tokens, which are not counted here: always 0. */
export interface Usage {
  input_tokens?: number;
  input_tokens_details?: Record<string, number>;
  output_tokens?: number;
  total_tokens?: number;
}

/** What the caller's key used, and what bounds it. */
export interface UsageView {
  /** most jobs accepted in a UTC day; null: no bound */
  daily_quota: number | null;
  /** most jobs running at once; null: no bound */
  concurrency: number | null;
  /** today first */
  days: Array<DayUsage>;
}

/** Whether a candidate may be shown. */
export type Verdict = "accepted" | "rejected";

/** Where telling the end of a job stands. */
export type WebhookState = "waiting" | "pending" | "delivered" | "failed" | "disabled";

/** Who is told how a job ended, and what became of it. */
export interface WebhookView {
  state?: WebhookState;
  /** tries, oldest first */
  deliveries?: Array<Delivery>;
  /** when the next try is due, after one that failed */
  next_at?: string | null;
  url: string;
}
