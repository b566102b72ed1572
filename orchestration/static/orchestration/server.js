// The server, as the editors ask it: with the token that it wants, and in words for people where it is not heard.

const UNHEARD = "The server does not answer just now, so nothing is checked. What you wrote is still here.";
const SIGNED_OUT = "You are signed out, so nothing is checked. What you wrote is still here; sign in in another tab and go on.";

// Signing in again, in another tab, makes a new token: it is in the cookie.
export function freshToken() {
  const fields = document.querySelectorAll("[name=csrfmiddlewaretoken]");
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (cookie) for (const field of fields) field.value = cookie[1];
  return cookie ? cookie[1] : (fields[0]?.value ?? "");
}

// What the server answers, as JSON. Throws an Error that says why it does not.
export async function ask(url, body) {
  const headers = { "Content-Type": "application/json", "X-CSRFToken": freshToken() };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body), credentials: "same-origin", redirect: "manual" }).catch(() => null);
  if (answer?.type === "opaqueredirect") throw new Error(SIGNED_OUT);
  return (await answer?.json().catch(() => null)) ?? Promise.reject(new Error(UNHEARD));
}
