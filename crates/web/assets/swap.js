// Fetches a page and puts named parts of it in place of the present ones.

/** Parses a page the server sent. */
export function parse(html) {
  return new DOMParser().parseFromString(html, "text/html");
}

/** Says something where what just happened is said. */
export function say(text) {
  const flash = document.getElementById("flash");
  if (!flash) return;
  const bar = document.createElement("div");
  bar.className = "flash problem";
  const words = document.createElement("p");
  words.textContent = text;
  bar.append(words);
  flash.replaceChildren(bar);
}

/**
 * Puts `selectors` (and `#flash`) of `page` in place. Answers how many of them the page had.
 * Places one has scrolled to stay; the open row is marked again.
 */
export function put(page, selectors) {
  puts += 1;
  const [read, write, again] = [reading(), writing(), focused()];
  const within = selectors.some((selector) => document.querySelector(selector)?.contains(document.activeElement));
  let found = 0;
  for (const selector of selectors) {
    const next = page.querySelector(selector);
    const now = document.querySelector(selector);
    if (!next || !now) continue;
    const top = now.scrollTop;
    now.replaceWith(document.adoptNode(next));
    if (selector === "#list" || selector === "#side") next.scrollTop = top;
    found += 1;
  }
  const flash = page.getElementById("flash");
  if (flash && !selectors.includes("#flash")) document.getElementById("flash")?.replaceWith(document.adoptNode(flash));
  const main = page.getElementById("main");
  if (found && main) document.getElementById("main").className = main.className;
  markOpen();
  write?.();
  document.dispatchEvent(new CustomEvent("dandelion:swapped", { detail: { selectors } }));
  read?.();
  if (within) again();
  return found;
}

let puts = 0;
/** How often something was put in place: whoever fetched before the last time has something older. */
export const putsSoFar = () => puts;

// Where the keyboard is: on the same thing once it is new, on the case if there is no such thing any more.
function focused() {
  const element = document.activeElement ?? document.body;
  const [id, name, value, form] = [element.id, element.name, element.value, element.form?.getAttribute("action")];
  const { selectionStart, selectionEnd } = element.matches("textarea") ? element : {};
  const same = (one) => element.matches("button") && one.name === name && one.value === value && one.form?.getAttribute("action") === form;
  return () => {
    let now = element;
    if (!now.isConnected) now = id ? document.getElementById(id) : [...document.querySelectorAll("button")].find(same);
    (now?.checkVisibility() ? now : document.querySelector(".case"))?.focus({ preventScroll: true });
    if (now === document.activeElement && selectionEnd !== undefined) now.setSelectionRange(selectionStart, selectionEnd);
  };
}

// What is being written or filled in stays, where it is, while something else of the same case changes.
function writing() {
  const compose = document.getElementById("compose");
  const open = document.getElementById("case")?.dataset.case;
  if (!compose) return null;
  const sent = compose.querySelector("form[data-busy]");
  const pane = document.querySelector("#case-head details[open]:not(:has(form[data-busy]))");
  const fields = sent ? [] : [...compose.querySelectorAll("textarea")].filter((field) => field.value !== field.defaultValue);
  const tab = !sent && (fields.length || compose.contains(document.activeElement)) && compose.querySelector(".tabs input:checked")?.id;
  return () => {
    if (document.getElementById("case")?.dataset.case !== open) return;
    const words = pane?.querySelector("summary").textContent;
    if (pane && !pane.isConnected) [...document.querySelectorAll("#case-head details")].find((one) => one.querySelector("summary").textContent === words)?.replaceWith(pane);
    if (compose.isConnected) return;
    for (const field of fields) {
      const now = document.getElementById(field.id);
      if (now) now.value = field.value;
    }
    const chosen = tab && document.getElementById(tab);
    if (chosen) chosen.checked = true;
  };
}

// Where one reads in the conversation: there again once the same case is new, at its end if one was at its end.
function reading() {
  const scroller = document.querySelector(".scroller");
  const open = document.getElementById("case")?.dataset.case;
  if (!scroller || !open) return null;
  const { scrollTop } = scroller;
  const atEnd = scroller.scrollHeight - scrollTop - scroller.clientHeight < 80;
  return () => {
    const now = document.querySelector(".scroller");
    if (!now || document.getElementById("case")?.dataset.case !== open) return;
    now.scrollTop = atEnd ? now.scrollHeight : scrollTop;
  };
}

/** Marks the row of the open case. */
export function markOpen() {
  const open = document.getElementById("case")?.dataset.case;
  for (const row of document.querySelectorAll("[data-row]")) {
    if (open && row.closest("[data-case]").dataset.case === open) {
      row.setAttribute("aria-current", "true");
      row.classList.remove("unread");
    } else row.removeAttribute("aria-current");
  }
}

let running = null;
let underWay = 0;

/**
 * Asks for `url` and puts `selectors` in place. Where the answer has none of them (signed out, an error page), the
 * browser goes there, or for a posted form shows the answer in the page. Answers whether all went well.
 */
export async function visit(url, selectors, { method = "GET", body, push = true } = {}) {
  if (method === "GET") running?.abort();
  const abort = new AbortController();
  if (method === "GET") running = abort;
  underWay += 1;
  document.documentElement.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(url, { method, body, signal: abort.signal, headers: { "Dandelion-Partial": selectors.join(" "), Accept: "text/html" } });
    const page = parse(await answer.text());
    const before = document.getElementById("case")?.dataset.case;
    if (!put(page, selectors)) {
      if (method === "GET" || answer.redirected) location.assign(answer.url);
      else if (!put(page, ["#main"])) say("The server's answer could not be read. Load the page again.");
      return false;
    }
    if (page.title) document.title = page.title;
    const open = document.getElementById("case")?.dataset.case;
    if (open && open !== before) toEnd();
    if (push && answer.ok && answer.url !== location.href) history.pushState({ selectors }, "", answer.url);
    return answer.ok && !document.querySelector("#flash .problem");
  } catch (error) {
    if (error.name !== "AbortError") say("The server cannot be reached. What you wrote is kept; try again.");
    return false;
  } finally {
    underWay -= 1;
    if (!underWay) document.documentElement.removeAttribute("aria-busy");
  }
}

/** Shows the newest of the conversation. */
export function toEnd() {
  const scroller = document.querySelector(".scroller");
  if (scroller) scroller.scrollTop = scroller.scrollHeight;
}

addEventListener("popstate", () => {
  if (document.querySelector("main.desk")) visit(location.href, ["#views", "#list", "#case"], { push: false });
  else location.reload();
});
toEnd();
