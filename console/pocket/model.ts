/** What the stand-ins tell of one person's pocket. Times are ISO 8601. */
export type Door = "telegram" | "email" | "chat";
export type Device = "phone" | "mailbox";
export type Provider = "telegram" | "email";
export type Mode = "ok" | "slow" | "busy" | "down";
export type Kind = "answer" | "ask" | "offer";

export const modes: readonly Mode[] = ["ok", "slow", "busy", "down"];
export const providers: readonly Provider[] = ["telegram", "email"];
export const kinds: readonly Kind[] = ["answer", "ask", "offer"];

export interface Button {
  text: string;
  data: string | null;
  url: string | null;
}

export interface Said {
  key: string;
  number: number;
  ours: boolean;
  at: string;
  text: string;
  file: string | null;
  edited: boolean;
  buttons: Button[][];
}

export interface Letter {
  key: string;
  uid: number;
  ours: boolean;
  at: string;
  from: string;
  subject: string;
  text: string;
  html: boolean;
  /** Names of what is attached. */
  files: string[];
  one_click: boolean;
  mark: "spam" | "bounced" | "unsubscribed" | null;
}

/** `key`: the message on its device. `n`: its number there and here. */
export interface Item {
  kind: "ours" | "theirs" | "silence" | "learnt";
  id: string;
  key?: string | null;
  n?: number;
  door: string;
  at: string;
  text?: string;
  who?: string | null;
  auto?: boolean;
  template?: string | null;
  class?: string;
  state?: string;
  waiting?: boolean;
  due_at?: string;
  rule?: string | null;
  why?: string | null;
  what?: string;
  purpose?: string;
  detail?: string | null;
  tries?: { code: string; at: string; outcome: string }[];
}

export interface Knot {
  n: number;
  key: string;
  device: Device | null;
  waiting: boolean;
}

export interface Against {
  rule: string;
  why: string;
  until: string | null;
  since: string | null;
}

export interface Option {
  outcome: { action: "send" | "defer" | "suppress"; channel: string | null; chosen_by: string; until: string | null; rule: string | null; why: string | null };
  channels: { channel: string; result: string; against: Against | null }[];
}

export interface Pocket {
  brand: string;
  bot: string;
  address: string;
  people: { key: string; name: string }[];
  person: { key: string; name: string; id: string | null };
  phone: { started: boolean; blocked: boolean; messages: Said[]; earlier: number } | null;
  mailbox: { address: string; letters: Letter[] } | null;
  /** Where the browser begins; `shown`: what its address bar calls the origin. */
  browser: { origin: string; path: string; shown: string } | null;
  story: { items: Item[]; knots: Knot[]; hidden: number };
  options: Partial<Record<Kind, Option>>;
  trouble: { code: string; detail: string } | null;
  providers: Record<Provider, { mode: Mode; asked: number; took: number }>;
  reckoned: { lost: number; twice: number };
  /** From when on it is looked at: what was said earlier is the past that the demo begins with. */
  since: string;
}

export interface Told {
  version: string;
  now: string;
  state: Pocket | null;
}

export const doorOf: Record<Device, Door> = { phone: "telegram", mailbox: "email" };
export const isDoor = (door: string): door is Door => door === "telegram" || door === "email" || door === "chat";

/** What is on its way: asked for, and not with its provider yet. */
export const waitingOf = (pocket: Pocket): Item[] => pocket.story.items.filter((item) => item.waiting);
