/** One WebSocket for the whole tab. Pages subscribe to topics; the hub reconnects by itself and says in what state it is. */
import { useEffect, useRef, useSyncExternalStore } from "react";

import { api } from "./api/client";

export type SocketState =
  | { kind: "idle" }
  | { kind: "connecting"; attempt: number }
  | { kind: "open" }
  /** Lost; the next try starts at `until` (milliseconds since the epoch). */
  | { kind: "waiting"; until: number; attempt: number };

export type Message = { topic: string } & Record<string, unknown>;
type Handler = (message: Message) => void;

/** The server closes with this when the session ended. */
const SESSION_ENDED = 4401;
const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 20_000;

class Hub {
  private socket: WebSocket | null = null;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private attempt = 0;
  private opened = 0;
  state: SocketState = { kind: "idle" };

  subscribe(topic: string, handler: Handler): () => void {
    const known = this.handlers.get(topic);
    if (known) known.add(handler);
    else this.handlers.set(topic, new Set([handler]));
    if (!known) this.send({ subscribe: [topic] });
    if (this.state.kind === "idle") this.connect();
    return () => {
      const left = this.handlers.get(topic);
      if (!left?.delete(handler) || left.size > 0) return;
      this.handlers.delete(topic);
      this.send({ unsubscribe: [topic] });
    };
  }

  /** Called on every change of state; gives back the function that stops it. */
  watch = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** How often a connection has opened; a page that sees it grow must fetch what it missed. */
  readonly opens = (): number => this.opened;

  retryNow(): void {
    if (this.state.kind !== "waiting") return;
    clearTimeout(this.timer);
    this.connect();
  }

  send(message: object): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private set(state: SocketState): void {
    this.state = state;
    for (const listener of this.listeners) listener();
  }

  private connect(): void {
    this.set({ kind: "connecting", attempt: this.attempt });
    const address = new URL("/api/socket", location.href);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    const socket = new WebSocket(address);
    this.socket = socket;
    socket.onopen = () => {
      this.attempt = 0;
      this.opened += 1;
      this.set({ kind: "open" });
      const topics = [...this.handlers.keys()];
      if (topics.length > 0) this.send({ subscribe: topics });
    };
    socket.onmessage = (event: MessageEvent<string>) => this.receive(event.data);
    socket.onclose = (event) => this.lost(socket, event.code);
  }

  private receive(text: string): void {
    const message = JSON.parse(text) as Message;
    for (const handler of this.handlers.get(message.topic) ?? []) handler(message);
  }

  private lost(socket: WebSocket, code: number): void {
    if (socket !== this.socket) return;
    this.socket = null;
    // A refused handshake does not say why; a request that needs the session does, and leads to the login page.
    if (code === SESSION_ENDED || this.attempt === 2) void api.get("/api/me").catch(() => undefined);
    // Half of each wait is by chance, so that many consoles do not come back in one instant.
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.attempt);
    const wait = longest / 2 + (Math.random() * longest) / 2;
    this.attempt += 1;
    this.set({ kind: "waiting", until: Date.now() + wait, attempt: this.attempt });
    this.timer = setTimeout(() => this.connect(), wait);
  }
}

export const socket = new Hub();

if (typeof window !== "undefined") window.addEventListener("online", () => socket.retryNow());

export function useSocketState(): SocketState {
  return useSyncExternalStore(socket.watch, () => socket.state);
}

/** Grows by one with every connection; put it into an effect's inputs to fetch again after a gap. */
export function useSocketOpens(): number {
  return useSyncExternalStore(socket.watch, socket.opens);
}

export function useTopic(topic: string | null, handler: Handler): void {
  const latest = useRef(handler);
  useEffect(() => {
    latest.current = handler;
  });
  useEffect(() => {
    if (topic === null) return;
    return socket.subscribe(topic, (message) => latest.current(message));
  }, [topic]);
}
