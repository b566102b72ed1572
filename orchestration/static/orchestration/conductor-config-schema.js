// What a form needs to know of a JSON Schema as pydantic writes it: what a place holds, what it is called, its default.

const DEEPEST = 32;

// The schema with what it refers to; a title, description or default beside a reference counts for more.
export function resolved(schema, root, depth = 0) {
  if (!schema || typeof schema !== "object" || depth > DEEPEST) return {};
  let found = schema;
  if (typeof found.$ref === "string" && found.$ref.startsWith("#/$defs/")) {
    const { $ref, ...own } = found;
    const name = decodeURIComponent($ref.slice(8)).replaceAll("~1", "/").replaceAll("~0", "~");
    found = { ...resolved((root.$defs || {})[name], root, depth + 1), ...own };
  }
  if (Array.isArray(found.allOf) && found.allOf.length === 1) {
    const { allOf, ...own } = found;
    found = { ...resolved(allOf[0], root, depth + 1), ...own };
  }
  return found;
}

// {kind, schema, nullable, variants}: `schema` is that of the only choice where there is one besides null.
export function placeOf(given, root) {
  const schema = resolved(given, root);
  const choices = schema.anyOf || schema.oneOf;
  let nullable = Array.isArray(schema.type) && schema.type.includes("null");
  if (choices) {
    const all = choices.map((one) => resolved(one, root));
    const real = all.filter((one) => one.type !== "null");
    nullable ||= real.length < all.length;
    const { anyOf, oneOf, discriminator, ...own } = schema;
    if (real.length === 1) return { ...placeOf({ ...real[0], ...own }, root), nullable };
    return { kind: "choice", schema: own, nullable, variants: real };
  }
  return { kind: kindOf(schema), schema, nullable, variants: [] };
}

function kindOf(schema) {
  const type = Array.isArray(schema.type) ? schema.type.find((one) => one !== "null") : schema.type;
  if (schema.format === "password") return "secret";
  if (Array.isArray(schema.enum) || "const" in schema) return "enum";
  if (type === "object") return schema.properties ? "object" : "map";
  if (type === "array") return schema.prefixItems ? "any" : "list";
  return ["boolean", "integer", "number", "string"].includes(type) ? type : "any";
}

export const optionsOf = (schema) => schema.enum || [schema.const];

export const spoken = (name) => (name.charAt(0).toUpperCase() + name.slice(1)).replaceAll("_", " ").replaceAll("-", " ");

// What a place is called: as its author wrote it, not as pydantic or a class name has it.
export function titleOf(given, name) {
  const made = name.replaceAll("_", " ").replace(/(^|[^A-Za-z])[a-z]/g, (found) => found.toUpperCase());
  return given.title && given.title !== made ? given.title : spoken(name);
}

// What a variant is called: its fixed value, else its class in words.
export function variantTitle(variant, number, root) {
  for (const one of Object.values(variant.properties || {})) {
    const below = placeOf(one, root).schema;
    if (typeof below.const === "string") return spoken(below.const);
  }
  if (variant.title) return spoken(variant.title.replaceAll(/([a-z])([A-Z])/g, (_, end, begin) => `${end} ${begin.toLowerCase()}`));
  return { string: "Text", number: "Number", integer: "Whole number", boolean: "Yes or no", list: "List", map: "Names and values" }[placeOf(variant, root).kind] || `Kind ${number + 1}`;
}

// What a new value at this place begins as.
export function beginning(given, root) {
  const { kind, schema, variants } = placeOf(given, root);
  if ("default" in schema && schema.default !== null) return structuredClone(schema.default);
  if (kind === "choice") return beginning(variants[0], root);
  if (kind === "enum") return optionsOf(schema)[0];
  if (kind === "object") {
    const found = {};
    for (const [name, below] of Object.entries(schema.properties)) {
      const place = placeOf(below, root);
      if ("const" in place.schema) found[name] = place.schema.const;
      else if ((schema.required || []).includes(name) && ["object", "list", "map"].includes(place.kind)) found[name] = beginning(below, root);
    }
    return found;
  }
  return { map: {}, list: [], boolean: false, number: 0, integer: 0, string: "", secret: "" }[kind] ?? null;
}

// Which of several schemas the value belongs to: the one whose fixed values it has, else the first of its type.
export function variantOf(value, variants, root) {
  const places = variants.map((one) => placeOf(one, root));
  const fixed = places.findIndex(
    ({ kind, schema }) =>
      kind === "object" &&
      isObject(value) &&
      Object.entries(schema.properties).some(([name, one]) => {
        const below = placeOf(one, root).schema;
        return "const" in below && value[name] === below.const;
      }),
  );
  if (fixed >= 0) return fixed;
  return Math.max(0, places.findIndex((place) => isOf(value, place)));
}

function isOf(value, { kind, schema }) {
  if (kind === "enum") return optionsOf(schema).includes(value);
  if (kind === "object" || kind === "map") return isObject(value);
  if (kind === "list") return Array.isArray(value);
  if (kind === "integer") return Number.isInteger(value);
  return { number: "number", string: "string", secret: "string", boolean: "boolean" }[kind] === typeof value;
}

export const isObject = (value) => typeof value === "object" && value !== null && !Array.isArray(value);

// A value in a few words, for "Default: …".
export function inWords(value) {
  if (value === true || value === false) return value ? "yes" : "no";
  if (value === null || value === undefined) return "none";
  if (value === "") return "empty";
  const parts = Array.isArray(value) ? value.map(inWords) : isObject(value) ? Object.entries(value).map(([name, one]) => `${name.replaceAll("_", " ")} ${inWords(one)}`) : [String(value)];
  const text = parts.join(", ") || "empty";
  return text.length > 60 ? `${text.slice(0, 59)}…` : text;
}

// "0 to 1", "at most 80 characters": what the schema allows, in words.
export function boundsOf(schema) {
  const low = schema.minimum ?? schema.exclusiveMinimum;
  const high = schema.maximum ?? schema.exclusiveMaximum;
  const over = "exclusiveMinimum" in schema ? "more than" : "at least";
  const under = "exclusiveMaximum" in schema ? "less than" : "at most";
  const open = "exclusiveMinimum" in schema || "exclusiveMaximum" in schema;
  const found = [];
  if (low !== undefined && high !== undefined && !open) found.push(`${low} to ${high}`);
  else {
    if (low !== undefined) found.push(`${over} ${low}`);
    if (high !== undefined) found.push(`${under} ${high}`);
  }
  if (schema.multipleOf) found.push(`a multiple of ${schema.multipleOf}`);
  if (schema.minLength > 1) found.push(`at least ${schema.minLength} characters`);
  if (schema.maxLength) found.push(`at most ${schema.maxLength} characters`);
  if (schema.minItems) found.push(`at least ${schema.minItems} ${schema.minItems === 1 ? "entry" : "entries"}`);
  if (schema.maxItems) found.push(`at most ${schema.maxItems} ${schema.maxItems === 1 ? "entry" : "entries"}`);
  return found.join(", ");
}

export const pointerOf = (path) => path.map((part) => `/${String(part).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");
