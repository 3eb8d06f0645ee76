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
