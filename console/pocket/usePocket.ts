/** The pocket as it is now: one request at a time, answered once there is something new to see. */
import { useCallback, useEffect, useRef, useState } from "react";

import type { Pocket, Told } from "./model";

const AGAIN_MS = 1_500;

export class Refused extends Error {
  constructor(readonly code: string, detail: string) {
    super(detail);
  }
}

export type Act = (what: string, given?: Record<string, unknown>) => Promise<void>;

export interface Live {
  pocket: Pocket | null;
  /** Whether the stand-ins answer. */
  there: boolean;
  /** How far the clock of the stand-ins runs ahead of this one, in ms. */
  ahead: number;
  act: Act;
}

export function usePocket(person: string): Live {
  const [told, setTold] = useState<Told | null>(null);
  const [there, setThere] = useState(true);
  const [ahead, setAhead] = useState(0);
  const shown = useRef(person);
  useEffect(() => {
    const stop = new AbortController();
    shown.current = person;
    void follow(person, stop.signal, (next) => {
      setThere(next !== null);
      if (!next?.state) return;
      setTold(next);
      setAhead(Date.parse(next.now) - Date.now());
    });
    return () => stop.abort();
  }, [person]);
  const act = useCallback<Act>(async (what, given = {}) => {
    const answer = await fetch("/pocket/act", {
      method: "POST",
      headers: { "Content-Type": "application/json", "X-Pocket": "1" },
      body: JSON.stringify({ do: what, person: shown.current, ...given }),
    });
    if (answer.ok) return;
    const said = (await answer.json().catch(() => ({}))) as { code?: string; detail?: string };
    throw new Refused(said.code ?? "away", said.detail ?? "");
  }, []);
  const pocket = told?.state ?? null;
  return { pocket: pocket && (person === "" || pocket.person.key === person) ? pocket : null, there, ahead, act };
}

async function follow(person: string, signal: AbortSignal, tell: (told: Told | null) => void): Promise<void> {
  let seen = "";
  while (!signal.aborted) {
    try {
      const answer = await fetch(`/pocket/state?${new URLSearchParams({ person, seen })}`, { signal });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = (await answer.json()) as Told;
      if (signal.aborted) return;
      seen = told.version;
      tell(told);
    } catch {
      if (signal.aborted) return;
      tell(null);
      await new Promise((done) => setTimeout(done, AGAIN_MS));
    }
  }
}
