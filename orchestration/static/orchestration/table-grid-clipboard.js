// Copy, cut and paste of cells, as tab-separated blocks that spreadsheet programs understand.

import * as model from "./table-grid-model.js";

const PASTED = 5000; // rows that a table may have

export function exchange(grid) {
  for (const [name, act] of Object.entries({ copy, cut, paste })) {
    grid.grid.addEventListener(name, (event) => grid.input || act(grid, event));
  }
}

function copy(grid, event) {
  const { top, bottom, left, right } = grid.area();
  const lines = [];
  for (let row = top; row <= bottom; row += 1) {
    const line = [];
    for (let column = left; column <= right; column += 1) line.push(model.cellText(grid.table, row, column));
    lines.push(line);
  }
  event.clipboardData.setData("text/plain", model.toBlock(lines));
  event.preventDefault();
}

function cut(grid, event) {
  copy(grid, event);
  grid.clear();
}

function paste(grid, event) {
  event.preventDefault();
  const text = event.clipboardData.getData("text/plain");
  if (!text) return;
  const lines = model.fromBlock(text);
  const { top, left, bottom, right } = grid.area();
  const columns = model.width(grid.table);
  const wide = Math.max(...lines.map((line) => line.length));
  const lost = Math.max(0, left + wide - columns);
  const single = lines.length === 1 && wide === 1; // one cell fills all that is chosen
  const down = single ? bottom - top + 1 : Math.min(lines.length, PASTED - top);
  const across = single ? right - left + 1 : Math.min(wide, columns - left);
  grid.owner.edit((table) => {
    let changed = table;
    while (!changed.otherwise && changed.rows.length < top + down) changed = model.withRow(changed, changed.rows.length);
    while (changed.otherwise && top < changed.rows.length && changed.rows.length < top + down) changed = model.withRow(changed, changed.rows.length);
    for (let row = 0; row < down; row += 1) for (let column = 0; column < across; column += 1) changed = model.withCell(changed, top + row, left + column, single ? lines[0][0] : lines[row][column] ?? "");
    return changed;
  });
  grid.from = grid.within({ row: top, column: left });
  grid.choose({ row: top + down - 1, column: left + across - 1 }, { extend: true });
  if (lost || lines.length > down) grid.line.textContent = lost ? `${lost} column${lost > 1 ? "s" : ""} of what you pasted had no place here and ${lost > 1 ? "were" : "was"} left out.` : `${lines.length - down} rows were left out: a table has at most ${PASTED}.`;
}
