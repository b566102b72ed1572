// What the editors of conditions and actions share: a tree that is drawn anew when its shape changes, undo and redo,
// the focus where it was, and problems beside the field that they are about.

import { el, iconButton } from "./rule-editor-parts.js";

const SAME_FIELD = 1500; // ms within which typing on in one field is one step of undo
let problemCount = 0;

export class Editor extends HTMLElement {
  constructor() {
    super();
    this.past = [];
    this.future = [];
    this.typedIn = "";
    this.typedAt = 0;
    this.words = null;
    this.tree = null;
    this.remarks = [];
    this.addEventListener("keydown", (event) => this.pressed(event));
  }

  // Subclasses give read(json) → tree, write() → json, and draw() → element.
  get value() {
    return this.write();
  }

  set value(json) {
    this.tree = this.read(json);
    this.past = [];
    this.future = [];
    this.remarks = [];
    if (this.words) this.render();
  }

  set vocabulary(words) {
    this.words = words;
    if (this.tree) this.render();
  }

  // Change the tree. `typed`: within a field, which goes on as it is; `focus`: data-at of what to go to.
  edit(change, { typed = "", focus = "" } = {}) {
    const before = structuredClone(this.tree);
    if (change() === false) return;
    const now = performance.now();
    if (!typed || typed !== this.typedIn || now - this.typedAt > SAME_FIELD) this.past.push(before);
    if (this.past.length > 200) this.past.shift();
    this.typedIn = typed;
    this.typedAt = now;
    this.future = [];
    if (typed) this.showHistory();
    else this.render(focus);
    this.told();
  }

  undo() {
    this.step(this.past, this.future);
  }

  redo() {
    this.step(this.future, this.past);
  }

  step(from, to) {
    if (!from.length) return;
    to.push(structuredClone(this.tree));
    this.tree = from.pop();
    this.typedIn = "";
    this.render();
    this.told();
  }

  told() {
    this.dispatchEvent(new Event("input", { bubbles: true }));
  }

  render(focus = "") {
    const active = this.contains(document.activeElement) ? document.activeElement.dataset.at : "";
    this.undoButton = iconButton("undo", "Undo (Ctrl+Z)", "undo", () => this.undo());
    this.redoButton = iconButton("redo", "Redo (Ctrl+Shift+Z)", "redo", () => this.redo());
    this.replaceChildren(el("div", { class: "e-history", role: "group", "aria-label": "Undo and redo" }, this.undoButton, this.redoButton), this.draw());
    this.showHistory();
    this.place();
    this.focusAt(focus || active);
  }

  focusAt(at) {
    if (!at) return;
    const target = this.querySelector(`[data-at="${CSS.escape(at)}"]`) || this.querySelector(".e-add [data-at]");
    if (target) target.focus();
  }

  showHistory() {
    // aria-disabled, not disabled: the button keeps the focus when it has nothing more to undo.
    this.undoButton.setAttribute("aria-disabled", String(!this.past.length));
    this.redoButton.setAttribute("aria-disabled", String(!this.future.length));
  }

  pressed(event) {
    const key = event.key.toLowerCase();
    if ((event.ctrlKey || event.metaKey) && !event.altKey && (key === "z" || key === "y")) {
      event.preventDefault();
      if (key === "y" || event.shiftKey) this.redo();
      else this.undo();
      return;
    }
    if (event.altKey && !event.ctrlKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      const node = event.target.closest("[data-node]");
      if (!node) return;
      event.preventDefault();
      this.moveNode(node.dataset.node, event.key === "ArrowUp" ? -1 : 1);
    }
  }

  // Problems: [{severity, pointer, detail}], pointers within this editor's value. Returns those without a place.
  showProblems(remarks) {
    this.remarks = remarks;
    return this.place();
  }

  place() {
    for (const old of this.querySelectorAll("[data-problem]")) old.remove();
    for (const control of this.querySelectorAll("[aria-invalid]")) {
      control.removeAttribute("aria-invalid");
      control.removeAttribute("aria-describedby");
    }
    const places = [...this.querySelectorAll("[data-pointer]")];
    const lost = [];
    for (const remark of this.remarks) {
      const fits = places.filter((one) => remark.pointer === one.dataset.pointer || remark.pointer.startsWith(`${one.dataset.pointer}/`));
      const target = fits.reduce((best, one) => (best && best.dataset.pointer.length >= one.dataset.pointer.length ? best : one), null);
      if (!target) lost.push(remark);
      else this.attach(target, remark);
    }
    return lost;
  }

  // What is only not filled in yet is said quietly, until somebody tried to save it so (`strict`).
  attach(target, remark) {
    const control = target.querySelector("input:not([type=checkbox]), select:not(.e-kind), textarea") || target.querySelector("input, select, button");
    const empty = remark.severity === "error" && control && control.value === "";
    const wrong = remark.severity === "error" && !(empty && !this.strict);
    const holder = target.closest("[data-node]") || target;
    const slot = holder.querySelector(":scope > .e-problems") || holder;
    const text = empty ? missing(control) : remark.severity === "error" ? remark.detail : `Warning: ${remark.detail}`;
    let line = [...slot.querySelectorAll("[data-problem]")].find((one) => one.textContent === text);
    if (!line) slot.append((line = el("p", { id: `e-problem-${++problemCount}`, class: wrong ? "c-error" : "c-help", "data-problem": true }, text)));
    if (!control) return;
    if (wrong) control.setAttribute("aria-invalid", "true");
    control.setAttribute("aria-describedby", [control.getAttribute("aria-describedby"), line.id].filter(Boolean).join(" "));
  }
}

function missing(control) {
  if (control.matches(".e-facts-input")) return "Choose a fact.";
  const label = control.closest("label") && control.closest("label").querySelector(".e-label");
  const named = control.closest("[data-name]");
  const name = label ? label.textContent : control.getAttribute("aria-label") || (named && named.dataset.name) || "";
  return name ? `Still to fill in: ${name[0].toLowerCase()}${name.slice(1)}.` : "Something is still to fill in.";
}
