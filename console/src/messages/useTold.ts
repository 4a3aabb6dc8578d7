/** Asks again when the socket tells of a change: at once, and once for all that changes while an answer is on its way. */
import { useEffect, useRef } from "react";

import { useTopic } from "~/socket";

/** A campaign changes all the time: so long after each answer nothing is asked. */
const REST_MS = 700;

interface Query {
  isFetching: boolean;
  refetch: (options: { cancelRefetch: boolean }) => Promise<unknown>;
}

/** Nobody looks at a tab behind others, and asking would keep its session from ending. */
async function seen(): Promise<void> {
  while (document.hidden) await new Promise((resolve) => document.addEventListener("visibilitychange", resolve, { once: true }));
}

/** No topic: nothing is followed. */
export function useTold(topic: string | null, query: Query): void {
  const latest = useRef(query);
  const told = useRef(false);
  const busy = useRef(false);
  const gone = useRef(false);
  useEffect(() => {
    latest.current = query;
  });
  useEffect(() => {
    gone.current = false;
    return () => void (gone.current = true);
  }, []);
  const follow = async () => {
    busy.current = true;
    while (told.current && !gone.current) {
      await seen();
      if (gone.current) break;
      told.current = false;
      // What was asked before the change may be answered from before it.
      if (latest.current.isFetching) await latest.current.refetch({ cancelRefetch: false });
      await latest.current.refetch({ cancelRefetch: false });
      await new Promise((resolve) => setTimeout(resolve, REST_MS));
    }
    busy.current = false;
  };
  useTopic(topic, () => {
    told.current = true;
    if (!busy.current) void follow();
  });
}
