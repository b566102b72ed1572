// The cells: keyboard as in a spreadsheet, choosing, editing in place, copy and paste. One cell is in the tab order.

import { el } from "./rule-editor-parts.js";
import { ofCell } from "./table-grid-checks.js";
import { exchange } from "./table-grid-clipboard.js";
import { describeColumn, headOf, suggestionsFor } from "./table-grid-words.js";
import * as model from "./table-grid-model.js";

export class Grid {
  constructor(owner) {
    this.owner = owner;
    this.at = { row: 0, column: 1 };
    this.from = { row: 0, column: 1 }; // the other corner of what is chosen
    this.drawn = [];
    this.input = null;
    this.head = el("thead");
    this.body = el("tbody");
    this.foot = el("tfoot");
    this.list = el("datalist", { id: "table-suggestions" });
    this.grid = el("table", { class: "t-grid", role: "grid", "aria-label": "Decision table", "aria-multiselectable": "true" }, this.head, this.body, this.foot);
    this.element = el("div", { class: "t-scroll" }, this.grid, this.list);
    this.line = el("p", { class: "t-line", "aria-live": "polite", id: "table-line" });
    this.grid.addEventListener("keydown", (event) => this.pressed(event));
    this.grid.addEventListener("mousedown", (event) => this.clicked(event));
    this.grid.addEventListener("dblclick", (event) => event.target.closest("[data-column]") && this.edit());
    this.grid.addEventListener("focusin", (event) => this.entered(event));
    exchange(this);
  }

  get table() {
    return this.owner.table;
  }

  draw() {
    const table = this.table;
    const shape = JSON.stringify([table.inputs, table.outputs]);
    const active = this.grid.contains(document.activeElement);
    if (shape !== this.shape) {
      this.drawn = [];
      this.body.replaceChildren();
      this.head.replaceChildren(headOf(this.owner));
      this.shape = shape;
    }
    table.rows.forEach((row, number) => {
      if (this.drawn[number] === row && this.body.rows[number]) return;
      const line = this.rowOf(number);
      if (this.body.rows[number]) this.body.rows[number].replaceWith(line);
      else this.body.append(line);
      this.drawn[number] = row;
    });
    while (this.body.rows.length > table.rows.length) this.body.lastChild.remove();
    this.drawn.length = table.rows.length;
    this.foot.replaceChildren(...(table.otherwise ? [this.rowOf(table.rows.length)] : []));
    this.grid.setAttribute("aria-rowcount", model.height(table) + 1);
    this.grid.setAttribute("aria-colcount", model.width(table) + 1);
    this.at = this.within(this.at);
    this.from = this.within(this.from);
    this.owner.checks?.mark();
    this.choose(this.at, { keep: true, focus: active && !this.owner.columns.isOpen });
  }

  rowOf(number) {
    const table = this.table;
    const last = model.isOtherwise(table, number);
    const head = el("th", { scope: "row", class: "t-number", "data-row": number }, last ? "" : String(number + 1));
    const cells = Array.from({ length: model.width(table) }, (_, column) => this.cellOf(number, column, last));
    return el("tr", { "aria-rowindex": number + 2 }, head, cells);
  }

  cellOf(row, column, last) {
    const { part } = model.partOf(this.table, column);
    const text = model.cellText(this.table, row, column);
    const open = model.isOpen(this.table, row, column);
    const shown = last && column === 0 ? "otherwise" : open ? text : "";
    const kind = { key: "t-key", when: "t-when", then: "t-then" }[part] + (open ? "" : " t-closed") + (part === "when" && text === "-" ? " t-any" : "");
    const label = part === "when" && text === "-" ? "- any value" : null;
    return el("td", { role: "gridcell", class: kind, tabindex: -1, "data-row": row, "data-column": column, "aria-colindex": column + 2, "aria-label": label, "aria-readonly": open ? null : "true" }, shown);
  }

  cell({ row, column }) {
    const line = row < this.table.rows.length ? this.body.rows[row] : this.foot.rows[0];
    return line ? line.cells[column + 1] : null;
  }

  within({ row, column }) {
    const clamp = (value, most) => Math.max(0, Math.min(value, most));
    return { row: clamp(row, model.height(this.table) - 1), column: clamp(column, model.width(this.table) - 1) };
  }

  // --- Choosing ------------------------------------------------------------------------------------------

  choose(place, { extend = false, focus = true, keep = false } = {}) {
    this.at = this.within(place);
    if (!extend && !keep) this.from = this.at;
    for (const one of this.grid.querySelectorAll(".t-chosen, [tabindex='0']")) {
      one.classList.remove("t-chosen");
      one.removeAttribute("aria-selected");
      if (one.dataset.column) one.tabIndex = -1;
    }
    const { top, bottom, left, right } = this.area();
    if (top !== bottom || left !== right) {
      for (let row = top; row <= bottom; row += 1) for (let column = left; column <= right; column += 1) this.cell({ row, column })?.classList.add("t-chosen");
    }
    const cell = this.cell(this.at);
    this.tell();
    if (!cell) return;
    cell.tabIndex = 0;
    cell.setAttribute("aria-selected", "true");
    if (focus) cell.focus({ preventScroll: false });
  }

  area() {
    const { at, from } = this;
    return { top: Math.min(at.row, from.row), bottom: Math.max(at.row, from.row), left: Math.min(at.column, from.column), right: Math.max(at.column, from.column) };
  }

  // What the cell is for, or what is wrong with it.
  tell() {
    const faults = this.owner.checks?.at(this.at) || [];
    this.line.classList.toggle("c-error", faults.some((one) => one.severity === "error"));
    const rest = faults.length > 1 ? ` And ${faults.length - 1} more, see the checks below.` : "";
    const text = faults.length ? ofCell(faults[0].detail) + rest : model.height(this.table) ? describeColumn(this.owner, this.at) : "The table has no row yet: add one.";
    if (this.line.textContent !== text) this.line.textContent = text;
  }

  entered(event) {
    const cell = event.target.closest("td[data-column]");
    if (!cell || this.input) return;
    const place = { row: Number(cell.dataset.row), column: Number(cell.dataset.column) };
    if (place.row !== this.at.row || place.column !== this.at.column) this.choose(place, { focus: false });
  }

  clicked(event) {
    const head = event.target.closest("th[data-row]");
    const cell = event.target.closest("td[data-column]");
    if (this.input && !event.target.closest("td.t-editing")) this.commit();
    if (head) {
      this.from = { row: event.shiftKey ? this.from.row : Number(head.dataset.row), column: 0 };
      this.choose({ row: Number(head.dataset.row), column: model.width(this.table) - 1 }, { extend: true });
      event.preventDefault();
    } else if (cell && !cell.classList.contains("t-editing")) {
      this.choose({ row: Number(cell.dataset.row), column: Number(cell.dataset.column) }, { extend: event.shiftKey });
      event.preventDefault();
      this.drag(event);
    }
  }

  drag(event) {
    if (event.button !== 0) return;
    const over = (move) => {
      const cell = move.target.closest?.("td[data-column]");
      if (cell && this.grid.contains(cell)) this.choose({ row: Number(cell.dataset.row), column: Number(cell.dataset.column) }, { extend: true });
    };
    const end = () => this.grid.removeEventListener("mouseover", over);
    this.grid.addEventListener("mouseover", over);
    window.addEventListener("mouseup", end, { once: true });
  }

  // --- Keyboard ------------------------------------------------------------------------------------------

  pressed(event) {
    if (event.isComposing || !event.target.closest("td[data-column]")) return;
    if (this.input) return this.typing(event);
    const { row, column } = this.at;
    const held = event.ctrlKey || event.metaKey;
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1], PageUp: [-20, 0], PageDown: [20, 0] };
    const step = steps[event.key];
    if (step && event.altKey) {
      if (step[0] === 0 || Math.abs(step[0]) > 1) return;
      this.moveRows(step[0]);
    } else if (step) {
      const far = held ? 1e6 : 1;
      this.choose({ row: row + step[0] * far, column: column + step[1] * far }, { extend: event.shiftKey });
    } else if (event.key === "Home" || event.key === "End") {
      const end = event.key === "End";
      this.choose({ row: held ? (end ? 1e6 : 0) : row, column: end ? 1e6 : 0 }, { extend: event.shiftKey });
    } else if (event.key === "Tab") {
      if (!this.beside(event.shiftKey ? -1 : 1)) return; // leaves the grid
    } else if (event.key === "F2" || (event.key === "Enter" && !held)) {
      this.edit();
    } else if (event.key === "Delete" && held) {
      this.deleteRows();
    } else if (event.key === "Delete" || event.key === "Backspace") {
      this.clear();
    } else if (event.key === "Insert") {
      this.addRow();
    } else if (held && event.key.toLowerCase() === "a") {
      this.from = { row: 0, column: 0 };
      this.choose({ row: 1e6, column: 1e6 }, { extend: true });
    } else if (event.key.length === 1 && !held && !event.altKey) {
      this.edit(event.key);
    } else {
      return;
    }
    event.preventDefault();
  }

  // Tab goes on to the next cell, row by row; false at the grid's ends.
  beside(by) {
    const columns = model.width(this.table);
    const next = this.at.row * columns + this.at.column + by;
    if (next < 0 || next >= columns * model.height(this.table)) return false;
    this.choose({ row: Math.floor(next / columns), column: next % columns });
    return true;
  }

  // --- Editing in place ------------------------------------------------------------------------------------

  edit(typed = null) {
    const { row, column } = this.at;
    const cell = this.cell(this.at);
    if (!cell || this.input || !model.isOpen(this.table, row, column)) return;
    const text = model.cellText(this.table, row, column);
    const many = text.includes("\n");
    const label = `${describeColumn(this.owner, this.at, true)}, row ${row + 1}`;
    const value = typed === null ? (text === "-" && model.partOf(this.table, column).part === "when" ? "" : text) : typed;
    this.input = el(many ? "textarea" : "input", { type: many ? null : "text", class: "t-input", "aria-label": label, autocomplete: "off", spellcheck: "false", list: many ? null : "table-suggestions", value });
    this.list.replaceChildren(...suggestionsFor(this.owner, column).map(([said, words]) => el("option", { value: said }, words)));
    this.editing = { row, column, text };
    cell.classList.add("t-editing");
    cell.replaceChildren(this.input);
    this.input.addEventListener("blur", () => this.commit());
    this.input.focus();
    this.input.setSelectionRange(value.length, value.length);
    this.line.textContent = describeColumn(this.owner, this.at);
    this.line.classList.remove("c-error");
  }

  typing(event) {
    if (event.key === "Escape") this.commit(false);
    else if (event.key === "Enter" && event.altKey && this.input.matches("textarea")) return;
    else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey) {
      this.commit();
      this.choose({ row: this.at.row + (event.shiftKey ? -1 : 1), column: this.at.column });
    } else if (event.key === "Tab") {
      this.commit();
      if (!this.beside(event.shiftKey ? -1 : 1)) return;
    } else return;
    event.preventDefault();
  }

  commit(keep = true) {
    if (!this.input) return;
    const { row, column, text } = this.editing;
    const said = this.input.value;
    const focused = document.activeElement === this.input;
    this.input = null;
    this.drawn[row] = null; // drawn anew, whatever was typed
    const cell = this.cell({ row, column });
    if (cell) cell.replaceWith(this.cellOf(row, column, model.isOtherwise(this.table, row)));
    if (keep && said !== text) this.owner.edit((table) => model.withCell(table, row, column, said));
    this.owner.checks.mark();
    this.choose(this.at, { keep: true, focus: focused });
  }

  clear() {
    const { top, bottom, left, right } = this.area();
    this.owner.edit((table) => {
      let changed = table;
      for (let row = top; row <= bottom; row += 1) for (let column = Math.max(left, 1); column <= right; column += 1) changed = model.withCell(changed, row, column, "");
      return changed;
    });
  }

  chosenRows() {
    const { top, bottom } = this.area();
    const last = Math.min(bottom, this.table.rows.length - 1);
    return top <= last ? [top, last] : null;
  }

  addRow() {
    const rows = this.chosenRows();
    const place = rows ? rows[1] + 1 : this.table.rows.length;
    this.owner.edit((table) => model.withRow(table, place));
    this.choose({ row: place, column: 1 });
  }

  copyRows() {
    const rows = this.chosenRows();
    if (!rows) return;
    this.owner.edit((table) => model.withCopies(table, rows[0], rows[1]));
    this.choose({ row: rows[1] + 1, column: this.at.column });
  }

  moveRows(by) {
    const rows = this.chosenRows();
    if (!rows || rows[0] + by < 0 || rows[1] + by >= this.table.rows.length) return;
    this.owner.edit((table) => model.withMoved(table, rows[0], rows[1], by));
    this.from = { ...this.from, row: this.from.row + by };
    this.choose({ row: this.at.row + by, column: this.at.column }, { extend: true });
  }

  deleteRows() {
    const rows = this.chosenRows();
    if (!rows) return;
    this.owner.edit((table) => model.withoutRows(table, rows[0], rows[1]));
    this.choose({ row: Math.min(rows[0], model.height(this.table) - 1), column: this.at.column });
  }
}
