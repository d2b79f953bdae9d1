// Recreate a picture: upload it, follow the job, download the image and print its report.
//
//   npm ci && npx tsc && node dist/examples/recreate.js PICTURE TARGET    (LIKENESS_URL, LIKENESS_KEY)

import { readFile, writeFile } from "node:fs/promises";
import { basename } from "node:path";

import { Likeness, LikenessError } from "./client.js";

const [picture, target] = process.argv.slice(2);
if (picture === undefined || target === undefined) throw new Error("give a picture and where to save what is made of it");

const likeness = new Likeness(process.env["LIKENESS_URL"] ?? "http://127.0.0.1:8000", process.env["LIKENESS_KEY"]);
try {
  const job = await likeness.recreate(new Blob([await readFile(picture)]), basename(picture), { seed: 7 });
  for await (const event of likeness.events(job)) {
    const step = event.progress ? ` ${event.progress.stage} ${event.progress.step}/${event.progress.steps}` : "";
    console.log(`${event.status}${step}`);
  }
  const done = await likeness.job(job.id);
  if (done.result === null) throw new Error(done.error?.detail ?? `the job was ${done.status}`);
  await writeFile(target, Buffer.from(await (await likeness.image(job.id)).arrayBuffer()));
  const report = await likeness.report(job.id);
  for (const score of report.fidelity) if (score.value !== null) console.log(`${score.name} ${score.value} ${score.unit}`);
  console.log(`${report.verdict}: ${report.reasons.join("; ")}`);
} catch (error) {
  if (!(error instanceof LikenessError)) throw error;
  console.error(`${error.problem.code}: ${error.message}`);
  process.exitCode = 1;
}
