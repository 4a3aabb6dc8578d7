/** Which words are here: the base comes before the first page, a page's own part with the page. */
import type { Entry, Language } from "./core";

export type Part =
  | "base"
  | "live"
  | "customer"
  | "data"
  | "plan"
  | "consent"
  | "content"
  | "webhooks"
  | "settings"
  | "messages"
  | "write"
  | "accounts"
  | "sending"
  | "desk"
  | "tour";
export type Catalogue = Record<string, Entry>;

const files: Record<Language, Record<Part, () => Promise<Catalogue>>> = {
  en: {
    base: () => import("./en/base"),
    live: () => import("./en/live"),
    customer: () => import("./en/customer"),
    data: () => import("./en/data"),
    plan: () => import("./en/plan"),
    consent: () => import("./en/consent"),
    content: () => import("./en/content"),
    webhooks: () => import("./en/webhooks"),
    settings: () => import("./en/settings"),
    messages: () => import("./en/messages"),
    write: () => import("./en/write"),
    accounts: () => import("./en/accounts"),
    sending: () => import("./en/sending"),
    desk: () => import("./en/desk"),
    tour: () => import("./en/tour"),
  },
  ru: {
    base: () => import("./ru/base"),
    live: () => import("./ru/live"),
    customer: () => import("./ru/customer"),
    data: () => import("./ru/data"),
    plan: () => import("./ru/plan"),
    consent: () => import("./ru/consent"),
    content: () => import("./ru/content"),
    webhooks: () => import("./ru/webhooks"),
    settings: () => import("./ru/settings"),
    messages: () => import("./ru/messages"),
    write: () => import("./ru/write"),
    accounts: () => import("./ru/accounts"),
    sending: () => import("./ru/sending"),
    desk: () => import("./ru/desk"),
    tour: () => import("./ru/tour"),
  },
  pl: {
    base: () => import("./pl/base"),
    live: () => import("./pl/live"),
    customer: () => import("./pl/customer"),
    data: () => import("./pl/data"),
    plan: () => import("./pl/plan"),
    consent: () => import("./pl/consent"),
    content: () => import("./pl/content"),
    webhooks: () => import("./pl/webhooks"),
    settings: () => import("./pl/settings"),
    messages: () => import("./pl/messages"),
    write: () => import("./pl/write"),
    accounts: () => import("./pl/accounts"),
    sending: () => import("./pl/sending"),
    desk: () => import("./pl/desk"),
    tour: () => import("./pl/tour"),
  },
};
const catalogues: Record<Language, Catalogue> = { en: {}, ru: {}, pl: {} };
const parts = new Set<Part>();
/** The language shown, and the one asked for while its words are under way: a part that comes in between is needed in both. */
const spoken = new Set<Language>();

async function load(language: Language, part: Part): Promise<void> {
  Object.assign(catalogues[language], await files[language][part]());
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
  const [found] = await Promise.all([page, ...[...spoken].flatMap((language) => wanted.map((part) => load(language, part)))]);
  return found;
}
