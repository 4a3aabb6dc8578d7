/** What was said, and what the provider answered. */
import { useI18n } from "~/i18n";
import { DataTable, Section, type Column } from "~/ui";

import { silent, type Attempt, type MessageDetail } from "../model";
import { plainReason, reasonText, wordsOf, type Says } from "../words";

export function Words({ detail, says }: { detail: MessageDetail; says: Says }) {
  const { t } = useI18n();
  const { subject, text, refused } = detail.content;
  return (
    <Section title={t("messages.why.words")} className="why-words">
      {subject && (
        <p className="why-subject">
          <span className="quiet">{t("messages.why.subject")}: </span>
          {subject}
        </p>
      )}
      {text === null ? <p className="quiet">{refused ? t("messages.refused", { why: plainReason("content", refused, says) }) : wordsOf(detail, says.i18n)}{silent(detail) && !detail.erased && !refused && <>. {t("messages.why.unsaid")}</>}</p> : <p className="why-text">{text}</p>}
    </Section>
  );
}

/** sent: when it was taken at last. */
export function Attempts({ tries, sent, says }: { tries: Attempt[]; sent: string | null; says: Says }) {
  const { t, fmt } = useI18n();
  const columns: Column<Attempt>[] = [
    { key: "number", head: t("messages.why.attempt"), phone: "title", width: "72px", cell: (one) => fmt.number(one.number) },
    { key: "at", head: t("messages.why.when"), width: "140px", cell: (one) => <time dateTime={one.at}>{fmt.dateTime(one.at)}</time> },
    {
      key: "answer",
      head: t("messages.why.answer"),
      cell: (one) => (
        <span>
          {reasonText({ rule: "provider", why: one.code }, says)}; {t(`messages.why.outcomesOf.${one.outcome}`)}
          {one.detail && <span className="table-second">{one.detail}</span>}
        </span>
      ),
    },
  ];
  return (
    <Section title={t("messages.why.attempts")}>
      <DataTable label={t("messages.why.attempts")} columns={columns} rows={tries} keyOf={(one) => String(one.number)} />
      {sent && <p>{t("messages.why.taken", { when: fmt.dateTime(sent) })}</p>}
    </Section>
  );
}
