/** What the tour shows, in its order: where it is, and what of that page is meant. */
import type { Permission } from "~/api";
import type { MessageKey } from "~/i18n";

export interface Step {
  name: keyof typeof import("../i18n/en/tour").tour.steps;
  /** Its address, given when the demo began. */
  to: (since: string) => string;
  /** What is meant on the page; the first that stands there. */
  shown: string;
  /** What the role must allow; others do not see the step. */
  needs?: Permission;
  /** Where the step leads in the demo's pocket, too. */
  pocket?: "" | "?person=anna&at=browser";
}

const CARD = "/customers/loyalty_card:220044710938";
const HOUR = 3_600_000;

/** An hour of a day of Anna's story, as an address takes it. Days count from the demo's first, in Polish winter time, as the story does. */
function moment(since: string, day: number, hour: number): string {
  const local = new Date(Date.parse(since) + HOUR);
  local.setUTCHours(0, 0, 0, 0);
  return new Date(local.getTime() + (day * 24 + hour - 1) * HOUR).toISOString();
}

export const steps: readonly Step[] = [
  { name: "live", to: () => "/live", shown: ".live-list", needs: "customers.read" },
  { name: "find", to: () => "/customers?q=ania", shown: ".customers-row", needs: "customers.read" },
  { name: "unknown", to: (since) => `/customers/anonymous_id:a_7f3c?at=${moment(since, -20, 21.5)}`, shown: ".cu-header", needs: "customers.read" },
  { name: "chat", to: () => "/customers/telegram:@ania_k?door=telegram", shown: ".cu-scroll", needs: "customers.read" },
  { name: "card", to: (since) => `${CARD}?at=${moment(since, -10, 12)}`, shown: ".cu-header", needs: "customers.read" },
  { name: "join", to: () => `${CARD}?only=joins`, shown: ".cu-join", needs: "customers.read" },
  { name: "past", to: (since) => `${CARD}?at=${moment(since, -15, 12)}`, shown: ".cu-past", needs: "customers.read" },
  { name: "shop", to: () => "/desk", shown: ".dk-list", needs: "conversations.read", pocket: "?person=anna&at=browser" },
  { name: "hop", to: () => "/desk", shown: ".dk-thread, .dk-conversation, .dk-list", needs: "conversations.read" },
  { name: "pocket", to: () => "/messages", shown: ".msg-table, .empty", needs: "messages.read", pocket: "" },
  { name: "setup", to: () => "/data/setup", shown: ".setup", needs: "events.read" },
  { name: "plan", to: () => "/data/plan", shown: ".plan-alarms", needs: "events.read" },
  { name: "roles", to: () => "/settings/roles", shown: ".roles, .roles-list" },
];

export const titleOf = (step: Step): MessageKey => `tour.steps.${step.name}.title`;
export const textOf = (step: Step): MessageKey => `tour.steps.${step.name}.text`;
