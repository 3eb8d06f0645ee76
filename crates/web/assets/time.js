// Keeps "5 min ago" and "in 22 min" true while the page stands open. The words are those of the server (view/time.rs).

const MINUTE = 60_000, HOUR = 60 * MINUTE, DAY = 24 * HOUR;

function span(ms) {
  if (ms < HOUR) return `${Math.max(1, Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return `${Math.floor(ms / HOUR)} h ${String(Math.floor((ms % HOUR) / MINUTE)).padStart(2, "0")}`;
  return ms < 2 * DAY ? "1 day" : `${Math.floor(ms / DAY)} days`;
}

function tick() {
  const now = Date.now();
  for (const time of document.querySelectorAll("time[data-tick]")) {
    const at = Date.parse(time.dateTime);
    if (Number.isNaN(at)) continue;
    let words;
    if (time.dataset.tick === "ago") words = now - at < MINUTE ? "now" : `${span(now - at)} ago`;
    else words = at >= now ? `in ${span(at - now)}` : `late ${span(now - at)}`;
    if (time.textContent !== words) time.textContent = words;
    if (time.dataset.tick === "due") time.closest(".clock")?.classList.toggle("late", at < now);
  }
}

setInterval(tick, 20_000);
