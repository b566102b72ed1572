// The page of a comparison follows its progress. Without this file, load the page again to see more.

const parts = ["[data-progress]", "[data-report]"];

async function follow() {
  if (!document.querySelector("[data-running]")) return;
  try {
    const answer = await fetch(location.href, { credentials: "same-origin" });
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const busy = document.activeElement && document.activeElement.closest(parts.join(","));
    if (answer.ok && !busy) for (const part of parts) document.querySelector(part).replaceWith(fresh.querySelector(part));
  } catch {
    // The server does not answer just now: ask again.
  }
  setTimeout(follow, 3000);
}

setTimeout(follow, 3000);
