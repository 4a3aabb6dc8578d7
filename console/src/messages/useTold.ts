/** Asks again when the socket tells of a change: at once, and once for all that changes while an answer is on its way. */
import { useEffect, useRef } from "react";

import { useTopic, type Message } from "~/socket";

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

/** No topic: nothing is followed. `take`: puts what a message carries in its place, and says whether it could; not asked
 * while an answer is on its way, which may be from before it. */
export function useTold(topic: string | null, query: Query, take?: (message: Message) => boolean, restMs = REST_MS): void {
  const latest = useRef(query);
  const told = useRef(false);
  const busy = useRef(false);
  const asks = useRef(false);
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
      asks.current = true;
      // What was asked before the change may be answered from before it.
      if (latest.current.isFetching) await latest.current.refetch({ cancelRefetch: false });
      await latest.current.refetch({ cancelRefetch: false });
      asks.current = false;
      await new Promise((resolve) => setTimeout(resolve, restMs));
    }
    busy.current = false;
  };
  useTopic(topic, (message) => {
    if (!told.current && !asks.current && !latest.current.isFetching && take?.(message)) return;
    told.current = true;
    if (!busy.current) void follow();
  });
}
