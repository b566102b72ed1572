// Forms with data-stay are saved without leaving the page, so that a session that ended, a permission taken away or a
// line that broke costs nothing that was typed, nor the steps of undo. A copy is kept in this tab's storage and offered
// after a reload. Without this file such a form is sent as any other.

import { el } from "./rule-editor-parts.js";
import { freshToken } from "./server.js";
import { writesSecret } from "./written-secret.js";

// Each with `unsaved` (what is typed), takeBack(it) and refused(page).
const EDITORS = "conductor-rule, conductor-step, conductor-table";
const PAUSE = 400; // ms after the last key
const SIGNED_OUT = "You are signed out: your session has ended. What you wrote is still here. Sign in in another tab, then save again.";
const NO_ANSWER = "The server does not answer just now. What you wrote is still here; save again in a moment.";

let changed = null; // the form with something typed that the server does not have
let sending = false;
let leaving = false;
let timer;

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form[data-stay]") || event.defaultPrevented) return;
  event.preventDefault();
  if (!sending) send(form, event.submitter);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form[data-stay]");
  if (!form) return;
  changed = form;
  leaving = false;
  clearTimeout(timer);
  timer = setTimeout(() => keep(form), PAUSE);
});

// A link with data-leave is a decision to drop what was typed, unless the person then stays all the same.
document.addEventListener("click", (event) => event.target.closest("[data-leave]") && (leaving = true));

window.addEventListener("pagehide", () => {
  if (leaving && changed) forget(changed);
  else if (changed) keep(changed);
});

window.addEventListener("load", () => document.querySelectorAll("form[data-stay]").forEach(offer));

async function send(form, submitter) {
  sending = true;
  form.setAttribute("aria-busy", "true");
  const token = freshToken();
  const body = new FormData(form, submitter);
  if (token) body.set("csrfmiddlewaretoken", token);
  let answer;
  let text;
  try {
    const address = form.getAttribute("action") || window.location.href;
    answer = await fetch(address, { method: "POST", body, headers: { "X-Stay": "1" }, credentials: "same-origin", redirect: "manual" });
    text = await answer.text();
  } catch {
    return notSaved(form, submitter, NO_ANSWER);
  } finally {
    sending = false;
    form.removeAttribute("aria-busy");
  }
  if (answer.type === "opaqueredirect") return notSaved(form, submitter, SIGNED_OUT, form.dataset.login);
  if (answer.headers.has("X-Go-To")) return saved(form, answer.headers.get("X-Go-To"));
  refused(form, submitter, answer, new DOMParser().parseFromString(text, "text/html"));
}

function saved(form, address) {
  forget(form);
  const to = new URL(address, window.location.href);
  if (to.pathname + to.search !== window.location.pathname + window.location.search) return window.location.assign(to);
  window.history.replaceState(null, "", to);
  window.location.reload();
}

// What the server's page says is put into this one. An editor stays as it is, with its steps of undo.
function refused(form, submitter, answer, page) {
  const theirs = page.querySelector("form[data-stay]");
  if (!theirs) {
    const otherwise = answer.status === 403 ? "You may not do this any more." : `The server could not take it (${answer.status}).`;
    const why = page.querySelector("[data-why]")?.textContent || otherwise;
    return notSaved(form, submitter, `${why} What you wrote is still here.`);
  }
  const editor = form.querySelector(EDITORS);
  let now = form;
  if (editor && !answer.ok) {
    form.querySelectorAll("[data-refused]").forEach((one) => one.remove());
    form.prepend(...theirs.querySelectorAll("[data-refused]"));
    editor.refused(page);
  } else {
    form.closest(".c-page").replaceChildren(...page.querySelector(".c-page").children);
    now = document.querySelector("form[data-stay]");
  }
  stillUnsaved(now);
  show(now.querySelector("[role=alert]") || now);
}

function notSaved(form, submitter, text, login = "") {
  const again = () => form.requestSubmit(submitter?.isConnected ? submitter : null);
  const panel = el(
    "section",
    { class: "c-panel c-danger", role: "alert", "data-refused": true, "data-unsaved": true },
    el("h2", {}, "Not saved"),
    el("p", {}, text),
    el("div", { class: "c-row" }, login && el("a", { class: "c-button c-primary", href: login, target: "_blank", rel: "noopener" }, "Sign in in another tab"), el("button", { type: "button", class: "c-button", onclick: again }, "Save again")),
  );
  form.querySelectorAll("[data-unsaved]").forEach((one) => one.remove());
  form.prepend(panel);
  stillUnsaved(form);
  show(panel);
}

function stillUnsaved(form) {
  form.dispatchEvent(new Event("input", { bubbles: true })); // leaving is asked about again
  keep(form);
}

function show(element) {
  element.setAttribute("tabindex", "-1");
  element.focus({ preventScroll: true });
  element.scrollIntoView({ block: "nearest" });
}

const place = (form) => `conductor unsaved ${form.dataset.stay} ${window.location.pathname}${window.location.search}`;

// Hidden fields too: they say what was seen, so that a copy taken back does not overwrite what others stored since.
const controls = (form) => [...form.elements].filter((one) => one.name && one.name !== "csrfmiddlewaretoken" && !one.matches("[data-handed], [type=file], button"));

const typed = (form) => ({
  fields: controls(form).map((one) => [one.name, one.type === "checkbox" ? one.checked : one.value]),
  editor: form.querySelector(EDITORS)?.unsaved ?? null,
});

// A secret that is written out stays in the page alone: nothing of its form is kept then.
function keep(form) {
  const now = typed(form);
  const settings = JSON.parse(document.getElementById("secret-settings")?.textContent ?? "[]");
  const texts = [...now.fields.map(([, value]) => String(value)), JSON.stringify(now.editor)];
  if (texts.some((text) => writesSecret(text, settings))) return sessionStorage.removeItem(place(form));
  try {
    sessionStorage.setItem(place(form), JSON.stringify({ at: Date.now(), ...now }));
  } catch {
    // The storage is full or closed: what was typed is in the page only.
  }
}

function forget(form) {
  clearTimeout(timer);
  changed = null;
  sessionStorage.removeItem(place(form));
}

function offer(form) {
  const stored = sessionStorage.getItem(place(form));
  if (!stored) return;
  const { at, ...copy } = JSON.parse(stored);
  if (JSON.stringify(copy) === JSON.stringify(typed(form))) return forget(form);
  const when = new Date(at).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
  const answered = (act) => () => (panel.remove(), act());
  const panel = el(
    "section",
    { class: "c-panel c-attention", role: "status" },
    el("h2", {}, "Not saved the last time"),
    el("p", {}, `What you wrote here until ${when} was not saved.`),
    el("div", { class: "c-row" }, el("button", { type: "button", class: "c-button c-primary", onclick: answered(() => take(form, copy)) }, "Take it back"), el("button", { type: "button", class: "c-button", onclick: answered(() => forget(form)) }, "Drop it")),
  );
  form.prepend(panel);
}

function take(form, copy) {
  const left = [...copy.fields];
  for (const control of controls(form)) {
    const found = left.findIndex(([name]) => name === control.name);
    if (found < 0) continue;
    const [[, value]] = left.splice(found, 1);
    const kind = control.type === "checkbox" ? "checked" : "value";
    if (control[kind] === value) continue;
    control[kind] = value;
    const fold = control.closest("details");
    if (fold) fold.open = true;
  }
  if (copy.editor) form.querySelector(EDITORS)?.takeBack(copy.editor);
  stillUnsaved(form);
  form.querySelector("input:not([type=hidden]), textarea")?.focus();
}
