// Handles: what a page without one says, and a lead who names owner, deputy and purpose by keyboard alone.
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Place } from "./support/hub.js";
import { accessible, calm, fits, launch, open, press, shot, tabTo } from "./support/page.js";
import { signIn } from "./support/session.js";

const ORGANISATION = `[organisation]
name = "Kettle & Sons"
time_zone = "UTC"
languages = ["en"]
[[unit]]
key = "care"
name = "Customer care"
kind = "hub"
[[member]]
key = "lea"
name = "Lea Brandt"
email = "lea@example.org"
roles = [{ unit = "care", role = "lead" }]
[[member]]
key = "ana"
name = "Ana Kovač"
email = "ana@example.org"
roles = [{ unit = "care", role = "agent" }]
[[member]]
key = "vic"
name = "Vic Low"
email = "vic@example.org"
roles = [{ unit = "care", role = "viewer" }]
`;

let browser, place;
before(async () => {
  [browser, place] = await Promise.all([launch(), Place.make()]);
  const file = join(place.folder, "org.toml");
  await writeFile(file, ORGANISATION);
  await place.run("org", "import", file);
  await place.serve();
});
after(async () => { await browser?.close(); await place?.stop(); });

// Each page in both colours, on a telephone and on a desk.
async function everywhere(cookies, path, name) {
  for (const theme of ["light", "dark"]) {
    for (const width of [360, 1440]) {
      const page = await open(browser, place.origin, { theme, width });
      await page.context().addCookies(cookies);
      await page.goto(path);
      await accessible(page, `${name}, ${theme}, ${width} px`);
      await fits(page, `${name}, ${theme}, ${width} px`);
      await shot(page, `handles-${name}-${theme}-${width}`, { whole: true });
      calm(page);
      await page.context().close();
    }
  }
}

test("a handle is found, and a lead says who looks after it, by keyboard alone", async () => {
  const page = await open(browser, place.origin);
  await signIn(page, place, "lea@example.org");
  const cookies = await page.context().cookies();
  await page.goto("/organisation");
  await press(page, page.getByRole("navigation", { name: "Organisation" }).getByRole("link", { name: "Handles" }));
  await page.getByText("No handle yet").waitFor();
  await everywhere(cookies, "/handles", "none");

  await place.run("actor", "add", "care", "--label", "Kettle care", "--public-url", "https://care.example/");
  await page.reload();
  await page.getByText("One handle has no owner").waitFor();
  await everywhere(cookies, "/handles", "list");
  await press(page, page.getByRole("link", { name: "@care@care.example" }));
  await page.getByRole("heading", { name: "@care@care.example" }).waitFor();
  await page.getByText("Nothing was published from it yet").waitFor();

  const owner = page.getByLabel("Owner");
  await tabTo(page, owner);
  await page.keyboard.type("Lea");
  await tabTo(page, page.getByLabel("Deputy"));
  await page.keyboard.type("Lea");
  await press(page, page.getByRole("button", { name: "Save" }));
  assert.match(await page.getByRole("alert").textContent(), /nobody stands in for themselves/);
  page.trouble.splice(0); // the browser notes the refusal itself
  await accessible(page, "a refusal");
  await tabTo(page, page.getByLabel("Deputy"));
  await page.keyboard.type("Ana");
  await tabTo(page, page.getByLabel("What it is for"));
  await page.keyboard.type("telling");
  await press(page, page.getByRole("button", { name: "Save" }));
  await page.getByText("Saved.").waitFor();
  await everywhere(cookies, new URL(page.url()).pathname, "one");

  await page.goto("/handles");
  const row = page.getByRole("row", { name: /@care@care\.example/ });
  assert.match(await row.textContent(), /Lea Brandt or Ana Kovač.*telling the public.*Customer care.*never.*never/s);
  calm(page);
  await page.context().close();
});

test("who may not choose sees who does", async () => {
  const page = await open(browser, place.origin, { script: false });
  await signIn(page, place, "vic@example.org");
  await page.goto("/handles");
  await page.getByRole("link", { name: "@care@care.example" }).click();
  await page.getByText("A lead of Customer care can change this.").waitFor();
  await page.waitForLoadState(); // names are counted once all of the page is there
  assert.equal(await page.getByLabel("Owner").count(), 0);
  const people = await page.getByRole("region", { name: "Who may publish" }).getByRole("listitem").allTextContents();
  assert.deepEqual(people, ["Ana Kovač @ana agent", "Lea Brandt @lea lead"]); // and not Vic, who only looks
  await page.context().close();
});
