// Recreate a picture: upload it, follow the job, download the image and print its report.
//
//   npm ci && npm install --no-save "$(npm pack --silent ../clients/javascript)" && npx tsc
//   node dist/examples/recreate.js PICTURE TARGET    (LIKENESS_URL, LIKENESS_KEY)

import { openAsBlob } from "node:fs";
import { writeFile } from "node:fs/promises";
import { basename } from "node:path";

import { Likeness, LikenessError } from "likeness-client";

const [picture, target] = process.argv.slice(2);
if (picture === undefined || target === undefined) throw new Error("give a picture and where to save what is made of it");

const likeness = new Likeness(process.env["LIKENESS_URL"] ?? "http://127.0.0.1:8000", { key: process.env["LIKENESS_KEY"] });
try {
  const job = await likeness.recreate(new File([await openAsBlob(picture)], basename(picture)), { seed: 7 });
  for await (const event of likeness.events(job)) {
    const step = event.progress ? ` ${event.progress.stage} ${event.progress.step}/${event.progress.steps}` : "";
    console.log(`${event.status}${step}`);
  }
  const done = await likeness.wait(job);
  await writeFile(target, new Uint8Array(await (await likeness.image(done)).arrayBuffer()));
  const report = await likeness.report(done);
  for (const score of report.fidelity) if (score.value !== null) console.log(`${score.name} ${score.value} ${score.unit}`);
  console.log(`${report.verdict}: ${report.reasons.join("; ")}`);
} catch (error) {
  if (!(error instanceof LikenessError)) throw error;
  console.error(`${error.code}: ${error.message}`);
  process.exitCode = 1;
}
