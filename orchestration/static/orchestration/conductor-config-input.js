// <conductor-inputs>: which fact each field of an agent's input takes. `vocabulary` is {schema, facts}; `value` maps
// fields to facts. A field that is left out takes the posted fact of the same name.

import { factPicker, Scope } from "./condition-editor-facts.js";
import { placeOf, spoken, titleOf } from "./conductor-config-schema.js";
import { Editor } from "./rule-editor-base.js";
import { el, iconButton, typeWords } from "./rule-editor-parts.js";

const ALIKE = [["number", "integer"], ["string", "date", "datetime"]];

class InputEditor extends Editor {
  read(json) {
    return { ...(json || {}) };
  }

  write() {
    return { ...this.tree };
  }

  moveNode() {}

  draw() {
    const { schema, facts } = this.words;
    this.scope = new Scope(facts);
    const known = Object.keys(schema.properties || {});
    const names = [...known, ...Object.keys(this.tree).filter((name) => !known.includes(name))];
    const rows = names.map((name) => this.row(name, (schema.properties || {})[name], (schema.required || []).includes(name)));
    return el("div", { class: "k-form", "data-pointer": "" }, rows.length ? rows : el("p", { class: "c-muted" }, "This agent takes nothing in."), el("div", { class: "e-problems" }));
  }

  row(name, given, required) {
    const place = given ? placeOf(given, this.words.schema) : null;
    const title = given ? titleOf(given, name) : spoken(name);
    const type = place ? typeOf(place) : "any";
    const path = this.tree[name] || "";
    const at = `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
    const same = this.scope.get(`case.${name}`);
    const picker = factPicker({
      scope: this.scope, path, at, label: `${title}: the fact it takes`, fits: (fact) => fits(fact.type, type) && fact.path !== "meta.now",
      onPick: (chosen) => this.edit(() => void (this.tree[name] = chosen), { focus: at }),
    });
    const field = picker.querySelector("input");
    const otherwise = same ? `Takes ${same.path}, of the same name${same.example ? `, e.g. ${same.example}` : ""}, unless you choose.` : required ? "No posted fact has this name: choose one." : "Left out unless you choose.";
    if (!path && same) field.placeholder = same.path;
    const clear = path && iconButton("delete", `${title}: choose nothing`, `${at}-clear`, () => this.edit(() => void delete this.tree[name], { focus: at }));
    const help = [place && place.schema.description, !path && otherwise].filter(Boolean).join(" ");
    return el(
      "div", { class: "k-input e-node", "data-pointer": at, "data-node": at },
      el("div", { class: "k-input-name" }, el("strong", {}, title), el("span", { class: "c-hint" }, `${typeWords[type] || type}${required ? ", needed" : ""}`)),
      el("div", { class: "k-input-fact" }, el("div", { class: "e-line" }, picker, clear), help && el("div", { class: "c-help" }, help)),
      el("div", { class: "e-problems" }),
    );
  }
}

function typeOf({ kind, schema }) {
  if (schema.format === "date") return "date";
  if (schema.format === "date-time") return "datetime";
  if (kind === "enum") return typeof (schema.enum || [schema.const])[0] === "number" ? "number" : "string";
  return { list: "array", map: "object", choice: "any", secret: "string" }[kind] || kind;
}

const fits = (fact, field) => fact === field || fact === "any" || field === "any" || ALIKE.some((group) => group.includes(fact) && group.includes(field));

customElements.define("conductor-inputs", InputEditor);
