// A mail on the desk: what it quotes and how it is signed lie behind one line, and nobody answers a machine.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Place, sample } from "./support/hub.js";
import { accessible, calm, fits, launch, open, press, shot } from "./support/page.js";
import { signIn } from "./support/session.js";
import { post, webhook } from "./support/webhook.js";

const QUOTED = "On Monday, Care <care@hollerbek.example> wrote:\n> Which kettle is it?";
const SIGNED = "-- \nLena Novak\nRing 4, Bremen";

let browser, place, cookies;
before(async () => {
  browser = await launch();
  place = await Place.make();
  await sample(place);
  await place.serve();
  // As the connector for mailboxes gives them: the words in the text, the rest beside it.
  const hook = await webhook(place, { name: "Forwarded mailbox", network: "email" });
  await hook.send([
    post("m1", "My K2 kettle leaks at the handle", { title: "Re: Kettle", html: "<p>My K2 kettle leaks</p><p>-- <br>Lena Novak</p>", quoted: QUOTED, signature: SIGNED }),
    post("m2", "I am away. The K2 kettle can wait.", { title: "Away", automatic: { kind: "vacation", why: "Auto-Submitted: auto-replied" } }),
    post("m3", "Your mail about the K2 kettle could not be delivered", { title: "Undelivered", automatic: { kind: "bounce", why: "From: mailer-daemon@x.example" }, bounce: { recipient: "lena@x.example", why: "550 no such user" } }),
  ]);
  const page = await open(browser, place.origin);
  await signIn(page, place, "imke@hollerbek.example");
  cookies = await page.context().cookies();
  await page.context().close();
});
after(async () => { await browser?.close(); await place?.stop(); });

/** A person's page, on the case of this mail. */
async function at(title, look) {
  const page = await open(browser, place.origin, look);
  await page.context().addCookies(cookies);
  await page.goto("/desk?view=all");
  await page.goto(await page.locator("#list a[data-row]", { hasText: title }).first().getAttribute("href"));
  return page;
}

for (const [theme, width] of [["light", 1440], ["dark", 360]]) {
  test(`quotes and signature open by keyboard, ${theme}, ${width} px`, async () => {
    const page = await at("leaks at the handle", { theme, width });
    const fold = page.locator("#thread details.folded");
    assert.equal(await fold.count(), 1);
    assert.equal((await fold.locator("summary").innerText()).trim(), "Quoted mail and signature");
    assert.ok(!await page.getByText("Ring 4, Bremen").isVisible(), "folded at first");
    assert.ok(!await page.locator("#thread .html").count(), "the signature does not stand in the markup either");
    await accessible(page);
    await press(page, fold.locator("summary"));
    assert.ok(await page.getByText("Ring 4, Bremen").isVisible());
    assert.ok(await page.getByText("> Which kettle is it?").isVisible());
    await accessible(page);
    await fits(page);
    calm(page);
    await shot(page, `mail-${theme}-${width}`);
    await page.context().close();
  });
}

test("it opens without script", async () => {
  const page = await at("leaks at the handle", { script: false });
  await page.locator("#thread details.folded > summary").click();
  assert.ok(await page.getByText("Ring 4, Bremen").isVisible());
  await page.context().close();
});

test("what a machine wrote says so, and nobody can answer it", async () => {
  for (const [title, words, known] of [
    ["I am away", "Automatic reply: nobody is answered", "Auto-Submitted: auto-replied"],
    ["could not be delivered", "Returned mail: nobody is answered", "lena@x.example: 550 no such user"],
  ]) {
    const page = await at(title);
    const told = page.locator("#thread .automatic");
    assert.equal(await told.locator(".chip").innerText(), words);
    assert.ok((await told.innerText()).includes(known), await told.innerText());
    assert.equal(await page.locator("#reply-text").count(), 0, "no place to write an answer");
    assert.ok((await page.locator("#compose").innerText()).includes(words), "the composer says why");
    await accessible(page);
    calm(page);
    await shot(page, `mail-${title.slice(0, 4)}`);
    await page.context().close();
  }
});
