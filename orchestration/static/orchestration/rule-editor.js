// <conductor-rule>: the page of one rule, with what the rule says in plain words while it is written.

import "./action-editor.js";
import "./condition-editor.js";
import { PartEditor } from "./part-editor.js";
import { numberFrom } from "./rule-editor-parts.js";

class RuleEditor extends PartEditor {
  kind = "rule";

  setUp(words) {
    this.parts = { "/when": this.querySelector("conductor-condition"), "/then": this.querySelector("conductor-actions") };
    for (const part of Object.values(this.parts)) part.vocabulary = words;
    this.sentence = this.querySelector("[data-sentence]");
    this.first = this.fields.title;
    this.addEventListener("input", (event) => this.changed(event.target.dataset?.field, event.target.value));
  }

  begin() {
    this.first.focus();
  }

  get value() {
    const priority = numberFrom(this.fields.priority.value || "0");
    const rule = { key: this.rule.key, title: this.rule.title };
    if (this.fields.kind.value !== "rule") rule.kind = this.fields.kind.value;
    if (priority !== 0) rule.priority = priority ?? this.fields.priority.value;
    if (!this.fields.enabled.checked) rule.enabled = false;
    return { ...rule, when: this.parts["/when"].value, then: this.parts["/then"].value };
  }

  // `this.rule` holds the texts as they are: a field would drop a line break in a title.
  fill(rule) {
    this.parts["/when"].value = rule.when;
    this.parts["/then"].value = rule.then;
    this.rule = { key: rule.key, title: rule.title };
    this.touchedKey ??= Boolean(this.key || rule.key);
    this.fields.title.value = rule.title;
    this.fields.key.value = rule.key;
    this.fields.priority.value = String(rule.priority ?? 0);
    this.fields.kind.value = rule.kind ?? "rule";
    this.fields.enabled.checked = rule.enabled ?? true;
  }

  changed(field, value) {
    if (field === "key") this.touchedKey = value !== "";
    if (field === "title" || field === "key") this.rule[field] = value;
    if (field === "title" && !this.touchedKey) this.fields.key.value = this.rule.key = keyFrom(value);
  }

  heard(answer) {
    if (answer.sentence) this.sentence.textContent = answer.sentence;
    this.sentence.classList.toggle("e-stale", !answer.sentence);
    super.heard(answer);
  }
}

const keyFrom = (title) => title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);

customElements.define("conductor-rule", RuleEditor);
