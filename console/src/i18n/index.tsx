/** `useI18n()` gives `t` (text), `tx` (text with <b> spans and nodes put in), `fmt` (numbers, money, times) and the language. */
import { createContext, Fragment, use, useEffect, useMemo, useState, type ReactNode } from "react";

import { choose, fill, languages, lookUp, parse, type Entry, type KeyOf, type Language, type Piece, type Values } from "./core";
import type { en } from "./en";
import { makeFormat, type Format } from "./format";
import { speak } from "./words";

export { languageNames, languages, type Language, type Translated, type EnglishForms } from "./core";
export type { Format, When } from "./format";
export { speak, withWords } from "./words";

export type Catalogue = typeof en;
export type MessageKey = KeyOf<Catalogue>;

type Nodes = Record<string, ReactNode>;
export type Translate = (key: MessageKey, values?: Values) => string;
export type TranslateRich = (key: MessageKey, values?: Nodes, tags?: Record<string, (children: ReactNode) => ReactNode>) => ReactNode;

export interface I18n {
  language: Language;
  setLanguage: (language: Language) => void;
  t: Translate;
  tx: TranslateRich;
  fmt: Format;
  /** Whether the catalogue has this key; for words that arrive from the server, such as event names. */
  has: (key: string) => key is MessageKey;
}

const STORED = "onevoice.language";

export function guessLanguage(): Language {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages];
  for (const tag of wanted) {
    const language = languages.find((known) => tag?.toLowerCase().startsWith(known));
    if (language) return language;
  }
  return "en";
}

function nodesOf(pieces: Piece[], values: Nodes, fmt: Format, tags: Record<string, (children: ReactNode) => ReactNode>): ReactNode[] {
  return pieces.map((piece, index) => {
    if ("text" in piece) return piece.text;
    if ("tag" in piece) {
      const children = nodesOf(piece.pieces, values, fmt, tags);
      const wrap = tags[piece.tag];
      return <Fragment key={index}>{wrap ? wrap(children) : <b>{children}</b>}</Fragment>;
    }
    const value = values[piece.name];
    return <Fragment key={index}>{typeof value === "number" ? fmt.number(value) : value}</Fragment>;
  });
}

export function makeI18n(language: Language, catalogue: Entry, setLanguage: (language: Language) => void): I18n {
  const fmt = makeFormat(language);
  const rules = new Intl.PluralRules(fmt.locale);
  const messageOf = (key: string, n: unknown) => choose(lookUp(catalogue, key), typeof n === "number" ? n : undefined, rules) || key;
  return {
    language,
    setLanguage,
    fmt,
    t: (key, values = {}) => fill(parse(messageOf(key, values["n"])), values, fmt.number),
    tx: (key, values = {}, tags = {}) => nodesOf(parse(messageOf(key, values["n"])), values, fmt, tags),
    has: (key): key is MessageKey => {
      const entry = lookUp(catalogue, key);
      return entry !== undefined && choose(entry, 0, rules) !== "";
    },
  };
}

const Context = createContext<I18n | null>(null);

export function useI18n(): I18n {
  const value = use(Context);
  if (!value) throw new Error("useI18n needs I18nProvider above it");
  return value;
}

export function I18nProvider({ initial, children }: { initial: { language: Language; catalogue: Entry }; children: ReactNode }) {
  const [state, setState] = useState(initial);
  const value = useMemo(
    () =>
      makeI18n(state.language, state.catalogue, (language) => {
        localStorage.setItem(STORED, language);
        void speak(language).then((catalogue) => setState({ language, catalogue }));
      }),
    [state],
  );
  useEffect(() => {
    document.documentElement.lang = state.language;
  }, [state.language]);
  return <Context value={value}>{children}</Context>;
}
