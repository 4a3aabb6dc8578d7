/** Shapes the profile routes answer with. Times are RFC 3339 text; ids are decimal text (bigint). */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Bag = { [key: string]: Json };

export interface Identifier {
  kind: string;
  value: string;
  node_id: string;
  first_seen_at: string | null;
  last_seen_at: string | null;
  events: number;
}

export interface Address {
  channel: string;
  address: string;
  kind: string;
  first_seen_at: string | null;
}

export interface TraitValue {
  value: Json;
  source: string | null;
  occurred_at: string;
  received_at: string;
}

export interface Counter {
  count: number;
  first_at: string;
  last_at: string;
}

export interface Profile {
  id: string;
  name: string | null;
  identifiers: Identifier[];
  addresses: Address[];
  traits: Record<string, TraitValue>;
  counters: Record<string, Counter>;
  first_seen_at: string | null;
  last_seen_at: string | null;
  last_channel: string | null;
  event_count: number;
  as_of: string | null;
  known_at: string | null;
  orders?: number;
  spent_minor?: number | null;
  currency?: string | null;
  city?: string | null;
}

export interface TraitRow extends TraitValue {
  name: string;
  rule: string | null;
  losing: TraitValue[];
}

export interface TraitHistoryRow extends TraitValue {
  identifier: { kind: string; value: string } | null;
  message_id: string | null;
}

export interface EventRow {
  message_id: string;
  type: string;
  event: string | null;
  occurred_at: string;
  received_at: string;
  linked_at?: string | null;
  properties: Bag;
  context: Bag;
  identifier: { kind: string; value: string; node_id?: string } | null;
  channel: string;
  source: string | null;
  node_id: string;
}

export interface NodeRef {
  node_id: string;
  kind: string;
  value: string;
}

export interface Evidence {
  to: NodeRef;
  tier: number;
  occurred_at: string;
  received_at: string;
  source: string | null;
  origin: "event" | "login" | "operator" | "alias";
  message_id: string | null;
  event?: string | null;
  state: "used" | "redundant" | "refused";
  why: string | null;
  reason?: string | null;
  by?: string | null;
}

export interface LedgerIdentifier extends NodeRef {
  epoch: { from: string | null; to: string | null } | null;
  first_seen_at: string | null;
  evidence: Evidence[];
}

export interface Join {
  id: string;
  kind: "operator" | "event";
  at: string;
  learnt_at: string;
  a: NodeRef;
  b: NodeRef;
  reason: string | null;
  by: string | null;
  undoable: boolean;
}

export interface CannotLink {
  a: NodeRef;
  b: NodeRef;
  at: string;
  reason: string | null;
  by: string | null;
}

export interface StrandOf {
  node_ids: string[];
  from: string | null;
  joined_at: string | null;
  into?: number | null;
}

export interface Identity {
  identifiers: LedgerIdentifier[];
  joins: Join[];
  cannot_links: CannotLink[];
  strands: StrandOf[];
}

export interface RulerDay {
  day: string;
  strand: number;
  channels: Record<string, number>;
}

export interface Ruler {
  from: string | null;
  to: string | null;
  days: RulerDay[];
  joins: { at: string; strand: number; into: number }[];
  strands: { index: number; label_kinds: string[]; channels: string[] }[];
}

export interface PreviewPerson {
  id: string;
  name: string | null;
  identifiers: number;
  events: number;
  orders: number | null;
  spent_minor?: number | null;
  currency?: string | null;
}

export interface Preview {
  before: PreviewPerson[];
  after: PreviewPerson[];
  moves: { node_id: string; kind: string; value: string; from: string; to: string }[];
  warnings: { code: string; detail: string }[];
  traits: { name: string; from: Json; into: Json; after: Json; rule: string | null }[];
  withdraws: CannotLink[];
}

export interface FoundPerson {
  id: string;
  name: string | null;
  contact: { kind: string; value: string } | null;
  doors: string[];
  last_seen_at: string | null;
  last_channel: string | null;
  city: string | null;
  orders: number | null;
  spent_minor: number | null;
  currency: string | null;
}
