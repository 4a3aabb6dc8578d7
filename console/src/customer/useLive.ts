/** What arrives while the page is open goes on top at once, or waits behind a button while the reader is further down. */

import { useCallback, useEffect, useRef, useState } from "react";

import { useSocketOpens, useTopic } from "~/socket";

import type { ThreadFilter, Times } from "./model/queries";
import { useRefreshThread } from "./thread/useThread";

const SETTLE_MS = 300;

interface LiveOptions {
  id: string | null;
  profileRef: string;
  times: Times;
  filter: ThreadFilter;
  hold: boolean;
  past: boolean;
  fresh: (what: "all" | "but events") => Promise<void>;
}

export interface Live {
  /** Changes that wait for the reader. */
  waiting: number;
  /** Grows when they are taken in. */
  taken: number;
  changed: boolean;
  take: () => void;
}

export function useLive({ id, profileRef, times, filter, hold, past, fresh }: LiveOptions): Live {
  const refresh = useRefreshThread(profileRef, times, filter);
  const [waiting, setWaiting] = useState(0);
  const [taken, setTaken] = useState(0);
  const [changed, setChanged] = useState(false);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  const held = useRef(hold);
  useEffect(() => {
    held.current = hold;
  }, [hold]);

  const arrive = useCallback(() => {
    clearTimeout(timer.current);
    timer.current = setTimeout(() => {
      void fresh("but events");
      if (past) return;
      if (held.current) setWaiting((n) => n + 1);
      else void refresh().then((count) => setChanged(count !== 0));
    }, SETTLE_MS);
  }, [fresh, past, refresh]);

  useTopic(id === null ? null : `profile:${id}`, arrive);

  const opens = useSocketOpens();
  const first = useRef(opens);
  useEffect(() => {
    // A connection that came back: what happened in the gap was not told.
    if (opens > Math.max(1, first.current)) arrive();
    first.current = opens;
  }, [opens, arrive]);
  useEffect(() => () => clearTimeout(timer.current), []);

  const take = useCallback(() => {
    setWaiting(0);
    setTaken((n) => n + 1);
    void refresh();
  }, [refresh]);
  return { waiting, taken, changed, take };
}
