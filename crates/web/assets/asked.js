// Who answers one post after another stays where they are in the list: the next one moves up under the keyboard.
let place = -1;

const rows = () => [...document.querySelectorAll(".asked-list > [data-row]")];

document.addEventListener("focusin", (event) => {
  place = rows().indexOf(event.target.closest(".asked-list > [data-row]"));
});
document.addEventListener("dandelion:swapped", (event) => {
  if (!event.detail.selectors.includes("#asked") || place < 0) return;
  const now = rows();
  const row = now[Math.min(place, now.length - 1)];
  // What is put in place may set the keyboard somewhere else right after this.
  requestAnimationFrame(() => row?.focus());
});
