/** Which sources speak, since when not, and whether what they send is in the plan. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";

import { api, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { Button, DataTable, Dialog, problemText, Section, toast, useNow, type Column } from "~/ui";

import type { PlanSource } from "./types";

export function usePlanSources(): { sources: PlanSource[]; loading: boolean } {
  const { data, isPending } = useQuery({ queryKey: ["plan", "sources"], queryFn: () => api.get<{ data: PlanSource[] }>("/api/plan/sources") });
  return { sources: data?.data ?? [], loading: isPending };
}

export function Sources() {
  const { t, fmt } = useI18n();
  const may = useMay("plan.edit");
  const now = useNow(60_000);
  const { sources } = usePlanSources();
  const [accepting, setAccepting] = useState<PlanSource | null>(null);
  if (sources.length === 0) return null;
  const columns: Column<PlanSource>[] = [
    { key: "source", head: t("plan.sources.source"), phone: "title", cell: ({ source }) => source },
    { key: "last", head: t("plan.sources.last"), cell: ({ last_at }) => fmt.ago(last_at, now) },
    {
      key: "events",
      head: t("plan.sources.events"),
      numeric: true,
      width: "120px",
      cell: ({ events, others }) => (
        <div>
          {fmt.number(events)}
          {others > 0 && <span className="table-second plan-wrap">{t("plan.sources.others", { n: others })}</span>}
        </div>
      ),
    },
    {
      key: "plan",
      head: t("plan.sources.plan"),
      width: "32%",
      cell: ({ waiting }) => (waiting === 0 ? t("plan.sources.whole") : t("plan.sources.waiting", { n: waiting })),
    },
    {
      key: "accept",
      head: t("data.keys.actions"),
      width: "160px",
      phone: "bare",
      cell: (source) =>
        may && source.waiting > 0 ? (
          <Button dense aria-label={t("plan.sources.acceptOf", { name: source.source })} onClick={() => setAccepting(source)}>
            {t("plan.sources.accept")}
          </Button>
        ) : null,
    },
  ];
  return (
    <Section title={t("plan.sources.title")}>
      <DataTable label={t("plan.sources.title")} columns={columns} rows={sources} keyOf={({ source }) => source} />
      {accepting && <Accept source={accepting.source} onClose={() => setAccepting(null)} />}
    </Section>
  );
}

function Accept({ source, onClose }: { source: string; onClose: () => void }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const accept = useMutation({
    mutationFn: () => api.post<{ accepted: number }>("/api/plan/accept", { source }),
    onSuccess: ({ accepted }) => {
      toast({ text: t("plan.sources.accepted", { n: accepted, name: source }) });
      void client.invalidateQueries({ queryKey: ["plan"] });
      onClose();
    },
    onError: (error) => toast({ kind: "alarm", text: problemText(error, t).title }),
  });
  return (
    <Dialog
      title={t("plan.sources.acceptTitle", { name: source })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" disabled={accept.isPending} onClick={() => accept.mutate()}>
            {t("plan.sources.accept")}
          </Button>
        </>
      }
    >
      <p>{t("plan.sources.acceptText")}</p>
    </Dialog>
  );
}
