/** What the chat says. Each language is a file of its own: a visitor loads one. */
import type { Words } from "./words/en";

export type { Words };

const parts: Record<string, () => Promise<{ words: Words }>> = {
  en: () => import("./words/en"),
  pl: () => import("./words/pl"),
  ru: () => import("./words/ru"),
};

/** The first of the wanted that we speak, such as `pl-PL`. */
export async function speak(wanted: (string | null | undefined)[]): Promise<[string, Words]> {
  const found = wanted.map((one) => (one ?? "").slice(0, 2).toLowerCase()).find((one) => parts[one]) ?? "en";
  return [found, (await parts[found]!()).words];
}

export function put(text: string, values: Record<string, string | number> = {}): string {
  const filled = text.replace(/\{(\w+)\}/g, (_, name: string) => String(values[name] ?? ""));
  // In Polish and Russian a word of one letter does not stand at the end of a line.
  return filled.replace(/(^|[\s(])([a-zа-я]) /gi, "$1$2\u00a0");
}

/** One, few or many, as the language counts. */
export function counted(language: string, forms: string[], n: number): string {
  const form = { one: 0, few: 1 }[new Intl.PluralRules(language).select(n) as string] ?? 2;
  return put(forms[form]!, { n });
}
