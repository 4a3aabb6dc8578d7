/** The types and the pure part of translation: catalogues in, text out. No React here. */

export const languages = ["en", "ru", "pl"] as const;
export type Language = (typeof languages)[number];

export const languageNames: Record<Language, string> = { en: "English", ru: "Русский", pl: "Polski" };

/** English needs two forms; Russian and Polish need all four, and the type insists on them. */
export type EnglishForms = { one: string; other: string };
export type SlavicForms = { one: string; few: string; many: string; other: string };
export type Forms = EnglishForms | SlavicForms;
export type Entry = string | Forms | { [key: string]: Entry };

/** What a Russian or Polish catalogue must look like, given the English one: every key, every plural form. */
export type Translated<T> = {
  [K in keyof T]: T[K] extends string ? string : T[K] extends EnglishForms ? SlavicForms : Translated<T[K]>;
};

/** All dotted paths of a catalogue that end in a message. */
export type KeyOf<T, Prefix extends string = ""> = {
  [K in keyof T & string]: T[K] extends string | EnglishForms ? `${Prefix}${K}` : KeyOf<T[K], `${Prefix}${K}.`>;
}[keyof T & string];

export type Value = string | number;
export type Values = Record<string, Value>;

export function isForms(entry: Entry | undefined): entry is Forms {
  return typeof entry === "object" && typeof entry["other"] === "string";
}

export function lookUp(catalogue: Entry, key: string): Entry | undefined {
  let entry: Entry | undefined = catalogue;
  for (const part of key.split(".")) {
    if (typeof entry !== "object") return undefined;
    entry = (entry as Record<string, Entry>)[part];
  }
  return entry;
}

export type Piece = { text: string } | { name: string } | { tag: string; pieces: Piece[] };

const parsed = new Map<string, Piece[]>();

/** Split a message into text, `{name}` places and `<b>…</b>` spans. Values are put in afterwards, so they are never parsed. */
export function parse(message: string): Piece[] {
  const known = parsed.get(message);
  if (known) return known;
  const pieces: Piece[] = [];
  const pattern = /<([a-z]+)>(.*?)<\/\1>|\{([a-z_]+)\}/gi;
  let from = 0;
  for (const match of message.matchAll(pattern)) {
    if (match.index > from) pieces.push({ text: message.slice(from, match.index) });
    const [, tag, inner, name] = match;
    pieces.push(tag === undefined ? { name: name ?? "" } : { tag, pieces: parse(inner ?? "") });
    from = match.index + match[0].length;
  }
  if (from < message.length) pieces.push({ text: message.slice(from) });
  parsed.set(message, pieces);
  return pieces;
}

/** The plural form that the number `n` asks for, or the text itself. */
export function choose(entry: Entry | undefined, n: Value | undefined, rules: Intl.PluralRules): string {
  if (typeof entry === "string") return entry;
  if (!isForms(entry)) return "";
  const form = typeof n === "number" ? rules.select(n) : "other";
  return (entry as Record<string, string>)[form] ?? entry.other;
}

export function fill(pieces: Piece[], values: Values, number: (value: number) => string): string {
  return pieces
    .map((piece) => {
      if ("text" in piece) return piece.text;
      if ("tag" in piece) return fill(piece.pieces, values, number);
      const value = values[piece.name];
      return typeof value === "number" ? number(value) : (value ?? "");
    })
    .join("");
}
