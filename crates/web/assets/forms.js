// Forms and links with data-partial="#a #b" are fetched, and only those parts of the page change. Without script they
// are plain forms and links.
import { visit } from "./swap.js";

const targets = (element) => element.dataset.partial.split(/\s+/).filter(Boolean);
const plainClick = (event) => event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;

document.addEventListener("click", async (event) => {
  const link = event.target.closest("a[data-partial]");
  if (!link || event.defaultPrevented || !plainClick(event)) return;
  event.preventDefault();
  const went = await visit(link.href, targets(link), { push: !("stay" in link.dataset) });
  if (went && matchMedia("(max-width: 720px)").matches) scrollTo(0, 0);
});

document.addEventListener("submit", async (event) => {
  const form = event.target;
  if (form.action.endsWith("/session/end")) forgetDrafts();
  if (!form.matches("form[data-partial]") || event.defaultPrevented) return;
  event.preventDefault();
  if (form.dataset.busy) return;
  form.dataset.busy = "true";
  const data = new FormData(form, event.submitter);
  const fields = new URLSearchParams([...data].filter(([, value]) => typeof value === "string"));
  // The attributes, not form.action and form.method: a field may be named so.
  const action = new URL(form.getAttribute("action") || location.href, location.href);
  let went;
  if ((form.getAttribute("method") || "get").toLowerCase() === "get") {
    action.search = fields;
    went = await visit(action, targets(form));
  } else {
    const several = form.enctype === "multipart/form-data";
    went = await visit(action, targets(form), { method: "POST", body: several ? data : fields });
  }
  delete form.dataset.busy;
  if (went) document.dispatchEvent(new CustomEvent("dandelion:posted", { detail: { form } }));
});

// One menu is open at a time, and a click elsewhere closes it.
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
});

// What was not sent is nobody else's business once one has signed out.
function forgetDrafts() {
  for (const key of Object.keys(localStorage)) if (key.startsWith("dandelion.")) localStorage.removeItem(key);
}

// A field that only counts for some choices of another: data-when="kind=feed".
function showWhen() {
  for (const part of document.querySelectorAll("[data-when]")) {
    const [name, ...values] = part.dataset.when.split(/[=|]/);
    const form = part.closest("form");
    const field = form?.elements[name];
    if (field) part.hidden = !values.includes(field.value);
  }
}
document.addEventListener("change", showWhen);
document.addEventListener("dandelion:swapped", showWhen);
showWhen();

// A secret shown once can be copied.
document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy]");
  if (!button) return;
  const from = document.getElementById(button.dataset.copy);
  try {
    await navigator.clipboard.writeText(from.textContent.trim());
    button.textContent = "Copied";
  } catch {
    getSelection().selectAllChildren(from);
  }
});
