/** The policy of the gate, as the API has it, and each of its rules in words. */
import type { I18n } from "~/i18n";
import { minorDigits } from "~/i18n/format";

export const classes = ["marketing", "conversational", "transactional"] as const;
export type MessageClass = (typeof classes)[number];
export const priorities = ["high", "normal", "low"] as const;
export type Priority = (typeof priorities)[number];

export interface Cap {
  count: number;
  hours: number;
  channel: string | null;
}

export interface Budget {
  limit: number;
  hours: number;
  points: Record<string, number>;
  reserve: Partial<Record<Priority, number>>;
}

export interface Policy {
  /** Minutes of the day. */
  hours: [number, number];
  caps: Cap[];
  budget: Budget | null;
  duplicate_hours: number;
  answer_hours: number;
  order: string[];
  most_minor: Partial<Record<MessageClass, number>>;
  month_minor: number | null;
}

export interface Version {
  version: number;
  policy: Policy;
  made_at: string | null;
  made_by: string | null;
}

/** In the order in which the gate asks them. */
export const rules = ["answer_hours", "hours", "caps", "budget", "duplicate_hours", "most_minor", "month_minor", "order"] as const;
export type Rule = (typeof rules)[number];

/** Who tells of a policy. currency: what all accounts count in; null where they differ. */
export interface Tells {
  i18n: I18n;
  channel: (kind: string) => string;
  currency: string | null;
}

export function clock(minutes: number): string {
  const text = (value: number) => String(value).padStart(2, "0");
  return `${text(Math.floor(minutes / 60) % 24)}:${text(minutes % 60)}`;
}

/** Whole days as days. */
export function span(hours: number, { t }: I18n): string {
  return hours >= 48 && hours % 24 === 0 ? t("sending.days", { n: hours / 24 }) : t("sending.hoursOf", { n: hours });
}

export function moneyText(minor: number, { i18n: { fmt }, currency }: Tells): string {
  return currency ? fmt.money(minor, currency) : fmt.number(minor / 100, 2);
}

/** How many minor units a typed amount has; NaN where it is none. */
export function minorOf(text: string, currency: string | null): number {
  const value = text.trim().replace(/\s/g, "").replace(",", ".");
  return /^\d+(\.\d+)?$/.test(value) ? Math.round(Number(value) * 10 ** (currency ? minorDigits(currency) : 2)) : Number.NaN;
}

/** What a rule is set to, a line each. Two policies that say the same say it alike. */
export function valueOf(rule: Rule, policy: Policy, tells: Tells): string[] {
  const { i18n, channel } = tells;
  const { t, fmt } = i18n;
  switch (rule) {
    case "hours": {
      const [from, to] = policy.hours;
      return [from === to ? t("sending.values.always") : t("sending.values.hours", { from: clock(from), to: clock(to) })];
    }
    case "caps":
      if (policy.caps.length === 0) return [t("sending.values.none")];
      return policy.caps.map((cap) => {
        const values = { n: cap.count, span: span(cap.hours, i18n) };
        return cap.channel ? t("sending.values.capBy", { ...values, channel: channel(cap.channel) }) : t("sending.values.cap", values);
      });
    case "budget": {
      const { budget } = policy;
      if (!budget) return [t("sending.values.none")];
      const dear = Object.entries(budget.points).map(([kind, n]) => t("sending.values.points", { channel: channel(kind), n }));
      const left = priorities.flatMap((priority) => (budget.reserve[priority] ? [t("sending.values.reserve", { priority: t(`sending.priorities.${priority}`), n: budget.reserve[priority] })] : []));
      return [t("sending.values.budget", { n: budget.limit, span: span(budget.hours, i18n) }), ...(dear.length > 0 ? [fmt.list(dear)] : []), ...(left.length > 0 ? [fmt.list(left)] : [])];
    }
    case "duplicate_hours":
    case "answer_hours":
      return [policy[rule] === 0 ? t("sending.values.off") : span(policy[rule], i18n)];
    case "order":
      return [policy.order.length === 0 ? t("sending.values.none") : policy.order.map(channel).join(" → ")];
    case "most_minor": {
      const set = classes.filter((each) => policy.most_minor[each] !== undefined);
      if (set.length === 0) return [t("sending.values.unlimited")];
      return set.map((each) => t("sending.values.most", { class: t(`sending.classes.${each}`), money: moneyText(policy.most_minor[each] ?? 0, tells) }));
    }
    case "month_minor":
      return [policy.month_minor === null ? t("sending.values.unlimited") : t("sending.values.month", { money: moneyText(policy.month_minor, tells) })];
  }
}

/** What that does to messages, in sentences. */
export function effectOf(rule: Rule, policy: Policy, { i18n }: Tells): string[] {
  const { t } = i18n;
  switch (rule) {
    case "hours": {
      const [from, to] = policy.hours;
      return [from === to ? t("sending.effects.hoursAlways") : t("sending.effects.hours", { from: clock(from), to: clock(to) })];
    }
    case "caps":
      if (policy.caps.some(({ count }) => count === 0)) return [t("sending.effects.capsZero")];
      return [t(policy.caps.length === 0 ? "sending.effects.capsNone" : "sending.effects.caps")];
    case "budget": {
      const { budget } = policy;
      if (!budget) return [t("sending.effects.budgetNone")];
      const never = priorities.filter((priority) => budget.limit - (budget.reserve[priority] ?? 0) < 1);
      return [t("sending.effects.budget"), ...never.map((priority) => t("sending.effects.budgetLow", { n: budget.reserve[priority] ?? 0, priority: t(`sending.priorities.${priority}`) }))];
    }
    case "duplicate_hours":
      return [policy.duplicate_hours === 0 ? t("sending.effects.duplicateOff") : t("sending.effects.duplicate_hours", { span: span(policy.duplicate_hours, i18n) })];
    case "answer_hours":
      return [policy.answer_hours === 0 ? t("sending.effects.answerOff") : t("sending.effects.answer_hours", { span: span(policy.answer_hours, i18n) })];
    case "order":
      return [t(policy.order.length === 0 ? "sending.effects.orderNone" : "sending.effects.order")];
    case "most_minor":
      return [t(Object.keys(policy.most_minor).length === 0 ? "sending.effects.mostNone" : "sending.effects.most_minor")];
    case "month_minor":
      return [t(policy.month_minor === null ? "sending.effects.monthNone" : "sending.effects.month_minor")];
  }
}

export interface Difference {
  rule: Rule;
  was: string;
  now: string;
}

export function differences(was: Policy, now: Policy, tells: Tells): Difference[] {
  return rules.flatMap((rule) => {
    const before = valueOf(rule, was, tells);
    const after = valueOf(rule, now, tells);
    // Of what has several lines, such as caps, only those that are otherwise.
    const only = (lines: string[], others: string[]) => lines.filter((line) => !others.includes(line)).join("; ") || "—";
    return before.join("\n") === after.join("\n") ? [] : [{ rule, was: only(before, after), now: only(after, before) }];
  });
}
