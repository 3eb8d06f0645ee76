// The network of @atproto/dev-env, and people in it.
import { execFileSync, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { ROOT } from "./hub.js";

/** Starts it; none where whoever runs the tests did not ask for this tier. */
export async function bluesky() {
  if (!process.env.DANDELION_TEST_BLUESKY) return null;
  const program = execFileSync(join(ROOT, "scripts/peers"), ["bluesky"], { encoding: "utf8" }).trim();
  const network = spawn(program, { stdio: ["pipe", "pipe", "ignore"] });
  for await (const line of createInterface({ input: network.stdout })) {
    if (!line.includes('"ready"')) continue;
    network.stdout.resume();
    const ports = JSON.parse(line);
    const pds = `http://localhost:${ports.pds}`;
    return { pds, plc: `http://127.0.0.1:${ports.plc}`, account: (name) => account(pds, name), stop: () => network.stdin.end() };
  }
  throw new Error("the network of @atproto/dev-env ended before it was ready");
}

async function account(pds, name) {
  const handle = `${name}.test`;
  const password = "pw-123456";
  const made = await call(pds, "", "com.atproto.server.createAccount", { handle, email: `${name}@mail.test`, password });
  const write = async (record) => (await call(pds, made.accessJwt, "com.atproto.repo.createRecord", {
    repo: made.did, collection: "app.bsky.feed.post", record: { $type: "app.bsky.feed.post", createdAt: new Date().toISOString(), ...record },
  })).uri;
  const said = async () => (await (await fetch(`${pds}/xrpc/com.atproto.repo.listRecords?repo=${made.did}&collection=app.bsky.feed.post`)).json()).records;
  return { handle, password, did: made.did, write, said };
}

async function call(pds, token, name, body) {
  const headers = { "content-type": "application/json", ...(token ? { authorization: `Bearer ${token}` } : {}) };
  const answer = await fetch(`${pds}/xrpc/${name}`, { method: "POST", headers, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`${name}: ${answer.status} ${await answer.text()}`);
  return answer.json();
}
