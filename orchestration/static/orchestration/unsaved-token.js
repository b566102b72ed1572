// The token that a form must send. Signing in again, in another tab, makes a new one: it is in the cookie.

export function freshToken() {
  const fields = document.querySelectorAll("[name=csrfmiddlewaretoken]");
  const cookie = /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie);
  if (cookie) for (const field of fields) field.value = cookie[1];
  return cookie ? cookie[1] : (fields[0]?.value ?? "");
}

export const UNHEARD = "The server does not answer just now, so nothing is checked. What you wrote is still here.";
export const SIGNED_OUT = "You are signed out, so nothing is checked. What you wrote is still here; sign in in another tab and go on.";
