// Signing in.

const PASSWORD = "a sentence is fine";

/** Chooses a password by the address the command line prints, and is signed in with it. */
export async function signIn(page, place, email) {
  await page.goto(await place.wayIn(email));
  await page.getByLabel("New password", { exact: false }).or(page.getByLabel("Password", { exact: false })).first().fill(PASSWORD);
  await page.keyboard.press("Enter");
  await page.waitForURL((url) => !url.pathname.startsWith("/password/"));
  if (new URL(page.url()).pathname === "/session/new") {
    await page.getByLabel("Mail address").fill(email);
    await page.getByLabel("Password").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => !url.pathname.startsWith("/session"));
  }
}
