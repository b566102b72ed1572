// Secrets that are written out where a named one should stand: by the page's list of the settings that hold secrets.

// Whether one of these settings has anything but a named secret in this YAML or JSON. In doubt it has.
export function writesSecret(text, names) {
  if (!names.length) return false;
  const setting = String.raw`(?<![\w-])(?:${names.map((name) => name.replaceAll(/[^\w]/g, String.raw`\$&`)).join("|")})["']?\s*:`;
  const reference = String.raw`["']?secret["']?\s*:\s*["']?[\w-]+["']?`;
  const named = new RegExp(String.raw`(${setting})\s*(?:\{\s*${reference}\s*\}|${reference}(?=\s*(?:\n|$)))`, "g");
  const none = String.raw`\s*(?:(?:null|~|""|'')(?=[\s,}]|$)|[,}]|$)`;
  return new RegExp(`${setting}(?!${none})`).test(text.replaceAll(named, "$1null"));
}
