/** What the desk says of people, episodes and what became of them. */
import { asChannel } from "~/channels";
import type { I18n } from "~/i18n";

import type { Episode, Mark } from "./model";

const MINUTE = 60_000;

export const whoText = (name: string | null, person: string, t: I18n["t"]): string => name ?? t("desk.noName", { id: person });

/** How long they wait for us, or that we wait for them. */
export function sinceText({ state, waiting_since, snoozed_until }: Episode, { t, fmt }: I18n, now: number): string {
  if (state === "closed") return t("desk.state.closed");
  if (state === "snoozed" && snoozed_until) return t("desk.state.snoozed", { when: fmt.dateTime(snoozed_until) });
  return waiting_since ? t("desk.state.waits", { how: fmt.duration(Math.max(1, Math.floor((now - Date.parse(waiting_since)) / MINUTE)) * MINUTE) }) : t("desk.state.answered");
}

/** Who else looks at it, those who write first. */
export function presentText({ here, writing }: { here: string[]; writing: string[] }, { t, fmt }: I18n): string {
  return [
    writing.length > 0 && t("desk.present.writing", { n: writing.length, who: fmt.list(writing) }),
    here.length > 0 && t("desk.present.here", { n: here.length, who: fmt.list(here) }),
  ].filter(Boolean).join(" ");
}

/** What became of an episode, and who or which rule did it. */
export function markText({ act, actor, to, detail }: Mark, { t, fmt }: I18n): string {
  const who = actor?.name ?? "";
  if (act === "assigned") {
    if (!actor) return t(detail.why === "knows" ? "desk.marks.givenKnows" : "desk.marks.givenRoom", { to: to?.name ?? "" });
    return to ? t("desk.marks.assigned", { who, to: to.name }) : t("desk.marks.unassigned", { who });
  }
  if (act === "tagged" || act === "untagged") return t(`desk.marks.${act}`, { who, tags: fmt.list(detail.tags ?? []) });
  if (act === "hopped") return t("desk.marks.hopped", { into: t(`channels.name.${asChannel(detail.into)}`) });
  if (act === "snoozed") return t("desk.marks.snoozed", { who, when: detail.until ? fmt.dateTime(detail.until) : "" });
  if (actor && (act === "closed" || act === "reopened" || act === "spam" || act === "no_spam")) return t(`desk.marks.${act}`, { who });
  if (act === "closed") return t("desk.marks.idle");
  return t(act === "opened" ? "desk.marks.opened" : act === "woken" ? "desk.marks.woken" : "desk.marks.again");
}

const UNITS = ["byte", "kilobyte", "megabyte"] as const;

/** As short as it can be said: 12 kB, 3.4 MB. */
export function bytesText(bytes: number, { language }: I18n): string {
  const step = bytes < 1000 ? 0 : bytes < 1_000_000 ? 1 : 2;
  return new Intl.NumberFormat(language, { style: "unit", unit: UNITS[step], unitDisplay: step === 0 ? "long" : "short", maximumFractionDigits: step === 2 ? 1 : 0 }).format(bytes / 1000 ** step);
}

/** Why a file is not here. */
export const notKeptText = (reason: string, { t }: I18n): string => t(reason === "too_large" ? "desk.files.tooLarge" : reason === "too_much" ? "desk.files.tooMuch" : "desk.files.gone", { code: reason });
