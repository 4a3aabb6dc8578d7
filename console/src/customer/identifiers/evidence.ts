/** Evidence in words: what ties an identifier, by which event, from which source, or why it was refused. */

import { sourceText } from "~/channels";
import type { I18n } from "~/i18n";

import { identifierText, kindText } from "../model/labels";
import { titleOf } from "../tell/tell";
import { spanText } from "../model/span";
import type { Evidence, Identity, Join, LedgerIdentifier, NodeRef } from "../model/types";

type Voice = Pick<I18n, "t" | "has" | "fmt">;

export function nodeText(node: Pick<NodeRef, "kind" | "value">, devices?: Map<string, string>, nodeId?: string): string {
  return identifierText(node.kind, node.value, nodeId ? devices?.get(nodeId) : undefined);
}

/** The piece that holds the identifier: used ones before others, the earliest first. */
export function mainEvidence(identifier: LedgerIdentifier): Evidence | null {
  const used = identifier.evidence.filter((one) => one.state === "used");
  return used.toSorted((a, b) => a.occurred_at.localeCompare(b.occurred_at))[0] ?? null;
}

export function refusals(identifier: LedgerIdentifier): Evidence[] {
  return identifier.evidence.filter((one) => one.state === "refused");
}

/** An end of a link in few letters: the arc already shows which row it is. */
export function shortText(node: Pick<NodeRef, "kind" | "value">): string {
  if (node.kind === "loyalty_card" || node.kind === "phone") return `…${node.value.slice(-4)}`;
  return identifierText(node.kind, node.value);
}

/** For the row, short: the event's own name when it is told, else what came along. */
export function tieText(evidence: Evidence, voice: Voice): string {
  const source = evidence.source && evidence.origin !== "operator" ? `, ${sourceText(evidence.source, voice)}` : "";
  if (evidence.origin === "event" && evidence.event) return `${titleOf({ type: "track", event: evidence.event }, voice)}${source}`;
  if (evidence.origin === "operator") return voice.t("customer.identifiers.operator");
  const value = shortText(evidence.to);
  const words = wordsOf(evidence);
  if (words === "linkTo" || words === "linkOn") return voice.t(`customer.identifiers.${words}Short`, { value });
  return `${voice.t(`customer.identifiers.${words}`, { value })}${source}`;
}

/** A login, and a link that was opened, tie a device and a person: told from the person's side they name the device. */
function wordsOf({ origin, to }: Evidence): "operator" | "loginOn" | "loginAs" | "linkOn" | "linkTo" | "alias" | "with" {
  const device = to.kind === "anonymous_id" || to.kind === "device";
  if (origin === "login") return device ? "loginOn" : "loginAs";
  if (origin === "link") return device ? "linkOn" : "linkTo";
  return origin === "event" ? "with" : origin;
}

/** In full: "came with 2200 4471 0938". */
export function evidenceText(evidence: Evidence, { t }: Voice, devices?: Map<string, string>): string {
  const value = nodeText(evidence.to, devices, evidence.to.node_id);
  return t(`customer.identifiers.${wordsOf(evidence)}`, { value });
}

/** Why the rules refused a link. The server names the rule; what it does not name is told as it came. */
export function whyText(why: string | null, voice: Voice): string {
  const { t } = voice;
  if (!why) return t("customer.identifiers.whyOther");
  const limit = /^limit[:_ ]?(.*)$/i.exec(why);
  if (limit) {
    const kind = limit[1]?.trim();
    return kind ? t("customer.identifiers.whyLimit", { kind: kindText(kind, voice) }) : t("customer.identifiers.whyLimitPlain");
  }
  if (/^cannot[-_ ]?link/i.test(why)) return t("customer.identifiers.whyCannot");
  if (why === "named") return t("customer.identifiers.whyNamed");
  return why;
}

/** What tied the two in a join. */
export function joinText(join: Join, voice: Voice): string {
  const { t, fmt } = voice;
  const late = Date.parse(join.learnt_at) - Date.parse(join.at);
  const learnt = late > 60_000 ? ` ${t("customer.join.learntLater", { time: spanText(late, fmt.locale, fmt.language) })}` : "";
  if (join.kind === "operator") {
    const by = join.by ? t("customer.join.byHand", { by: join.by }) : t("customer.join.byHandNobody");
    return join.reason ? `${join.reason.replace(/[^.!?…]$/, "$&.")} ${by}` : by;
  }
  if (join.kind === "link") return t("customer.join.byLink") + learnt;
  if (join.kind === "login") return t("customer.join.byLogin") + learnt;
  const source = sourceText(join.source, voice);
  const event = join.event && titleOf({ type: "track", event: join.event }, voice);
  if (event && source) return t("customer.join.byEventNamed", { event, source }) + learnt;
  if (source) return t("customer.join.bySource", { source }) + learnt;
  return t("customer.join.byEvent") + learnt;
}

/** Pairs to draw as arcs: each used piece of evidence once, whichever end names it. */
export function tiesOf(identity: Identity): { a: string; b: string; evidence: Evidence }[] {
  const ties = new Map<string, { a: string; b: string; evidence: Evidence }>();
  const known = new Set(identity.identifiers.map((one) => one.node_id));
  for (const identifier of identity.identifiers) {
    for (const evidence of identifier.evidence) {
      if (evidence.state !== "used" || !known.has(evidence.to.node_id)) continue;
      const key = [identifier.node_id, evidence.to.node_id].sort().join("-");
      if (!ties.has(key)) ties.set(key, { a: identifier.node_id, b: evidence.to.node_id, evidence });
    }
  }
  return [...ties.values()];
}
