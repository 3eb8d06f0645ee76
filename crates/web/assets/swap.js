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
  const focused = document.activeElement?.id;
  const read = reading();
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
  if (read) read();
  if (within) (focused && document.getElementById(focused) || document.querySelector(".case"))?.focus({ preventScroll: true });
  document.dispatchEvent(new CustomEvent("dandelion:swapped", { detail: { selectors } }));
  return found;
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

/**
 * Asks for `url` and puts `selectors` in place. Where the answer has none of them (signed out, an error page), the
 * browser goes there, or for a posted form shows the answer in the page. Answers whether all went well.
 */
export async function visit(url, selectors, { method = "GET", body, push = true } = {}) {
  if (method === "GET") running?.abort();
  const abort = new AbortController();
  if (method === "GET") running = abort;
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
    if (!abort.signal.aborted) document.documentElement.removeAttribute("aria-busy");
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
