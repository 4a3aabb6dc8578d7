/** Every value of every trait, newest first. Nothing is overwritten, so nothing is hidden. */

import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";

import { sourceText } from "~/channels";
import { useI18n } from "~/i18n";
import { Button, Dialog, ProblemBox, Skeleton } from "~/ui";

import { identifierText, kindText } from "../model/labels";
import { historyQuery, type Times } from "../model/queries";
import type { TraitRow } from "../model/types";
import { traitName } from "../tell/tell";
import { orderTraits } from "./order";
import { learntText, ruleText, valueText } from "./Traits";

interface HistoryDialogProps {
  profileRef: string;
  times: Times;
  traits: TraitRow[];
  onClose: () => void;
  onOpenEvent: (messageId: string) => void;
}

export function HistoryDialog({ profileRef, times, traits, onClose, onOpenEvent }: HistoryDialogProps) {
  const i18n = useI18n();
  const { t } = i18n;
  const ordered = orderTraits(traits);
  const [open, setOpen] = useState<string | null>(ordered[0]?.name ?? null);
  return (
    <Dialog title={t("customer.traits.drawer")} onClose={onClose} width={760}>
      <p className="quiet cu-history-note">{t("customer.traits.drawerText")}</p>
      <div className="cu-history">
        {ordered.map((trait) => (
          <section key={trait.name}>
            <h3>
              <button type="button" aria-expanded={open === trait.name} onClick={() => setOpen(open === trait.name ? null : trait.name)}>
                <span className="cu-history-name">
                  <bdi>{traitName(trait.name, i18n)}</bdi>
                </span>
                <bdi className="cu-history-value">{valueText(trait.name, trait.value, i18n)}</bdi>
                {trait.losing.length > 0 && <span className="quiet">{t("customer.traits.values", { n: trait.losing.length + 1 })}</span>}
              </button>
            </h3>
            {open === trait.name && (
              <>
                <p className="quiet cu-history-rule">{ruleText(trait.losing.length === 0 ? "only" : trait.rule, i18n)}</p>
                <Values profileRef={profileRef} name={trait.name} times={times} onOpenEvent={onOpenEvent} />
              </>
            )}
          </section>
        ))}
      </div>
    </Dialog>
  );
}

function Values({ profileRef, name, times, onOpenEvent }: { profileRef: string; name: string; times: Times; onOpenEvent: (messageId: string) => void }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const query = useInfiniteQuery(historyQuery(profileRef, name, times));
  if (query.isPending) return <Skeleton rows={2} height={28} />;
  if (query.isError) return <ProblemBox error={query.error} onRetry={() => void query.refetch()} />;
  const rows = query.data.pages.flatMap((page) => page.data);
  return (
    <>
      <table className="cu-table cu-history-table">
        <thead>
          <tr>
            <th scope="col"><span className="seen-by-readers">{t("customer.traits.title")}</span></th>
            <th scope="col">{t("customer.traits.from")}</th>
            <th scope="col">{t("customer.traits.happened")}</th>
            <th scope="col">{t("customer.traits.learnt")}</th>
            <th scope="col"><span className="seen-by-readers">{t("customer.inspector.title")}</span></th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => {
            const learnt = learntText(row, i18n);
            const { message_id } = row;
            return (
              <tr key={`${message_id}${row.occurred_at}${JSON.stringify(row.value)}`}>
                <td className="cu-value"><bdi>{valueText(name, row.value, i18n)}</bdi></td>
                <td className="cu-source">
                  <bdi>{sourceText(row.source, i18n)}</bdi>
                  {row.identifier && <span className="quiet cu-history-by"> <bdi>{identifierText(row.identifier.kind, row.identifier.value)}</bdi>, {kindText(row.identifier.kind, i18n)}</span>}
                </td>
                <td><time dateTime={row.occurred_at}>{fmt.dateTime(row.occurred_at)}</time></td>
                <td className={learnt.late ? "cu-learnt-late" : ""}><time dateTime={row.received_at} title={fmt.dateTime(row.received_at, 0)}>{learnt.text}</time></td>
                <td>{message_id && <Button kind="text" onClick={() => onOpenEvent(message_id)}>{t("customer.inspector.title")}</Button>}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
      {query.hasNextPage && (
        <Button kind="text" className="cu-all" onClick={() => void query.fetchNextPage()}>
          {t("customer.traits.moreHistory")}
        </Button>
      )}
    </>
  );
}
