// An account of our own on the fediverse follows one of a server that nobody on this project wrote (Fedify): looked up by its
// handle, asked, heard, taken off, by keyboard alone; and what the page says where that does not work.
import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Place, ROOT, until } from "./support/hub.js";
import { accessible, calm, fits, launch, open, press, shot, type } from "./support/page.js";
import { signIn } from "./support/session.js";

const ORGANISATION = `[organisation]
name = "Kettle & Sons"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "care"
name = "Customer care"
kind = "hub"
[[member]]
key = "lea"
name = "Lea Brandt"
email = "lea@example.org"
roles = [{ unit = "care", role = "lead" }]
[[member]]
key = "ana"
name = "Ana Kovač"
email = "ana@example.org"
roles = [{ unit = "care", role = "agent" }]
`;
const skip = process.env.DANDELION_TEST_NO_PEERS ? "DANDELION_TEST_NO_PEERS is set" : false;

let browser, place, them, handle, page, source;

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((done) => server.once("listening", done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}

/** Their person does something. */
async function send(what) {
  const answer = await fetch(`${them.base}/_send`, { method: "POST", body: JSON.stringify(what) });
  assert.equal(answer.status, 200, await answer.text());
}

before(async () => {
  if (skip) return;
  const { stdout } = await promisify(execFile)(join(ROOT, "scripts/peers"), ["fedify"], { cwd: ROOT });
  const [theirs, ours] = [await freePort(), await freePort()];
  place = await Place.make({ DANDELION_ALLOW_PRIVATE: "127.0.0.1", DANDELION_LISTEN: `127.0.0.1:${ours}`, DANDELION_PUBLIC_URL: `http://localhost:${ours}/` });
  them = spawn(stdout.trim(), [String(theirs), "ana", place.folder], { stdio: "ignore" });
  them.base = `http://127.0.0.1:${theirs}`;
  handle = `@ana@localhost:${theirs}`;
  await writeFile(join(place.folder, "org.toml"), ORGANISATION);
  await place.run("org", "import", join(place.folder, "org.toml"));
  await place.run("actor", "add", "care", "--label", "Kettle care");
  await place.start(["serve"], /^http:\/\/localhost:\d+\/$/);
  await until("their server is up", () => fetch(`${them.base}/_got`).then((answer) => answer.ok, () => false));
  browser = await launch();
  page = await open(browser, place.origin);
  await signIn(page, place, "lea@example.org");
  await page.goto("/sources");
  await page.getByRole("link", { name: "@care@" }).click();
  await page.waitForURL(/\/sources\/\d+$/);
  source = new URL(page.url()).pathname;
});
after(async () => { await browser?.close(); await place?.stop(); them?.kill(); });

const section = () => page.locator("#follows");
const field = () => page.getByLabel("Follow an account");
const add = () => section().getByRole("button", { name: "Follow", exact: true });

/** The page in both colours, on a telephone and on a desk. */
async function everywhere(cookies, name) {
  for (const theme of ["light", "dark"]) {
    for (const width of [360, 1440]) {
      const other = await open(browser, place.origin, { theme, width });
      await other.context().addCookies(cookies);
      await other.goto(source);
      await accessible(other, `${name}, ${theme}, ${width} px`);
      await fits(other, `${name}, ${theme}, ${width} px`);
      await shot(other, `follows-${name}-${theme}-${width}`, { whole: true });
      calm(other);
      await other.context().close();
    }
  }
}

test("following nobody says so, and what cannot be followed says what to do", { skip }, async () => {
  assert.match(await section().innerText(), /It follows nobody yet/);
  await everywhere(await page.context().cookies(), "none");
  for (const [typed, said] of [["kettles", /write a handle with its server/], [handle.replace("ana", "nobody"), /knows nobody called nobody; check the spelling/]]) {
    await type(page, field(), typed);
    await press(page, add());
    await page.getByRole("alert").waitFor();
    assert.match(await page.getByRole("alert").innerText(), said);
    assert.equal(await field().inputValue(), typed, "what was typed stands there to be mended");
    await accessible(page);
  }
  await shot(page, "follows-wrong", { whole: true });
  page.trouble.splice(0); // 422 is written on the console
});

test("an account is asked, refuses, is asked again, agrees, is heard and is taken off", { skip }, async () => {
  const state = (words) => until(`it is ${words}`, async () => {
    await page.goto(source);
    return (await section().locator(".chip").innerText()) === words;
  });
  await send({ kind: "answers", with: "Reject" });
  await page.goto(source);
  await type(page, field(), handle);
  await press(page, add());
  await page.getByText(`${handle} is asked.`).waitFor();
  await state("refused");
  await everywhere(await page.context().cookies(), "refused");
  await send({ kind: "answers", with: "Accept" });
  await page.goto(source);
  await press(page, page.getByRole("button", { name: "Ask again" }));
  await page.getByText(`${handle} is asked.`).waitFor();
  await state("followed");
  await everywhere(await page.context().cookies(), "followed");
  await send({ kind: "Create", text: "<p>The kettle club meets on Monday</p>" });
  await until("what they say is here", async () => {
    await page.goto("/search?q=kettle");
    return await page.getByText("meets on Monday").count() > 0;
  });
  await page.goto(source);
  await press(page, page.getByRole("button", { name: `Take off ${handle}` }));
  await page.getByText("is followed no longer").waitFor();
  assert.match(await section().innerText(), /It follows nobody yet/);
  await until("their server knows it", async () => {
    const got = await (await fetch(`${them.base}/_got`)).json();
    return got.some((one) => one.kind === "Undo");
  });
  calm(page);
});

test("who may not change the source sees whom it follows, and cannot say so", { skip }, async () => {
  await page.goto(source);
  await type(page, field(), handle);
  await press(page, add());
  await page.getByText(`${handle} is asked.`).waitFor();
  const other = await open(browser, place.origin);
  await signIn(other, place, "ana@example.org");
  await other.goto(source);
  const seen = other.locator("#follows");
  assert.match(await seen.innerText(), /ana@localhost/);
  assert.equal(await seen.getByRole("button").count(), 0);
  calm(other);
});
