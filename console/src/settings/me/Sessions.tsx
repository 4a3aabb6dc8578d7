import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { api, type Page } from "~/api";
import { useI18n } from "~/i18n";
import { Button, DataTable, ProblemBox, problemText, Section, Skeleton, toast, type Column } from "~/ui";

import { browserOf } from "./browser";

interface Session {
  id: string;
  address: string;
  agent: string;
  created_at: string;
  last_seen_at: string;
  expires_at: string;
  current: boolean;
}

/** Where one is signed in. Each can be ended, or all but this one. */
export function Sessions() {
  const { t, fmt } = useI18n();
  const client = useQueryClient();
  const { data, error, refetch } = useQuery({ queryKey: ["sessions"], queryFn: () => api.get<Page<Session>>("/api/sessions") });
  const end = useMutation({
    mutationFn: (id: string | null) => api.delete(id ? `/api/sessions/${id}` : "/api/sessions"),
    onSuccess: () => toast({ text: t("settings.me.ended") }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["sessions"] }),
  });
  const columns: Column<Session>[] = [
    {
      key: "where",
      head: t("settings.me.where"),
      phone: "title",
      cell: (session) => (
        <>
          <span title={session.agent}>{browserOf(session.agent) ?? t("settings.me.unknownBrowser")}</span>
          <span className="table-second">{session.address}</span>
        </>
      ),
    },
    { key: "seen", head: t("settings.me.seen"), cell: (session) => (session.current ? <b>{t("settings.me.thisOne")}</b> : fmt.ago(session.last_seen_at)) },
    { key: "since", head: t("settings.me.since"), cell: (session) => fmt.dateTime(session.created_at) },
    {
      key: "end",
      head: t("settings.me.action"),
      phone: "bare",
      width: "120px",
      cell: (session) =>
        !session.current && (
          <Button dense disabled={end.isPending} onClick={() => end.mutate(session.id)}>
            {t("settings.me.end")}
          </Button>
        ),
    },
  ];
  const others = data?.data.some((session) => !session.current);
  return (
    <Section
      title={t("settings.me.sessions")}
      actions={
        others && (
          <Button dense disabled={end.isPending} onClick={() => end.mutate(null)}>
            {t("settings.me.endOthers")}
          </Button>
        )
      }
    >
      {error ? <ProblemBox error={error} onRetry={() => void refetch()} /> : !data ? <Skeleton rows={2} height={44} /> : <DataTable label={t("settings.me.sessions")} columns={columns} rows={data.data} keyOf={(session) => session.id} />}
    </Section>
  );
}
