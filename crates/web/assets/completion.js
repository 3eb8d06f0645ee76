// Suggestions below a textarea: arrow keys choose, Enter or Tab puts one in, Escape closes them. What fits is asked of
// the server. After the ARIA pattern of a list that completes: the keyboard stays in the textarea.

const field = document.getElementById("text");
const list = document.getElementById("completions");
const PAUSE = 80;

if (field && list) {
  let options = [];
  let back = 0;
  let chosen = 0;
  let turn = 0;
  let timer = 0;
  for (const [name, value] of [["aria-autocomplete", "list"], ["aria-controls", list.id], ["aria-haspopup", "listbox"]]) field.setAttribute(name, value);

  field.addEventListener("input", (event) => {
    clearTimeout(timer);
    turn += 1;
    if (event.inputType === "insertText" || event.inputType === "deleteContentBackward" || event.inputType === "insertCompositionText") timer = setTimeout(ask, PAUSE);
    else close();
  });
  field.addEventListener("blur", () => setTimeout(close, 120));
  field.addEventListener("click", close);
  field.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      ask();
    }
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Escape") close();
    else if ((event.key === "Enter" || event.key === "Tab") && !event.shiftKey && !event.ctrlKey && !event.metaKey) take(options[chosen]);
    else {
      if (["ArrowLeft", "ArrowRight", "Home", "End"].includes(event.key)) close();
      return;
    }
    event.preventDefault();
  });
  list.addEventListener("pointerdown", (event) => {
    const item = event.target.closest("li");
    if (!item) return;
    event.preventDefault();
    take(options[[...list.children].indexOf(item)]);
  });

  async function ask() {
    const now = ++turn;
    const at = field.selectionStart;
    // Not in the middle of a word.
    if (at !== field.selectionEnd || /^[\p{L}\p{N}_:]/u.test(field.value.slice(at))) return close();
    const before = field.value.slice(Math.max(0, at - 200), at);
    try {
      const answer = await fetch(`/queries/completions?before=${encodeURIComponent(before)}`, { headers: { Accept: "application/json" } });
      if (!answer.ok || now !== turn) return;
      ({ options, back } = await answer.json());
      if (now === turn) show(at);
    } catch { close(); }
  }

  function show(at) {
    if (!options.length || document.activeElement !== field) return close();
    list.replaceChildren(...options.map((option, index) => {
      const item = document.createElement("li");
      item.id = `completion-${index}`;
      item.setAttribute("role", "option");
      for (const text of [option.insert, option.hint]) {
        const span = document.createElement("span");
        span.textContent = text;
        item.append(span);
      }
      return item;
    }));
    list.hidden = false;
    place(at - back);
    choose(0);
  }

  // Below the word that is completed.
  function place(at) {
    const colours = document.getElementById("colours");
    const walk = document.createTreeWalker(colours, NodeFilter.SHOW_TEXT);
    let left = at;
    for (let node = walk.nextNode(); node; left -= node.length, node = walk.nextNode()) {
      if (left > node.length) continue;
      const range = document.createRange();
      range.setStart(node, left);
      range.setEnd(node, Math.min(left + 1, node.length));
      const [box, word] = [colours.getBoundingClientRect(), range.getBoundingClientRect()];
      list.style.insetBlockStart = `${word.bottom - box.top + 4}px`;
      list.style.insetInlineStart = `${Math.max(0, Math.min(word.left - box.left - 12, box.width - list.offsetWidth))}px`;
      return;
    }
  }

  function choose(index) {
    chosen = (index + options.length) % options.length;
    [...list.children].forEach((item, at) => item.setAttribute("aria-selected", String(at === chosen)));
    field.setAttribute("aria-activedescendant", `completion-${chosen}`);
  }

  function take(option) {
    const at = field.selectionStart;
    close();
    if (!option) return;
    field.setSelectionRange(at - back, at);
    const text = /[:"]$/.test(option.insert) || field.value[at] === " " ? option.insert : `${option.insert} `;
    const put = option.insert.endsWith(":") ? option.insert : text;
    if (!document.execCommand("insertText", false, put)) {
      field.setRangeText(put, at - back, at, "end");
      field.dispatchEvent(new InputEvent("input", { inputType: "insertReplacementText" }));
    }
    if (option.insert.endsWith(":")) ask();
  }

  function close() {
    turn += 1;
    clearTimeout(timer);
    list.hidden = true;
    field.removeAttribute("aria-activedescendant");
  }
}
