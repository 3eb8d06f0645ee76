// The empty way in: `dandelion serve` on an empty data directory, by keyboard alone, to the first thing heard.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { blog } from "./support/blog.js";
import { Place } from "./support/hub.js";
import { accessible, calm, fits, launch, open, press, shot, type } from "./support/page.js";

let browser, place, site, way;
before(async () => {
  [browser, site] = await Promise.all([launch(), blog()]);
  place = await Place.make({ DANDELION_ALLOW_PRIVATE: "127.0.0.1" });
  way = await place.start(["serve"], /\/setup\//);
});
after(async () => {
  await browser?.close();
  site?.close();
  assert.equal(await place?.stop(), 0, "Ctrl-C ends it well");
});

test("from nothing to the first case, by keyboard alone", async () => {
  const page = await open(browser, place.origin);
  const check = async (name) => { await accessible(page, name); await fits(page, name); await shot(page, `first-run-${name}`); };

  await page.goto(way);
  assert.match(await page.locator("h1").textContent(), /Who looks after/);
  await check("1-administrator");
  await type(page, page.getByLabel("Your name"), "Ana Kovač");
  await type(page, page.getByLabel("Mail address"), "ana@example.org");
  await type(page, page.getByLabel("Password"), "short");
  await page.keyboard.press("Enter");
  assert.match(await page.locator("h1").textContent(), /Who looks after/, "a short password is not taken");
  await type(page, page.getByLabel("Password"), "a sentence is fine");
  await press(page, page.getByRole("button", { name: "Continue" }));

  await page.getByRole("heading", { name: "What is your organisation called?" }).waitFor();
  await check("2-organisation");
  await type(page, page.getByLabel("Organisation"), "Kettle & Sons");
  await type(page, page.getByLabel("First unit"), "Customer care");
  await press(page, page.getByRole("button", { name: "Continue" }));

  await page.getByRole("heading", { name: "Where do people talk about you?" }).waitFor();
  await check("3-source");
  await type(page, page.getByLabel("Address or handle"), site.address);
  await press(page, page.getByRole("button", { name: "Look there" }));
  const read = page.getByRole("button", { name: "Read this one" });
  const next = page.getByRole("heading", { name: "What should we listen for?" });
  await read.or(next).first().waitFor();
  if (await read.count()) await press(page, read);

  await next.waitFor();
  await page.getByText(/3 (posts|entries|articles)/).first().waitFor();
  await check("4-query");
  await type(page, page.getByLabel("Name"), "Our kettle");
  await type(page, page.getByLabel("Query"), "Brambleton OR kettle");
  await press(page, page.getByRole("button", { name: "What would it have heard?" }));
  await page.getByText("My Brambleton kettle leaks").first().waitFor();
  await check("4-tried");
  await press(page, page.getByRole("button", { name: "Listen for this" }));

  await page.getByRole("heading", { name: "It listens." }).waitFor();
  await check("5-done");
  await press(page, page.getByRole("link", { name: "Go to the desk" }));
  await page.waitForURL(/\/desk/);
  await page.locator("#list").getByText("My Brambleton kettle leaks").first().waitFor();
  await check("6-desk");
  calm(page);
});

test("the address works once", async () => {
  const page = await open(browser, place.origin);
  const answer = await page.goto(way);
  assert.notEqual(await page.locator("#token").count(), 1, "nobody can administer it a second time");
  assert.ok(answer.status() < 500);
  await page.context().close();
});
