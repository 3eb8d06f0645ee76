// Pictures that came with a post are shown from here, made anew; what is no picture is a plain line that says why.
import assert from "node:assert/strict";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { Place, sample } from "./support/hub.js";
import { accessible, calm, fits, launch, open, shot } from "./support/page.js";
import { colours } from "./support/png.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

const SVG = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><script>alert(1)</script></svg>';

let browser, place, cookies, site, asked = [];
before(async () => {
  browser = await launch();
  site = createServer((request, answer) => {
    asked.push(request.url);
    if (request.url === "/kettle.png") answer.writeHead(200, { "content-type": "image/png" }).end(colours(900, 600));
    else if (request.url === "/drawing.png") answer.writeHead(200, { "content-type": "image/png" }).end(SVG);
    else answer.writeHead(404).end();
  });
  await new Promise((done) => site.listen(0, "127.0.0.1", done));
  const there = `http://127.0.0.1:${site.address().port}`;
  place = await Place.make({ DANDELION_ALLOW_PRIVATE: "127.0.0.1" });
  await sample(place);
  await place.serve();
  const hook = await webhook(place);
  const media = ["kettle", "drawing", "gone"].map((name) => ({ kind: "image", url: `${there}/${name}.png`, alt: `A ${name}` }));
  await hook.send([post("p1", "My K2 kettle leaks, see the pictures", { media })]);
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); site?.close(); });

for (const [theme, width] of [["light", 1440], ["dark", 360]]) {
  test(`a picture is shown from here, and what is none says why, ${theme}, ${width} px`, async () => {
    const page = await open(browser, place.origin, { theme, width });
    await page.context().addCookies(cookies);
    await page.goto("/desk?view=all");
    await page.goto(await page.locator("#list a[data-row]", { hasText: "see the pictures" }).first().getAttribute("href"));
    const pictures = page.locator("#thread .pictures");
    const shown = pictures.getByRole("img", { name: "A kettle" });
    await shown.scrollIntoViewIfNeeded();
    await page.waitForFunction(() => document.querySelector('#thread .pictures img[alt="A kettle"]')?.naturalWidth > 0);
    assert.equal(await shown.evaluate((picture) => picture.naturalWidth), 480, "made smaller");
    for (const words of ["A drawing. The picture is not shown: it is no JPEG, PNG, WebP or GIF", "A gone. The picture is not shown: "]) {
      await pictures.getByText(words).waitFor();
    }
    assert.equal(await pictures.locator("img").count(), 1);
    await accessible(page);
    await fits(page);
    calm(page);
    await shot(page, `media-${theme}-${width}`);
    await page.context().close();
  });
}

test("each is asked for once, by the program and not by a browser", () => {
  assert.deepEqual([...asked].sort(), ["/drawing.png", "/gone.png", "/kettle.png"]);
});
