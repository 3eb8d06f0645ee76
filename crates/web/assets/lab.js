import "./completion.js";
// The query lab: sends the form at each keystroke and puts in place what the server says. The query is read by the
// server alone; between two answers the colours just move with the letters.

const form = document.getElementById("lab");
const field = document.getElementById("text");
const PARTS = ["lab-says", "lab-save", "lab-tests", "lab-heard", "lab-more"];
const PAUSE = 120; // milliseconds after the last keystroke
const AGAIN = 400; // while the sample is still being read
const TELL = 1200; // after the last answer, for those who listen to the page

if (form && field) {
  document.documentElement.classList.add("lab-scripted");
  const colours = document.getElementById("colours");
  colours.hidden = false;
  colours.parentElement.classList.add("live");
  let pieces = read(document);
  let last = field.value;
  let timer = 0;
  let telling = 0;
  let running = null;

  paint();
  point();
  field.addEventListener("input", () => {
    move();
    later(PAUSE);
  });
  // The form's buttons, wherever they stand; saving and restoring lead to another page as they do without script.
  document.addEventListener("submit", (event) => {
    if (event.target !== form) return;
    const act = event.submitter?.value ?? "try";
    if (act === "save" || act.startsWith("restore-")) return;
    event.preventDefault();
    ask(act, event.submitter);
  });
  if (document.querySelector("#lab-heard[data-wait]")) later(AGAIN);

  function later(pause) {
    clearTimeout(timer);
    timer = setTimeout(() => ask("try"), pause);
  }

  function read(from) {
    const found = from.getElementById("lab-read");
    return found ? JSON.parse(found.dataset.pieces) : [];
  }

  // The letters that changed since the last answer take the colour of the piece they stand in.
  function move() {
    const now = field.value;
    let start = 0;
    while (start < now.length && start < last.length && now[start] === last[start]) start += 1;
    let end = 0;
    while (end < now.length - start && end < last.length - start && now[now.length - 1 - end] === last[last.length - 1 - end]) end += 1;
    const gone = last.length - end;
    let at = 0;
    let put = now.length - end - start;
    const next = [];
    for (const [length, kind] of pieces) {
      const from = at;
      at += length;
      let stays = Math.max(0, Math.min(at, start) - from) + Math.max(0, at - Math.max(from, gone));
      if (put && at >= start) {
        stays += put;
        put = 0;
      }
      if (stays) next.push([stays, kind]);
    }
    if (put) next.push([put, ""]);
    pieces = next;
    last = now;
    paint();
  }

  function paint() {
    let at = 0;
    const spans = pieces.map(([length, kind]) => {
      const text = field.value.slice(at, at += length);
      if (!kind) return text;
      const span = document.createElement("span");
      span.className = kind;
      span.textContent = text;
      return span;
    });
    colours.replaceChildren(...spans, field.value.slice(at), "\u200b");
  }

  // Each error stands below its word.
  function point() {
    const box = colours.getBoundingClientRect();
    for (const one of document.querySelectorAll("#lab-says [data-at]")) {
      const place = rangeAt(Number(one.dataset.at));
      if (!place) continue;
      const left = place.getBoundingClientRect().left - box.left;
      const room = box.width - one.getBoundingClientRect().width;
      one.style.marginInlineStart = `${Math.max(0, Math.min(left, room))}px`;
    }
  }

  function rangeAt(offset) {
    let left = offset;
    const walk = document.createTreeWalker(colours, NodeFilter.SHOW_TEXT);
    for (let node = walk.nextNode(); node; node = walk.nextNode()) {
      if (left <= node.length) {
        const range = document.createRange();
        range.setStart(node, left);
        range.setEnd(node, left);
        if (range.getClientRects().length) return range;
      }
      left -= node.length;
      if (left < 0) return null;
    }
    return null;
  }

  async function ask(act, button) {
    clearTimeout(timer);
    running?.abort();
    const abort = running = new AbortController();
    const data = new FormData(form);
    data.set("act", act);
    const sent = field.value;
    try {
      const answer = await fetch(form.getAttribute("action"), { method: "POST", body: new URLSearchParams(data), signal: abort.signal, headers: { "Dandelion-Partial": "#lab-heard", Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok || !page.getElementById("lab-read")) return fail(answer);
      put(page, data, sent, act);
      // Where the button pressed is gone, the keyboard goes to what took its place; nothing scrolls.
      if (button && !button.isConnected && !document.activeElement?.matches("button, input, textarea")) {
        const post = act.match(/^(must|not)-(\d+)$/)?.[2];
        (document.querySelector(`.lab-acts[data-post="${post}"]`) ?? field).focus({ preventScroll: true });
      }
    } catch (error) {
      if (error.name !== "AbortError") say("The server cannot be reached. What you wrote is kept; it is tried again with the next letter.");
    }
  }

  function fail(answer) {
    say(answer.redirected || answer.status === 401 ? "You are signed out. Copy what you wrote, sign in, and go on." : "This could not be tried. What you wrote is kept; it is tried again with the next letter.");
  }

  function say(words) {
    const said = document.createElement("div");
    said.className = "wrong";
    said.setAttribute("role", "alert");
    said.textContent = words;
    document.getElementById("lab-says").replaceChildren(said);
  }

  function put(page, data, sent, act) {
    const found = page.getElementById("lab-read").dataset.text;
    // A word was left out, or that was undone: as if it had been typed, so that Ctrl-Z takes it back.
    if (act !== "try" && found !== sent && field.value === sent) {
      field.focus();
      field.select();
      if (!document.execCommand("insertText", false, found)) field.value = found;
    }
    const heard = page.getElementById("lab-heard");
    const readable = heard?.querySelector(".curve") || heard?.hasAttribute("data-wait") || !field.value.trim();
    for (const id of PARTS) {
      const [now, next] = [document.getElementById(id), page.getElementById(id)];
      const keeps = !readable && (id === "lab-heard" || id === "lab-more") && document.querySelector("#lab-heard .curve");
      now.classList.toggle("stale", Boolean(keeps));
      if (!keeps) swap(now, next, data);
    }
    clearTimeout(timer);
    if (field.value === found) {
      pieces = read(page);
      last = field.value;
      paint();
      point();
      if (heard?.hasAttribute("data-wait")) later(AGAIN);
    } else later(PAUSE);
    tell();
  }

  // What was typed in a field since the question was sent stays, and so does the place of the keyboard.
  function swap(now, next, data) {
    const focused = now.contains(document.activeElement) ? document.activeElement : null;
    const open = [...now.querySelectorAll("details[open]")].map((one) => one.id || one.className);
    for (const input of now.querySelectorAll("input:not([type=hidden]), textarea")) {
      const fresh = input.id && next.querySelector(`#${input.id}`);
      if (fresh && input.value !== data.get(input.name)) fresh.value = input.value;
    }
    for (const one of next.querySelectorAll("details")) one.open = open.includes(one.id || one.className);
    now.replaceChildren(...next.childNodes);
    now.toggleAttribute("data-wait", next.hasAttribute("data-wait"));
    if (!focused) return;
    const value = focused.value;
    const again = focused.id ? now.querySelector(`#${focused.id}`) : [...now.querySelectorAll("button")].find((one) => one.value === value);
    if (!again) return;
    again.focus({ preventScroll: true });
    if (again.setSelectionRange) again.setSelectionRange(focused.selectionStart, focused.selectionEnd);
  }

  function tell() {
    clearTimeout(telling);
    telling = setTimeout(() => {
      const wrong = [...document.querySelectorAll("#lab-says .wrong, #lab-says .maybe")].map((one) => one.textContent);
      document.getElementById("lab-told").textContent = wrong[0] ?? document.querySelector(".lab-sum")?.textContent ?? "";
    }, TELL);
  }
  addEventListener("resize", point);
}
