// What the pages of a rule and of an agent step are made of: an editor and its YAML, of which the server is asked what
// is wrong while one writes. It is handed to the form, and kept and taken back by unsaved.js. Without these files the
// YAML field is the editor.

import { debounced, el } from "./rule-editor-parts.js";
import { ask } from "./server.js";

const parsed = (id, page = document) => JSON.parse(page.getElementById(id).textContent);

// Subclasses give `kind`, what the value is called; setUp(vocabulary, key) and begin(); `parts`, the editors within by
// the pointers of what they hold; `value` and fill(value), which throws where the editors cannot show it.
export class PartEditor extends HTMLElement {
  connectedCallback() {
    if (this.form) return;
    this.form = this.closest("form");
    const { key, problems, unsaved, ...given } = parsed(`${this.kind}-document`);
    this.key = key;
    this.asked = 0;
    this.views = this.form.querySelector("[data-views]");
    this.source = this.querySelector("[data-source] textarea");
    this.fields = Object.fromEntries([...this.querySelectorAll("[data-field]")].map((one) => [one.dataset.field, one]));
    this.ask = debounced(300, () => this.say());
    this.setUp(parsed(`${this.kind}-vocabulary`));
    this.addEventListener("input", () => this.ask());
    this.views.addEventListener("click", (event) => event.target.closest("[data-view]") && this.turn(event.target.closest("[data-view]").dataset.view));
    this.form.addEventListener("submit", () => this.hand());
    this.views.hidden = false;
    this.strict = unsaved;
    this.show(this.readable(given[this.kind]) ? "builder" : "source");
    this.tell(problems);
    if (unsaved) this.dispatchEvent(new Event("input", { bubbles: true }));
    else if (!key) this.begin();
  }

  // What is only not filled in yet is said quietly, until somebody tried to save it so.
  set strict(so) {
    for (const part of Object.values(this.parts)) part.strict = so;
    this.saidAloud = so;
  }

  // Can the editors show it? What the server could not read stays text.
  readable(value) {
    try {
      this.fill(value);
      return true;
    } catch {
      return false;
    }
  }

  async turn(view) {
    if (view === this.view) return;
    let before, answer;
    do {
      before = JSON.stringify(this.written);
      answer = await this.say();
    } while (answer && before !== JSON.stringify(this.written)); // somebody typed on meanwhile
    if (!answer || view === this.view) return;
    if (view === "source") {
      if (typeof answer.source === "string") this.source.value = answer.source;
    } else if (!answer[this.kind] || !this.readable(answer[this.kind])) return; // it stays text, with what is wrong beside it
    this.show(view);
    this.tell(answer.problems);
    (view === "source" ? this.source : this.first).focus();
  }

  show(view) {
    this.view = view;
    this.querySelector("[data-builder]").hidden = view !== "builder";
    this.querySelector("[data-source]").hidden = view !== "source";
    const list = this.form.querySelector("[data-refused-list]"); // in the editor each stands beside its field
    if (list) list.hidden = view === "builder";
    for (const button of this.views.querySelectorAll("[data-view]")) button.setAttribute("aria-pressed", String(button.dataset.view === view));
  }

  get written() {
    return this.view === "source" ? { source: this.source.value } : { [this.kind]: this.value };
  }

  // What the server says of it now: {[kind], source, problems, …}; null when it cannot be asked.
  async say() {
    const number = ++this.asked;
    let answer;
    try {
      answer = await ask(this.dataset.say, { key: this.key, ...this.besides, ...this.written });
    } catch (unheard) {
      this.others([el("p", { class: "c-error" }, unheard.message)]);
      return null;
    }
    if (number === this.asked) this.heard(answer); // else somebody typed on meanwhile
    return answer;
  }

  heard(answer) {
    this.tell(answer.problems);
  }

  tell(problems) {
    if (this.view === "builder") return this.showProblems(problems);
    this.others([]);
    this.showSourceProblems(problems);
  }

  showProblems(problems) {
    const of = (start) => (one) => one.pointer === start || one.pointer.startsWith(`${start}/`);
    const lost = Object.entries(this.parts).flatMap(([start, part]) => part.showProblems(problems.filter(of(start)).map((one) => ({ ...one, pointer: one.pointer.slice(start.length) }))));
    const rest = problems.filter((one) => !Object.keys(this.parts).some((start) => of(start)(one)));
    const holders = [...this.form.querySelectorAll("[data-place]")];
    for (const holder of holders) {
      for (const old of holder.querySelectorAll("[data-problem]")) old.remove();
      const control = holder.querySelector("[data-field]");
      const own = this.saidAloud || !this.unset(holder.dataset.place, control) ? rest.filter((one) => one.pointer === holder.dataset.place) : [];
      if (control) invalid(control, own);
      holder.append(...own.map((one) => line(one)));
    }
    this.others([...lost, ...rest.filter((one) => !holders.some((holder) => holder.dataset.place === one.pointer))].map((one) => line(one)));
  }

  unset(place, control) {
    return control?.value === "";
  }

  others(lines) {
    this.querySelector("[data-other-problems]").replaceChildren(...lines);
  }

  showSourceProblems(problems) {
    const place = (one) => one.pointer.split("/").slice(1).map((part) => (/^\d+$/.test(part) ? `number ${Number(part) + 1}` : part)).join(" › ");
    this.querySelector("[data-source-errors]").replaceChildren(...problems.map((one) => line(one, place(one))));
    invalid(this.source, problems);
  }

  // What is typed and not in a field of the form; the source is.
  get unsaved() {
    return { view: this.view, value: this.view === "builder" ? this.value : null };
  }

  takeBack({ view, value }) {
    this.show(view === "builder" && this.readable(value) ? "builder" : "source");
    this.ask();
  }

  // What the server's page says is wrong; the editors stay as they are.
  refused(page) {
    this.strict = true;
    this.show(this.view);
    this.tell(parsed(`${this.kind}-document`, page).problems);
  }

  // Give the form what is written: as JSON from the editors, or as YAML when the source is open.
  hand() {
    this.form.elements[this.kind].value = this.view === "builder" ? JSON.stringify(this.value) : "";
  }
}

const invalid = (control, problems) => (problems.some((one) => one.severity === "error") ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid"));

const line = (one, place = "") => el("p", { class: one.severity === "error" ? "c-error" : "c-help", "data-problem": true }, one.severity === "error" ? "" : "Warning: ", place && el("span", { class: "c-mono" }, `${place}: `), one.detail);
