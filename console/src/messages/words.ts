/** What became of a message and why, in words. */
import { useQuery } from "@tanstack/react-query";

import { api, useMay, type Page, type ChannelKind } from "~/api";
import { asChannel, isChannel, useChannelNames, type Channel } from "~/channels";
import { useI18n, type I18n } from "~/i18n";

import { providerReason } from "./codes";
import type { Decision, Edit, Message, Outcome, Purpose } from "./model";

const LONG = 60_000;

export function useKinds(): ChannelKind[] | undefined {
  const may = useMay("messages.read");
  return useQuery({ queryKey: ["channels"], queryFn: () => api.get<Page<ChannelKind>>("/api/channels"), staleTime: LONG, enabled: may }).data?.data;
}

export function usePurposeQuery() {
  const may = useMay("customers.read");
  return useQuery({ queryKey: ["purposes"], queryFn: () => api.get<Page<Purpose>>("/api/purposes"), staleTime: LONG, enabled: may });
}

export const usePurposes = (): Purpose[] | undefined => usePurposeQuery().data?.data;

export interface Says {
  i18n: I18n;
  /** A channel as a heading or a label names it. */
  channel: (kind: string) => string;
  purpose: (name: string) => string;
}

/** Whoever tells of messages: the language, and what channels and purposes are called in it. */
export function useSays(): Says {
  const i18n = useI18n();
  const kinds = useKinds();
  const purposes = usePurposes();
  const { title } = useChannelNames();
  return {
    i18n,
    channel: (kind) => (isChannel(kind) ? title(kind) : (kinds?.find((each) => each.kind === kind)?.title[i18n.language] ?? kind)),
    purpose: (name) => purposes?.find((each) => each.name === name)?.titles[i18n.language] ?? name,
  };
}

/** A kind without a sign and a colour of its own takes those of the API. */
export const doorOf = (kind: string): Channel => asChannel(kind);

export function ruleName(rule: string, { t, has }: I18n): string {
  const key = `messages.rules.${rule}`;
  return has(key) ? t(key) : rule;
}

interface Told {
  rule: string | null;
  why: string | null;
  since?: string | null;
  /** Which channel it is about, where the reason does not say. */
  channel?: string | null;
}

/** What it says, in a line: its first words, else the template it is made of. */
export function wordsOf({ preview, template, erased }: Message, { t }: I18n): string {
  if (erased) return t("messages.erased");
  return preview ?? (template ? t("messages.template", { name: template }) : "—");
}

/** Why, as it stands after "Not sent:". */
export function reasonText({ rule, why, since }: Told, says: Says): string {
  const { t, has, fmt } = says.i18n;
  if (!rule) return why ?? "";
  const text = plainReason(rule, why ?? "", says);
  return since && has(`messages.reasons.${rule}.${why}`) ? `${text} (${t("messages.since", { day: fmt.shortDay(since) })})` : text;
}

export function plainReason(rule: string, why: string, { i18n, channel }: Says): string {
  const { t, has } = i18n;
  if (rule === "kill_switch") {
    const [scope, name = ""] = why.split(":");
    const key = `messages.reasons.kill_switch.${scope}`;
    const named = `messages.classes.${name}`;
    if (has(key)) return t(key, { what: scope === "channel" ? channel(name) : has(named) ? t(named) : name });
  }
  const key = `messages.reasons.${rule}.${rule === "provider" ? providerReason(why) : why}`;
  if (has(key)) return t(key, { code: why });
  const other = `messages.reasons.${rule}.other`;
  return has(other) ? t(other, { code: why || "—" }) : t("messages.reasons.other", { rule: ruleName(rule, i18n), why });
}

export function whenText(when: string, { fmt }: I18n): string {
  return fmt.shortDay(when) === fmt.shortDay(Date.now()) ? fmt.time(when) : fmt.dateTime(when);
}

/** What became of it, in one sentence. */
export function becameText(message: Message, says: Says, now: number): string {
  const { t } = says.i18n;
  const why = reasonText(message, says);
  switch (message.state) {
    case "planned":
    case "queued": {
      const when = whenText(message.due_at, says.i18n);
      if (Date.parse(message.due_at) <= now) return t("messages.became.queued");
      if (message.rule === "provider") return t("messages.became.retry", { when, why });
      return why ? t("messages.became.laterWhy", { when, why }) : t("messages.became.later", { when });
    }
    case "sent":
    case "delivered":
    case "read":
    case "clicked":
      return t(`messages.became.${message.state}`, { when: whenText(message.sent_at ?? message.asked_at, says.i18n) });
    case "suppressed":
    case "failed":
    case "bounced":
      return t(`messages.became.${message.state}`, { why });
    default:
      return t(`messages.became.${message.state}`);
  }
}

/** A change, as a list of conditions. */
export function flipText(edits: Edit[], { i18n }: Says): string {
  const { t, fmt } = i18n;
  const parts = edits.map(({ field, to, channel }) => {
    if (field === "at") return t("messages.flips.at", { when: whenText(String(to), i18n) });
    const name = flipName(field, to, channel);
    return name ? t(`messages.flips.${name}`) : t("messages.flips.other", { field });
  });
  return fmt.list([...new Set(parts)]);
}

/** Only mail bounces: of any other channel the provider tells that nobody is reached there. */
export const losesName = (channel: string | null) => (channel !== null && doorOf(channel) === "email" ? "bounces" : "unreachable");

function flipName(field: string, to: unknown, channel: string | null) {
  switch (field) {
    case "consent":
      return to === "granted" ? "consent" : "withdrawn";
    case "suppressed":
      return to === null ? "unblocked" : losesName(channel);
    case "node":
      return "address";
    case "account":
      return "account";
    case "reach":
    case "last_heard":
    case "heard_at":
      return "writes";
    case "per_week":
      return "weekly";
    case "same_content_at":
      return "never_said";
    case "month_minor":
      return "spent";
    case "cost_minor":
      return "cheaper";
    case "killed":
      return Array.isArray(to) && to.includes("all") ? "killed" : "released";
    case "pause_until":
      return "pauses";
    default:
      return null;
  }
}

/** What a judgement came to, in the sentence at the top of its page. */
export function answerText({ action, channel, chosen_by, until, rule, why }: Outcome, says: Says): string {
  const { t, has } = says.i18n;
  if (action === "defer" && until) return t("messages.why.answers.defer", { when: whenText(until, says.i18n), why: reasonText({ rule, why }, says) });
  const key = `messages.why.answers.${chosen_by}`;
  if (action === "send" && channel && has(key)) return t(key, { channel: says.channel(channel) });
  return t("messages.why.answers.suppress", { why: reasonText({ rule, why }, says) });
}

/** The same in a few words, for what would be. */
export function shortOutcome({ outcome }: Decision, says: Says): string {
  const { t } = says.i18n;
  const channel = outcome.channel ? says.channel(outcome.channel) : "";
  if (outcome.action === "send") return t("messages.whatIf.goes", { channel });
  if (outcome.action === "defer" && outcome.until) return t("messages.whatIf.waits", { channel, when: whenText(outcome.until, says.i18n) });
  return t("messages.whatIf.silent", { why: reasonText(outcome, says) });
}
