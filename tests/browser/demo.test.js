// The demo way in, and a post's whole way: from the webhook to the department, to an answer that is really published, to
// the customer's own word that it helped. Three people at three desks, each in a browser of their own.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, until } from "./support/hub.js";
import { accessible, calm, launch, open, press, shot, tabTo } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

// They do not say which kettle: it goes to repairs, and product safety is told. Only a person sees whose it is.
const WORDS = "My Hollerbek kettle leaks, hot water runs out at the handle and I burned my hand";
const START = WORDS.slice(0, 40);

let browser, place, way, hook, imke, sunniva, clara, network;
before(async () => {
  browser = await launch();
  place = await Place.make();
  way = await place.start(["demo", "--empty", "--rate", "0", "--network-listen", "127.0.0.1:0"], /\/session\/once\//);
  network = place.said.match(/published at (\S+?)\/?\s/)?.[1] ?? (await until("the demo network's address", () => place.said.match(/published at (\S+?)\/?\s/)?.[1]));
  hook = await webhook(place, { name: "Customers of the test", network: "demo" });
  [imke, sunniva, clara] = await Promise.all([1, 2, 3].map(() => open(browser, place.origin)));
});
after(async () => {
  await browser?.close();
  assert.equal(await place?.stop(), 0, "Ctrl-C ends it well");
});

test("the printed address signs in, once", async () => {
  await imke.goto(way);
  await imke.waitForURL((url) => url.pathname === "/");
  assert.match(await imke.locator("h1").textContent(), /Imke|Good|Hello/);
  const again = await open(browser, place.origin);
  const answer = await again.goto(way);
  assert.equal(answer.status(), 403, "a second time it does not");
  await again.context().close();
  await accessible(imke);
  calm(imke);
});

test("posts arrive at an open desk, and the list does not jump", async () => {
  await hook.send([post("one", "Is the Hollerbek mixer M8 dishwasher safe?"), post("two", "Where can I buy the Hollerbek oven O7 in Bremen?")]);
  await imke.goto("/desk?view=all");
  await imke.locator("#list [data-row]").first().waitFor();
  const before = await imke.locator("#list [data-row]").allInnerTexts();
  await hook.send([post("leak", WORDS, { author: { id: "carla", handle: "@carla", name: "Carla Becker", followers: 5400, verified: true } })]);
  await imke.locator("#news:not([hidden])").waitFor();
  assert.deepEqual(await imke.locator("#list [data-row]").allInnerTexts(), before, "nothing moved");
  await imke.locator("#news").click();
  await imke.locator("#list").getByText(START).waitFor();
  calm(imke);
});

test("j and k walk the list, Enter opens, ? and Escape, / and Ctrl-K", async () => {
  await imke.goto("/desk?view=all");
  await imke.locator("#list [data-row]").first().waitFor();
  const rows = imke.locator("#list [data-row]");
  const focused = () => rows.evaluateAll((all) => all.indexOf(document.activeElement));
  await imke.keyboard.press("j");
  const first = await focused();
  await imke.keyboard.press("j");
  assert.equal(await focused(), first + 1);
  await imke.keyboard.press("k");
  assert.equal(await focused(), first);
  const wanted = await rows.nth(first).innerText();
  await imke.keyboard.press("Enter");
  await imke.locator("#case[data-case]").waitFor();
  assert.match(imke.url(), /\/desk\?view=all&case=\d+$/, "the address opens the same view with the same case");
  assert.ok(wanted.includes((await imke.locator("#thread .post .name").first().innerText()).trim()), "the row that was open is the case that is shown");
  await imke.keyboard.press("?");
  await imke.locator("#keys[open]").waitFor();
  await imke.keyboard.press("Escape");
  await imke.keyboard.press("/");
  await tabTo(imke, imke.locator(".top input[type=search]"), 0);
  await imke.keyboard.press("Escape");
  await imke.keyboard.press("ControlOrMeta+k");
  await imke.keyboard.insertText("results");
  await imke.keyboard.press("Enter");
  await imke.waitForURL(/\/results/);
  calm(imke);
});

test("the case says what it thinks and why, and can be corrected", async () => {
  await openLeak(imke);
  const side = imke.locator("#side");
  await side.getByText("What we think, and why").waitFor();
  assert.match(await side.innerText(), /leak/i, "the words that caused it stand there");
  assert.match(await imke.locator("#side section", { hasText: "Why it is with this unit" }).innerText(), /\S+ \S+/);
  assert.match(await imke.locator("#side section", { hasText: "Influence" }).innerText(), /follow/i);
  const intent = imke.locator("#side .judgement", { hasText: /intent/i }).first();
  await intent.locator("summary").click();
  const choices = await intent.locator("select option").evaluateAll((all) => all.map((option) => ({ value: option.value, selected: option.selected })));
  const other = choices.find((choice) => !choice.selected && choice.value);
  await intent.locator("select").selectOption(other.value);
  await intent.getByRole("button", { name: "Correct" }).click();
  await imke.locator("#side .judgement", { hasText: "corrected by" }).first().waitFor();
  await shot(imke, "demo-corrected");
  await accessible(imke);
  calm(imke);
});

test("taken, and the taking undone", async () => {
  await openLeak(imke);
  await imke.keyboard.press("a");
  await imke.locator("#flash").getByText(/taken|take|yours/i).first().waitFor();
  await imke.keyboard.press("u");
  await imke.locator("#case-head [data-key=a]").waitFor();
  calm(imke);
});

test("an answer that comes late takes nothing from whoever writes meanwhile", async () => {
  let letGo;
  const held = new Promise((done) => { letGo = done; });
  await imke.route("**/assignment", async (route) => { await held; await route.continue(); });
  await imke.keyboard.press("a");
  await imke.keyboard.press("n");
  await imke.keyboard.insertText("half a ");
  letGo();
  await imke.locator("#case-head [data-key=a]").waitFor({ state: "detached" });
  await imke.locator("html:not([aria-busy])").waitFor();
  await imke.keyboard.insertText("sentence");
  assert.equal(await imke.locator("#note-text").inputValue(), "half a sentence");
  assert.ok(await imke.locator("#note-text").isVisible(), "the tab is still that of the note");
  await imke.locator("#note-text").fill("");
  await imke.keyboard.press("Escape");
  await imke.unroute("**/assignment");
  calm(imke);
});

test("a note calls a colleague, who finds it", async () => {
  await imke.keyboard.press("n");
  await imke.keyboard.insertText("@sunniva is this the seal again?");
  await imke.keyboard.press("ControlOrMeta+Enter");
  await imke.locator("#thread .note").getByText("is this the seal again?").waitFor();
  await signIn(sunniva, place, "sunniva@hollerbek.example");
  await sunniva.goto("/");
  const call = sunniva.locator("main section", { hasText: "You are called" }).locator("li");
  await call.first().waitFor();
  assert.match(await call.innerText(), /Imke Harms called you to .*is this the seal again/);
  await shot(sunniva, "demo-home-of-who-was-called", { whole: true });
  await accessible(sunniva);
  await call.getByRole("link").click();
  await sunniva.locator("#thread .note").getByText("is this the seal again?").waitFor();
  await sunniva.goto("/");
  assert.equal(await call.count(), 0, "who has looked is called no longer");
  calm(imke);
  calm(sunniva);
});

test("passed to product safety: it stays ours until they accept", async () => {
  await openLeak(imke);
  const owner = async () => (await imke.locator("#case-head .meta").first().innerText()).match(/owned by ([^·]+)/)[1].trim();
  const unit = await owner();
  assert.equal(unit, "Service & repairs");
  await imke.keyboard.press("h");
  const pane = imke.locator("#case-head details[open] form");
  await pane.locator("select").selectOption({ label: await label(pane.locator("select"), /Product safety/) });
  await pane.locator("input[name=reason]").fill("it must be the seal of the K2");
  await pane.getByRole("button", { name: "Offer it" }).click();
  await imke.locator("#banners").getByText(/Product safety/).first().waitFor();
  assert.equal(await owner(), unit, "the owner has not changed");
  await shot(imke, "demo-offered");
  await accessible(imke);

  await sunniva.goto("/desk?view=offered");
  await sunniva.locator("#list").getByText(START).click();
  await sunniva.locator("#banners").getByRole("button", { name: /accept/i }).waitFor();
  await shot(sunniva, "demo-to-accept");
  await accessible(sunniva);
  await sunniva.locator("#banners").getByRole("button", { name: /accept/i }).click();
  await until("the new owner", async () => /owned by Product safety/.test(await sunniva.locator("#case-head").innerText()));
  calm(sunniva);
});

test("what product safety writes is read by legal first; then it is published, once", async () => {
  await openLeak(sunniva);
  const take = sunniva.locator("#case-head [data-key=a]");
  if (await take.count()) {
    await sunniva.keyboard.press("a");
    await take.waitFor({ state: "detached" });
  }
  await sunniva.keyboard.press("r");
  await tabTo(sunniva, sunniva.locator("#reply-text"), 0);
  await sunniva.keyboard.insertText("Please unplug it. We replace the seal at no cost: which city are you in?");
  await press(sunniva, sunniva.getByRole("button", { name: "Keep as draft" }));
  await sunniva.locator("#compose input[name=reply]").waitFor({ state: "attached" });
  await sunniva.locator("#reply-text").press("ControlOrMeta+Enter");
  await until("who approves", async () => /legal/i.test(await sunniva.locator("#thread .unsent").last().innerText()));
  assert.equal((await published()).length, 0, "nothing is public before legal has read it");
  await shot(sunniva, "demo-submitted");
  await accessible(sunniva);

  await signIn(clara, place, "clara@hollerbek.example");
  await clara.goto("/desk?view=approve");
  await clara.locator("#list [data-row]").first().click();
  await clara.getByRole("button", { name: /^approve/i }).first().waitFor();
  await shot(clara, "demo-to-approve");
  await accessible(clara);
  await clara.getByRole("button", { name: /^approve/i }).first().click();
  await clara.locator("#flash").getByText(/approved/i).waitFor();
  assert.equal((await published()).length, 0, "whoever asked sends it");
  await sunniva.locator("#thread .unsent").last().getByRole("button", { name: "Send in public as @hollerbek_care" }).click();
  await sunniva.locator("#thread .post.ours:not(.unsent)").getByText("confirmed by Demo network").waitFor();
  await shot(sunniva, "demo-sent");
  const there = await published();
  assert.equal(there.length, 1, JSON.stringify(there));
  calm(clara);
  calm(sunniva);
});

test("the customer's answer arrives at the open desk, and confirms what was done", async () => {
  const [reply] = await published();
  await sunniva.keyboard.press("Escape");
  await sunniva.keyboard.press("e");
  const pane = sunniva.locator("#case-head details[open] form");
  await pane.locator("input[type=radio]").first().check();
  await pane.locator("input[name=why]").fill("seal replaced");
  await shot(sunniva, "demo-resolving");
  await accessible(sunniva);
  await pane.getByRole("button", { name: "Resolve" }).click();
  await until("the resolution", async () => /resolved/i.test(await sunniva.locator("#case").innerText()));
  const taken = await hook.send([post("thanks", "@hollerbek_care works now, thanks a lot!", { in_reply_to: reply.id, author: { id: "carla", handle: "@carla", name: "Carla Becker" } })]);
  assert.equal(taken.stored, 1, JSON.stringify(taken));
  await sunniva.locator("#thread").getByText("works now, thanks a lot!").first().waitFor();
  await sunniva.locator("#side section", { hasText: "What came of it" }).getByText(/confirmed/i).first().waitFor();
  await shot(sunniva, "demo-confirmed");
  await accessible(sunniva);
  calm(sunniva);
});

test("results and home name it, with its evidence", async () => {
  await imke.goto("/results");
  await imke.locator("table.ledger").getByText(/confirmed/i).first().waitFor();
  const line = imke.locator("table.ledger tr", { hasText: /confirmed/i }).first();
  assert.match(await line.innerText(), /works now/i, "the customer's words are the evidence");
  assert.match(await imke.locator("table.ledger").innerText(), /accept|right/i, "and that it was passed to who could fix it");
  await shot(imke, "demo-results", { whole: true });
  await accessible(imke);
  await imke.goto("/");
  assert.match(await imke.locator("main").innerText(), /confirmed/i);
  await shot(imke, "demo-home", { whole: true });
  await accessible(imke);
  for (const link of await imke.locator("main a[href]").evaluateAll((all) => [...new Set(all.map((one) => one.getAttribute("href")))])) {
    assert.equal((await imke.goto(link)).status(), 200, `a number on the home page opens ${link}`);
  }
  calm(imke);
});

test("the log holds", async () => {
  assert.match(await place.run("check"), /everything holds/);
});

async function openLeak(page) {
  await page.goto(`/desk?view=all&q=${encodeURIComponent("leaks")}`);
  await page.locator("#list").getByText(START).first().click();
  await page.locator("#case[data-case]").waitFor();
}

/** What the demo network has published of ours. */
async function published() {
  const answer = await fetch(`${network}/api/posts`);
  assert.equal(answer.status, 200);
  return answer.json();
}

async function label(select, pattern) {
  const found = (await select.locator("option").allInnerTexts()).find((text) => pattern.test(text));
  assert.ok(found, `there is no choice ${pattern}`);
  return found;
}
