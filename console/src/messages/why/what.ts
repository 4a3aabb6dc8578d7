/** Changes of a record's inputs that make sense for it. */
import type { I18n } from "~/i18n";

import type { Decision, Edit, Inputs } from "../model";
import { losesName, type Says } from "../words";

export interface Choice {
  value: string;
  label: string;
  edits: Edit[];
}

const DAY = 86_400_000;
const NOON = 12;
const NIGHT = 23;
const HAD = 3;

/** The moment of the same day at this hour, where the person lives. */
export function atHour(moment: string, zone: string, hour: number): string {
  const at = new Date(moment);
  const parts = new Intl.DateTimeFormat("en-CA", { timeZone: zone, year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).formatToParts(at);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const local = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"), part("second"));
  const ahead = local - Math.floor(at.getTime() / 1000) * 1000;
  return new Date(Date.UTC(part("year"), part("month") - 1, part("day"), hour) - ahead).toISOString();
}

export function choicesOf({ inputs, zone, at }: Decision, says: Says): Choice[] {
  const { t } = says.i18n;
  const all: Edit = { field: "killed", to: ["all"], channel: null };
  const stopped = (inputs.killed ?? []).length > 0;
  return [
    ...inputs.candidates.flatMap((candidate) => ofCandidate(candidate, inputs, at, says)),
    ...(inputs.message_class === "marketing" ? ofMarketing(inputs, zone, at, says.i18n) : []),
    stopped
      ? { value: "goes_on", label: t("messages.whatIf.choices.goes_on"), edits: [{ field: "killed", to: [], channel: null }] }
      : { value: "stops", label: t("messages.whatIf.choices.stops"), edits: [all] },
  ];
}

function ofCandidate(candidate: Inputs["candidates"][number], inputs: Inputs, at: string, says: Says): Choice[] {
  const { t } = says.i18n;
  const { channel: kind } = candidate;
  const channel = says.channel(kind);
  const found: Choice[] = [];
  const add = (name: "consents" | "withdraws" | "bounces" | "unreachable" | "unblocks" | "writes" | "prefers", ...edits: Edit[]) =>
    found.push({ value: `${name} ${kind}`, label: t(`messages.whatIf.choices.${name}`, { channel }), edits });
  if (inputs.message_class === "marketing") {
    const granted = candidate.consent === "granted";
    add(granted ? "withdraws" : "consents", { field: "consent", to: granted ? "withdrawn" : "granted", channel: kind });
  }
  if (candidate.node !== undefined && candidate.node !== null) {
    if (candidate.suppressed) add("unblocks", { field: "suppressed", to: null, channel: kind });
    else add(losesName(kind), { field: "suppressed", to: "hard_bounce", channel: kind });
    if (candidate.reach !== "open") add("writes", { field: "reach", to: "open", channel: kind }, { field: "last_heard", to: at, channel: kind }, { field: "heard_at", to: at, channel: null });
  }
  if (inputs.candidates.length > 1 && inputs.order?.[0] !== kind) add("prefers", { field: "order", to: [kind, ...(inputs.order ?? []).filter((other) => other !== kind)], channel: null });
  return found;
}

function ofMarketing(inputs: Inputs, zone: string, at: string, { t, fmt }: I18n): Choice[] {
  const moment = Date.parse(at);
  const hour = (value: number): Choice => ({
    value: `at ${value}`,
    label: t("messages.whatIf.choices.at", { time: `${fmt.number(value)}:00` }),
    edits: [{ field: "at", to: atHour(at, zone, value), channel: null }],
  });
  const channel = inputs.candidates[0]?.channel ?? "email";
  const contacts = Array.from({ length: HAD }, (_, day) => ({ at: new Date(moment - (HAD - day) * DAY).toISOString(), channel }));
  const had = (inputs.contacts ?? []).length > 0;
  const paused = Boolean(inputs.pause_until);
  return [
    hour(NOON),
    hour(NIGHT),
    { value: "had", label: t("messages.whatIf.choices.had", { n: HAD }), edits: [{ field: "contacts", to: contacts, channel: null }] },
    ...(had ? [{ value: "had_none", label: t("messages.whatIf.choices.had_none"), edits: [{ field: "contacts", to: [], channel: null }] }] : []),
    paused
      ? { value: "resumes", label: t("messages.whatIf.choices.resumes"), edits: [{ field: "pause_until", to: null, channel: null }] }
      : { value: "pauses", label: t("messages.whatIf.choices.pauses"), edits: [{ field: "pause_until", to: new Date(moment + 7 * DAY).toISOString(), channel: null }] },
  ];
}
