/** What is submitted, and the same as a curl command and as Python. */

import { ROOT, asText, key } from "./api.js";

/**
 * @typedef {object} Request
 * @property {string} kind the path of the call
 * @property {Record<string, any>} fields
 * @property {Record<string, File>} files
 */

/** A word for a POSIX shell. @param {string} text */
const shell = (text) => (/^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** A file name inside a part of curl's, where quotes and backslashes are escaped. @param {string} name */
const quoted = (name) => `"${name.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;

/** The address of a call. @param {string} path */
const address = (path) => new URL(path, ROOT).href;

/** The request as one curl command that waits for the job. @param {Request} request */
export function asCurl(request) {
  const lines = ["curl -sS --fail-with-body -H 'Prefer: wait=60'"];
  if (key()) lines.push('-H "Authorization: Bearer $LIKENESS_KEY"');
  const files = Object.entries(request.files);
  for (const [name, file] of files) lines.push(`-F ${shell(`${name}=@${quoted(file.name)}`)}`);
  if (files.length) {
    for (const [name, value] of Object.entries(request.fields)) lines.push(`--form-string ${shell(`${name}=${asText(value)}`)}`);
  } else {
    lines.push("-H 'Content-Type: application/json'", `-d ${shell(JSON.stringify(request.fields))}`);
  }
  lines.push(shell(address(request.kind)));
  return `${lines.join(" \\\n  ")}\n`;
}

/** A value as Python writes it. @param {any} value @returns {string} */
function literal(value) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value === "object") return `{${Object.entries(value).map(([name, held]) => `${JSON.stringify(name)}: ${literal(held)}`).join(", ")}}`;
  return JSON.stringify(value);
}

/** The request as a Python program with Likeness' own client. @param {Request} request */
export function asPython(request) {
  const { image, ...others } = request.files;
  const { prompt, ...rest } = request.fields;
  const first = image ? [literal(image.name)] : [];
  const fields = request.kind === "generate" && prompt === undefined ? rest : request.fields;
  const named = [...Object.entries(others).map(([name, file]) => [name, file.name]), ...Object.entries(fields)];
  const given = [...first, ...named.map(([name, value]) => `${name}=${literal(value)}`)];
  const secret = key() ? ', os.environ["LIKENESS_KEY"]' : "";
  return [
    ...(key() ? ["import os"] : []),
    "from pathlib import Path",
    "",
    "from likeness.client import Client",
    "",
    `with Client(${literal(ROOT.href.replace(/\/$/, ""))}${secret}) as client:`,
    `    job = client.wait(client.${request.kind}(${given.join(", ")}))`,
    "    for number, image in enumerate(job.result.images):",
    '        Path(f"result-{number}.{image.format}").write_bytes(client.image(job, number))',
    '        print(image.report.verdict, *image.report.reasons, sep="\\n")',
    "",
  ].join("\n");
}

/** Put a text on the clipboard. @param {string} text */
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copyBySelection(text); // a page that is not served securely has no clipboard
  }
}

/** @param {string} text */
function copyBySelection(text) {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
