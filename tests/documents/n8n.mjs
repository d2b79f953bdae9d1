// Runs a workflow of n8n that has the nodes webhook, httpRequest and if: node n8n.mjs WORKFLOW.json BODY.json

import { readFileSync } from "node:fs";

const { nodes, connections } = JSON.parse(readFileSync(process.argv[2]));
const byName = new Map(nodes.map((node) => [node.name, node]));
const results = new Map();

/** Return a parameter's value: a text that begins with = is a template, whose {{ }} are JavaScript. */
function value(parameter, item) {
  if (typeof parameter !== "string" || !parameter.startsWith("=")) return parameter;
  const told = (code) => new Function("$json", "$", `return (${code})`)(item.json, (name) => ({ item: results.get(name) }));
  const whole = /^=\{\{((?:(?!\}\}).)*)\}\}$/s.exec(parameter);
  return whole ? told(whole[1]) : parameter.slice(1).replace(/\{\{(.*?)\}\}/gs, (_, code) => told(code));
}

async function request({ method = "GET", url, sendBody, contentType, bodyParameters, inputDataFieldName, options = {} }, item) {
  let body;
  if (sendBody && contentType === "binaryData") body = item.binary[inputDataFieldName];
  else if (sendBody) {
    body = new FormData();
    for (const { parameterType, name, value: said, inputDataFieldName: field } of bodyParameters.parameters) {
      body.set(name, parameterType === "formBinaryData" ? item.binary[field] : value(said, item), ...(parameterType === "formBinaryData" ? [name] : []));
    }
  }
  const answer = await fetch(value(url, item), { method, body, signal: AbortSignal.timeout(options.timeout ?? 300_000) });
  if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
  if (options.response?.response?.responseFormat === "file") return { json: {}, binary: { data: await answer.blob() } };
  const text = await answer.text();
  return { json: text === "" ? {} : JSON.parse(text) };
}

const kinds = {
  webhook: async (_, item) => ({ item, output: 0 }),
  httpRequest: async (parameters, item) => ({ item: await request(parameters, item), output: 0 }),
  if: async ({ conditions }, item) => {
    const [{ value1, value2 }] = conditions.boolean;
    return { item, output: value(value1, item) === value2 ? 0 : 1 };
  },
};

let name = nodes[0].name;
let item = { json: { body: JSON.parse(readFileSync(process.argv[3])) } };
while (name !== undefined) {
  const node = byName.get(name);
  const done = await kinds[node.type.replace("n8n-nodes-base.", "")](node.parameters, item);
  item = done.item;
  results.set(name, item);
  console.log(name);
  name = connections[name]?.main[done.output]?.[0]?.node;
}
