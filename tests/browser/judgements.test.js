// Judgements by keyboard: a unit's question is asked, twenty posts are answered by one key each, a head is trained, asks
// before it takes over and is rolled back; the desk says why, a key corrects, u undoes. Clean for axe-core in both
// themes, on a telephone and on a desk, and without script.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample, until } from "./support/hub.js";
import { accessible, calm, fits, launch, open, shot } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

const REASONS = [
  ["money", "I want my money back, a refund please"],
  ["delay", "late again, I have been waiting for weeks"],
  ["staff", "your agent was rude to me, so unkind"],
];
const PLACES = ["in Graz", "at home", "at work", "on Monday", "since the winter", "after two days", "again", "all the time", "for my mother", "in the shop"];
const reason = (n) => REASONS[n % 3];

let browser, place, cookies;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  const hook = await webhook(place, { name: "Kitchen forum" });
  const words = (n) => `My kettle leaks ${PLACES[n % 10]}: ${reason(n)[1]}`;
  await hook.send(Array.from({ length: 36 }, (_, n) => post(`p${n}`, words(n), { lang: "en" })));
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.goto("/queries/new?text=kettle");
  await page.locator("#name").fill("Kettles");
  await page.getByRole("button", { name: "Listen for this" }).click();
  await page.waitForURL(/\/backfills\/\d+/);
  await page.getByRole("button", { name: /Make about \d+ cases/ }).click();
  await page.locator("#backfill").getByText("done", { exact: true }).waitFor();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); });

async function signedIn(settings) {
  const page = await open(browser, place.origin, settings);
  await page.context().addCookies(cookies);
  return page;
}

async function look(page, name) {
  for (const [theme, width] of [["light", 360], ["light", 1440], ["dark", 360], ["dark", 1440]]) {
    await page.emulateMedia({ colorScheme: theme });
    await page.setViewportSize({ width, height: 900 });
    await accessible(page, `${name}, ${theme}, ${width}`);
    await fits(page, `${name}, ${width} px`);
    await shot(page, `judgements-${name}-${theme}-${width}`, { whole: name !== "why" });
  }
  await page.setViewportSize({ width: 1440, height: 900 });
}

test("an empty page says what is missing, and a unit's question is asked", async () => {
  const page = await signedIn();
  await page.goto("/judgements");
  assert.match(await page.locator("main").innerText(), /Nobody was asked about posts yet/);
  await look(page, "empty");
  await page.locator("summary", { hasText: "A new question" }).click();
  await page.locator("#set-name-0").fill("Reason");
  await page.locator("#set-key").fill("reason");
  await page.locator("#set-labels-0").fill("money\ndelay\nstaff");
  await page.getByRole("button", { name: "Ask it" }).click();
  await page.getByText("is asked from now on").waitFor();
  calm(page);
  await page.context().close();
});

test("posts are answered by one key each, and the last answer is taken back by u", async () => {
  const page = await signedIn();
  await page.goto("/judgements");
  await page.locator("#ask-question").selectOption("reason");
  await page.getByRole("button", { name: "Show them" }).click();
  await page.waitForURL(/\/judgements\/asked/);
  await look(page, "asked");
  const first = () => page.locator(".asked-list > li").first();
  const key = async () => {
    const text = await first().locator(".quote").innerText();
    return String(REASONS.findIndex(([, words]) => text.includes(words)) + 1);
  };
  let answered = 0;
  for (; answered < 34 && (await page.locator(".asked-list > li").count()); answered += 1) {
    const text = await first().locator(".quote").innerText();
    await page.keyboard.press(await key());
    await until("the next post", async () => !(await page.locator(".asked-list").count()) || (await first().locator(".quote").innerText()) !== text);
  }
  assert.ok(answered >= 30, `${answered} were answered`);
  const left = await page.locator(".asked-list > li").count();
  await page.keyboard.press("u");
  await page.getByText("Taken back").waitFor();
  assert.equal(await page.locator(".asked-list > li").count(), left + 1);
  await page.keyboard.press(await key());
  await page.getByText("You said: Reason is really").waitFor();
  await page.keyboard.press("j");
  assert.ok(await page.evaluate(() => document.activeElement.matches("[data-row]")), "j moves to a post");
  calm(page);
  await page.context().close();
});

test("a head is trained, says what it is worth, takes over and is rolled back", async () => {
  const page = await signedIn();
  await page.goto("/judgements");
  await page.locator("#train-question").selectOption("reason");
  await page.getByRole("button", { name: "Train it" }).click();
  await page.waitForURL(/\/models\/\d+$/);
  await page.getByText("shadow: asks to take over").waitFor();
  const main = await page.locator("main").innerText();
  assert.match(main, /Of the examples held out it has \d+ % \(\d+ to \d+\) right/);
  assert.match(main, /would be judged otherwise/);
  await look(page, "model");
  await page.getByRole("button", { name: "Let it take over" }).click();
  await page.getByText("It judges new posts from now on").waitFor();
  await page.goto("/judgements");
  await page.getByRole("button", { name: "What would change?" }).click();
  await page.getByRole("heading", { name: "Judgement by judgement" }).waitFor();
  await look(page, "rehearsal");
  await page.getByRole("button", { name: "Judge anew" }).click();
  await page.waitForURL(/\/reanalyses\/\d+$/);
  await page.locator("#reanalysis").getByText("done", { exact: true }).waitFor();
  await look(page, "anew");
  await page.goto("/judgements");
  await page.locator(".reliability").first().waitFor();
  await look(page, "overview");
  calm(page);
  await page.context().close();
});

test("the desk says why, one key corrects, u undoes", async () => {
  const page = await signedIn();
  await page.goto("/desk?view=all");
  await page.locator("#list [data-row]").first().click();
  await page.locator("#case-title").waitFor();
  await page.keyboard.press("w");
  const why = page.locator("details.why[open]").first();
  await why.waitFor();
  const said = await why.innerText();
  for (const words of [/Sentiment/, /\d+ %/, /Judged by panel-/, /Reason/]) assert.match(said, words);
  assert.ok(await why.locator(".why-text mark").count(), "the words that weighed most are marked");
  await look(page, "why");
  await page.locator("#case-title").click();
  const other = why.locator(".quick button").last();
  const value = await other.getAttribute("value");
  await page.keyboard.press(await other.getAttribute("data-key"));
  await page.getByText("Corrected: this counts instead").waitFor();
  assert.match(await page.locator("#side").innerText(), new RegExp(`${value}[\\s\\S]*corrected by Imke`));
  await page.keyboard.press("u");
  await page.getByText("Undone").waitFor();
  assert.doesNotMatch(await page.locator("#side").innerText(), /Sentiment[^\n]*corrected by/);
  calm(page);
  await page.context().close();
});

test("a roll-back is one click, and all of it works without script", async () => {
  const page = await signedIn({ script: false });
  await page.goto("/judgements");
  await page.locator("#judges").getByRole("link", { name: "Reason 1" }).click();
  await page.getByRole("button", { name: "Roll back" }).click();
  await page.getByText("Rolled back: what judged before judges new posts again").waitFor();
  await page.getByRole("button", { name: "Use it again" }).click();
  await page.getByText("in use", { exact: true }).waitFor();
  await page.goto("/judgements/asked?question=sentiment");
  await page.locator(".asked-list form").first().getByRole("button").last().click();
  await page.getByText("You said: Sentiment").waitFor();
  await page.context().close();
});
