// What changes while one looks. Rows already shown change in place; others are counted in a chip, so that the list
// never jumps under the cursor. When cut off, the page says so, and catches up when it is back.
import { parse, put, putsSoFar } from "./swap.js";

const address = document.body.dataset.live;
const GATHER_MS = 250;
const gathered = new Set();
const news = new Set();
let timer = null;
let wait = 1000;
let cutOff = false;
let failed = 0;

if (address) connect(address);

// At first what has happened since the page was made; later the page as it is then tells what was missed.
function connect(from = "/live") {
  const source = new EventSource(from);
  source.addEventListener("open", () => {
    wait = 1000;
    tell("");
    if (cutOff) catchUp();
    cutOff = false;
  });
  source.addEventListener("case", (event) => {
    gathered.add(String(JSON.parse(event.data).case));
    timer ??= setTimeout(show, GATHER_MS);
  });
  for (const part of document.querySelectorAll("[data-live-part]")) source.addEventListener(part.dataset.livePart, () => later(part.id));
  source.addEventListener("reload", () => catchUp());
  source.addEventListener("error", () => {
    cutOff = true;
    tell("Not live: trying again");
    if (source.readyState !== EventSource.CLOSED) return;
    setTimeout(connect, wait);
    wait = Math.min(wait * 2, 30_000);
  });
  addEventListener("pagehide", () => source.close(), { once: true });
}
addEventListener("pageshow", (event) => {
  if (!event.persisted || !address) return;
  cutOff = true;
  connect();
});

// What just happened is said to whoever did it: asking for news takes it from nobody, and puts nothing in its place.
async function asked(address, headers = {}) {
  const answer = await fetch(address, { headers: { Accept: "text/html", "Dandelion-Live": "1", ...headers } });
  const html = await answer.text();
  const page = parse(address.startsWith("/desk/rows") ? `<ul>${html}</ul>` : html);
  page.getElementById("flash")?.remove();
  if (answer.status >= 500) throw new Error(`${address} answers ${answer.status}`);
  return answer.ok ? page : null;
}

// A part of the page that is about something else than cases is asked for anew, at most twice a second, and put in place
// unless somebody is in it.
const due = new Map();
function later(id) {
  if (!due.has(id)) due.set(id, setTimeout(() => renewPart(id), 500));
}
async function renewPart(id) {
  due.delete(id);
  const focused = document.activeElement;
  if (document.getElementById(id)?.contains(focused) && !focused.matches("a, button, progress")) return;
  try {
    const page = await asked(location.href);
    await released();
    if (page) put(page, [`#${id}`]);
  } catch { /* The stream's own error says that we are cut off. */ }
}

function tell(text) {
  const out = document.getElementById("offline");
  out.textContent = text;
  out.hidden = !text;
}

const list = () => document.getElementById("list");
const rowOf = (id) => list()?.querySelector(`li[data-case="${CSS.escape(id)}"]`);

async function show() {
  const ids = [...gathered];
  gathered.clear();
  timer = null;
  if (!list()) return;
  try {
    const page = await asked(`/desk/rows?${list().dataset.query}&ids=${ids.join(",")}`);
    await released();
    if (page) rows(page, ids);
    if (ids.includes(document.getElementById("case")?.dataset.case)) await openCase();
    failed = 0;
  } catch {
    // Not forgotten: asked for again a little later.
    for (const id of ids) gathered.add(id);
    failed += 1;
    if (failed > 5) tell("Not live: load the page again");
    else timer ??= setTimeout(show, failed * 1000);
  }
}

// After having been cut off nothing is known: the page as it would be now tells.
async function catchUp() {
  try {
    const page = await asked(location.href);
    if (!page) throw new Error("it is out of sight");
    const shown = [...(list()?.querySelectorAll("li[data-case]") ?? [])].map((row) => row.dataset.case);
    rows(page, shown);
    put(page, ["#views"]);
    await openCase(page);
  } catch { tell("Not live: load the page again"); }
}

// Nothing is put in place under a pressed mouse: the click would be lost.
let pressed = false;
addEventListener("pointerdown", () => { pressed = true; }, true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => { pressed = false; }, true);
async function released() {
  for (let waited = 0; pressed && waited < 2000; waited += 30) await new Promise((done) => setTimeout(done, 30));
}

function rows(page, ids) {
  const found = new Map([...page.querySelectorAll("li[data-case]")].map((row) => [row.dataset.case, row]));
  for (const id of ids) {
    const now = rowOf(id);
    if (now && !found.has(id)) now.classList.add("moved");
  }
  for (const [id, next] of found) {
    const now = rowOf(id);
    if (!now) news.add(id);
    else if (now.innerHTML !== next.innerHTML) renew(now, next);
  }
  chip();
  if (news.size && list().querySelector(".empty")) document.getElementById("news").click();
}

function renew(now, next) {
  const row = now.querySelector("[data-row]");
  const focused = row === document.activeElement;
  const open = row.hasAttribute("aria-current");
  now.replaceChildren(...next.childNodes);
  now.classList.remove("moved");
  now.classList.add("fresh");
  const renewed = now.querySelector("[data-row]");
  renewed.toggleAttribute("aria-current", false);
  if (open) renewed.setAttribute("aria-current", "true");
  if (focused) renewed.focus({ preventScroll: true });
}

function chip() {
  const out = document.getElementById("news");
  if (!out) return;
  out.hidden = news.size === 0;
  out.textContent = `${news.size} new`;
}

// The open case changes under the eyes of who works on it: not what is being written or filled in.
async function openCase(known) {
  let page = known;
  while (!page) {
    const before = putsSoFar();
    const found = await asked(location.href);
    if (!found) return;
    await released();
    // What one did meanwhile has its own answer, newer than this one.
    if (before === putsSoFar()) page = found;
  }
  if (page.getElementById("case")?.dataset.case !== document.getElementById("case")?.dataset.case) return;
  const free = (selector) => !document.querySelector(`${selector} details[open]`) && !document.querySelector(`${selector} :focus`);
  const written = [...document.querySelectorAll("#compose textarea")].some((field) => field.value.trim());
  const parts = ["#case-head", "#banners", "#thread", "#side"].filter(free);
  if (!written && free("#compose")) parts.push("#compose");
  put(page, parts);
}

document.addEventListener("dandelion:swapped", (event) => {
  if (!event.detail.selectors.includes("#list")) return;
  news.clear();
  chip();
});

// Counts in the first column follow, but not at every event.
if (address) setInterval(() => {
  if (document.hidden || cutOff || !document.getElementById("views")) return;
  asked(location.href, { "Dandelion-Partial": "#views" }).then((page) => {
    if (page && !document.querySelector("#views :focus")) put(page, ["#views"]);
  }).catch(() => {});
}, 30_000);
