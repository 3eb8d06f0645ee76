// Authors' pictures stand on the desk where a network gives one, asked for by the program and made small; initials stand
// where there is none, where it is broken, and while it is on its way.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Place, sample } from "./support/hub.js";
import { accessible, calm, fits, launch, open, shot } from "./support/page.js";
import { face } from "./support/png.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

let browser, place, cookies, site;
const asked = [];
before(async () => {
  browser = await launch();
  site = createServer((request, answer) => {
    asked.push(request.url);
    if (request.url.startsWith("/face")) answer.writeHead(200, { "content-type": "image/png" }).end(face(400, 300));
    else if (request.url === "/glass.png") answer.writeHead(200, { "content-type": "image/png" }).end(face(64, 64, { clear: true }));
    else if (request.url !== "/slow.png") answer.writeHead(404).end();
  });
  await new Promise((done) => site.listen(0, "127.0.0.1", done));
  const there = `http://127.0.0.1:${site.address().port}`;
  place = await Place.make({ DANDELION_ALLOW_PRIVATE: "127.0.0.1" });
  await sample(place);
  await place.serve();
  const hook = await webhook(place);
  const people = [["Mia Lindqvist", "face.png"], ["Olu Adeyemi", "glass.png"], ["Ruth Brandt", "gone.png"], ["Sam Weaver", "slow.png"], ["Tove Nyman", null]];
  await hook.send(people.map(([name, file], number) => {
    const author = { id: `p${number}`, handle: `p${number}`, name, ...(file && { avatar: `${there}/${file}` }) };
    return post(`k${number}`, `My K2 kettle leaks, says ${name}`, { author });
  }));
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); site?.closeAllConnections(); site?.close(); });

for (const [theme, width] of [["light", 1440], ["dark", 1440], ["light", 360], ["dark", 360]]) {
  test(`pictures of authors stand on their initials, ${theme}, ${width} px`, async () => {
    const page = await open(browser, place.origin, { theme, width });
    await page.context().addCookies(cookies);
    await page.goto("/desk?view=all&q=kettle");
    const row = (name) => page.locator("#list a[data-row]", { hasText: `says ${name}` }).first();
    const drawn = (name) => row(name).locator(".avatar img").evaluate((picture) => picture.complete && picture.naturalWidth);
    for (const name of ["Mia Lindqvist", "Olu Adeyemi"]) {
      await row(name).scrollIntoViewIfNeeded();
      await page.waitForFunction((words) => [...document.querySelectorAll("#list a[data-row]")].find((one) => one.textContent.includes(words))?.querySelector(".avatar img")?.naturalWidth > 0, `says ${name}`);
    }
    assert.equal(await drawn("Mia Lindqvist"), 96, "a small square");
    await page.waitForFunction(() => [...document.querySelectorAll("#list .avatar img")].every((picture) => picture.complete));
    for (const name of ["Ruth Brandt", "Sam Weaver"]) assert.equal(await drawn(name), 1, "nothing lies on the letters");
    assert.equal(await row("Tove Nyman").locator(".avatar img").count(), 0);
    assert.equal((await row("Tove Nyman").locator(".avatar").textContent()).trim(), "TN");
    await shot(page, `avatars-list-${theme}-${width}`);
    await page.goto(await row("Mia Lindqvist").getAttribute("href"));
    const said = page.locator("#thread .post .avatar img").first();
    await said.waitFor();
    await page.waitForFunction(() => document.querySelector("#thread .post .avatar img")?.naturalWidth === 96);
    await page.locator("#side .avatar img").waitFor();
    await accessible(page);
    await fits(page);
    calm(page);
    await shot(page, `avatars-case-${theme}-${width}`, { whole: true });
    await page.context().close();
  });
}

test("each is asked for by the program, and by no browser", () => {
  for (const path of ["/face.png", "/glass.png", "/slow.png", "/gone.png"]) assert.equal(asked.filter((one) => one === path).length, 1, path);
});
