// Shortcuts and the preview of "send back". Every page works without this file.
(function () {
  "use strict";

  const typing = (element) =>
    element.isContentEditable || element.matches("textarea, select, input:not([type=radio], [type=checkbox])");

  // An element with data-shortcut="x" is pressed, or focused if it is a field, by that key outside of fields.
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing || !event.key || !(event.target instanceof Element)) return;
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      const form = document.activeElement && document.activeElement.closest("form[data-submit-shortcut]");
      if (form) {
        event.preventDefault();
        form.requestSubmit(form.querySelector("[data-main]"));
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    const target = document.querySelector(`[data-shortcut="${CSS.escape(event.key)}"]`);
    if (!target || target.disabled) return;
    event.preventDefault();
    if (target.matches("a, button, [type=radio]")) {
      target.click();
    } else {
      const fold = target.closest("details");
      if (fold) fold.open = true;
      target.scrollIntoView({ block: "center" });
      target.focus();
    }
  });

  // A form with data-preview asks the server what would happen, and shows the answer in its place.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!button || !button.matches("[data-preview]")) return;
    const place = document.getElementById(button.dataset.preview);
    if (!place) return;
    event.preventDefault();
    const body = new FormData(form, button);
    place.setAttribute("aria-busy", "true");
    fetch(form.action, { method: "POST", body, headers: { "X-Fragment": "preview" }, credentials: "same-origin" })
      .then((answer) => (answer.ok ? answer.text() : Promise.reject(new Error(String(answer.status)))))
      .then((text) => {
        place.innerHTML = text;
        place.scrollIntoView({ block: place.getBoundingClientRect().top < 0 ? "start" : "nearest" });
      })
      .catch(() => {
        form.insertAdjacentHTML("beforeend", '<input type="hidden" name="preview" value="1">');
        form.submit();
      })
      .finally(() => place.removeAttribute("aria-busy"));
  });

  // What was typed is not lost by leaving the page unasked.
  let changed = false;
  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-keep]")) changed = true;
  });
  document.addEventListener("submit", (event) => {
    if (event.target.matches("form[data-keep]") && !event.defaultPrevented) changed = false;
  });
  window.addEventListener("beforeunload", (event) => {
    if (changed) event.preventDefault();
  });
})();
