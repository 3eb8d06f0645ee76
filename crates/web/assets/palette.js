// Ctrl-K: everything one can do here, everywhere, and everything one can find.

const dialog = document.getElementById("palette");
if (dialog) {
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const everywhere = [...list.children].map((item) => ({ label: item.firstElementChild.textContent, hint: item.lastElementChild.textContent, href: item.dataset.href }));
  let shown = [];
  let chosen = 0;
  let asked = 0;

  document.addEventListener("keydown", (event) => {
    if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (dialog.open) return dialog.close();
    input.value = "";
    fill([]);
    dialog.showModal();
    input.focus();
  });
  input.addEventListener("input", () => {
    fill([]);
    find(input.value.trim());
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") run(shown[chosen]);
    else return;
    event.preventDefault();
  });
  list.addEventListener("click", (event) => {
    const item = event.target.closest("li");
    if (item) run(shown[[...list.children].indexOf(item)]);
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  // What the page itself offers: whatever carries a key.
  function here() {
    return [...document.querySelectorAll("[data-key]")].filter((element) => element.checkVisibility() && !element.closest("dialog")).map((element) => {
      const words = element.cloneNode(true);
      words.querySelectorAll("kbd").forEach((key) => key.remove());
      return { label: words.textContent.trim(), hint: element.dataset.key, press: element };
    });
  }

  function fill(found) {
    const words = input.value.trim().toLowerCase();
    const fits = (command) => words.split(/\s+/).every((word) => `${command.label} ${command.hint}`.toLowerCase().includes(word));
    shown = [...here(), ...everywhere].filter(fits).concat(found);
    if (words) shown.push({ label: `Search for “${input.value.trim()}”`, hint: "Search", href: `/search?q=${encodeURIComponent(input.value.trim())}` });
    list.replaceChildren(...shown.map((command, index) => {
      const item = document.createElement("li");
      item.id = `palette-${index}`;
      item.setAttribute("role", "option");
      for (const text of [command.label, command.hint]) {
        const span = document.createElement("span");
        span.textContent = text;
        item.append(span);
      }
      return item;
    }));
    choose(0);
  }

  function choose(index) {
    chosen = (index + shown.length) % Math.max(1, shown.length);
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    const item = list.children[chosen];
    if (item) input.setAttribute("aria-activedescendant", item.id);
    else input.removeAttribute("aria-activedescendant");
    item?.scrollIntoView({ block: "nearest" });
  }

  async function find(words) {
    const turn = ++asked;
    if (words.length < 2) return;
    await new Promise((done) => setTimeout(done, 120));
    if (turn !== asked) return;
    try {
      const answer = await fetch(`/palette?q=${encodeURIComponent(words)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok) return;
      const found = await answer.json();
      if (turn === asked) fill(found.filter((command) => command.href.startsWith("/")));
    } catch { /* What the page knows by itself stays. */ }
  }

  function run(command) {
    if (!command) return;
    dialog.close();
    if (command.press) {
      command.press.click();
      const pane = command.press.closest("details");
      if (command.press.matches("label")) document.querySelector(`.for-${command.press.htmlFor.slice(4)} textarea`)?.focus();
      else if (pane?.open) pane.querySelector("select, input:not([type=hidden]), button")?.focus();
    } else location.assign(command.href);
  }
}
