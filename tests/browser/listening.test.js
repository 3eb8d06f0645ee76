// Listening in the product: a query runs over what is stored, people say what is not about us, copies are one row, and
// the share of voice opens its posts. By mouse and by keyboard, with and without script; clean for axe-core.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample } from "./support/hub.js";
import { accessible, calm, fits, launch, open, shot } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

const TEXT = "Brambleton kettles melt at the base, please stop using them until the company answers";
const person = (name) => ({ author: { id: name, handle: `@${name}`, name } });
const ago = (minutes) => ({ created_at: new Date(Date.now() - minutes * 60_000).toISOString() });

let browser, place, cookies;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  const hook = await webhook(place, { name: "Kitchen forum" });
  await hook.send([
    ...Array.from({ length: 12 }, (_, n) => post(`w${n}`, `RT @p${n}: ${TEXT} https://example.org/${n}`, { ...person(`p${n}`), ...ago(50 - 4 * n) })),
    ...["A recipe for Brambleton crumble with butter", "My grandmother's recipe, Brambleton style", "Recipe: Brambleton cake"].map((text, n) => post(`r${n}`, text, { ...person(`cook${n}`), ...ago(90 + n) })),
    ...["The Brambleton toaster is quick", "Brambleton repaired mine within a week", "My Brambleton broke", "Where can I buy a Brambleton?"].map((text, n) => post(`g${n}`, text, { ...person(`guest${n}`), ...ago(200 + n) })),
  ]);
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); });

async function signedIn(settings) {
  const page = await open(browser, place.origin, settings);
  await page.context().addCookies(cookies);
  return page;
}

async function look(page, name) {
  for (const [theme, width] of [["light", 1440], ["dark", 360]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await accessible(page, `${name}, ${theme}`);
    await fits(page, `${name}, ${width} px`);
    await shot(page, `listening-${name}-${theme}-${width}`);
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

let query;
test("a new query says what it found among what is stored before it makes anything", async () => {
  const page = await signedIn();
  await page.goto("/queries/new");
  await page.locator("#name").fill("Brambleton");
  await page.locator("#text").fill("brambleton");
  await page.getByRole("button", { name: "Listen for this" }).click();
  await page.waitForURL(/\/backfills\/\d+/);
  await page.getByText("waits for a decision").waitFor();
  assert.match(await page.locator("#backfill").innerText(), /Found 19 posts of 19 people/);
  await look(page, "backfill");
  await page.getByRole("button", { name: /Make about \d+ cases/ }).click();
  await page.locator("#backfill").getByText("done", { exact: true }).waitFor();
  assert.match(await page.locator("#backfill").innerText(), /19 posts were made mentions/);
  query = (await page.locator("main header a[href^='/queries/']").getAttribute("href")).split("/").pop();
  await page.goto("/backfills");
  await look(page, "backfills");
  await calm(page, "back-fills");
  await page.context().close();
});

test("copies are one row that opens to all, and a wave on the home page", async () => {
  const page = await signedIn();
  await page.goto("/search?q=melt");
  assert.equal(await page.locator("#found > li").count(), 1);
  await look(page, "search");
  await page.getByRole("link", { name: "and 11 other people wrote nearly the same" }).click();
  await page.waitForURL(/near=/);
  assert.equal(await page.locator("#found > li").count(), 12);
  await page.goto("/");
  await page.getByText(/A wave:/).waitFor();
  await look(page, "home");
  await page.context().close();
});

test("what is not about us is said by keyboard, taken back, and counts for the precision", async () => {
  const page = await signedIn();
  await page.goto("/search?q=recipe");
  await page.keyboard.press("j");
  await page.keyboard.press("x");
  await page.getByText("Not about us, says").first().waitFor();
  await page.keyboard.press("j");
  await page.keyboard.press("u");
  await page.getByText("Taken back").waitFor();
  for (let n = 0; n < 3; n += 1) {
    await page.goto("/search?q=recipe");
    await page.locator("#found > li").nth(n).getByRole("button", { name: "Not about us" }).click();
    await page.locator("#found > li").nth(n).getByText("Not about us, says").waitFor();
  }
  for (const word of ["toaster", "repaired", "broke", "buy"]) {
    await page.goto(`/search?q=${word}`);
    await page.getByRole("button", { name: "About us", exact: true }).first().click();
    await page.getByText("About us, says").first().waitFor();
  }
  await page.goto(`/queries/${query}/precision`);
  assert.match(await page.locator("#precision").innerText(), /57 % of the 7 mentions that people judged are about us; 3 are not/);
  await page.locator(".advice code", { hasText: "-recipe" }).waitFor();
  assert.match(await page.locator(".advice").innerText(), /Avoids 3 of 3 wrong ones and loses 0 of 4 right ones/);
  await look(page, "precision");
  await page.context().close();
});

test("the share of voice, with a group made on its page, without script", async () => {
  const page = await signedIn({ script: false });
  await page.goto("/voice");
  await page.getByText("A new group").click();
  const form = page.locator("form[action='/voice/groups']");
  await form.getByRole("textbox", { name: "Name" }).fill("Brambleton");
  await form.getByLabel("Brambleton", { exact: true }).check();
  await form.getByRole("button", { name: "Make the group" }).click();
  await page.locator(".voice-bars").first().waitFor();
  await page.locator(".voice-bars a", { hasText: "Brambleton" }).first().click();
  assert.ok(await page.locator("#found > li").count() > 0);
  await page.context().close();
  const again = await signedIn();
  await again.goto("/voice");
  await again.locator(".voice-bars details").first().locator("summary").click();
  await look(again, "voice");
  await calm(again, "voice");
  await again.context().close();
});
