// Chromium with traps: whatever a page does that it should not is written down, and a test asks for it at its end.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { chromium } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const SHOTS = process.env.SHOTS;
// Nothing outside this machine is looked up, whatever a page asks for.
const FLAGS = [
  "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
];

/** The browser; CHROMIUM names another than Debian's. */
export function launch() {
  return chromium.launch({ executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium", args: FLAGS });
}

/**
 * A page of a person of their own. `page.trouble` holds what went wrong in it: errors on the console, dialogs, breaches
 * of the content policy, requests elsewhere, answers of 500 and more.
 */
export async function open(browser, origin, { width = 1440, height = 900, theme = "light", script = true } = {}) {
  const context = await browser.newContext({ viewport: { width, height }, colorScheme: theme, javaScriptEnabled: script, baseURL: origin, reducedMotion: "reduce" });
  context.setDefaultTimeout(60_000); // for a machine with a lot to do
  const page = await context.newPage();
  page.trouble = [];
  await trap(page, origin);
  return page;
}

async function trap(page, origin) {
  const note = (text) => page.trouble.push(text);
  page.on("console", (message) => { if (message.type() === "error") note(`console: ${message.text()} (${page.url()})`); });
  page.on("pageerror", (error) => note(`error: ${error.message}`));
  page.on("dialog", (dialog) => { note(`dialog: ${dialog.message()}`); dialog.dismiss().catch(() => {}); });
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !/^(data|about|blob):/.test(url)) note(`asked elsewhere: ${url}`);
  });
  page.on("response", (answer) => { if (answer.status() >= 500) note(`${answer.status()} from ${answer.url()}`); });
  page.on("popup", (popup) => note(`opened a window: ${popup.url()}`));
  await page.exposeBinding("dandelionTrap", (_, text) => note(text));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      globalThis.dandelionTrap(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile ?? ""} ${event.sample ?? ""} on ${location.pathname}`);
    });
  });
}

/** Fails with everything that went wrong in a page since it was asked last. */
export function calm(page, where = page.url()) {
  const found = page.trouble.splice(0);
  assert.deepEqual(found, [], `on ${where}`);
}

/** Fails with what axe-core finds: WCAG 2.2 A and AA, and best practice. */
export async function accessible(page, where = page.url()) {
  await page.evaluate(AXE);
  const found = await page.evaluate((rules) => globalThis.axe.run(document, { runOnly: { type: "tag", values: rules }, resultTypes: ["violations"] }), RULES);
  const told = found.violations.flatMap((one) => one.nodes.map((node) => `${one.id}: ${node.target.join(" ")}: ${(node.any[0] ?? node.all[0] ?? node.none[0])?.message ?? one.help}`));
  assert.deepEqual(told, [], `axe-core on ${where}`);
}

/** Fails if a page can be scrolled sideways. */
export async function fits(page, where = page.url()) {
  const wide = await page.evaluate(() => {
    const room = document.documentElement.clientWidth;
    const scrolls = (element) => /auto|scroll|hidden|clip/.test(getComputedStyle(element).overflowX);
    const held = (element) => { for (let up = element.parentElement; up && up !== document.body; up = up.parentElement) if (scrolls(up)) return true; return false; };
    if (document.documentElement.scrollWidth <= room) return [];
    const found = [...document.body.querySelectorAll("*")].filter((element) => element.getBoundingClientRect().right > room + 1 && !held(element))
      .slice(0, 5).map((element) => `${element.tagName.toLowerCase()}.${element.className} ends at ${Math.round(element.getBoundingClientRect().right)} of ${room}`);
    // What stands absolutely is not held by a scrolling box that is no place of its own.
    return found.length > 0 ? found : [`the page is ${document.documentElement.scrollWidth} wide, room is ${room}`];
  });
  assert.deepEqual(wide, [], `wider than the window: ${where}`);
}

/** A picture, if a folder for them is named by SHOTS. */
export async function shot(page, name, { whole = false } = {}) {
  if (!SHOTS) return;
  mkdirSync(SHOTS, { recursive: true });
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: whole });
}

/** Presses Tab, at most so often, until this is where the keyboard is; it must be seen to be there. */
export async function tabTo(page, locator, most = 80) {
  for (let pressed = 0; ; pressed += 1) {
    if (await locator.evaluate((element) => element === document.activeElement)) {
      const seen = await locator.evaluate((element) => {
        const style = getComputedStyle(element);
        return style.outlineStyle !== "none" || style.boxShadow !== "none";
      });
      assert.ok(seen, `nothing shows that the keyboard is on ${locator}`);
      return;
    }
    if (pressed === most) break;
    await page.keyboard.press("Tab");
  }
  assert.fail(`${most} times Tab did not lead to ${locator}`);
}

/** Fills a field by keyboard alone. */
export async function type(page, locator, text) {
  await tabTo(page, locator);
  await page.keyboard.press("ControlOrMeta+a");
  await page.keyboard.insertText(text);
}

/** Presses a button or follows a link by keyboard alone. */
export async function press(page, locator) {
  await tabTo(page, locator);
  await page.keyboard.press("Enter");
}
