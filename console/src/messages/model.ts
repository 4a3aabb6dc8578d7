/** Shapes of the API of messages. Money in minor units, times RFC 3339, ids strings. */
import type { Json } from "~/api";

export const states = ["planned", "queued", "sending", "sent", "delivered", "read", "clicked", "suppressed", "cancelled", "failed", "bounced", "uncertain"] as const;
export type State = (typeof states)[number];
export const classes = ["transactional", "conversational", "marketing", "test"] as const;
export type MessageClass = (typeof classes)[number];

/** In the order in which they are asked. */
export const gates = ["kill_switch", "consent", "block_list", "reachable", "window", "quiet_hours", "pressure", "duplicate", "cost"] as const;
export type Gate = (typeof gates)[number];
export const rules = [...gates, "provider", "content"] as const;

export interface Message {
  id: string;
  /** Null of a test to an address that nobody is known by; `name` is that. */
  profile_id: string | null;
  name: string | null;
  channel: string | null;
  account: string | null;
  site: string;
  class: MessageClass;
  purpose: string;
  priority: "high" | "normal" | "low";
  state: State;
  rule: string | null;
  why: string | null;
  asked_by: string;
  /** The colleague's name; null of a key, of the command line and of whoever is not here any more. */
  asked_by_name: string | null;
  asked_at: string;
  due_at: string;
  sent_at: string | null;
  ended_at: string | null;
  attempts: number;
  cost_minor: number | null;
  currency: string | null;
  /** The name of the template that it is made of. */
  template: string | null;
  /** Its first words; null of a template's. */
  preview: string | null;
  erased: boolean;
}

export interface Attempt {
  number: number;
  at: string;
  outcome: "retry" | "failed" | "uncertain" | "trouble";
  code: string;
  detail: string;
}

export interface MessageDetail extends Message {
  content: { subject: string | null; text: string | null; refused: string | null };
  provider_id: string | null;
  tries: Attempt[];
}

export interface Verdict {
  rule: string;
  result: "pass" | "exempt" | "defer" | "stop";
  why: string;
  since: string | null;
  until: string | null;
}

export interface Edit {
  field: string;
  to: Json;
  channel: string | null;
}

export interface Candidate {
  channel: string;
  account: string | null;
  node_id: string | null;
  result: Verdict["result"];
  verdicts: Verdict[];
  last_heard_at: string | null;
  cost_minor: number;
  flip: Edit[] | null;
}

export interface Outcome {
  action: "send" | "defer" | "suppress";
  channel: string | null;
  chosen_by: string;
  until: string | null;
  rule: string | null;
  why: string | null;
}

/** What the gate was told, as far as the page asks for it. */
export interface Inputs {
  at: string;
  message_class: MessageClass;
  zone: string;
  candidates: { channel: string; consent?: string; suppressed?: string | null; reach?: string; node?: number | null; account?: number | null }[];
  pause_until?: string | null;
  contacts?: { at: string; channel: string }[];
  killed?: string[];
  order?: string[];
}

export interface Decision {
  policy: number;
  at: string;
  zone: string;
  candidates: Candidate[];
  outcome: Outcome;
  turn: Edit[] | null;
  inputs: Inputs & Record<string, Json>;
}

export interface Moment {
  moment: "asked" | "claimed";
  shard: number;
  number: number;
  hash: string;
  recorded_at: string;
  finding: "verified" | "changed" | "underivable" | "unreadable";
  decision: Decision | null;
}

export interface Why {
  message: Message;
  moments: Moment[];
}

export interface Cost {
  /** Null, as the others: a silence for which no account was there. */
  channel: string | null;
  account: string | null;
  currency: string | null;
  sent: number;
  silences: number;
  minor: number;
}

export interface Purpose {
  name: string;
  message_class: "transactional" | "marketing";
  titles: Record<string, string>;
  retired_at: string | null;
}

export const waits = (message: Message): boolean => message.state === "queued" || message.state === "planned";
/** Nothing went. */
export const silent = (message: Message): boolean => message.state === "suppressed" || message.state === "cancelled";
/** It went wrong, or may have. */
export const alarms = (message: Message): boolean => message.state === "failed" || message.state === "bounced" || message.state === "uncertain";
/** Something more is coming soon. */
export const moves = (message: Message): boolean => message.state === "queued" || message.state === "sending";
