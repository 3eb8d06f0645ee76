// A picture that cannot be shown becomes a plain line that says why.
document.addEventListener("error", async (event) => {
  const picture = event.target;
  if (!(picture instanceof HTMLImageElement) || !picture.closest(".pictures")) return;
  const answer = await fetch(picture.src, { headers: { accept: "application/json" } }).catch(() => null);
  const told = answer?.ok ? await answer.json().catch(() => null) : null;
  const line = document.createElement("span");
  line.className = "meta";
  line.textContent = `${picture.alt ? `${picture.alt}. ` : ""}${told?.why ?? "The picture is not shown."}`;
  picture.replaceWith(line);
}, true);

// Somebody's own picture that is still on its way comes as one pixel of nothing, on their initials. It is asked for once more.
document.addEventListener("load", ({ target: picture }) => {
  if (!(picture instanceof HTMLImageElement) || picture.naturalWidth > 1 || !picture.closest(".avatar") || picture.dataset.again) return;
  picture.dataset.again = "yes";
  setTimeout(() => { picture.src = `${picture.src}&again`; }, 4000);
}, true);
