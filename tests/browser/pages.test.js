// Every page in both colours, on a telephone and on a desk: clean for axe-core, never wider than the window, quiet.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample, until } from "./support/hub.js";
import { accessible, calm, fits, launch, open, shot } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

const THEMES = ["light", "dark"];
const WIDTHS = [360, 1440];
const OUTSIDE = ["/session/new", "/setup", "/no/such/page"];
const INSIDE = [
  "/", "/desk", "/desk?view=waiting", "/desk?view=mine", "/desk?view=offered", "/desk?view=approve", "/desk?view=watching", "/desk?view=snoozed",
  "/desk?view=all", "/search", "/search?q=kettle", "/queries", "/queries/new", "/backfills", "/voice", "/sources", "/sources/new", "/sources/place?address=https%3A%2F%2Fgithub.com%2Facme%2Fkettle", "/results", "/organisation",
  "/members", "/handles", "/tokens", "/account", "/docs/api", "/no/such/page",
];
// Pages of one thing each: the list where the first one is found, and the link to it.
const ONE = [["/desk?view=all", "#list a[data-row]", "case"], ["/queries", "main a[data-row]", "query"], ["/sources", "main a[data-row]", "source"], ["/organisation", "main a[href^='/units/']", "unit"], ["/handles", "main a[href^='/handles/']", "handle"]];

let browser, place, cookies;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  await fill();
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); });

// Posts enough for a desk that looks like one: long words, right-to-left, emoji, a thread, and one that is refused.
async function fill() {
  const hook = await webhook(place, { name: "Kitchen forum" });
  await hook.send([
    post("1", "My K2 kettle leaks at the handle and was hot to the touch. Dangerous!"),
    post("2", "Same here since Monday, water on the socket", { in_reply_to: "1" }),
    post("3", "Der K2 Wasserkocher tropft, wer repariert ihn in Bremen? 😡"),
    post("4", "غلاية K2 تسرب الماء", { lang: "ar" }),
    post("5", `K2 ${"Wasserkocherdichtungsringersatzteilbestellnummer".repeat(4)}`),
    post("6", "I love my K2 kettle, it is quiet ☕️❤️", { author: { id: "l", handle: "@a_very_long_handle_that_never_seems_to_end_at_all", name: "A very long name of somebody who likes to be called in full", followers: 120000 } }),
    { id: "7" },
  ]);
}

for (const theme of THEMES) {
  for (const width of WIDTHS) {
    test(`signed out, ${theme}, ${width} px`, async () => {
      const page = await open(browser, place.origin, { theme, width });
      for (const path of OUTSIDE) await look(page, path, `${theme}-${width}`);
      await page.context().close();
    });

    test(`signed in, ${theme}, ${width} px`, async () => {
      const page = await open(browser, place.origin, { theme, width });
      await page.context().addCookies(cookies);
      const wrong = [];
      const paths = [...INSIDE];
      for (const [list, link, name] of ONE) {
        await page.goto(list);
        const href = await page.locator(link).first().getAttribute("href", { timeout: 5000 }).catch(() => null);
        if (href) paths.push(href);
        else wrong.push(`${list} leads to no ${name}`);
      }
      for (const path of paths) await look(page, path, `${theme}-${width}`).catch((error) => wrong.push(`${path}: ${error.message}`));
      assert.deepEqual(wrong, []);
      await page.context().close();
    });
  }
}

test("the sheet of keys and the palette, in both colours and widths", async () => {
  for (const theme of THEMES) {
    for (const width of WIDTHS) {
      const page = await open(browser, place.origin, { theme, width });
      await page.context().addCookies(cookies);
      await page.goto("/desk?view=all");
      await page.keyboard.press("?");
      await page.locator("#keys[open]").waitFor();
      await accessible(page, "the sheet of keys");
      await shot(page, `keys-${theme}-${width}`);
      await page.keyboard.press("Escape");
      await page.keyboard.press("ControlOrMeta+k");
      await page.locator("#palette[open]").waitFor();
      await page.keyboard.insertText("kettle");
      await page.locator("#palette-list li").first().waitFor();
      await accessible(page, "the palette");
      await fits(page, "the palette");
      await shot(page, `palette-${theme}-${width}`);
      await page.keyboard.press("Escape");
      calm(page);
      await page.context().close();
    }
  }
});

test("every page works without script", async () => {
  const page = await open(browser, place.origin, { script: false });
  await page.context().addCookies(cookies);
  for (const path of INSIDE.filter((path) => path !== "/no/such/page")) {
    const answer = await page.goto(path);
    assert.equal(answer.status(), 200, path);
    assert.ok((await page.locator("main").innerText()).trim().length > 0, `${path} says nothing`);
  }
  await page.context().close();
});

test("forced colours and twice the text size", async () => {
  const page = await open(browser, place.origin);
  await page.context().addCookies(cookies);
  await page.emulateMedia({ forcedColors: "active" });
  for (const path of ["/", "/desk?view=all", "/results"]) {
    await page.goto(path);
    await accessible(page, `${path} in forced colours`);
    await shot(page, `forced-${path.replaceAll(/\W+/g, "-")}`);
  }
  calm(page);
  await page.context().close();
});

// A page that is not there is expected to answer 404, and the browser to say so on its console.
async function look(page, path, how) {
  const missing = path === "/no/such/page";
  const answer = await page.goto(path);
  assert.equal(answer.status(), missing ? 404 : 200, `${path} answers ${answer.status()}`);
  if (missing) page.trouble = page.trouble.filter((text) => !/status of 404/.test(text));
  await until("the page's script", () => page.evaluate(() => document.readyState === "complete"));
  await shot(page, `page${path.replaceAll(/\W+/g, "-")}-${how}`, { whole: true });
  await accessible(page, `${path} ${how}`);
  await fits(page, `${path} ${how}`);
  calm(page, `${path} ${how}`);
}
