// <conductor-rule>: the page of one rule. Asks the server what the rule says and what is wrong with it while it is
// written, turns it into YAML and back, and hands it to the form. Without this file the YAML field is the editor.

import "./action-editor.js";
import "./condition-editor.js";
import { debounced, el, numberFrom } from "./rule-editor-parts.js";
import { SIGNED_OUT, UNHEARD, freshToken } from "./unsaved-token.js";

const parsed = (id) => JSON.parse(document.getElementById(id).textContent);

class RuleEditor extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.closest("form");
    const { key, rule, problems, unsaved } = parsed("rule-document");
    const words = parsed("rule-vocabulary");
    this.key = key;
    this.asked = 0;
    this.views = this.form.querySelector("[data-views]");
    this.condition = this.querySelector("conductor-condition");
    this.actions = this.querySelector("conductor-actions");
    this.source = this.querySelector("#rule-source");
    this.sentence = this.querySelector("[data-sentence]");
    this.fields = Object.fromEntries([...this.querySelectorAll("[data-field]")].map((one) => [one.dataset.field, one]));
    this.condition.vocabulary = words;
    this.actions.vocabulary = words;
    this.ask = debounced(300, () => this.say());
    this.addEventListener("input", (event) => this.changed(event));
    this.views.addEventListener("click", (event) => event.target.closest("[data-view]") && this.turn(event.target.closest("[data-view]").dataset.view));
    this.form.addEventListener("submit", () => this.hand());
    this.views.hidden = false;
    this.touchedKey = Boolean(key) || Boolean(rule && rule.key);
    this.condition.strict = this.actions.strict = unsaved;
    if (rule && this.readable(rule)) {
      this.fill(rule);
      this.show("builder");
      this.showProblems(problems);
    } else {
      this.show("source");
      this.showSourceProblems(problems);
    }
    if (unsaved) this.dispatchEvent(new Event("input", { bubbles: true }));
    else if (!key) this.fields.title.focus();
  }

  // Can the editors show it? What the server could not read as a rule stays text.
  readable(rule) {
    const before = this.view;
    try {
      this.fill(rule);
      return true;
    } catch {
      this.view = before;
      return false;
    }
  }

  get value() {
    const priority = numberFrom(this.fields.priority.value || "0");
    const rule = { key: this.rule.key, title: this.rule.title };
    if (this.fields.kind.value !== "rule") rule.kind = this.fields.kind.value;
    if (priority !== 0) rule.priority = priority ?? this.fields.priority.value;
    if (!this.fields.enabled.checked) rule.enabled = false;
    return { ...rule, when: this.condition.value, then: this.actions.value };
  }

  // `this.rule` holds the texts as they are: a field would drop a line break in a title.
  fill(rule) {
    this.condition.value = rule.when;
    this.actions.value = rule.then;
    this.rule = { key: rule.key, title: rule.title };
    this.fields.title.value = rule.title;
    this.fields.key.value = rule.key;
    this.fields.priority.value = String(rule.priority ?? 0);
    this.fields.kind.value = rule.kind ?? "rule";
    this.fields.enabled.checked = rule.enabled ?? true;
  }

  changed(event) {
    const field = event.target.dataset && event.target.dataset.field;
    if (field === "key") this.touchedKey = this.fields.key.value !== "";
    if (field === "title" || field === "key") this.rule[field] = event.target.value;
    if (field === "title" && !this.touchedKey) this.fields.key.value = this.rule.key = keyFrom(this.fields.title.value);
    this.ask();
  }

  async turn(view) {
    if (view === this.view) return;
    const answer = await this.say();
    if (!answer) return;
    if (view === "source") {
      if (typeof answer.source === "string") this.source.value = answer.source;
      this.show("source");
      this.showSourceProblems(answer.problems);
      this.source.focus();
    } else if (answer.rule) {
      this.fill(answer.rule);
      this.show("builder");
      this.showProblems(answer.problems);
      this.fields.title.focus();
    } // else it stays text, with what is wrong beside it
  }

  show(view) {
    this.view = view;
    this.querySelector("[data-builder]").hidden = view !== "builder";
    this.querySelector("[data-source]").hidden = view !== "source";
    const list = this.form.querySelector("[data-refused-list]"); // in the editor each stands beside its field
    if (list) list.hidden = view === "builder";
    for (const button of this.views.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  // What the rule says now: {rule, source, sentence, problems}; null when the server cannot be asked.
  async say() {
    const number = ++this.asked;
    const body = this.view === "source" ? { key: this.key, source: this.source.value } : { key: this.key, rule: this.value };
    const headers = { "Content-Type": "application/json", "X-CSRFToken": freshToken() };
    let answer;
    try {
      const response = await fetch(this.dataset.say, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", redirect: "manual" });
      if (response.type === "opaqueredirect") return this.showUnheard(SIGNED_OUT);
      answer = await response.json();
    } catch {
      return this.showUnheard(UNHEARD);
    }
    if (number !== this.asked) return answer; // somebody typed on meanwhile
    this.classList.remove("e-unheard");
    if (answer.sentence) this.sentence.textContent = answer.sentence;
    this.sentence.classList.toggle("e-stale", !answer.sentence);
    if (this.view === "source") this.showSourceProblems(answer.problems);
    else this.showProblems(answer.problems);
    return answer;
  }

  showProblems(problems) {
    const below = (start) => problems.filter((one) => one.pointer === start || one.pointer.startsWith(`${start}/`)).map((one) => ({ ...one, pointer: one.pointer.slice(start.length) }));
    const lost = [...this.condition.showProblems(below("/when")), ...this.actions.showProblems(below("/then"))];
    const rest = problems.filter((one) => !/^\/(when|then)(\/|$)/.test(one.pointer));
    for (const field of Object.values(this.fields)) {
      const holder = field.closest("[data-pointer]");
      for (const old of holder.querySelectorAll("[data-problem]")) old.remove();
      const own = rest.filter((one) => one.pointer === holder.dataset.pointer);
      field.toggleAttribute("aria-invalid", own.some((one) => one.severity === "error"));
      const empty = (field === this.fields.title || field === this.fields.key) && !field.value;
      if (!empty) holder.append(...own.map((one) => problemLine(one)));
    }
    const placed = Object.values(this.fields).map((field) => field.closest("[data-pointer]").dataset.pointer);
    this.querySelector("[data-other-problems]").replaceChildren(...[...lost, ...rest.filter((one) => !placed.includes(one.pointer))].map((one) => problemLine(one)));
  }

  showSourceProblems(problems) {
    this.querySelector("[data-source-errors]").replaceChildren(...problems.map((one) => problemLine(one, placeWords(one.pointer))));
    this.source.toggleAttribute("aria-invalid", problems.some((one) => one.severity === "error"));
  }

  showUnheard(words) {
    this.classList.add("e-unheard");
    this.querySelector("[data-other-problems]").replaceChildren(el("p", { class: "c-error" }, words));
    return null;
  }

  // What is typed and not in a field of the form; the source is.
  get unsaved() {
    return { view: this.view, rule: this.view === "builder" ? this.value : null };
  }

  takeBack({ view, rule }) {
    this.show(view === "builder" && this.readable(rule) ? "builder" : "source");
    this.ask();
  }

  // What the server's page says is wrong; the editors stay as they are.
  refused(page) {
    const { problems } = JSON.parse(page.getElementById("rule-document").textContent);
    this.condition.strict = this.actions.strict = true;
    this.show(this.view);
    if (this.view === "source") this.showSourceProblems(problems);
    else this.showProblems(problems);
  }

  // Give the form the rule: as JSON from the editor, or as YAML when the source is open.
  hand() {
    this.form.elements.rule.value = this.view === "builder" ? JSON.stringify(this.value) : "";
  }
}

const problemLine = (one, place = "") => el("p", { class: one.severity === "error" ? "c-error" : "c-help", "data-problem": true }, one.severity === "error" ? "" : "Warning: ", place && el("span", { class: "c-mono" }, `${place}: `), one.detail);

const placeWords = (pointer) => pointer.split("/").slice(1).map((part) => (/^\d+$/.test(part) ? `number ${Number(part) + 1}` : part)).join(" › ");

const keyFrom = (title) => title.normalize("NFKD").replace(/[\u0300-\u036f]/g, "").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60);

customElements.define("conductor-rule", RuleEditor);
