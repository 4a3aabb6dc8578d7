/** The tracking plan, as /api/plan gives it. */
export const eventTypes = ["track", "identify", "page", "screen", "group", "alias"] as const;
export type EventType = (typeof eventTypes)[number];

export const kinds = ["text", "integer", "number", "boolean", "time", "object", "array"] as const;
export type Kind = (typeof kinds)[number];

export const states = ["learnt", "declared", "archived"] as const;
export type PlanState = (typeof states)[number];

export type AlarmState = "open" | "acknowledged" | "closed";
export type AlarmKind = "type_conflict" | "unknown_event" | "missing_property" | "value_not_allowed" | "silence" | "too_many_names" | "too_many_properties";

export interface PlanEvent {
  id: string;
  type: EventType;
  name: string;
  state: PlanState;
  description: string;
  expected: boolean;
  sources: string[];
  version: number;
  changed_at: string | null;
  changed_by: string | null;
  events: number;
  first_at: string | null;
  last_at: string | null;
  flows: { source: string; events: number; first_at: string; last_at: string }[];
  properties: number;
  alarms: number;
  /** Events of each of the last 28 days, today last. */
  days: number[];
}

export interface Declared {
  type: Kind | null;
  required: boolean;
  allowed: (string | number | boolean)[] | null;
  personal: boolean;
  description: string;
}

export interface Property {
  path: string;
  events: number;
  share: number;
  first_at: string | null;
  last_at: string | null;
  kinds: { kind: Kind | "nothing"; events: number; first_at: string; last_at: string }[];
  declared: Declared | null;
  always_personal: boolean;
}

export interface PlanEventDetail extends PlanEvent {
  learnt: Property[];
}

export interface Alarm {
  id: string;
  kind: AlarmKind;
  state: AlarmState;
  event_id: string | null;
  event_type: EventType | null;
  event_name: string | null;
  source: string;
  path: string | null;
  opened_at: string;
  last_at: string;
  events: number;
  expected: Kind | null;
  came: (Kind | "nothing")[];
  missed: number | null;
  since: string | null;
  most: number | null;
  acknowledged_by: string | null;
  reason: string | null;
  closed_at: string | null;
  closed_because: "came_again" | "plan_changed" | "not_seen_again" | null;
}

export interface PlanSource {
  source: string;
  events: number;
  others: number;
  first_at: string;
  last_at: string;
  waiting: number;
}
