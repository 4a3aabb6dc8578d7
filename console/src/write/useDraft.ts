/** The draft, kept in the browser with every change, so that neither Escape nor a server that is down loses a word. */
import { useCallback, useState } from "react";

import { blank, keepDraft, readDraft, type Draft } from "./model";

export interface Drafted {
  draft: Draft;
  /** When what was found here had been written; null for a new one. */
  found: { at: string; tried: boolean } | null;
  change: (by: Partial<Draft>) => void;
  restart: (from?: Partial<Draft>) => void;
  forget: () => void;
}

export function useDraft(who: string, person: string): Drafted {
  const [first] = useState(() => readDraft(who, person));
  const [draft, setDraft] = useState(() => first ?? blank());
  const [found, setFound] = useState(first && { at: first.changedAt, tried: first.tried !== null });
  const change = useCallback(
    (by: Partial<Draft>) =>
      setDraft((was) => {
        const next = { ...was, ...by, changedAt: new Date().toISOString() };
        keepDraft(who, person, next);
        return next;
      }),
    [who, person],
  );
  const forget = useCallback(() => keepDraft(who, person, null), [who, person]);
  const restart = useCallback(
    (from: Partial<Draft> = {}) => {
      forget();
      setFound(null);
      setDraft((was) => ({ ...blank(was.site), class: was.class, purpose: was.purpose, ...from }));
    },
    [forget],
  );
  return { draft, found, change, restart, forget };
}
