// What attackers write, in every field of a post, through the webhook to every page that shows it, in Chromium:
// no script runs, nothing is asked elsewhere, nothing breaks, and the stored markup holds nothing that could act.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample, until } from "./support/hub.js";
import { calm, launch, open } from "./support/page.js";
import { payloads } from "./support/payloads.js";
import { signIn } from "./support/session.js";
import { webhook } from "./support/webhook.js";

const THREAD = 40; // posts of one conversation, shown on one page
const { all, from } = payloads();
const WORD = "Hollerbek"; // what makes a post a case
const MAKERS = [marked, unmarked, addressed];
const stored = {};

let browser, place, page, hook;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  hook = await webhook(place, { name: "<img src=x onerror=alert('source')>", network: "forum" });
  page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
});
after(async () => { await browser?.close(); await place?.stop(); });

/** One payload in every field. The text is listened for, so it is shown as text with marks. */
function marked(text, number) {
  return {
    text: `${WORD} ${text}`, html: `<p>${WORD}</p>${text}`, title: text, lang: text.slice(0, 20),
    author: { id: `a${number}`, handle: text, name: text, followers: 3 },
  };
}

/** The same in a text that nothing is listened for, in an answer to one that is: it is shown as markup. */
function unmarked(text, number) {
  return { ...marked(text, number), text, ...(number % THREAD === 0 ? { title: undefined, text: `${WORD}, what do you think?` } : { title: text.replaceAll(WORD, "") }) };
}

/** One payload in the fields that name addresses. */
function addressed(text) {
  return { text: `${WORD} an address`, url: text, author: { id: text, url: text, name: "Somebody" }, links: [text], media: [{ kind: "image", url: text, alt: text }] };
}

/** Conversations of so many posts, each of which carries one payload. */
function conversations(make) {
  return all.map((text, number) => {
    const id = (n) => `${make.name}-${n}`;
    const root = number - (number % THREAD);
    const created_at = new Date(Date.now() - 3600e3 + number * 1000).toISOString();
    return { id: id(number), created_at, ...make(text, number), ...(number === root ? {} : { in_reply_to: id(root) }) };
  });
}

test(`${all.length} payloads ${from ? "of the collections" : "of our own"} are taken or refused, and always counted`, async () => {
  let seen = 0;
  for (const make of MAKERS) {
    const posts = conversations(make);
    for (let at = 0; at < posts.length; at += 200) {
      const counted = await hook.send(posts.slice(at, at + 200));
      assert.equal(counted.seen, counted.stored + counted.duplicate + counted.refused, JSON.stringify(counted));
      seen += counted.seen;
      stored[make.name] = (stored[make.name] ?? 0) + counted.stored;
    }
    assert.ok(stored[make.name] > 0.9 * all.length, `only ${stored[make.name]} of ${all.length} ${make.name} posts were stored`);
  }
  assert.equal(seen, MAKERS.length * all.length, "each was looked at");
  for (const body of ["{", "[]", "null", "\u0000", "<xml/>", "{\"type\":\"post.created\",\"data\":{}}"]) {
    const answer = await fetch(place.origin + hook.path, { method: "POST", body });
    assert.ok(answer.status >= 400 && answer.status < 500, `an unsigned ${JSON.stringify(body)} is answered ${answer.status}`);
  }
});

test("the desk and every case", { timeout: 1_200_000 }, async () => {
  const cases = await everyCase();
  let posts = 0, markup = 0;
  for (const href of cases) {
    await page.goto(href);
    assert.deepEqual(await active(page), [], `what could act on ${href}`);
    posts += await page.locator("#thread .post").count();
    markup += await page.locator("#thread .html").count();
    calm(page, href);
  }
  const sum = stored.marked + stored.unmarked + stored.addressed;
  assert.equal(posts, sum, "every post that was stored is shown, in one case");
  assert.ok(markup > 0.9 * stored.unmarked, `only ${markup} of ${stored.unmarked} posts were shown as markup`);
});

test("pressing, hovering and focusing whatever is there runs nothing", async () => {
  for (const href of (await everyCase()).slice(0, 5)) {
    await page.goto(href);
    await page.evaluate(() => {
      for (const element of document.querySelectorAll("#thread .html *, #side *")) {
        for (const kind of ["mouseover", "mouseenter", "focus", "animationend", "toggle", "error", "load"]) element.dispatchEvent(new Event(kind, { bubbles: true }));
        if (element.tagName === "A") { element.addEventListener("click", (event) => { if (!element.protocol.startsWith("javascript")) event.preventDefault(); }); element.click(); }
      }
    });
    calm(page, href);
  }
});

test("search, sources, refusals, queries, results and home", async () => {
  const paths = ["/", "/sources", "/queries", "/results", "/members", "/organisation", `/search?q=${WORD}`];
  await page.goto("/sources");
  paths.push(await page.locator("main a[data-row]").first().getAttribute("href"));
  for (const text of all.filter((_, index) => index % Math.ceil(all.length / 150) === 0)) {
    const words = encodeURIComponent(text.toWellFormed ? text.toWellFormed() : text.replace(/[\ud800-\udfff]/g, ""));
    paths.push(`/search?q=${words}`, `/desk?view=all&q=${words}`, `/no/${words.slice(0, 200)}`);
  }
  for (const path of paths) {
    const answer = await page.goto(path);
    assert.ok(answer.status() < 500, `${path} answers ${answer.status()}`);
    assert.deepEqual(await active(page), [], `what could act on ${path}`);
    page.trouble = page.trouble.filter((text) => !/console: Failed to load resource: .* status of 4\d\d/.test(text));
    calm(page, path);
  }
});

test("names that the live list, the palette and the account show", async () => {
  await page.goto("/desk?view=all");
  await hook.send([{ id: "live", text: `${WORD} <img src=x onerror=alert('live')>`, created_at: new Date().toISOString(), author: { id: "live", name: "<script>alert('live')</script>" } }]);
  await until("the chip that counts new cases", () => page.locator("#news:not([hidden])").count());
  await page.locator("#news").click();
  await page.locator("#list").getByText("alert('live')").first().waitFor();
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.insertText("onerror");
  await page.waitForTimeout(500);
  assert.deepEqual(await active(page), []);
  calm(page);
});

/** The addresses of all cases, by the list's own "more". */
async function everyCase() {
  const found = new Set();
  let next = "/desk?view=all";
  while (next) {
    await page.goto(next);
    assert.deepEqual(await active(page), [], `what could act on ${next}`);
    for (const href of await page.locator("#list a[data-row]").evaluateAll((rows) => rows.map((row) => row.getAttribute("href")))) found.add(href);
    next = await page.locator("#list .more a").evaluateAll(([more]) => more?.getAttribute("href") ?? null);
  }
  calm(page, "the list");
  return [...found];
}

/** What in the page, as the browser understood it, could do something that we did not write. */
function active(page) {
  return page.evaluate(() => {
    const found = [];
    const told = (element) => element.outerHTML.slice(0, 160);
    const ACTING = "script, iframe, frame, object, embed, applet, svg, math, style, link, meta, base, form, input, button, textarea, select, img, picture, video, audio, source, template, noscript, dialog, portal";
    for (const element of document.querySelectorAll(".html")) for (const one of element.querySelectorAll(ACTING)) found.push(told(one));
    for (const element of document.querySelectorAll("script, iframe, frame, object, embed, base, meta[http-equiv]")) if (element.getAttribute("src") !== ours() && !found.includes(told(element))) found.push(told(element));
    for (const element of document.querySelectorAll("*")) {
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name) || name === "srcdoc" || name === "style") found.push(`${name}: ${told(element)}`);
        if (/^(href|src|action|formaction|xlink:href|data|poster|background|cite|ping)$/i.test(name) && /^\s*(javascript|vbscript|data):/i.test(value.replace(/[\u0000-\u0020]/g, ""))) found.push(`${name}: ${told(element)}`);
      }
      if (element.tagName === "A" && element.closest(".html") && element.href && !/^(https?|mailto):/.test(element.protocol)) found.push(told(element));
      if (element.closest(".html") && (element.id || element.getAttribute("name"))) found.push(`named: ${told(element)}`);
    }
    return found;
    function ours() { return [...document.head.querySelectorAll("script[type=module]")].find((script) => script.src.endsWith("/app.js"))?.getAttribute("src"); }
  });
}
