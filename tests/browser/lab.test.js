// The query lab by keyboard alone: a query is written, completed, mended, narrowed, guarded by a test case, saved and
// restored. And without script, on a telephone, in forced colours.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample, until } from "./support/hub.js";
import { accessible, calm, fits, launch, open, press, shot, tabTo, type } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

let browser, place, page, cookies;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  const hook = await webhook(place, { name: "Kitchen forum" });
  await hook.send([
    post("1", "My K2 kettle leaks at the handle", { lang: "en" }),
    post("2", "A kettle recipe: it leaks flavour", { lang: "en" }),
    post("3", "The kettle is loud, the lid is stuck", { lang: "en" }),
    post("4", "Der Wasserkocher tropft 😡 #kettlefail", { lang: "de" }),
    post("5", "غلاية K2 تسرب الماء", { lang: "ar" }),
    post("6", "A kettle recipe with a very long word Wasserkocherdichtungsringersatzteilbestellnummer", { lang: "en" }),
  ]);
  page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
});
after(async () => { await browser?.close(); await place?.stop(); });

const text = () => page.getByRole("textbox", { name: "Query", exact: true });
const sum = () => page.locator(".lab-sum").innerText();
const heard = (words) => until(`“${words}”, not “…”`, async () => (await sum()).includes(words) && !(await page.locator("#lab-heard.stale").count()));

test("a query is written with colours, suggestions and errors under the word", async () => {
  await page.goto("/queries/new");
  await type(page, page.getByLabel("Name"), "Kettles that leak");
  await tabTo(page, text());
  await page.keyboard.type("kettle ");
  await heard("4 posts");
  await page.keyboard.type("la");
  await page.getByRole("option", { name: /lang:/ }).waitFor();
  assert.equal(await text().getAttribute("aria-activedescendant"), "completion-0");
  await accessible(page, "the lab with suggestions");
  await shot(page, "lab-suggestions");
  await page.keyboard.press("Enter");
  assert.equal(await text().inputValue(), "kettle lang:");
  const german = page.getByRole("option", { name: /^de/ });
  await german.waitFor();
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowUp");
  for (let i = 0; i < 8 && (await german.getAttribute("aria-selected")) !== "true"; i += 1) await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Tab");
  assert.equal(await text().inputValue(), "kettle lang:de ");
  await heard("no post");
  await page.keyboard.type("AND");
  await page.locator("#lab-says .wrong").waitFor();
  assert.match(await page.locator("#lab-says .wrong").innerText(), /AND needs something on its right/);
  assert.equal(await page.locator("#colours .q-error").last().innerText(), "AND");
  assert.equal(await page.locator("#colours .q-field").innerText(), "lang:");
  await accessible(page, "the lab with an error");
  await shot(page, "lab-error");
  for (let i = 0; i < "lang:de AND".length; i += 1) await page.keyboard.press("Backspace");
  await heard("4 posts");
  assert.equal(await page.evaluate(() => document.activeElement.id), "text", "the keyboard never left the text");
  calm(page);
});

test("a frequent word is left out, and that is undone as typing is", async () => {
  await press(page, page.getByRole("button", { name: /^recipe/ }));
  await until("the word left out", async () => (await text().inputValue()) === "kettle -recipe");
  await heard("2 posts");
  assert.match(await page.locator(".misses").first().innerText(), /Kept out by NOT recipe/i);
  await tabTo(page, text());
  await page.keyboard.press("ControlOrMeta+z");
  await until("undone", async () => (await text().inputValue()).trimEnd() === "kettle");
  await heard("4 posts");
  await press(page, page.getByRole("button", { name: /^recipe/ }));
  await heard("2 posts");
  calm(page);
});

test("a test case is made of a post and guards the saving", async () => {
  const first = page.locator(".lab-post", { hasText: "lid is stuck" }).first();
  await press(page, first.getByRole("button", { name: "Must not" }));
  await page.locator("#lab-tests .chip.risk").first().waitFor();
  await press(page, page.getByRole("button", { name: "Listen for this" }));
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").first().innerText(), /test case fails/);
  await accessible(page, "a red test case");
  page.trouble = page.trouble.filter((text) => !/status of 422/.test(text)); // the refusal is an answer of 422
  await shot(page, "lab-red");
  await tabTo(page, text());
  await page.keyboard.press("ControlOrMeta+End");
  await page.keyboard.type(" -stuck");
  await page.locator("#lab-tests .chip.good").first().waitFor();
  await press(page, page.getByRole("button", { name: "Listen for this" }));
  await page.waitForURL(/\/backfills\/\d+$/);
  const cases = page.getByRole("button", { name: /^(Make about \d+ cases?|Add them to their cases)$/ });
  await press(page, cases);
  await page.locator("#backfill").getByText("done", { exact: true }).waitFor();
  await press(page, page.locator("main header a[href^='/queries/']"));
  await page.waitForURL(/\/queries\/\d+$/);
  assert.match(await page.locator("main").innerText(), /Kettles that leak/);
  await accessible(page, "the query");
  calm(page);
});

test("versions are compared and restored", async () => {
  await press(page, page.getByRole("link", { name: "Change it in the lab" }));
  await page.waitForURL(/\/lab$/);
  await tabTo(page, text());
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.type("kettle -recipe -stuck -handle");
  await page.getByText("No longer heard: 1 post").waitFor();
  await type(page, page.getByLabel("Why you change it"), "handles are another team's");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  await press(page, page.getByRole("button", { name: "Save as a new version" }));
  await page.waitForURL(/\/queries\/\d+$/);
  await press(page, page.getByRole("link", { name: "Change it in the lab" }));
  await page.waitForURL(/\/lab$/);
  await press(page, page.getByRole("link", { name: "Compare with version 1" }));
  await page.getByRole("heading", { name: "Against version 1" }).waitFor();
  await accessible(page, "versions compared");
  await shot(page, "lab-compared", { whole: true });
  await press(page, page.getByRole("button", { name: "Restore version 1" }));
  await page.waitForURL(/\/queries\/\d+$/);
  assert.match(await page.locator("main").innerText(), /Version 1 again/);
  calm(page);
});

for (const [theme, width] of [["light", 360], ["dark", 1440], ["dark", 360], ["light", 2560]]) {
  test(`the lab, ${theme}, ${width} px`, async () => {
    const other = await open(browser, place.origin, { theme, width });
    await other.context().addCookies(cookies);
    await other.goto("/queries");
    await other.goto(`${await other.getByRole("link", { name: "Kettles that leak" }).getAttribute("href")}/lab?against=2`);
    await other.locator(".curve").waitFor();
    await other.locator("#curve-table summary").click();
    await accessible(other, `${theme} ${width}`);
    await fits(other, `${theme} ${width}`);
    await shot(other, `lab-${theme}-${width}`, { whole: true });
    calm(other);
    await other.context().close();
  });
}

test("without script and in forced colours", async () => {
  const bare = await open(browser, place.origin, { script: false });
  await bare.context().addCookies(cookies);
  await bare.goto("/queries/new");
  await bare.getByRole("textbox", { name: "Query", exact: true }).fill("kettle OR wasserkocher");
  await bare.getByRole("button", { name: "What would it have heard?" }).click();
  assert.match(await bare.locator(".lab-sum").innerText(), /5 posts/);
  await bare.getByRole("button", { name: /^recipe/ }).click();
  assert.equal(await bare.getByRole("textbox", { name: "Query", exact: true }).inputValue(), "(kettle OR wasserkocher) -recipe");
  await bare.getByRole("button", { name: "Undo" }).click();
  assert.equal(await bare.getByRole("textbox", { name: "Query", exact: true }).inputValue(), "kettle OR wasserkocher");
  await bare.context().close();

  const forced = await open(browser, place.origin);
  await forced.context().addCookies(cookies);
  await forced.emulateMedia({ forcedColors: "active" });
  await forced.goto("/queries/new?text=kettle");
  await forced.locator(".curve").waitFor();
  await accessible(forced, "forced colours");
  await shot(forced, "lab-forced");
  calm(forced);
  await forced.context().close();
});
