/** Who else looks at a conversation, and who writes an answer there now. */
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
}

export function watchVisibility(listener: () => void): () => void {
  document.addEventListener("visibilitychange", listener);
  return () => document.removeEventListener("visibilitychange", listener);
}

export function usePresence(person: string | null, typing: boolean, me: string | undefined): Present {
  const topic = person && `present:${person}`;
  const [told, setTold] = useState<{ topic: string | null; people: Somebody[] }>({ topic: null, people: [] });
  const looking = useSyncExternalStore(watchVisibility, () => !document.hidden);
  const open = useSocketState().kind === "open";
  useTopic(topic, (message) => setTold({ topic, people: message["people"] as Somebody[] }));
  useEffect(() => {
    if (!topic || !looking || !open) return;
    const say = () => socket.send({ presence: { topic, typing } });
    say();
    const timer = setInterval(say, RENEW_MS);
    return () => clearInterval(timer);
  }, [topic, typing, looking, open]);
  useEffect(() => {
    if (!topic || !looking) return;
    return () => socket.send({ presence: null });
  }, [topic, looking]);
  const others = open && told.topic === topic ? told.people.filter(({ id }) => id !== me) : [];
  return { here: others.filter(({ writes }) => !writes).map(({ name }) => name), writing: others.filter(({ writes }) => writes).map(({ name }) => name) };
}
