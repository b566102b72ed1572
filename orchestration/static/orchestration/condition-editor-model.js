// A condition as a tree of nodes with ids: read from the rule language's JSON, changed, written back unchanged
// where nobody changed it. Values stay the JSON they are; numbers that JavaScript would spoil are {number: "1.0"}.

let last = 0;
export const newId = () => `n${++last}`;
const QUANTIFIERS = ["some", "every", "none"];
export const isQuantifier = (kind) => QUANTIFIERS.includes(kind);
export const isGroup = (kind) => kind === "all" || kind === "any";

export function readCondition(json) {
  const id = newId();
  if (json === "always") return { id, kind: "always" };
  for (const kind of ["all", "any"]) if (kind in json) return { id, kind, parts: json[kind].map(readCondition) };
  if ("not" in json) return { id, kind: "not", parts: [readCondition(json.not)] };
  for (const kind of QUANTIFIERS) if (kind in json) return { id, kind, fact: json[kind], parts: [readCondition(json.where)] };
  const { fact, op, value, ignore_case: ignoreCase = false } = json;
  const shape = value === undefined ? "none" : Array.isArray(value) ? "list" : "one";
  return { id, kind: "compare", fact, op, shape, values: shape === "list" ? [...value] : shape === "one" ? [value] : [], ignoreCase };
}

// `places`, if given, is filled with node id → JSON pointer.
export function writeCondition(node, places = null, pointer = "") {
  if (places) places.set(node.id, pointer);
  const below = (part, step) => writeCondition(part, places, `${pointer}/${step}`);
  if (node.kind === "always") return "always";
  if (isGroup(node.kind)) return { [node.kind]: node.parts.map((part, place) => below(part, `${node.kind}/${place}`)) };
  if (node.kind === "not") return { not: below(node.parts[0], "not") };
  if (isQuantifier(node.kind)) return { [node.kind]: node.fact, where: below(node.parts[0], "where") };
  const json = { fact: node.fact, op: node.op };
  if (node.shape === "one") json.value = node.values[0];
  if (node.shape === "list") json.value = [...node.values];
  if (node.ignoreCase) json.ignore_case = true;
  return json;
}

export const newCompare = () => ({ id: newId(), kind: "compare", fact: "", op: "eq", shape: "one", values: [""], ignoreCase: false });
export const newGroup = (kind, ...parts) => ({ id: newId(), kind, parts: parts.length ? parts : [newCompare()] });
export const newQuantifier = (fact = "", kind = "some") => ({ id: newId(), kind, fact, parts: [newGroup("all")] });

// `holder` is {parts: [root]}: the root has a parent too, so nothing below needs to ask.
export function find(holder, id) {
  const stack = [holder];
  while (stack.length) {
    const parent = stack.pop();
    for (let index = 0; index < parent.parts.length; index++) {
      const node = parent.parts[index];
      if (node.id === id) return { node, parent, index };
      if (node.parts) stack.push(node);
    }
  }
  return null;
}

// Add after a node, or at the end of a group; a single root becomes a group of two.
export function addTo(holder, group, node) {
  if (group !== holder) return void group.parts.push(node);
  const root = holder.parts[0];
  if (root.kind === "always") holder.parts[0] = node;
  else if (isGroup(root.kind)) root.parts.push(node);
  else holder.parts[0] = newGroup("all", root, node);
}

export function remove(holder, id) {
  const { parent, index } = find(holder, id);
  if (parent === holder) holder.parts[0] = { id: newId(), kind: "always" };
  else if (parent.parts.length > 1) parent.parts.splice(index, 1);
  else if (isQuantifier(parent.kind)) parent.parts[0] = { id: newId(), kind: "always" };
  else remove(holder, parent.id);
}

export function duplicate(holder, id) {
  const { node, parent, index } = find(holder, id);
  const copy = withNewIds(node);
  if (isGroup(parent.kind)) parent.parts.splice(index + 1, 0, copy);
  else parent.parts[index] = newGroup("all", node, copy);
  return copy.id;
}

export function wrap(holder, id, kind) {
  const { node, parent, index } = find(holder, id);
  parent.parts[index] = newGroup(kind, node);
  return parent.parts[index].id;
}

export function unwrap(holder, id) {
  const { node, parent, index } = find(holder, id);
  if (isGroup(parent.kind)) parent.parts.splice(index, 1, ...node.parts);
  else if (node.parts.length === 1) parent.parts[index] = node.parts[0];
}

export function changeKind(holder, id, kind) {
  const { node, parent, index } = find(holder, id);
  if (kind === "not" && node.parts.length > 1) parent.parts[index] = newGroup("not", node);
  else if (node.kind === "not" && isGroup(node.parts[0].kind)) node.parts[0].kind === kind ? (parent.parts[index] = node.parts[0]) : (node.kind = kind);
  else node.kind = kind;
}

// One step up (-1) or down (+1) through the outline: past a neighbour, into a neighbouring group, out of the own one.
export function move(holder, id, step) {
  const { node, parent, index } = find(holder, id);
  const next = parent.parts[index + step];
  if (isGroup(parent.kind) && next) {
    parent.parts.splice(index, 1);
    if (isGroup(next.kind)) next.parts.splice(step > 0 ? 0 : next.parts.length, 0, node);
    else parent.parts.splice(index + step, 0, node);
    return true;
  }
  if (!isGroup(parent.kind)) return false;
  const above = find(holder, parent.id);
  if (!isGroup(above.parent.kind)) return false;
  parent.parts.splice(index, 1);
  above.parent.parts.splice(above.index + (step > 0 ? 1 : 0), 0, node);
  if (!parent.parts.length) above.parent.parts.splice(above.parent.parts.indexOf(parent), 1);
  return true;
}

// Another operator: the values are kept as far as the new one can use them, and come back when it is changed again.
export function setOperator(node, operator, { keepValues = true, empty = "" } = {}) {
  const values = keepValues ? node.values : [];
  const first = values[0] ?? empty;
  const listed = typeof first === "object" && first !== null && "parameter" in first && operator.takes === "list";
  node.op = operator.name;
  if (operator.takes === "none") node.shape = "none";
  else if (operator.takes === "one") Object.assign(node, { shape: "one", values: [first, ...values.slice(1)] });
  else if (operator.takes === "pair") Object.assign(node, { shape: "list", values: [first, values[1] ?? empty] });
  else if (listed && values.length === 1) Object.assign(node, { shape: "one", values });
  else Object.assign(node, { shape: "list", values: values.filter((value) => value !== "") });
  if (node.shape === "none") node.ignoreCase = false;
}

function withNewIds(node) {
  const copy = { ...structuredClone(node), id: newId() };
  if (node.parts) copy.parts = node.parts.map(withNewIds);
  return copy;
}
