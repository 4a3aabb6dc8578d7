/** Shapes the profile routes answer with. Times are RFC 3339 text; ids are decimal text (bigint). */

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type Bag = { [key: string]: Json };

/** Of a shared identifier only the stretch between the two epoch times belongs to this person. */
export interface Identifier {
  kind: string;
  value: string;
  node_id: string;
  known_since: string;
  first_seen_at: string | null;
  last_seen_at: string | null;
  events: number;
  epoch_from: string | null;
  epoch_until: string | null;
}

export interface Address {
  channel: string;
  address: string;
  kind: string;
  known_since: string;
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

export interface Spend {
  currency: string;
  orders: number;
  minor: number;
}

export interface Profile {
  id: string;
  name: string | null;
  identifiers: Identifier[];
  addresses: Address[];
  traits: Record<string, TraitValue>;
  counters: Record<string, Counter>;
  channels: Record<string, Counter>;
  spend: Spend[];
  first_seen_at: string | null;
  last_seen_at: string | null;
  last_channel: string | null;
  event_count: number;
  as_of: string | null;
  known_at: string | null;
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
  /** What an identify told. */
  traits?: Bag;
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

/** A piece of evidence that ties two nodes, or would have. `why`: the rule that refused it, or the reason given by hand. */
export interface Evidence {
  to: NodeRef;
  tier: number;
  occurred_at: string;
  received_at: string;
  source: string | null;
  origin: "event" | "login" | "operator" | "alias" | "link";
  message_id: string | null;
  event: string | null;
  state: "used" | "redundant" | "refused";
  why: string | null;
}

export interface LedgerIdentifier extends Identifier {
  evidence: Evidence[];
}

/** Two who had both done something became one: `strand` ended, `into` goes on. Only a join by hand has an id. */
export interface Join {
  id: string | null;
  kind: "operator" | "event" | "login" | "alias" | "link";
  at: string;
  learnt_at: string;
  a: NodeRef;
  b: NodeRef;
  reason: string | null;
  by: string | null;
  undoable: boolean;
  event: string | null;
  source: string | null;
  strand: number;
  into: number | null;
}

export interface CannotLink {
  a: NodeRef;
  b: NodeRef;
  at: string;
  reason: string;
  by: string;
}

export interface StrandOf {
  index: number;
  node_ids: string[];
  kinds: string[];
  from_at: string | null;
  joined_at: string | null;
  into: number | null;
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
  days: RulerDay[];
  strands: StrandOf[];
}

export interface PreviewPerson {
  id: string;
  name: string | null;
  identifiers: NodeRef[];
  identifier_count: number;
  events: number;
  spend: Spend[];
}

export interface Preview {
  before: PreviewPerson[];
  after: PreviewPerson[];
  moves: { node_id: string; kind: string; value: string; from: string; to: string }[];
  warnings: { code: string; kind: string; values: string[]; limit: number }[];
  /** `values` in the order of `before`. */
  traits: { name: string; values: Json[]; after: Json }[];
  withdraws: { a: NodeRef; b: NodeRef }[];
  parts: { a: NodeRef; b: NodeRef }[];
  /** Of an undo: the other joins by hand through which they stay one person. */
  held_by: { id: string; at: string; by: string; reason: string }[];
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

/** The strand that it ended names it: a join by evidence has no id of its own, and one by hand may have ended several. */
export function joinKey(join: Join): string {
  return `${join.id ?? ""}-${join.strand}`;
}
