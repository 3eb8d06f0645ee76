// Keys press what carries them in data-key; never while somebody types.

const typing = (element) => element?.closest("input:not([type=radio], [type=checkbox]), textarea, select, [contenteditable]");

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "Escape") return leave(event);
  if (typing(event.target) || document.querySelector("dialog[open]")) return;
  const act = event.key === "j" ? () => move(1) : event.key === "k" ? () => move(-1) : event.key === "/" ? search : event.key === "?" ? () => open("keys") : press(event.key);
  if (!act) return;
  event.preventDefault();
  act();
});

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open]");
  if (button) open(button.dataset.open);
});

function move(by) {
  const rows = [...document.querySelectorAll("[data-row]")].filter((row) => row.checkVisibility());
  if (!rows.length) return;
  const here = rows.findIndex((row) => row === document.activeElement);
  const from = here >= 0 ? here : rows.findIndex((row) => row.hasAttribute("aria-current"));
  const next = rows[Math.min(rows.length - 1, Math.max(0, from + by))];
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function search() {
  document.querySelector(".top input[type=search]")?.select();
}

function open(id) {
  document.querySelector("details.menu[open]")?.removeAttribute("open");
  document.getElementById(id)?.showModal();
}

function press(key) {
  if (!/^[a-z1-9]$/.test(key)) return null;
  // What belongs to where one is comes first: in a list of posts each has its own.
  const here = document.activeElement?.closest("li, .post");
  const things = [...(here?.querySelectorAll(`[data-key="${key}"]`) ?? []), ...document.querySelectorAll(`[data-key="${key}"]`)];
  const thing = things.find((element) => element.checkVisibility());
  if (!thing) return null;
  return () => {
    thing.click();
    if (thing.matches("label")) document.querySelector(`.for-${thing.htmlFor.slice(4)} textarea`)?.focus();
    const pane = thing.closest("details");
    if (pane?.open) pane.querySelector("select, input:not([type=hidden]), button")?.focus();
  };
}

// Out of what one is in: the pane, the field.
function leave(event) {
  if (document.querySelector("dialog[open]")) return;
  const pane = event.target.closest?.("details[open]") ?? document.querySelector(".acts details[open]");
  if (pane && !pane.matches(".views-fold")) {
    pane.open = false;
    pane.querySelector("summary").focus();
  } else if (typing(event.target)) {
    event.target.blur();
    document.querySelector(".case")?.focus({ preventScroll: true });
  }
}
