/** What a month cost, by channel and account, with the silences beside. */
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { api } from "~/api";
import { Glyph } from "~/channels";
import { useI18n } from "~/i18n";
import { DataTable, Dialog, Icon, IconButton, ProblemBox, Skeleton, type Column } from "~/ui";

import type { Cost } from "./model";
import { doorOf, useSays } from "./words";

/** Months of UTC, as costs are kept. */
function monthOf(back: number): string {
  const now = new Date();
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - back, 1)).toISOString().slice(0, 7);
}

export default function CostsDialog({ onClose }: { onClose: () => void }) {
  const { t, fmt } = useI18n();
  const says = useSays();
  const [back, setBack] = useState(0);
  const month = monthOf(back);
  const { data, error, refetch } = useQuery({ queryKey: ["messages", "costs", month], queryFn: () => api.get<{ data: Cost[] }>("/api/message-costs", { params: { month } }) });
  const name = new Intl.DateTimeFormat(fmt.locale, { month: "long", year: "numeric", timeZone: "UTC" }).format(new Date(`${month}-01T00:00:00Z`)).replace(/\s?г\.$/, "");
  const columns: Column<Cost>[] = [
    {
      key: "account",
      head: t("messages.costs.account"),
      phone: "title",
      cell: (cost) => (
        <span className="msg-cost-account">
          {cost.channel ? (
            <>
              <Glyph channel={doorOf(cost.channel)} size={14} /> {says.channel(cost.channel)}
            </>
          ) : (
            t("messages.costs.noAccount")
          )}{" "}
          <span className="table-second">{cost.account}</span>
        </span>
      ),
    },
    { key: "sent", head: t("messages.costs.sent"), numeric: true, cell: (cost) => fmt.number(cost.sent) },
    { key: "silences", head: t("messages.costs.silences"), numeric: true, cell: (cost) => fmt.number(cost.silences) },
    { key: "cost", head: t("messages.costs.cost"), numeric: true, cell: (cost) => cost.currency && fmt.money(cost.minor, cost.currency) },
  ];
  return (
    <Dialog title={t("messages.costs.title")} onClose={onClose} width={640}>
      <div className="msg-month">
        <IconButton label={t("messages.costs.earlier")} disabled={back >= 60} onClick={() => setBack(back + 1)}>
          <Icon name="back" size={16} />
        </IconButton>
        <b role="status">{name.charAt(0).toLocaleUpperCase(fmt.locale) + name.slice(1)}</b>
        <IconButton label={t("messages.costs.later")} className="msg-later" disabled={back === 0} onClick={() => setBack(back - 1)}>
          <Icon name="back" size={16} />
        </IconButton>
      </div>
      {error ? (
        <ProblemBox error={error} onRetry={() => void refetch()} />
      ) : !data ? (
        <Skeleton rows={3} height={40} />
      ) : data.data.length === 0 ? (
        <p className="quiet">{t("messages.costs.none")}</p>
      ) : (
        <>
          <DataTable label={t("messages.costs.title")} columns={columns} rows={data.data} keyOf={(cost) => `${cost.channel} ${cost.account}`} />
          <Totals costs={data.data} />
        </>
      )}
    </Dialog>
  );
}

/** By currency: sums of different money are not added up. */
function Totals({ costs }: { costs: Cost[] }) {
  const { t, fmt } = useI18n();
  const sums = new Map<string, number>();
  for (const { currency, minor } of costs) if (currency) sums.set(currency, (sums.get(currency) ?? 0) + minor);
  if (sums.size === 0) return null;
  return (
    <p className="msg-total">
      {t("messages.costs.total")} <b>{[...sums].map(([currency, minor]) => fmt.money(minor, currency)).join(", ")}</b>
    </p>
  );
}
