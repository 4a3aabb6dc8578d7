/** All evidence of one identifier: what holds it, what says the same, what was refused and why. */

import { sourceText } from "~/channels";
import { useI18n } from "~/i18n";
import { Button } from "~/ui";

import { spanText } from "../model/span";
import type { Evidence, Identifier, LedgerIdentifier } from "../model/types";
import { evidenceText, whyText } from "./evidence";

interface DetailsProps {
  identifier: LedgerIdentifier;
  counts: Identifier | null;
  devices: Map<string, string>;
  onOpenEvent: (messageId: string) => void;
  past: boolean;
}

const MOST = 20;
const ORDER = { used: 0, refused: 1, redundant: 2 };

export default function Details({ identifier, counts, devices, onOpenEvent }: DetailsProps) {
  const { t, fmt } = useI18n();
  const evidence = identifier.evidence.toSorted((a, b) => ORDER[a.state] - ORDER[b.state] || a.occurred_at.localeCompare(b.occurred_at));
  return (
    <div className="cu-details" role="group" aria-label={t("customer.identifiers.details", { value: identifier.value })}>
      <p className="cu-details-head">
        <bdi className="cu-breaks">
          {identifier.kind}:{identifier.value}
        </bdi>
        {counts && (
          <span className="quiet">
            {t("customer.identifiers.events", { n: counts.events })}
            {counts.last_seen_at && `, ${t("customer.identifiers.lastSeen", { at: fmt.dateTime(counts.last_seen_at) })}`}
          </span>
        )}
      </p>
      {evidence.slice(0, MOST).map((one) => (
        <Piece key={`${one.to.node_id} ${one.message_id} ${one.origin} ${one.occurred_at}`} evidence={one} devices={devices} onOpenEvent={onOpenEvent} />
      ))}
      {evidence.length > MOST && <p className="quiet">{t("customer.identifiers.evidenceCount", { n: evidence.length })}</p>}
    </div>
  );
}

function Piece({ evidence, devices, onOpenEvent }: { evidence: Evidence; devices: Map<string, string>; onOpenEvent: (messageId: string) => void }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const late = Date.parse(evidence.received_at) - Date.parse(evidence.occurred_at);
  const { message_id } = evidence;
  return (
    <div className={`cu-piece cu-piece-${evidence.state}`}>
      <span className="cu-piece-state">{t(`customer.identifiers.state.${evidence.state}`)}</span>
      <span>
        <bdi>{evidenceText(evidence, i18n, devices)}</bdi>
        {evidence.event && (
          <>
            {", “"}
            <bdi>{evidence.event}</bdi>
            {"”"}
          </>
        )}
        {evidence.source && (
          <>
            {", "}
            <bdi>{sourceText(evidence.source, i18n)}</bdi>
          </>
        )}
        {evidence.state !== "refused" && evidence.why && (
          <>
            {". "}
            <bdi>{evidence.why}</bdi>
          </>
        )}
        {evidence.state === "refused" && <span className="cu-piece-why">{whyText(evidence.why, i18n)}</span>}
        <span className="quiet cu-piece-more">
          {t("customer.identifiers.tier", { n: evidence.tier })}
          {", "}
          {late > 60_000 ? t("customer.thread.late", { time: spanText(late, fmt.locale, fmt.language) }) : t("customer.traits.atOnce")}
        </span>
        {message_id && (
          <Button kind="text" onClick={() => onOpenEvent(message_id)}>
            {t("customer.identifiers.openEvent")}
          </Button>
        )}
      </span>
      <time dateTime={evidence.occurred_at}>{fmt.dateTime(evidence.occurred_at)}</time>
    </div>
  );
}
