// A system of somebody else's that sends posts to us, signed by Standard Webhooks.
import { createHmac, randomUUID } from "node:crypto";

/** Connects a webhook by the command line; answers with something that sends posts to it. */
export async function webhook(place, { name = "Newsroom", network = "forum", unit } = {}) {
  const more = unit ? ["--unit", unit] : [];
  const printed = await place.run("source", "add", "--kind", "webhook", "--name", name, "--network", network, ...more);
  const path = printed.match(/\/hooks\/\S+/)[0];
  const secret = printed.match(/whsec_\S+/)[0];
  return { path, send: (posts, kind = "post.created") => deliver(place.origin + path, secret, kind, posts) };
}

/** Sends one delivery; answers with the accounting. Anything but 200 is an error. */
export async function deliver(address, secret, type, data) {
  const body = JSON.stringify({ type, timestamp: new Date().toISOString(), data });
  const id = `msg_${randomUUID()}`;
  const at = Math.floor(Date.now() / 1000);
  const key = Buffer.from(secret.slice("whsec_".length), "base64");
  const signature = createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64");
  const headers = { "content-type": "application/json", "webhook-id": id, "webhook-timestamp": String(at), "webhook-signature": `v1,${signature}` };
  const answer = await fetch(address, { method: "POST", body, headers });
  const text = await answer.text();
  if (answer.status !== 200) throw new Error(`the webhook answered ${answer.status}: ${text}`);
  return JSON.parse(text);
}

/** A post as somebody might write it. */
export function post(id, text, more = {}) {
  return { id, text, created_at: new Date().toISOString(), author: { id: `author-${id}`, handle: `@author_${id}`, name: `Author ${id}` }, ...more };
}
