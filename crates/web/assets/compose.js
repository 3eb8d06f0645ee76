// Writing: letters left as readers count them, Ctrl+Enter, and what is not sent yet survives a closed window.

const segments = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;
const length = (text) => (segments ? [...segments.segment(text)].length : [...text].length);
const place = (field) => `dandelion.draft.${field.dataset.draft}`;

function count(field) {
  const out = field.form?.querySelector("[data-left]");
  if (!out || !field.dataset.limit) return;
  const left = Number(field.dataset.limit) - length(field.value);
  out.textContent = left < 0 ? `${-left} too many` : `${left} of ${field.dataset.limit} left`;
  out.classList.toggle("over", left < 0);
}

function begin() {
  for (const field of document.querySelectorAll("textarea[data-draft]")) {
    const kept = localStorage.getItem(place(field));
    if (kept && !field.value) field.value = kept;
    count(field);
  }
}

document.addEventListener("input", (event) => {
  const field = event.target;
  if (!field.matches("textarea")) return;
  count(field);
  if (!field.dataset.draft) return;
  if (field.value.trim()) localStorage.setItem(place(field), field.value);
  else localStorage.removeItem(place(field));
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  const form = event.target.closest?.("textarea")?.form;
  const send = form?.querySelector("[data-send]");
  if (!send) return;
  event.preventDefault();
  send.click();
});

// Longer than the network takes: it would be refused, so nothing is sent. A draft may be longer.
document.addEventListener("click", (event) => {
  const send = event.target.closest("[data-send]");
  if (!send?.form.querySelector(".over")) return;
  event.preventDefault();
  send.form.querySelector("textarea").focus();
});

document.addEventListener("submit", (event) => {
  for (const field of event.target.querySelectorAll("textarea[data-draft]")) event.target.sent = place(field);
}, true);

document.addEventListener("dandelion:posted", (event) => {
  const sent = event.detail.form.sent;
  if (!sent) return;
  localStorage.removeItem(sent);
  for (const field of document.querySelectorAll("textarea[data-draft]")) {
    if (place(field) === sent) {
      field.value = field.defaultValue;
      count(field);
    }
  }
});

// Somebody to call: the name goes where one writes.
document.addEventListener("click", (event) => {
  const ping = event.target.closest("[data-ping]");
  const field = ping?.closest("form").querySelector("textarea");
  if (!field) return;
  field.setRangeText(`@${ping.dataset.ping} `, field.selectionStart, field.selectionEnd, "end");
  field.focus();
  field.dispatchEvent(new Event("input", { bubbles: true }));
});

// Whoever speaks is named on the tab and on the button.
document.addEventListener("change", (event) => {
  if (!event.target.matches(".as select")) return;
  const name = event.target.selectedOptions[0].textContent;
  for (const out of document.querySelectorAll("[data-as]")) out.textContent = name;
});

document.addEventListener("dandelion:swapped", begin);
begin();
