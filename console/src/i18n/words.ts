/** Which words are here: the base comes before the first page, a page's own part with the page. */
import type { Entry, Language } from "./core";

export type Part = "base" | "live" | "customer" | "data" | "plan" | "webhooks" | "settings" | "tour";
export type Catalogue = Record<string, Entry>;

const files = import.meta.glob<Catalogue>(["./{en,ru,pl}/{base,live,customer,data,plan,webhooks,settings,tour}.ts"]);
const catalogues: Record<Language, Catalogue> = { en: {}, ru: {}, pl: {} };
const parts = new Set<Part>();
/** The language shown, and the one asked for while its words are under way: a part that comes in between is needed in both. */
const spoken = new Set<Language>();

async function load(language: Language, part: Part): Promise<void> {
  const file = files[`./${language}/${part}.ts`];
  if (!file) throw new Error(`there are no words ${part} in ${language}`);
  Object.assign(catalogues[language], await file());
}

/** All that has been called for so far, in this language. The object grows as further parts come. */
export async function speak(language: Language): Promise<Catalogue> {
  spoken.add(language);
  parts.add("base");
  await Promise.all([...parts].map((part) => load(language, part)));
  return catalogues[language];
}

/** A page, once its words are here too. */
export async function withWords<M>(wanted: Part[], page: Promise<M>): Promise<M> {
  for (const part of wanted) parts.add(part);
  await Promise.all([...spoken].flatMap((language) => wanted.map((part) => load(language, part))));
  return page;
}
