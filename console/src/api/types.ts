/** The shapes of the HTTP API that more than one page needs. Ids are strings, times RFC 3339, money in minor units. */
import type { Channel } from "~/channels";

export interface Page<T> {
  data: T[];
  next_cursor: string | null;
}

export interface Identifier {
  kind: string;
  value: string;
  node_id?: string;
}

export type Json = string | number | boolean | null | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

export const roles = ["owner", "admin", "marketer", "operator", "seller", "analyst", "developer"] as const;
export type Role = (typeof roles)[number];

export interface Me {
  id: string;
  login: string;
  name: string;
  role: Role;
  language: "en" | "ru" | "pl" | null;
  theme: "system" | "light" | "dark" | null;
  single_keys: boolean;
  /** What the role allows. */
  permissions: Permission[];
  /** Whether a code is asked for at login. */
  second_factor: boolean;
  recovery_codes_left: number;
  /** When the demo in this installation began; null in any other. */
  demo_since: string | null;
  demo_pocket: string | null;
}

export const permissions = [
  "customers.read",
  "customers.merge",
  "events.read",
  "events.replay",
  "events.import",
  "plan.edit",
  "webhooks.edit",
  "links.create",
  "messages.read",
  "messages.send",
  "conversations.read",
  "conversations.answer",
  "replies.edit",
  "channels.edit",
  "policy.edit",
  "consent.edit",
  "suppressions.edit",
  "purposes.edit",
  "templates.read",
  "templates.edit",
  "templates.publish",
  "keys.manage",
  "identity.edit",
  "sites.edit",
  "users.manage",
  "owners.manage",
  "audit.read",
] as const;
export type Permission = (typeof permissions)[number];

export interface Roles {
  data: { role: Role; permissions: Permission[] }[];
  permissions: Permission[];
  for_keys: Permission[];
  usual_for_keys: Permission[];
}

export interface Site {
  name: string;
  title: string;
  country: string | null;
  language: string | null;
  currency: string | null;
  time_zone: string | null;
  domains: string[];
  legal_name: string | null;
  sources: number;
  created_at: string;
}

export interface ApiKey {
  id: string;
  name: string;
  scope: "write" | "secret";
  source: string | null;
  channel: Channel | null;
  site: string | null;
  hint: string;
  permissions: Permission[];
  made_by: string | null;
  created_at: string;
  last_used_at: string | null;
  revoked_at: string | null;
}

export interface Setup {
  /** The address people type, where the server was told. */
  public_url: string | null;
  write_keys: number;
  people: number;
  sources: { id: string; name: string; channel: Channel; site: string; write_keys: number; events: number; first_at: string | null; last_at: string | null }[];
}

export interface Source {
  id: string;
  name: string;
  channel: Channel;
  site: string | null;
}

export interface LiveEvent {
  /** Grows with every event that is linked; decimal, and shown to nobody. */
  seq: number;
  message_id: string;
  type: string;
  event: string | null;
  occurred_at: string;
  received_at: string;
  linked_at: string | null;
  channel: Channel;
  source: string;
  who: { profile_id: string | null; name: string | null; label: string | null; identifier: Identifier | null } | null;
  summary: string | null;
  properties: JsonObject;
  traits: JsonObject;
  context: JsonObject;
}

export interface DeadLetter {
  id: string;
  received_at: string;
  source: string;
  code: string;
  reason: string;
  message_id: string | null;
  /** As it came: JSON text, or whatever stood in its place. */
  event: string;
  state: "open" | "replayed";
  replayed_at: string | null;
}

export interface Rate {
  per_second: number;
  /** Only the seconds in which something came. */
  seconds: { at: string; counts: Partial<Record<Channel, number>> }[];
}

export interface LivePage extends Page<LiveEvent> {
  /** How many events were looked through for this page. */
  looked: number;
  /** The page is short because many events were looked through; `next_cursor` goes on. */
  stopped_early: boolean;
  rejected: DeadLetter[];
  rate: Rate;
}

export interface Match {
  field: string;
  text: string;
  start: number;
  end: number;
}

export interface CustomerRow {
  id: string;
  name: string | null;
  contact: Identifier | null;
  match: Match | null;
  /** One for each part of the query; places count UTF-16 units. */
  matches: Match[];
  doors: Channel[];
  last_seen_at: string | null;
  last_channel: Channel | null;
  city: string | null;
  orders: number | null;
  spent_minor: number | null;
  currency: string | null;
}

export interface CustomersPage extends Page<CustomerRow> {
  total: number;
  /** False: there are more than `total`. */
  total_is_exact: boolean;
  of_people: number;
  took_ms: number;
  /** When nobody was found: a part of the query alone, or a number one digit from its. */
  suggestions: { kind: "only" | "close"; query: string; count: number }[];
}

/** What a channel asks for before it can be used. */
export interface Setting {
  name: string;
  type: "text" | "number" | "boolean" | "choice";
  title: Record<string, string>;
  help: Record<string, string>;
  secret: boolean;
  required: boolean;
  place: boolean;
  lines: boolean;
  default: Value | null;
  choices: string[];
  /** By choice, then by language. */
  choice_titles: Record<string, Record<string, string>>;
}

export type Value = string | number | boolean;

/** How fast it may send. */
export interface Limits {
  per_second: number;
  burst: number;
  concurrency: number;
  per_address_seconds: number;
}

/** What is installed to send by, and what it can do. */
export interface ChannelKind {
  kind: string;
  door: string;
  title: Record<string, string>;
  settings: Setting[];
  receipts: "none" | "sent" | "delivered" | "read";
  inbound: string[];
  subject: boolean;
  buttons: boolean;
  text_max: number;
  address_kind: string;
  needs_contact: boolean;
  window_hours: number | null;
  referee: string | null;
  limits: Limits;
}

/** One at a provider. */
export interface Account {
  id: string;
  channel: string;
  name: string;
  site: string;
  settings: Record<string, Value>;
  /** Names of those that are kept. */
  secrets: string[];
  paused: boolean;
  trouble: string | null;
  trouble_at: string | null;
  rests_until: string | null;
  limits: Limits;
  cost_minor: number;
  currency: string;
  made_at: string;
  used_at: string | null;
  calls: string | null;
}
