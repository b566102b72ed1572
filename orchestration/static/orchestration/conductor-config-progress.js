// The page of a running comparison follows it. Without this file, load the page again to see more.

const EVERY = 2000;

// What somebody is using just now stays as it is until the next look.
const busy = (part) => part.contains(document.activeElement);

async function follow() {
  if (!document.querySelector("[data-running]")) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    if (answer.ok && !answer.redirected) show(new DOMParser().parseFromString(await answer.text(), "text/html"));
  } catch {
    // The server does not answer just now: ask again.
  }
  setTimeout(follow, EVERY);
}

function show(fresh) {
  for (const part of document.querySelectorAll("[data-part]")) {
    const now = fresh.querySelector(`[data-part="${part.dataset.part}"]`);
    const ended = part.dataset.part === "act" && !fresh.querySelector("[data-running]");
    if (now && (ended || (part.dataset.part !== "act" && !busy(part)))) part.replaceWith(now);
  }
}

setTimeout(follow, EVERY);
