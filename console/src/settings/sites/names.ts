/** What the codes of a site are called in the reader's language. */
import { useMemo } from "react";

import { useI18n } from "~/i18n";

type Kind = "region" | "language" | "currency";

export function useNames(): { name: (kind: Kind, code: string) => string; choices: (kind: Kind, codes: readonly string[]) => { value: string; label: string }[] } {
  const { fmt } = useI18n();
  return useMemo(() => {
    const known = Object.fromEntries((["region", "language", "currency"] as const).map((type) => [type, new Intl.DisplayNames(fmt.locale, { type })])) as Record<Kind, Intl.DisplayNames>;
    const name = (kind: Kind, code: string) => {
      try {
        return known[kind].of(code) ?? code;
      } catch {
        return code; // a tag that the browser cannot read
      }
    };
    // Two codes may be called the same, and people type codes too: hence both.
    const label = (kind: Kind, code: string) => `${name(kind, code)} (${code})`;
    const order = new Intl.Collator(fmt.locale);
    return { name, choices: (kind, codes) => codes.map((value) => ({ value, label: label(kind, value) })).sort((a, b) => order.compare(a.label, b.label)) };
  }, [fmt.locale]);
}
