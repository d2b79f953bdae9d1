// What the JavaScript client can do, against a live service: the same in Node and in a browser.

import { Likeness, LikenessError } from "likeness-client";

/** Make every kind of call, and return what came of them. */
export async function calls(url, photo, where) {
  const likeness = new Likeness(url);
  const named = (name) => ({ reference: `${where}-${name}`, metadata: { where } });
  const seen = {};

  const cut = await likeness.cutout(photo, named("cut"));
  seen.statuses = [];
  for await (const event of likeness.events(cut)) seen.statuses.push(event.status);
  const done = await likeness.wait(cut);
  seen.cut = [done.kind, done.reference, done.result.images[0].mode];
  seen.original = (await likeness.original(done)).size === photo.size;
  seen.verdict = (await likeness.report(done)).verdict;

  const mask = await likeness.image(await likeness.wait(await likeness.cutout(photo, { matte: true })));
  const asJson = await likeness.packshot(await base64(photo), { ...named("json"), size: "64x64", mask });
  seen.packshot = (await likeness.wait(asJson)).result.images[0].width;
  const bytes = new Uint8Array(await photo.arrayBuffer());
  const edited = await likeness.wait(await likeness.customise(bytes, { ...named("form"), recolour: { to: "#1F4E79" }, mask }));
  seen.image = (await likeness.image(edited)).type;
  const found = await likeness.wait(await likeness.customise(photo, { instruction: "put it on a grey background" }));
  seen.matte = (await likeness.matte(found)).type;
  const checked = await likeness.check(photo, { preset: "shopify" });
  seen.checked = (await likeness.wait(checked.id)).kind;

  const key = { idempotencyKey: `${where}-once` };
  const twice = [await likeness.recreate(photo, { seed: 1 }, key), await likeness.recreate(photo, { seed: 1 }, key)];
  seen.once = twice[0].id === twice[1].id;
  await likeness.cancel(twice[0]);
  seen.cancelled = await codeOf(likeness.wait(twice[0]));
  await likeness.erase(twice[0]);
  seen.erased = await codeOf(likeness.job(twice[0]));

  const image = await likeness.upload(photo);
  const recipes = [{ name: "cut", kind: "cutout" }];
  const items = [{ reference: "first", image }, { reference: "second", image: { job: cut.id } }];
  const batch = await likeness.waitBatch(await likeness.submitBatch({ recipes, items }));
  const rows = await likeness.manifest(batch.id);
  seen.batch = rows.map((row) => [row.reference, row.status]);
  seen.made = (await likeness.batchImage(batch, rows[0])).type;

  const jobs = [];
  for await (const job of likeness.jobs({ reference: `${where}-cut`, limit: 1 })) jobs.push(job.id);
  seen.found = jobs.length === 1 && jobs[0] === cut.id;
  seen.engine = (await likeness.engines()).some((engine) => engine.name === "retouch");
  seen.unknown = await codeOf(likeness.recreate(photo, { nonsense: 1 }));
  const stopped = AbortSignal.abort(new Error("given up"));
  seen.aborted = await likeness.wait(cut, { signal: stopped }).catch((error) => error.message);
  return seen;
}

async function codeOf(promise) {
  const error = await promise.then(() => null, (thrown) => thrown);
  return error instanceof LikenessError ? error.code : String(error);
}

async function base64(blob) {
  return btoa(String.fromCharCode(...new Uint8Array(await blob.arrayBuffer())));
}
