// Types of the Likeness API. Made from openapi.json by `python -m service.openapi`; do not edit.

/** A job that was accepted: it is durable and will run. */
export interface AcceptedJob {
  id: string;
  kind: "recreate" | "customise" | "generate" | "compare" | "cutout" | "packshot" | "check";
  status: JobStatus;
  created_at: string;
  /** number of jobs ahead of it in its queue, while queued */
  position: number | null;
  /** as given; null if none was */
  reference?: string | null;
  /** as given */
  metadata?: Record<string, string>;
  links: Links;
}

/** How many jobs stand how; the last three are of those that succeeded. */
export interface BatchCounts {
  /** not in the queue yet */
  waiting: number;
  /** in the queue, or running */
  queued: number;
  succeeded: number;
  failed: number;
  cancelled: number;
  accepted: number;
  rejected: number;
  not_judged: number;
}

/** What a batch would be: every row of it is right; nothing was stored, and nothing was started. */
export interface BatchDryRun {
  dry_run?: true;
  items: number;
  jobs: number;
  /** images that it names by their sha256 and that are not uploaded yet */
  uploads_missing: number;
}

/** Where to follow a batch. */
export interface BatchLinks {
  self: string;
  /** how each job stands, as JSONL, or as CSV with `?format=csv` */
  manifest: string;
  /** all results, as a ZIP */
  archive: string;
}

/** A page of batches, newest first. */
export interface BatchPage {
  batches: Array<BatchView>;
  /** `cursor` of the next page; null on the last one */
  next: string | null;
}

/** One recipe: its name, and a call of the API. */
export interface BatchRecipe {
  /** names the results */
  name: string;
  /** the call: recreate, customise, generate, cutout, packshot, check */
  kind?: string;
}

/** How a batch stands. */
export type BatchState = "running" | "paused" | "cancelling" | "ended";

/** The current state of a batch. */
export interface BatchView {
  id: string;
  name: string | null;
  state: BatchState;
  created_at: string;
  ended_at: string | null;
  items: number;
  /** over all recipes */
  counts: BatchCounts;
  /** by recipe */
  recipes: Record<string, BatchCounts>;
  /** jobs that end in a second, over the last minute */
  rate: number;
  /** expected, at that rate; null if unknown, 0 once it has ended */
  seconds_left: number | null;
  /** that workers spent on its jobs */
  device_seconds: number;
  webhook?: string | null;
  links: BatchLinks;
}

/** A place in the upright image, as shares of its width and height from the upper left corner. */
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
  /** the longest side that is processed at once */
  tile: number;
  /** the longer side it works best at; a smaller image is enlarged for processing */
  native?: number | null;
  /** the area it was trained at: a smaller image is enlarged to it, whatever its proportions, and what is not processed in tiles is reduced to it; takes the place of `native` and `tile` there */
  area?: number | null;
  /** a larger image is processed in overlapping tiles, or scaled down and only its change scaled up */
  larger?: "tiles" | "smaller";
  /** overlap of neighbouring tiles */
  overlap?: number;
}

/** What the engine would work on. */
export interface CanvasView {
  /** px, padding included */
  width: number;
  /** px, padding included */
  height: number;
  /** 1 if the whole image is processed at once */
  tiles: number;
}

/** Judge an image by the rules of a marketplace, without changing it. */
export interface Check {
  /** the uploaded `mask` file: white where the product is, whatever is detected */
  mask?: "file" | null;
  priority?: Priority;
  kind?: "check";
  /** the marketplace */
  preset: string;
  /** whether a generative model made or changed it, where you know */
  made_by_ai?: boolean | null;
}

/** Judge an image by the rules of a marketplace, without changing it. */
export interface CheckRequest {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** an image of the same size, sent in the same way as `image`, white where the product is; it overrules what is detected */
  mask?: string | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  kind?: "check" | null;
  /** the marketplace */
  preset: string;
  /** whether a generative model made or changed it, where you know */
  made_by_ai?: boolean | null;
  /** the image (PNG, JPEG or WebP): a public https URL, a data URI or base64; in a form, a file */
  image: string;
}

/** Run one image through several engines and settings, to find out which does it best. */
export interface CompareRequest {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  kind?: "compare" | null;
  /** what every run does; without `engine` and `priority`, and one image of each run is kept */
  task?: Recreate | Customise | null;
  /** engines and values; at most 24 combinations in all */
  runs: Array<Grid>;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** the image, or the job of the caller's that made it, and its number there */
  image: string | ImageOfJob;
  /** a mask for `task`, sent in the same way as `image` */
  mask?: string | null;
  /** an image for `task` to print, sent in the same way as `image` */
  logo?: string | null;
  /** a control map for the first of `task`'s `controls`, likewise */
  control?: string | null;
  /** a style image for `task`, likewise */
  style_image?: string | null;
  /** the image with the guide painted on it, for `task`, likewise */
  guide?: string | null;
}

/** One run of a comparison: a row of its table. */
export interface ComparedRun {
  /** its position in the request */
  run: number;
  /** 1 is the best; null if the run failed */
  rank?: number | null;
  engine: string;
  parameters: Record<string, string | number | boolean | null>;
  /** number of its image; null if the run failed */
  image?: number | null;
  verdict?: Verdict | null;
  /** rejected only for faults that a retoucher can mend */
  retouchable?: boolean;
  /** ranks runs with the same verdict */
  merit?: number | null;
  /** the main metrics of its report */
  figures?: Array<Score>;
  /** excluding queueing and loading the engine */
  seconds?: number | null;
  timings?: Timings | null;
  /** what was done to save memory */
  degradations?: Array<string>;
  error?: JobFailure | null;
}

/** What a comparison found. */
export interface ComparisonView {
  /** best first, failed runs last */
  runs: Array<ComparedRun>;
  /** how the merit is computed */
  merit: string;
  recommendation: Recommendation;
  /** link to the contact sheet: a PNG of the original and the result of every run */
  sheet: string;
}

/** A picture against the rules of a preset, or against what was asked of it. */
export interface Compliance {
  /** null if only what was asked is judged */
  preset: string | null;
  rows: Array<RuleRow>;
}

/** A control map (ControlNet), drawn from the image unless it is uploaded. */
export interface Control {
  /** canny: thin edges; soft_edge: gradients; line_art: lines as drawn; depth: near is bright; inpaint: what a mask leaves, which engines that fill by it take by themselves */
  kind: "canny" | "soft_edge" | "line_art" | "depth" | "inpaint";
  /** strength of its control */
  weight?: number;
  /** share of the steps after which it starts to apply */
  start?: number;
  /** share of the steps after which it stops applying */
  end?: number;
}

/** Change an image: by instruction, exact colour, print, style, mask, guide or control map, or by several edits. */
export interface Customise {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string>;
  /** what the image shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** 0 keeps the image, 1 ignores it (SDEdit) */
  strength?: number | null;
  /** how strongly the image is followed */
  image_guidance_scale?: number | null;
  /** how far from the image's own latent to sample; 0 gives no variation */
  variation?: number | null;
  /** the layer whose features represent the image */
  layer?: string | null;
  /** what to dye: only the cloth, or tags, prints and buttons as well */
  parts?: "main" | "all" | null;
  /** on a new background: the original's shadow, a soft one below the product, or none */
  shadow?: "keep" | "contact" | "none" | null;
  /** weight of the content */
  content_weight?: number | null;
  /** weight of the style */
  style_weight?: number | null;
  /** what to change, in words */
  instruction?: string | null;
  /** limits the edit to this area: a part that is detected, or the uploaded `mask` file */
  mask?: "product" | "background" | "file" | null;
  /** the protected area: returned exactly as in the original */
  preserve?: "product" | "background" | null;
  /** an exact colour for an area (a colourway) */
  recolour?: Recolour | null;
  /** words to print; line breaks are kept */
  text?: string | null;
  /** if omitted, black or white, whichever stands out */
  text_colour?: string | null;
  /** font of the text; sans if omitted */
  font?: "sans" | "serif" | "slab" | "geometric" | "condensed" | "script" | "brush" | null;
  /** the uploaded `logo` file, to print */
  logo?: "file" | null;
  /** where to print; by default the plainest place of the product, off its edge */
  place?: Box | null;
  /** width of the print as a share of the product's, where no place is given */
  size?: number | null;
  /** degrees by which to turn it clockwise */
  angle?: number | null;
  /** share of a half circle to bend it by; its middle rises, below 0 it sinks */
  curve?: number | null;
  /** the uploaded `style_image` file: an image of any size whose style is applied */
  style_image?: "file" | null;
  /** the uploaded `guide` file: the image with the guide painted on it, same size; where it is transparent, the image shows through. `strength` sets how loosely it is followed, `prompt` what it shows */
  guide?: "file" | null;
  /** share of the height, from the top, that is kept; the rest is redrawn */
  complete?: number | null;
  /** control maps to follow */
  controls?: Array<Control>;
  /** the uploaded `control` file: a finished map for the first of `controls` */
  control?: "file" | null;
  /** what the original shows; used in the report together with target_prompt or prompt */
  source_prompt?: string | null;
  /** what the result should show; used in the report; defaults to the prompt */
  target_prompt?: string | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora>;
  /** run alone, for byte-identical output */
  exact?: boolean;
  /** number of images to make per attempt */
  candidates?: number;
  /** which candidates to return */
  keep?: Keep;
  /** maximum number of attempts, with new seeds, until a candidate is not rejected */
  attempts?: number;
  priority?: Priority;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** for jpeg (default 95) and webp (default 92); other formats have no quality */
  quality?: number | null;
  kind?: "customise";
  /** up to 8 edits, made in order, each of what the one before made; beside them only a `mask` and `preserve` that hold through all of them, and what concerns the whole job. The last may be a cut-out or a packshot, which changes the frame */
  edits?: Array<OneEdit>;
  /** further images that the instruction speaks of, such as a second product, a scene or a style: `image 2` is the first of them, `image 1` the one that is edited. None of them is cropped */
  images?: Array<"file">;
  /** the colour that a cut-out is laid on: its alpha goes, and the result is opaque (RGB, or L). Without it the result keeps the alpha, and a new background stays hidden; an opaque image stays as it is */
  flatten?: string | null;
  /** default: the format of the original, or png if that cannot keep a protected area exactly */
  format?: OutputFormat | null;
  /** return a JPEG of quality 95 or more although it has a protected area; `locked` then tells how far compression changed it */
  lossy_lock?: boolean;
  /** acceptance thresholds of a candidate */
  thresholds?: EditThresholds;
}

/** Change an image: by instruction, exact colour, print, style, mask, guide or control map, or by several edits. */
export interface CustomiseRequest {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** what the image shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** 0 keeps the image, 1 ignores it (SDEdit) */
  strength?: number | null;
  /** how strongly the image is followed */
  image_guidance_scale?: number | null;
  /** how far from the image's own latent to sample; 0 gives no variation */
  variation?: number | null;
  /** the layer whose features represent the image */
  layer?: string | null;
  /** what to dye: only the cloth, or tags, prints and buttons as well */
  parts?: "main" | "all" | null;
  /** on a new background: the original's shadow, a soft one below the product, or none */
  shadow?: "keep" | "contact" | "none" | null;
  /** weight of the content */
  content_weight?: number | null;
  /** weight of the style */
  style_weight?: number | null;
  /** what to change, in words */
  instruction?: string | null;
  /** limits the edit to this area: `product` or `background`, which are detected, or an image of the same size, sent in the same way as `image`, white where the edit applies; it is rotated together with the image */
  mask?: string | null;
  /** the protected area: returned exactly as in the original */
  preserve?: "product" | "background" | null;
  /** an exact colour for an area (a colourway) */
  recolour?: Recolour | null;
  /** words to print; line breaks are kept */
  text?: string | null;
  /** if omitted, black or white, whichever stands out */
  text_colour?: string | null;
  /** font of the text; sans if omitted */
  font?: "sans" | "serif" | "slab" | "geometric" | "condensed" | "script" | "brush" | null;
  /** an image to print, sent in the same way as `image` */
  logo?: string | null;
  /** where to print; by default the plainest place of the product, off its edge */
  place?: Box | null;
  /** width of the print as a share of the product's, where no place is given */
  size?: number | null;
  /** degrees by which to turn it clockwise */
  angle?: number | null;
  /** share of a half circle to bend it by; its middle rises, below 0 it sinks */
  curve?: number | null;
  /** a style image of any size, sent in the same way as `image` */
  style_image?: string | null;
  /** the image with the guide painted on it, same size, sent in the same way as `image`; where it is transparent, the image shows through. `strength` sets how loosely it is followed, `prompt` what it shows */
  guide?: string | null;
  /** share of the height, from the top, that is kept; the rest is redrawn */
  complete?: number | null;
  /** control maps to follow */
  controls?: Array<Control> | null;
  /** a control map for the first of `controls`, sent in the same way as `image` */
  control?: string | null;
  /** what the original shows; used in the report together with target_prompt or prompt */
  source_prompt?: string | null;
  /** what the result should show; used in the report; defaults to the prompt */
  target_prompt?: string | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora> | null;
  /** run alone, for byte-identical output */
  exact?: boolean | null;
  /** number of images to make per attempt */
  candidates?: number | null;
  /** which candidates to return */
  keep?: Keep | null;
  /** maximum number of attempts, with new seeds, until a candidate is not rejected */
  attempts?: number | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** for jpeg (default 95) and webp (default 92); other formats have no quality */
  quality?: number | null;
  kind?: "customise" | null;
  /** up to 8 edits, made in order, each of what the one before made; beside them only a `mask` and `preserve` that hold through all of them, and what concerns the whole job. The last may be a cut-out or a packshot, which changes the frame */
  edits?: Array<OneEdit> | null;
  /** further images that the instruction speaks of, such as a second product, a scene or a style, each sent in the same way as `image`; in a form, the part is repeated. `image 2` is the first of them, `image 1` the one that is edited. None of them is cropped. For engines with `references` in `GET /engines` */
  images?: Array<string> | null;
  /** the colour that a cut-out is laid on: its alpha goes, and the result is opaque (RGB, or L). Without it the result keeps the alpha, and a new background stays hidden; an opaque image stays as it is */
  flatten?: string | null;
  /** default: the format of the original, or png if that cannot keep a protected area exactly */
  format?: OutputFormat | null;
  /** return a JPEG of quality 95 or more although it has a protected area; `locked` then tells how far compression changed it */
  lossy_lock?: boolean | null;
  /** acceptance thresholds of a candidate */
  thresholds?: EditThresholds | null;
  /** the image, or the job of the caller's that made it, and its number there */
  image: string | ImageOfJob;
  /** an image, sent in the same way as `image`, that a packshot among `edits` is placed before, where its `background` is `file` */
  background?: string | null;
}

/** Cut the product out of an image: the same size, on nothing. */
export interface Cutout {
  /** the uploaded `mask` file: white where the product is, whatever is detected */
  mask?: "file" | null;
  /** file format; both are lossless here */
  format?: "png" | "webp";
  /** return the matte alone: white where the product is, in grey, as png */
  matte?: boolean;
  priority?: Priority;
  kind?: "cutout";
}

/** How a product is cut out. */
export interface CutoutFields {
  /** the uploaded `mask` file: white where the product is, whatever is detected */
  mask?: "file" | null;
  /** file format; both are lossless here */
  format?: "png" | "webp";
  /** return the matte alone: white where the product is, in grey, as png */
  matte?: boolean;
}

/** Cut the product out of an image: the same size, on nothing. */
export interface CutoutRequest {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** an image of the same size, sent in the same way as `image`, white where the product is; it overrules what is detected */
  mask?: string | null;
  /** file format; both are lossless here */
  format?: "png" | "webp" | null;
  /** return the matte alone: white where the product is, in grey, as png */
  matte?: boolean | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  kind?: "cutout" | null;
  /** the image (PNG, JPEG or WebP): a public https URL, a data URI or base64; in a form, a file */
  image: string;
}

/** What one key used in one UTC day. A job counts as accepted on one day, and as ended on the day it ends. */
export interface DayUsage {
  day: string;
  /** jobs; counted towards the daily quota */
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

/** What a person decides about a result. */
export type Decision = "approved" | "rejected";

/** One delivery attempt. */
export interface Delivery {
  at: string;
  /** duration of the attempt */
  seconds: number;
  /** HTTP status of the response; null if there was none */
  status?: number | null;
  /** why it failed; null if it succeeded */
  error?: string | null;
}

/** What a request would do: it is valid and would be accepted now; nothing was stored or queued. */
export interface DryRun {
  dry_run?: true;
  kind: "recreate" | "customise" | "generate" | "compare" | "cutout" | "packshot" | "check";
  /** for a comparison or several edits, the one in whose queue it waits */
  engine: string;
  /** one; for a comparison or several edits all of them, in the requested order */
  runs: Array<RunView>;
  /** time limit of the job in seconds */
  timeout: number;
  /** expected run time in seconds */
  seconds: Estimate;
  /** number of jobs that would be ahead of it */
  position: number;
  /** expected seconds until a worker starts it */
  wait: Estimate;
}

/** The kinds of edit. */
export type EditKind = "same" | "recolour" | "pattern" | "material" | "background" | "light" | "size" | "text" | "cutout";

/** Whether the edit that was asked happened, and only that. */
export interface EditReport {
  /** the edit as understood */
  asked: string;
  /** the requested colour as #RRGGBB, if any */
  colour: string | null;
  /** hue_error, colour_delta_e, pixel_delta_e, change_inside, change_outside, clip_score, directional_similarity */
  scores: Array<Score>;
  happened: boolean;
}

/** `POST /v1/images/edits`: the fields beside the images. */
export interface EditRequest {
  prompt?: string;
  /** an engine, or one of `LIKENESS_OPENAI_MODELS`; the default for what is asked if omitted */
  model?: string | null;
  /** images to make and return */
  n?: number;
  /** auto, or the image's own size: the frame never changes */
  size?: string;
  /** url: must be fetched with the same API key */
  response_format?: "b64_json" | "url";
  /** by default that of the original */
  output_format?: "png" | "jpeg" | "webp" | null;
  /** quality of jpeg and webp */
  output_compression?: number | null;
  /** answer with server-sent events */
  stream?: boolean;
  /** maximum number of previews to send, with `stream` */
  partial_images?: number;
  background?: "auto" | "opaque" | "transparent";
  /** each is the engine's full quality; for less, use our `steps` */
  quality?: "auto" | "standard" | "high" | "hd";
  /** accepted and ignored */
  user?: string | null;
  /** accepted and ignored */
  safety_identifier?: string | null;
  /** accepted without effect: an edit keeps what it is not asked to change */
  input_fidelity?: "low" | "high" | null;
  /** ours: what each of several `image` is, in order */
  roles?: Array<"image" | "mask" | "logo" | "control" | "style_image" | "guide" | "background" | "image_2" | "image_3" | "image_4">;
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
  /** at most; not met if it cannot be measured */
  lpips?: number | null;
  /** at most; not met if it cannot be measured */
  st_lpips?: number | null;
  /** limits of the verdict's figures that differ from the service's, by kind of image and figure, as {"colour": {"blotches": 0.3, "fringe": null}}; null switches one off */
  gates?: Record<string, Record<string, number | null>>;
  /** degrees from the requested hue, at most */
  hue_error?: number | null;
  /** CIEDE2000 between the mean and the requested colour, at most; 3 for a colourway */
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
  /** for each kind of edit which engine is taken when none is named; one that does not take a parameter that is given is passed over, which the dry run and the result say */
  preferences: Array<PreferenceView>;
}

/** Which engine made the images, and how it was set. */
export interface EngineUsedView {
  name: string;
  family: string;
  /** null when the engine is no longer in the catalogue */
  weights: string | null;
  revision: string;
  parameters: Record<string, string | number | boolean | null>;
  /** why this engine was chosen; empty for a job that reproduces another */
  why: string;
}

/** One engine of the catalogue, and where it is in memory. */
export interface EngineView {
  name: string;
  family: string;
  summary: string;
  /** when to choose it over another engine */
  use: string;
  kinds: Array<"recreate" | "customise" | "generate" | "cutout" | "packshot" | "check">;
  /** the edit types it supports */
  ways: Array<EditType>;
  /** what it is taken for now when no engine is named */
  default_for: Array<"recreate" | "generate" | "cutout" | "packshot" | "check" | EditType | EditKind>;
  /** supports only the instructions listed in `instructions` */
  closed: boolean;
  /** of an engine that makes exact edits by arithmetic: the kinds of edit it makes */
  edits?: Array<EditKind>;
  /** the instructions that a closed engine supports, one line per kind */
  instructions: Array<string>;
  pool: string;
  weights: string;
  /** other models it uses */
  parts: Record<string, string>;
  /** control maps it supports */
  controls: Array<"canny" | "soft_edge" | "line_art" | "depth" | "inpaint">;
  /** LoRA adapters that a job may use */
  loras: Array<string>;
  /** how many further images (`images`) it takes at most */
  references?: number;
  /** needs a prompt to recreate an image; a captioner writes it if none is given */
  captioned: boolean;
  /** bytes of memory it needs for one image, including weights */
  memory: number | null;
  revision: string;
  /** of its weights */
  licence: string;
  /** whether its licence allows commercial use; with conditions: read it */
  commercial: "yes" | "no" | "conditions";
  /** where the licence can be read */
  licence_url: string | null;
  /** whether this service runs it: one whose licence forbids commercial use only where that is allowed */
  permitted: boolean;
  /** maximum number of jobs in one run */
  batch: number;
  /** time limit of a job in seconds, per candidate and attempt */
  timeout: number;
  /** additional seconds per megapixel */
  timeout_per_megapixel: number;
  max_candidates: number;
  /** tends to shift or zoom the image; the service undoes this when it is small and certain */
  drifts: boolean;
  canvas: CanvasSpec;
  parameters: Record<string, ParameterSpec>;
  /** metrics measured with its default parameters; may be empty */
  figures: Array<Measured>;
  /** whether a worker has all the models it needs */
  installed: boolean;
  resident: Array<Resident>;
}

/** A metric that is not certain. */
export interface Estimate {
  /** null if unknown; `reason` explains why */
  value: number | null;
  /** what the estimate is based on */
  reason: string;
}

/** One entry of a job's event stream. */
export interface Event {
  type: "status" | "progress";
  status: JobStatus;
  progress?: Progress | null;
  error?: JobFailure | null;
  /** of the job, if it has one */
  reference?: string | null;
  /** of the job, if it has any */
  metadata?: Record<string, string> | null;
  /** with `cancelled`: number of steps completed before it stopped */
  steps_done?: number | null;
}

/** One field that is wrong. */
export interface FieldProblemView {
  /** JSON pointer of the field, or `#/header/<name>` */
  pointer: string;
  /** the correct value */
  detail: string;
}

/** One figure that the verdict is made of, with its limit. */
export interface Figure {
  name: string;
  /** null if it could not be measured; `reason` explains why */
  value: number | null;
  /** dB, ratio (of two alike, or a cosine), dE00, px, degrees, L* */
  unit: string;
  higher_is_better: boolean;
  reason?: string | null;
  /** lowest possible value */
  least: number;
  /** highest possible value; null: unbounded */
  most: number | null;
  /** the value to reach, or not to exceed; null: not tested */
  limit: number | null;
  /** false if the limit is missed; true if it was not tested or could not be measured */
  met: boolean;
  /** what it cannot see */
  misses: string;
}

/** One property of the frame, in the original and the result. */
export interface FrameRow {
  name: string;
  given: string | number | null;
  made: string | number | null;
  equal: boolean;
}

/** The kinds of image that have limits of their own. */
export type GateKind = "recreate" | "colour" | "background" | "light" | "print" | "size" | "pattern" | "material" | "style" | "fill" | "control" | "drawn" | "packshot" | "several";

/** Make a new image: from text, or of a learned kind. */
export interface Generate {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** what the image shows; required by engines with a prompt, rejected by others */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora> | null;
  /** run alone, for byte-identical output */
  exact?: boolean | null;
  /** number of images to make per attempt */
  candidates?: number | null;
  /** which candidates to return */
  keep?: Keep | null;
  /** maximum number of attempts, with new seeds, until a candidate is not rejected */
  attempts?: number | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** for jpeg (default 95) and webp (default 92); other formats have no quality */
  quality?: number | null;
  kind?: "generate" | null;
  /** px; requires height; the engine's native square if omitted */
  width?: number | null;
  /** px; requires width */
  height?: number | null;
  /** file format */
  format?: "png" | "jpeg" | "webp" | null;
}

/** `POST /v1/images/generations`. */
export interface GenerationRequest {
  prompt?: string;
  /** an engine, or one of `LIKENESS_OPENAI_MODELS`; the default for what is asked if omitted */
  model?: string | null;
  /** images to make and return */
  n?: number;
  /** WIDTHxHEIGHT in px; auto is the engine's native size */
  size?: string;
  /** url: must be fetched with the same API key */
  response_format?: "b64_json" | "url";
  /** png when not given */
  output_format?: "png" | "jpeg" | "webp" | null;
  /** quality of jpeg and webp */
  output_compression?: number | null;
  /** answer with server-sent events */
  stream?: boolean;
  /** maximum number of previews to send, with `stream` */
  partial_images?: number;
  background?: "auto" | "opaque";
  /** each is the engine's full quality; for less, use our `steps` */
  quality?: "auto" | "standard" | "high" | "hd";
  /** accepted and ignored */
  user?: string | null;
  /** accepted and ignored */
  safety_identifier?: string | null;
  /** the operator of the service decides what is checked */
  moderation?: "auto";
}

/** One engine and the values to try with it, one or a list of each; every combination of them is a run. */
export interface Grid {
  /** name of an engine; the default if omitted */
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
  parts?: string | Array<string> | null;
  /** as in `task` */
  shadow?: string | Array<string> | null;
  /** as in `task` */
  content_weight?: number | Array<number> | null;
  /** as in `task` */
  style_weight?: number | Array<number> | null;
  /** as in `task` */
  seed?: number | Array<number> | null;
}

/** Whether the service, or everything it depends on, responds. */
export interface Health {
  status: string;
}

/** An image that an earlier job of the caller's made. */
export interface ImageOfJob {
  /** id of the job */
  job: string;
  /** number of the image; 0 is the best */
  image?: number;
}

/** One image of a result. */
export interface ImageView {
  url: string;
  width: number;
  height: number;
  mode: string;
  format: string;
  sha256: string;
  /** the seed; null where none was given and every seed makes the same image */
  seed: number | null;
  /** the value used for this image, where it grows with each attempt; otherwise null */
  guidance_scale?: number | null;
  /** the quality report, measured on the file */
  report: Report;
  /** link to what was taken for the product, a grey PNG; null where nobody looked for it */
  matte?: string | null;
  /** what a change of colour left as it was, because it is not cloth; null if nothing */
  left_alone?: LeftAlone | null;
  /** of this image, if the job had several runs */
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
  /** `cursor` of the next page; null on the last one */
  next: string | null;
}

/** The status of a job. It ends once, in one of the last three. */
export type JobStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled";

/** The current state of a job. */
export interface JobView {
  id: string;
  kind: "recreate" | "customise" | "generate" | "compare" | "cutout" | "packshot" | "check";
  status: JobStatus;
  created_at: string;
  /** number of jobs ahead of it in its queue, while queued */
  position: number | null;
  /** as given; null if none was */
  reference?: string | null;
  /** as given */
  metadata?: Record<string, string>;
  links: Links;
  /** for a comparison or several edits, the one in whose queue it waited */
  engine: string;
  /** name of the file that was sent as `image`, or the last part of its URL; null if none */
  filename?: string | null;
  /** what was asked, in a few words */
  asked?: string;
  /** name of the saved recipe that the call named; what that said then is in `asked` */
  recipe?: string | null;
  /** id of the job that it reproduces */
  reproduces?: string | null;
  started_at: string | null;
  ended_at: string | null;
  /** while running */
  progress: Progress | null;
  /** once succeeded */
  result: ResultView | null;
  /** once failed */
  error: JobFailure | null;
  /** if one was requested */
  webhook?: WebhookView | null;
  /** how the decisions in `reviews` stand together */
  review?: ReviewState;
  /** what people said of its result, oldest first */
  reviews?: Array<Review>;
}

/** Which candidates of a job are kept. */
export type Keep = "best" | "all";

/** What of the product an edit of its colour left as it was, because it is not cloth: tags, prints, buttons, ... */
export interface LeftAlone {
  /** share of the product */
  area: number;
  /** the largest first, at most 32 */
  parts: Array<LeftPart>;
}

/** A part that was left alone: its box in shares of the upright image's sides, its area in shares of the product. */
export interface LeftPart {
  left: number;
  top: number;
  width: number;
  height: number;
  area: number;
}

/** Where to follow a job. */
export interface Links {
  self: string;
  /** server-sent events; when API keys are in use, the link contains a token that is valid for one hour */
  events: string;
  /** the preview so far; has a token like `events`; null once the job has ended */
  preview: string | null;
  cancel: string;
}

/** The proof that what was to be kept was kept, measured on the file that is returned. */
export interface Lock {
  /** share of the image in the protected area */
  area: number;
  /** largest change of any sample there, in the image's own sample steps */
  max_abs_diff: number;
  /** measured after lossy compression, as `lossy_lock` allows: a change of up to 24 steps is accepted */
  lossy?: boolean;
}

/** An adapter of the catalogue, put on for one job. */
export interface Lora {
  /** one of the engine's `loras` */
  name: string;
  /** strength of its effect */
  weight?: number;
}

/** One of several edits of a job. */
export interface MadeEdit {
  /** the edit as understood */
  asked: string;
  engine: string;
  /** why this engine was chosen */
  why?: string;
  revision: string;
  parameters: Record<string, string | number | boolean | null>;
  /** null for an engine that makes the same image every time */
  seed: number | null;
  /** measured against what the edit was given */
  report: Report;
  /** excluding queueing and loading the engine */
  seconds: number;
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
  /** number of images it was measured on */
  pictures: number;
  /** by name; metrics of a report are medians, their units those of a report; `seconds` is the median of the engine alone, loaded before; `million_parameters` is what its networks hold, `megabytes` their files; a `frechet_distance` is on MobileNetV2's features, to as many real images, and `within` these the floor */
  figures: Record<string, number>;
  /** the program that prints them */
  command: string;
  /** what it ran on */
  machine: string;
}

/** What one person says of a job's result: a decision, a comment, or both. */
export interface NewReview {
  /** null where there is only a comment */
  decision?: Decision | null;
  /** for the others who see the job; may have several lines */
  comment?: string | null;
}

/** A link that is to be made: for whose reviews, of which jobs, for how long. */
export interface NewReviewLink {
  /** the jobs with exactly this reference, those to come too */
  reference: string;
  /** of the person: who its reviews are by */
  name?: string | null;
  /** for which it works */
  hours?: number | null;
}

/** One of several edits: what is to change, by which engine and with which parameters. */
export interface OneEdit {
  /** what the image shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** 0 keeps the image, 1 ignores it (SDEdit) */
  strength?: number | null;
  /** how strongly the image is followed */
  image_guidance_scale?: number | null;
  /** how far from the image's own latent to sample; 0 gives no variation */
  variation?: number | null;
  /** the layer whose features represent the image */
  layer?: string | null;
  /** what to dye: only the cloth, or tags, prints and buttons as well */
  parts?: "main" | "all" | null;
  /** on a new background: the original's shadow, a soft one below the product, or none */
  shadow?: "keep" | "contact" | "none" | null;
  /** weight of the content */
  content_weight?: number | null;
  /** weight of the style */
  style_weight?: number | null;
  /** what to change, in words */
  instruction?: string | null;
  /** limits the edit to this area: a part that is detected, or the uploaded `mask` file */
  mask?: "product" | "background" | "file" | null;
  /** the protected area: returned exactly as in the original */
  preserve?: "product" | "background" | null;
  /** an exact colour for an area (a colourway) */
  recolour?: Recolour | null;
  /** words to print; line breaks are kept */
  text?: string | null;
  /** if omitted, black or white, whichever stands out */
  text_colour?: string | null;
  /** font of the text; sans if omitted */
  font?: "sans" | "serif" | "slab" | "geometric" | "condensed" | "script" | "brush" | null;
  /** the uploaded `logo` file, to print */
  logo?: "file" | null;
  /** where to print; by default the plainest place of the product, off its edge */
  place?: Box | null;
  /** width of the print as a share of the product's, where no place is given */
  size?: number | null;
  /** degrees by which to turn it clockwise */
  angle?: number | null;
  /** share of a half circle to bend it by; its middle rises, below 0 it sinks */
  curve?: number | null;
  /** the uploaded `style_image` file: an image of any size whose style is applied */
  style_image?: "file" | null;
  /** the uploaded `guide` file: the image with the guide painted on it, same size; where it is transparent, the image shows through. `strength` sets how loosely it is followed, `prompt` what it shows */
  guide?: "file" | null;
  /** share of the height, from the top, that is kept; the rest is redrawn */
  complete?: number | null;
  /** control maps to follow */
  controls?: Array<Control>;
  /** the uploaded `control` file: a finished map for the first of `controls` */
  control?: "file" | null;
  /** what the original shows; used in the report together with target_prompt or prompt */
  source_prompt?: string | null;
  /** what the result should show; used in the report; defaults to the prompt */
  target_prompt?: string | null;
  /** the product on nothing: the fields of `POST /cutout`; alone, and the last edit */
  cutout?: CutoutFields | null;
  /** the product in a frame of its own: the fields of `POST /packshot`; alone, and the last edit */
  packshot?: PackshotFields | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora>;
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
  /** ours: whether an earlier request with the same content made it */
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

/** Cut the product out of an image, place it in a frame of its own, light it and export it. */
export interface Packshot {
  /** `white` (the default), `transparent`, #rrggbb, a colour of CSS, or a picture */
  background?: string | null;
  /** WIDTHxHEIGHT in px, such as 2000x2000; by default the original's */
  size?: string | null;
  /** share of the frame that the product takes on the side where it takes more; by default 0.85 */
  fill?: number | null;
  /** by default `centre` */
  align?: "centre" | "bottom" | null;
  /** `keep` takes over that of the original; by default `none` on plain white, else `contact` */
  shadow?: "none" | "contact" | "cast" | "keep" | "reflection" | null;
  /** where a `cast` shadow falls to, in degrees: 0 to the right, 90 behind the product; by default 40 */
  angle?: number | null;
  /** degrees to turn the product clockwise, or `auto`; by default it is not turned */
  straighten?: number | "auto" | null;
  /** a grey patch of the original, or `auto` by its background; by default none */
  white_balance?: Box | "auto" | null;
  /** by default jpeg, or png on `transparent` */
  format?: "jpeg" | "png" | "webp" | null;
  /** of jpeg and webp; webp is lossless without */
  quality?: number | null;
  /** largest file; the best quality, down to 40, that meets it is found */
  max_bytes?: number | null;
  /** `srgb`, the default, converts the colours; `same` leaves them in the original's */
  profile?: "srgb" | "same" | null;
  /** `faithful`, the default, enlarges as far as `fill` asks, by Lanczos' filter, or by Swin2SR where it is installed; `never` does not */
  upscale?: "never" | "faithful" | null;
  /** the uploaded `mask` file: white where the product is, whatever is detected */
  mask?: "file" | null;
  /** a marketplace whose rules it is made for and judged by */
  preset?: string | null;
  priority?: Priority;
  kind?: "packshot";
}

/** How a packshot is made, or the marketplace that it is made for. */
export interface PackshotFields {
  /** `white` (the default), `transparent`, #rrggbb, a colour of CSS, or a picture */
  background?: string | null;
  /** WIDTHxHEIGHT in px, such as 2000x2000; by default the original's */
  size?: string | null;
  /** share of the frame that the product takes on the side where it takes more; by default 0.85 */
  fill?: number | null;
  /** by default `centre` */
  align?: "centre" | "bottom" | null;
  /** `keep` takes over that of the original; by default `none` on plain white, else `contact` */
  shadow?: "none" | "contact" | "cast" | "keep" | "reflection" | null;
  /** where a `cast` shadow falls to, in degrees: 0 to the right, 90 behind the product; by default 40 */
  angle?: number | null;
  /** degrees to turn the product clockwise, or `auto`; by default it is not turned */
  straighten?: number | "auto" | null;
  /** a grey patch of the original, or `auto` by its background; by default none */
  white_balance?: Box | "auto" | null;
  /** by default jpeg, or png on `transparent` */
  format?: "jpeg" | "png" | "webp" | null;
  /** of jpeg and webp; webp is lossless without */
  quality?: number | null;
  /** largest file; the best quality, down to 40, that meets it is found */
  max_bytes?: number | null;
  /** `srgb`, the default, converts the colours; `same` leaves them in the original's */
  profile?: "srgb" | "same" | null;
  /** `faithful`, the default, enlarges as far as `fill` asks, by Lanczos' filter, or by Swin2SR where it is installed; `never` does not */
  upscale?: "never" | "faithful" | null;
  /** the uploaded `mask` file: white where the product is, whatever is detected */
  mask?: "file" | null;
  /** a marketplace whose rules it is made for and judged by */
  preset?: string | null;
}

/** Cut the product out of an image, place it in a frame of its own, light it and export it. */
export interface PackshotRequest {
  /** `white` (the default), `transparent`, #rrggbb, a colour of CSS, or a picture, sent in the same way as `image` and cut to the frame's shape */
  background?: string | null;
  /** WIDTHxHEIGHT in px, such as 2000x2000; by default the original's */
  size?: string | null;
  /** share of the frame that the product takes on the side where it takes more; by default 0.85 */
  fill?: number | null;
  /** by default `centre` */
  align?: "centre" | "bottom" | null;
  /** `keep` takes over that of the original; by default `none` on plain white, else `contact` */
  shadow?: "none" | "contact" | "cast" | "keep" | "reflection" | null;
  /** where a `cast` shadow falls to, in degrees: 0 to the right, 90 behind the product; by default 40 */
  angle?: number | null;
  /** degrees to turn the product clockwise, or `auto`; by default it is not turned */
  straighten?: number | "auto" | null;
  /** a grey patch of the original, or `auto` by its background; by default none */
  white_balance?: Box | "auto" | null;
  /** by default jpeg, or png on `transparent` */
  format?: "jpeg" | "png" | "webp" | null;
  /** of jpeg and webp; webp is lossless without */
  quality?: number | null;
  /** largest file; the best quality, down to 40, that meets it is found */
  max_bytes?: number | null;
  /** `srgb`, the default, converts the colours; `same` leaves them in the original's */
  profile?: "srgb" | "same" | null;
  /** `faithful`, the default, enlarges as far as `fill` asks, by Lanczos' filter, or by Swin2SR where it is installed; `never` does not */
  upscale?: "never" | "faithful" | null;
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** an image of the same size, sent in the same way as `image`, white where the product is; it overrules what is detected */
  mask?: string | null;
  /** a marketplace whose rules it is made for and judged by */
  preset?: string | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  kind?: "packshot" | null;
  /** the image (PNG, JPEG or WebP): a public https URL, a data URI or base64; in a form, a file */
  image: string;
}

/** One parameter that an engine takes. */
export interface ParameterSpec {
  default?: string | number | boolean | null;
  /** different defaults for some edit types and for `generate` */
  by_way?: Record<string, string | number | boolean | null>;
  /** the kinds and edit types it affects; empty means all */
  only_for?: Array<"recreate" | "generate" | "cutout" | "packshot" | "check" | EditType>;
  minimum?: number | null;
  maximum?: number | null;
  /** the allowed words; empty means any */
  choices?: Array<string>;
}

/** Which engine a request of one kind gets that names none. */
export interface PreferenceView {
  /** the kind of job, the edit type, or what an instruction asks for */
  of: "recreate" | "generate" | "cutout" | "packshot" | "check" | EditType | EditKind;
  /** the engines that can do it, best first */
  engines: Array<string>;
  /** the one that is taken now; null if none can be used here */
  engine: string | null;
  /** why it is this one: which better ones are not installed, or do not fit a worker */
  why: string;
}

/** Which jobs run first. */
export type Priority = "interactive" | "batch";

/** An error (RFC 9457). */
export interface Problem {
  /** URI of the error type; ends in the code */
  type: string;
  title: string;
  status: number;
  detail: string;
  /** path of the request */
  instance: string;
  /** stable code of the error */
  code: string;
  /** the invalid fields */
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
  /** the run that `step` and `steps` refer to, if there are several */
  run?: number | null;
  /** number of runs of the job, if there are several */
  runs?: number | null;
  /** number of previews of this run so far; the newest can be read */
  preview?: number | null;
}

/** Everything needed to reproduce the images. */
export interface Recipe {
  engine: string;
  revision: string;
  /** commits of the pulled models that were used */
  models?: Record<string, string>;
  parameters: Record<string, string | number | boolean | null>;
  seeds: Array<number>;
  /** null for generate */
  input_sha256: string | null;
  files_sha256?: Record<string, string>;
  /** the requested task */
  task?: Recreate | Customise | Generate | Cutout | Packshot | Check | null;
  /** the prompt, if a captioner wrote it */
  caption?: string | null;
  /** the device that made the images; null for older jobs */
  device?: string | null;
}

/** Your saved recipes, by name. */
export interface RecipeList {
  recipes: Array<RecipeView>;
}

/** A saved recipe with its name. */
export interface RecipeView {
  /** the call that it is for: `customise` is for `POST /customise` */
  kind: "recreate" | "customise" | "generate" | "compare" | "cutout" | "packshot" | "check";
  /** fields of that call and their values, as in its JSON body */
  fields?: Record<string, unknown>;
  name: string;
}

/** A colourway: what the mask covers in exactly this colour on average, its shading kept. */
export interface Recolour {
  /** the colour, as #RRGGBB in sRGB */
  to: string;
  /** the area to recolour; a `mask` file takes precedence */
  mask?: "product" | "background";
}

/** The recommended run, and why. */
export interface Recommendation {
  /** `run` of the row */
  run: number;
  /** plain sentences, derived from the metrics */
  reasons: Array<string>;
}

/** Recreate an image as exactly as the engine can. */
export interface Recreate {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string>;
  /** what the image shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** 0 keeps the image, 1 ignores it (SDEdit) */
  strength?: number | null;
  /** how strongly the image is followed */
  image_guidance_scale?: number | null;
  /** how far from the image's own latent to sample; 0 gives no variation */
  variation?: number | null;
  /** the layer whose features represent the image */
  layer?: string | null;
  /** what to dye: only the cloth, or tags, prints and buttons as well */
  parts?: "main" | "all" | null;
  /** on a new background: the original's shadow, a soft one below the product, or none */
  shadow?: "keep" | "contact" | "none" | null;
  /** weight of the content */
  content_weight?: number | null;
  /** weight of the style */
  style_weight?: number | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora>;
  /** run alone, for byte-identical output */
  exact?: boolean;
  /** number of images to make per attempt */
  candidates?: number;
  /** which candidates to return */
  keep?: Keep;
  /** maximum number of attempts, with new seeds, until a candidate is not rejected */
  attempts?: number;
  priority?: Priority;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** for jpeg (default 95) and webp (default 92); other formats have no quality */
  quality?: number | null;
  kind?: "recreate";
  /** file format; must support the frame */
  format?: OutputFormat;
  /** acceptance thresholds of a candidate */
  thresholds?: Thresholds;
}

/** Recreate an image as exactly as the engine can. */
export interface RecreateRequest {
  /** name of a saved recipe (`PUT /recipes/{name}`): its fields hold where this call has none of its own */
  recipe?: string | null;
  /** your name for the job, such as a SKU: returned with it, and `GET /jobs?reference=` finds it; several jobs may have the same one */
  reference?: string | null;
  /** up to 10 pairs of texts of yours, returned with the job: names of at most 40 characters, values of at most 200 */
  metadata?: Record<string, string> | null;
  /** what the image shows */
  prompt?: string | null;
  /** what it must not show */
  negative_prompt?: string | null;
  /** how strongly the prompt is followed */
  guidance_scale?: number | null;
  /** denoising steps, or those of an optimiser */
  steps?: number | null;
  /** the solver (sampler) */
  scheduler?: "ddim" | "dpmpp-2m" | "dpmpp-2m-karras" | "euler" | "euler-trailing" | "euler-ancestral" | "lcm" | "unipc" | null;
  /** number of last layers of the text encoder to skip */
  clip_skip?: number | null;
  /** the class of the image */
  label?: string | null;
  /** limit on the latent's distance from its mean: lower values vary less */
  truncation?: number | null;
  /** temperature of the next token's distribution: below 1 sharper, above 1 flatter */
  temperature?: number | null;
  /** sample from this many most likely next tokens */
  top_k?: number | null;
  /** sample from the most likely next tokens whose probabilities add up to this */
  top_p?: number | null;
  /** seed of the first candidate; random if omitted */
  seed?: number | null;
  /** 0 keeps the image, 1 ignores it (SDEdit) */
  strength?: number | null;
  /** how strongly the image is followed */
  image_guidance_scale?: number | null;
  /** how far from the image's own latent to sample; 0 gives no variation */
  variation?: number | null;
  /** the layer whose features represent the image */
  layer?: string | null;
  /** what to dye: only the cloth, or tags, prints and buttons as well */
  parts?: "main" | "all" | null;
  /** on a new background: the original's shadow, a soft one below the product, or none */
  shadow?: "keep" | "contact" | "none" | null;
  /** weight of the content */
  content_weight?: number | null;
  /** weight of the style */
  style_weight?: number | null;
  /** name of an engine; the default if omitted */
  engine?: string | null;
  /** LoRA adapters to use */
  loras?: Array<Lora> | null;
  /** run alone, for byte-identical output */
  exact?: boolean | null;
  /** number of images to make per attempt */
  candidates?: number | null;
  /** which candidates to return */
  keep?: Keep | null;
  /** maximum number of attempts, with new seeds, until a candidate is not rejected */
  attempts?: number | null;
  priority?: Priority | null;
  /** https URL to notify when the job ends, signed according to Standard Webhooks */
  webhook?: string | null;
  /** for jpeg (default 95) and webp (default 92); other formats have no quality */
  quality?: number | null;
  kind?: "recreate" | null;
  /** file format; must support the frame */
  format?: OutputFormat | null;
  /** acceptance thresholds of a candidate */
  thresholds?: Thresholds | null;
  /** the image, or the job of the caller's that made it, and its number there */
  image: string | ImageOfJob;
}

/** How an image lay against the given one as its engine made it, where the engine is known to drift. A point at (x, y) px from the centre came to scale * (x, y) + (right, down). */
export interface Registration {
  /** px */
  right: number;
  /** px */
  down: number;
  scale: number;
  /** share of edges in place after the shift is undone */
  confidence: number;
  /** true if it was small and certain; then all metrics are of the corrected image */
  undone: boolean;
}

/** The quality report of one candidate. */
export interface Report {
  frame: Array<FrameRow>;
  fidelity: Array<Score>;
  /** only for customised images */
  edit?: EditReport | null;
  /** of a packshot, a cut-out or a check */
  compliance?: Compliance | null;
  /** if there is a protected area */
  locked?: Lock | null;
  /** for an engine that is known to drift */
  registration?: Registration | null;
  /** whose limits apply; null: nothing was given to compare */
  kind?: GateKind | null;
  /** what the verdict is made of, measured at short side 400 px */
  figures?: Array<Figure>;
  verdict: Verdict;
  /** rejected only for faults that a retoucher can mend; see `reasons` */
  retouchable?: boolean;
  /** plain sentences: the criteria that were met or missed */
  reasons: Array<string>;
  /** of edits that end with a cut-out or a packshot: those before it together, measured against the original, with the proof of what was protected; `verdict` is no better than theirs */
  before?: Report | null;
}

/** One image of the original job, reproduced. */
export interface Reproduced {
  /** its number in the original job */
  original: number;
  original_sha256: string;
  /** its number in this job; null if it failed */
  image?: number | null;
  sameness?: Sameness | null;
  /** ssim, psnr and delta_e between the two, if the bytes differ */
  figures?: Array<Score>;
  /** plain sentences: known differences */
  reasons?: Array<string>;
  error?: JobFailure | null;
}

/** How closely the reproduced images match those of the earlier job. */
export interface Reproduction {
  /** id of the original job */
  job: string;
  images: Array<Reproduced>;
}

/** A worker that holds an engine in memory. */
export interface Resident {
  worker: string;
  device: string;
  /** bytes of memory its engines may use */
  memory: number | null;
  /** byte-identical output in any run; other workers give it only to jobs with `exact` */
  exact: boolean;
}

/** The result of a job that succeeded, best image first. */
export interface ResultView {
  images: Array<ImageView>;
  engine: EngineUsedView;
  recipe: Recipe;
  timings: Timings;
  /** number of attempts that were needed */
  attempts: number;
  /** number of jobs in the same run */
  batch: number;
  /** what was done, in order, to save memory: `batch split`, `other engines unloaded`, or a measure of the engine itself, such as `VAE tiling`; and why one image was made where more were asked for */
  degradations: Array<string>;
  /** the prompt, if a captioner wrote it because none was given */
  caption: string | null;
  /** why there is no caption although the engine would have used one; otherwise null */
  caption_reason: string | null;
  /** of several edits, in the order they were made */
  edits?: Array<MadeEdit>;
  /** only of a comparison */
  comparison?: ComparisonView | null;
  /** only of a job that reproduces another one */
  reproduction?: Reproduction | null;
  /** when the presigned links expire; null if the links point to the service itself */
  links_expire_at?: string | null;
}

/** What one person said of a job's result, who that was, and when. */
export interface Review {
  /** null where there is only a comment */
  decision?: Decision | null;
  /** for the others who see the job; may have several lines */
  comment?: string | null;
  /** name of the API key, `anna (link)` for anna's review link; `local` where no keys are in use */
  by: string;
  at: string;
}

/** A link that was made. Its token is told this once. */
export interface ReviewLinkView {
  reference: string;
  name: string;
  /** sent in the place of an API key; kept as its sha256 alone */
  token: string;
  /** of the page /review; the token is behind the #, which browsers send to nobody */
  url: string;
  /** when it stops working */
  expires_at: string;
}

/** How the decisions about one result stand together. */
export type ReviewState = "none" | "approved" | "rejected" | "disputed";

/** One rule, what it asks, and what the file has. */
export interface RuleRow {
  rule: "size" | "background" | "fill" | "margin" | "longest_side" | "shortest_side" | "square" | "pixels" | "bytes" | "format" | "mode" | "bit_depth" | "profile" | "whole" | "products" | "border" | "text" | "sharpness" | "exposure" | "enlargement" | "provenance";
  /** a picture that misses a `must` is rejected */
  level: "must" | "advised";
  asked: string;
  /** null if it cannot be told; `note` explains why */
  found: string | null;
  /** null if it was not judged */
  ok: boolean | null;
  /** number of pixels that break the rule */
  offending?: number | null;
  note?: string | null;
  /** where the rule was read; null for what the request asked */
  source?: string | null;
}

/** One run of an engine. */
export interface RunView {
  engine: string;
  /** why this engine was chosen */
  why: string;
  revision: string;
  /** of the engine's weights */
  licence: string;
  /** whether that allows commercial use */
  commercial: "yes" | "no" | "conditions";
  /** resolved; `seed` only if one was given */
  parameters: Record<string, string | number | boolean | null>;
  canvas: CanvasView;
  /** time limit in seconds */
  timeout: number;
  /** bytes */
  memory: Estimate;
}

/** How closely a reproduced image matches the original. */
export type Sameness = "bitwise" | "perceptual" | "different";

/** A part of a call: any of its fields but images, `reference` and `recipe`. */
export interface SavedRecipe {
  /** the call that it is for: `customise` is for `POST /customise` */
  kind: "recreate" | "customise" | "generate" | "compare" | "cutout" | "packshot" | "check";
  /** fields of that call and their values, as in its JSON body */
  fields?: Record<string, unknown> | null;
}

/** One metric of a report. */
export interface Score {
  name: string;
  /** null if it could not be measured; `reason` explains why */
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

/** Acceptance thresholds of a candidate. A metric that is null is not tested. */
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
  /** at most; not met if it cannot be measured */
  lpips?: number | null;
  /** at most; not met if it cannot be measured */
  st_lpips?: number | null;
  /** limits of the verdict's figures that differ from the service's, by kind of image and figure, as {"colour": {"blotches": 0.3, "fringe": null}}; null switches one off */
  gates?: Record<string, Record<string, number | null>>;
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

/** What was uploaded: the value of `image` for an item of a batch is `{"upload": sha256}`. */
export interface UploadView {
  /** sha256 of the bytes */
  upload: string;
  /** bytes */
  size: number;
}

/** Tokens, which are not counted here: always 0. */
export interface Usage {
  input_tokens?: number;
  input_tokens_details?: Record<string, number>;
  output_tokens?: number;
  total_tokens?: number;
}

/** What the caller's key has used, and its limits. */
export interface UsageView {
  /** name of the API key; `local` where no keys are in use */
  key: string;
  /** maximum number of jobs accepted per UTC day; null: no limit */
  daily_quota: number | null;
  /** maximum number of jobs running at once; null: no limit */
  concurrency: number | null;
  /** today first */
  days: Array<DayUsage>;
}

/** Whether a shop could publish a candidate. */
export type Verdict = "accepted" | "rejected" | "not_judged";

/** The state of a job's webhook. */
export type WebhookState = "waiting" | "pending" | "delivered" | "failed" | "disabled";

/** The receiver of a job's webhook, and its deliveries. */
export interface WebhookView {
  state?: WebhookState;
  /** attempts, oldest first */
  deliveries?: Array<Delivery>;
  /** when the next attempt is due, after a failed one */
  next_at?: string | null;
  url: string;
}
