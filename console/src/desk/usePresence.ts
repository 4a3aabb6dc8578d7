/** Who else looks at a conversation, who writes an answer there now, and whether its customer does in the site's chat. */
import { useEffect, useState, useSyncExternalStore } from "react";

import { socket, useSocketState, useTopic } from "~/socket";

/** The server forgets whoever says nothing for 12 seconds. */
const RENEW_MS = 5_000;

interface Somebody {
  id: string;
  name: string;
  writes: boolean;
}
export interface Present {
  here: string[];
  writing: string[];
  customer: boolean;
}

export function watchVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

/** channel: by which what is written would go. */
export function usePresence(person: string | null, typing: boolean, channel: string | null, me: string | undefined): Present {
  const topic = person && `present:${person}`;
  const [told, setTold] = useState<{ topic: string | null; people: Somebody[]; customer: boolean }>({ topic: null, people: [], customer: false });
  const looking = useSyncExternalStore(watchVisibility, () => !document.hidden);
  const open = useSocketState().kind === "open";
  useTopic(topic, (message) => setTold({ topic, people: message["people"] as Somebody[], customer: message["customer_writes"] === true }));
  useEffect(() => {
    if (!topic || !looking || !open) return;
    const say = () => socket.send({ presence: { topic, typing, channel } });
    say();
    const timer = setInterval(say, RENEW_MS);
    return () => clearInterval(timer);
  }, [topic, typing, channel, looking, open]);
  useEffect(() => {
    if (!topic || !looking) return;
    return () => socket.send({ presence: null });
  }, [topic, looking]);
  const fresh = open && told.topic === topic;
  const others = fresh ? told.people.filter(({ id }) => id !== me) : [];
  return {
    here: others.filter(({ writes }) => !writes).map(({ name }) => name),
    writing: others.filter(({ writes }) => writes).map(({ name }) => name),
    customer: fresh && told.customer,
  };
}
