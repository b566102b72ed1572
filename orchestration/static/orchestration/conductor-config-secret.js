// The field of a secret: one of the named secrets, or a new one, whose value goes to the server and is never shown again.

import { el, select, textButton } from "./rule-editor-parts.js";

const UNSET = "~unset";
const NULL = "~null";
const WRITTEN = "~written";

// words: {secrets: [{name, note}], may_set_secrets, makeSecret(name, value, note) → "" or what is wrong}
export function secretField({ name, value, nullable, required, schema, id, at }, shared, words, write) {
  const named = value && typeof value === "object" && typeof value.secret === "string" ? value.secret : null;
  const choices = words.secrets.map((one) => [one.name, one.note ? `${one.name} (${one.note.slice(0, 60)})` : one.name]);
  if (named && !words.secrets.some((one) => one.name === named)) choices.push([named, `${named} (not set yet)`]);
  if (typeof value === "string" && value) choices.unshift([WRITTEN, "Written out in this draft: replace it"]);
  if (nullable) choices.unshift([NULL, "None"]);
  if (!required) choices.unshift([UNSET, "default" in schema && schema.default ? "Default" : "Not set"]);
  const chosen = named || (typeof value === "string" && value ? WRITTEN : value === null ? NULL : required ? "" : UNSET);
  const pick = select(choices, chosen, (one) => one !== WRITTEN && write(one === UNSET ? undefined : one === NULL ? null : { secret: one }), shared);
  const holder = el("div", { class: "k-secret" }, pick);
  if (words.may_set_secrets) holder.append(textButton("New secret…", `${at}-new`, () => holder.append(newSecret(holder, name, id, words, write)), { "aria-expanded": "false" }));
  return holder;
}

function newSecret(holder, title, id, words, write) {
  for (const old of holder.querySelectorAll(".k-new")) old.remove();
  const opener = holder.querySelector("button");
  const input = (key, label, type, help) => {
    const field = el("input", { type, id: `${id}-new-${key}`, autocomplete: type === "password" ? "new-password" : "off", spellcheck: "false", "aria-describedby": help ? `${id}-new-${key}-help` : null, class: "c-input" });
    field.addEventListener("input", (event) => event.stopPropagation()); // no part of the configuration
    return [field, el("div", { class: "c-field" }, el("label", { for: field.id }, label), field, help && el("div", { class: "c-help", id: `${field.id}-help` }, help))];
  };
  const [name, nameField] = input("name", "Name", "text", "Small letters, digits, _ and -. The configuration refers to it by this.");
  const [value, valueField] = input("value", "Value", "password", "Kept sealed. Nobody can read it afterwards, you neither.");
  const [note, noteField] = input("note", "Note", "text", "What it is for, and who renews it.");
  const problem = el("p", { class: "c-error", role: "alert" });
  const close = () => {
    value.value = "";
    box.remove();
    opener.setAttribute("aria-expanded", "false");
    opener.focus();
  };
  const keep = textButton("Keep the secret", `${id}-keep`, async () => {
    keep.disabled = true;
    const wrong = await words.makeSecret(name.value.trim(), value.value, note.value.trim());
    keep.disabled = false;
    problem.textContent = wrong;
    if (wrong) return void name.focus();
    value.value = "";
    write({ secret: name.value.trim() });
  });
  const box = el("fieldset", { class: "k-group k-new" }, el("legend", {}, `New secret for ${title}`), nameField, valueField, noteField, problem, el("div", { class: "c-row" }, keep, textButton("Never mind", `${id}-close`, close)));
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches("input")) event.preventDefault();
    if (event.key === "Enter" && event.target === note) keep.click();
    if (event.key === "Escape") close();
    event.stopPropagation();
  });
  opener.setAttribute("aria-expanded", "true");
  queueMicrotask(() => name.focus());
  return box;
}
