// The API documentation: reads the description and shows each operation with its fields, and lets one try it.
const main = document.getElementById("main");
const place = document.getElementById("docs");

const make = (tag, properties = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
};

// Words of the description, in which backticks mark code.
const said = (text) => make("span", {}, ...text.split("`").map((part, index) => (index % 2 ? make("code", { textContent: part }) : part)));

let description;
const resolve = (schema) => {
  if (!schema?.$ref) return schema ?? {};
  return schema.$ref.split("/").slice(1).reduce((at, part) => at?.[part], description) ?? {};
};
const plain = (schema) => {
  // `oneOf: [null, X]` is X that may be missing.
  const one = (schema.oneOf ?? schema.anyOf ?? []).filter((each) => each.type !== "null");
  return resolve(one.length === 1 ? one[0] : schema);
};
const typeOf = (given) => {
  const schema = plain(resolve(given));
  if (schema.enum) return schema.enum.join(" | ");
  const types = [schema.type ?? (schema.oneOf ? "one of" : "any")].flat().filter((type) => type !== "null");
  if (types[0] === "array") return `list of ${typeOf(schema.items ?? {})}`;
  return [types.join(" | "), schema.format].filter(Boolean).join(", ");
};

// Fields as nested lists, three levels deep: deeper ones are in openapi.json.
const fields = (given, depth = 0) => {
  let schema = plain(resolve(given));
  if (schema.type === "array") schema = plain(resolve(schema.items));
  const properties = schema.properties ?? {};
  if (!Object.keys(properties).length || depth > 2) return null;
  const required = new Set(schema.required ?? []);
  return make("ul", {}, ...Object.entries(properties).map(([name, field]) => make("li", {},
    make("code", { textContent: name }), " ",
    make("span", { className: "meta", textContent: `${typeOf(field)}${required.has(name) ? "" : ", may be absent"}` }), " ",
    said(resolve(field).description ?? field.description ?? ""),
    fields(field, depth + 1))));
};

const example = (given, depth = 0) => {
  const schema = plain(resolve(given));
  if (schema.example !== undefined) return schema.example;
  if (schema.enum) return schema.enum[0];
  const type = [schema.type].flat().find((each) => each !== "null");
  if (type === "array") return depth > 3 ? [] : [example(schema.items ?? {}, depth + 1)];
  if (type === "object" || schema.properties) {
    const required = new Set(schema.required ?? []);
    const entries = Object.entries(schema.properties ?? {}).filter(([name]) => required.has(name));
    return Object.fromEntries(entries.map(([name, field]) => [name, example(field, depth + 1)]));
  }
  return { integer: 1, number: 1, boolean: true, string: "" }[type] ?? null;
};

const parameters = (operation) => {
  const all = operation.parameters ?? [];
  if (!all.length) return null;
  return make("table", {},
    make("caption", { className: "visually-hidden", textContent: "Parameters" }),
    make("thead", {}, make("tr", {}, ...["Parameter", "Type", "Meaning"].map((textContent) => make("th", { scope: "col", textContent })))),
    make("tbody", {}, ...all.map((each) => make("tr", {},
      make("td", {}, make("code", { textContent: each.name }), each.required ? " (required)" : ""),
      make("td", { textContent: typeOf(each.schema ?? {}) }),
      make("td", {}, said(each.description ?? ""))))));
};

const responses = (operation) => make("table", {},
  make("caption", { className: "visually-hidden", textContent: "Answers" }),
  make("thead", {}, make("tr", {}, ...["Answer", "Meaning"].map((textContent) => make("th", { scope: "col", textContent })))),
  make("tbody", {}, ...Object.entries(operation.responses).map(([status, answer]) => {
    const schema = answer.content?.["application/json"]?.schema;
    const shown = schema && fields(schema);
    return make("tr", {}, make("td", {}, make("code", { textContent: status })),
      make("td", {}, said(answer.description || "The answer."),
        shown && make("details", { className: "schema" }, make("summary", { textContent: "Fields" }), shown)));
  })));

const trial = (method, path, operation) => {
  const inputs = (operation.parameters ?? []).map((each) => {
    const input = make("input", { name: each.name, required: Boolean(each.required), autocomplete: "off" });
    return { each, input, label: make("label", {}, each.name, input) };
  });
  const schema = operation.requestBody?.content?.["application/json"]?.schema;
  const body = schema && make("textarea", { value: JSON.stringify(example(schema), null, 2), spellcheck: false });
  const answer = make("div", { role: "status" });
  const button = make("button", { className: method === "get" ? "primary" : "danger", textContent: method === "get" ? "Try it" : "Do it" });
  const form = make("form", { className: "try" },
    inputs.length ? make("div", { className: "row-fields" }, ...inputs.map(({ label }) => label)) : null,
    body ? make("label", {}, "Body", body) : null,
    make("div", { className: "buttons" }, button), answer);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    button.disabled = true;
    try {
      answer.replaceChildren(...await ask(method, path, inputs, body));
    } catch (error) {
      answer.replaceChildren(make("p", { className: "wrong", textContent: `Not sent: ${error.message}` }));
    } finally {
      button.disabled = false;
    }
  });
  return form;
};

const ask = async (method, path, inputs, body) => {
  let address = (description.servers?.[0]?.url ?? "") + path;
  const query = new URLSearchParams();
  for (const { each, input } of inputs) {
    if (each.in === "path") address = address.replace(`{${each.name}}`, encodeURIComponent(input.value));
    else if (input.value !== "") query.set(each.name, input.value);
  }
  if (query.size) address += `?${query}`;
  const headers = { accept: "application/json" };
  if (method !== "get") headers["x-csrf-token"] = main.dataset.csrf;
  if (body) headers["content-type"] = "application/json";
  const began = performance.now();
  const response = await fetch(address, { method: method.toUpperCase(), headers, body: body ? body.value : undefined });
  const text = await response.text();
  const took = Math.round(performance.now() - began);
  let shown = text;
  try { shown = JSON.stringify(JSON.parse(text), null, 2); } catch { /* shown as it came */ }
  return [make("p", { className: response.ok ? "strong" : "wrong", textContent: `${response.status} in ${took} ms · ${address}` }),
    make("pre", { textContent: shown, tabIndex: 0 })];
};

const operationBlock = (method, path, operation) => {
  const details = make("details", { className: "op", id: operation.operationId ? `${operation.tags?.[0]}-${operation.operationId}-${method}` : "" },
    make("summary", {},
      make("span", { className: `method ${method}`, textContent: method.toUpperCase() }),
      make("code", { className: "path", textContent: path }),
      make("span", { className: "meta", textContent: operation.summary ?? "" })));
  // Built when opened: the page stays light however long the description grows.
  details.addEventListener("toggle", () => {
    if (!details.open || details.childElementCount > 1) return;
    const schema = operation.requestBody?.content?.["application/json"]?.schema;
    details.append(make("div", {},
      operation.description ? make("p", {}, said(operation.description)) : null,
      parameters(operation),
      schema && fields(schema) ? make("details", { className: "schema" }, make("summary", { textContent: "Fields of the body" }), fields(schema)) : null,
      responses(operation),
      main.dataset.csrf ? trial(method, path, operation) : null));
  });
  return details;
};

const show = async () => {
  const answer = await fetch(main.dataset.description);
  description = await answer.json();
  const groups = new Map();
  for (const [path, item] of Object.entries(description.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const tag = operation.tags?.[0] ?? "other";
      if (!groups.has(tag)) groups.set(tag, []);
      groups.get(tag).push(operationBlock(method, path, operation));
    }
  }
  place.replaceChildren(...[...groups].map(([tag, blocks]) => make("section", {}, make("h2", { textContent: tag }), ...blocks)));
  place.removeAttribute("aria-busy");
};

show().catch((error) => {
  place.replaceChildren(make("p", { className: "wrong", textContent: `The description could not be read: ${error.message}` }));
});
