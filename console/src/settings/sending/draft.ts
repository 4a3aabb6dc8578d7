/** A policy as it is typed, and read back from what was typed. Numbers stay text until then, so that nobody's typing jumps. */
import { minorDigits } from "~/i18n/format";

import { classes, clock, minorOf, priorities, type MessageClass, type Policy, type Priority } from "./model";

export interface CapDraft {
  id: number;
  count: string;
  hours: string;
  channel: string;
}

export interface Draft {
  from: string;
  to: string;
  caps: CapDraft[];
  budget: boolean;
  limit: string;
  over: string;
  /** Of every channel that has its own. */
  points: Record<string, string>;
  reserve: Record<Priority, string>;
  duplicate_hours: string;
  answer_hours: string;
  order: string[];
  most_minor: Record<MessageClass, string>;
  month_minor: string;
}

/** Bounds as the API has them. */
export const BOUNDS = {
  count: [0, 1_000],
  over: [1, 720],
  limit: [0, 10_000],
  points: [0, 1_000],
  reserve: [0, 10_000],
  hours: [0, 720],
} as const;

let last = 0;
export const newCap = (cap = { count: 1, hours: 24, channel: "" as string | null }): CapDraft => ({ id: ++last, count: String(cap.count), hours: String(cap.hours), channel: cap.channel ?? "" });

export function blank(policy: Policy, currency: string | null): Draft {
  const digits = currency ? minorDigits(currency) : 2;
  const amount = (minor: number | null | undefined) => (minor === null || minor === undefined ? "" : (minor / 10 ** digits).toFixed(digits));
  const budget = policy.budget ?? { limit: 6, hours: 168, points: {}, reserve: {} };
  const texts = <K extends string>(keys: readonly K[], value: (key: K) => string) => Object.fromEntries(keys.map((key) => [key, value(key)])) as Record<K, string>;
  return {
    from: clock(policy.hours[0]),
    to: clock(policy.hours[1]),
    caps: policy.caps.map(newCap),
    budget: policy.budget !== null,
    limit: String(budget.limit),
    over: String(budget.hours),
    points: Object.fromEntries(Object.entries(budget.points).map(([kind, n]) => [kind, String(n)])),
    reserve: texts(priorities, (each) => String(budget.reserve[each] ?? 0)),
    duplicate_hours: String(policy.duplicate_hours),
    answer_hours: String(policy.answer_hours),
    order: policy.order,
    most_minor: texts(classes, (each) => amount(policy.most_minor[each])),
    month_minor: amount(policy.month_minor),
  };
}

/** policy: null where something is wrong; wrong: names of the fields, such as `caps.3.count`. */
export function read(draft: Draft, currency: string | null): { policy: Policy | null; wrong: Set<string> } {
  const wrong = new Set<string>();
  const whole = (name: string, text: string, [least, most]: readonly [number, number]): number => {
    const value = /^\d{1,6}$/.test(text.trim()) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) wrong.add(name);
    return value;
  };
  const minute = (name: "from" | "to"): number => {
    const [, hour, minutes = "00"] = /^(\d{1,2})(?:[:.](\d{2}))?$/.exec(draft[name].trim()) ?? [];
    const value = Number(hour) * 60 + Number(minutes);
    if (!(value <= 24 * 60 && Number(minutes) < 60)) wrong.add(name);
    return value;
  };
  const money = (name: string, text: string): number | null => {
    if (text.trim() === "") return null;
    const value = minorOf(text, currency);
    if (!(value >= 0 && value <= (name === "month_minor" ? 10 ** 12 : 1_000_000))) wrong.add(name);
    return value;
  };
  const points = Object.entries(draft.points).map(([kind, text]) => [kind, whole(`points.${kind}`, text, BOUNDS.points)] as const);
  const reserve = priorities.map((each) => [each, whole(`reserve.${each}`, draft.reserve[each], BOUNDS.reserve)] as const);
  const most = classes.map((each) => [each, money(`most_minor.${each}`, draft.most_minor[each])] as const).filter((pair) => pair[1] !== null);
  const budget = { limit: whole("limit", draft.limit, BOUNDS.limit), hours: whole("over", draft.over, BOUNDS.over), points: Object.fromEntries(points), reserve: Object.fromEntries(reserve) };
  if (!draft.budget) for (const name of [...wrong]) if (/^(limit|over|points|reserve)/.test(name)) wrong.delete(name);
  const policy: Policy = {
    hours: [minute("from"), minute("to")],
    caps: draft.caps.map((cap) => ({ count: whole(`caps.${cap.id}.count`, cap.count, BOUNDS.count), hours: whole(`caps.${cap.id}.hours`, cap.hours, BOUNDS.over), channel: cap.channel || null })),
    budget: draft.budget ? budget : null,
    duplicate_hours: whole("duplicate_hours", draft.duplicate_hours, BOUNDS.hours),
    answer_hours: whole("answer_hours", draft.answer_hours, BOUNDS.hours),
    order: draft.order,
    most_minor: Object.fromEntries(most) as Policy["most_minor"],
    month_minor: money("month_minor", draft.month_minor),
  };
  return { policy: wrong.size === 0 ? policy : null, wrong };
}
