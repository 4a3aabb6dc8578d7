/** The pocket's own small catalogue, in the console's form; reasons are said in the console's words. */
import { createContext, use, useMemo, useState, type ReactNode } from "react";

import { choose, fill, languages, lookUp, parse, type KeyOf, type Language, type Values } from "~/i18n/core";
import { messages as enMessages } from "~/i18n/en/messages";
import { makeFormat, type Format } from "~/i18n/format";
import { messages as plMessages } from "~/i18n/pl/messages";
import { messages as ruMessages } from "~/i18n/ru/messages";

import { en } from "./words/en";
import { pl } from "./words/pl";
import { ru } from "./words/ru";

const catalogues = { en: { ...en, reasons: enMessages.reasons }, ru: { ...ru, reasons: ruMessages.reasons }, pl: { ...pl, reasons: plMessages.reasons } };

export type Words = { t: (key: KeyOf<typeof en>, values?: Values) => string; why: (rule: string | null, why: string | null) => string; fmt: Format; language: Language; setLanguage: (to: Language) => void };

const STORED = "onevoice.language";
const Context = createContext<Words | null>(null);

function guess(): Language {
  const wanted = [localStorage.getItem(STORED), ...navigator.languages];
  return wanted.map((tag) => languages.find((known) => tag?.toLowerCase().startsWith(known))).find(Boolean) ?? "en";
}

export function useWords(): Words {
  const words = use(Context);
  if (!words) throw new Error("useWords needs WordsProvider above it");
  return words;
}

export function WordsProvider({ children }: { children: ReactNode }) {
  const [language, choose_] = useState(guess);
  const words = useMemo<Words>(() => {
    const fmt = makeFormat(language);
    const rules = new Intl.PluralRules(fmt.locale);
    const said = (key: string, values: Values) => {
      const form = choose(lookUp(catalogues[language], key), values["n"], rules);
      return form && fill(parse(form), values, fmt.number);
    };
    return {
      language,
      setLanguage: (to) => {
        localStorage.setItem(STORED, to);
        document.documentElement.lang = to;
        choose_(to);
      },
      fmt,
      t: (key, values = {}) => said(key, values) || key,
      why: (rule, why) => {
        if (!rule) return why ?? "";
        const [scope] = (why ?? "").split(":");
        const named = said(`reasons.${rule}.${why}`, {}) || (scope && said(`reasons.${rule}.${scope}`, { what: (why ?? "").slice(scope.length + 1) }));
        return named || said(`reasons.${rule}.other`, { code: why ?? "" }) || said("reasons.other", { rule, why: why ?? "" });
      },
    };
  }, [language]);
  return <Context value={words}>{children}</Context>;
}
