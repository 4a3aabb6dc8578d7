/** Identity rules: how many of each kind one person may have, and the values that name nobody. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { actorText } from "~/actors";
import { api, usePages, type Page } from "~/api";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Empty, PagedList, problemText, SearchField, Section, SelectField, TextField, toast, useDebounced, type Column } from "~/ui";
import { ANY, useKindName } from "./kinds";
import { Limits, type Kind } from "./Limits";
import "./settings.css";

interface Blocked {
  kind: string;
  value: string;
  blocked_at: string | null;
  blocked_by: string | null;
}

interface Rehearsed {
  value: string;
  held: { kind: string; profile_id: string; tied: number; members: number }[];
}

export function IdentityPart() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({ queryKey: ["kinds"], queryFn: () => api.get<Page<Kind>>("/api/identity/kinds"), staleTime: 60_000 });
  return (
    <div className="part">
      <PartHead title={t("settings.identity.title")} lead={t("settings.identity.lead")} />
      <Limits kinds={data?.data} error={error} retry={() => void refetch()}>
        <BlockedValues kinds={data?.data.map((kind) => kind.name) ?? []} />
      </Limits>
    </div>
  );
}

function BlockedValues({ kinds }: { kinds: string[] }) {
  const { t, fmt } = useI18n();
  const name = useKindName();
  const client = useQueryClient();
  const [text, setText] = useState("");
  const list = usePages<Blocked>(["blocked"], "/api/identity/blocked", { text: useDebounced(text.trim(), 200) });
  const remove = useMutation({
    mutationFn: ({ kind, value }: Blocked) => api.post("/api/identity/blocked/removals", { kind, value }),
    onSuccess: (_, gone) =>
      toast({
        text: t("settings.identity.unblocked", { value: gone.value }),
        undo: () => void api.post("/api/identity/blocked", { kind: gone.kind, value: gone.value }).finally(() => client.invalidateQueries({ queryKey: ["blocked"] })),
      }),
    onError: (fault) => toast({ kind: "alarm", text: problemText(fault, t).title }),
    onSettled: () => client.invalidateQueries({ queryKey: ["blocked"] }),
  });
  const columns: Column<Blocked>[] = [
    { key: "value", head: t("settings.identity.value"), phone: "title", cell: (one) => one.value },
    { key: "kind", head: t("settings.identity.kind"), width: "180px", cell: (one) => name(one.kind) },
    { key: "by", head: t("settings.identity.by"), width: "280px", cell: (one) => (one.blocked_at ? t("settings.identity.byWhom", { who: actorText(one.blocked_by ?? "", t), date: fmt.shortDay(one.blocked_at) }) : <span className="quiet">{t("settings.identity.built")}</span>) },
    {
      key: "remove",
      head: t("settings.identity.action"),
      width: "120px",
      phone: "bare",
      cell: (one) => (
        <Button dense disabled={remove.isPending} onClick={() => remove.mutate(one)} aria-label={t("settings.identity.removeOne", { value: one.value })}>
          {t("settings.identity.remove")}
        </Button>
      ),
    },
  ];
  return (
    <Section title={t("settings.identity.blocked")}>
      <p className="settings-lead">{t("settings.identity.blockedLead")}</p>
      <Block kinds={kinds} />
      <div className="settings-find">
        <SearchField label={t("settings.identity.find")} placeholder={t("settings.identity.find")} value={text} onChange={setText} />
      </div>
      <PagedList list={list} empty={<Empty title={t("settings.identity.none")} />}>
        {(rows) => <DataTable label={t("settings.identity.blocked")} columns={columns} rows={rows} keyOf={(one) => `${one.kind} ${one.value}`} />}
      </PagedList>
    </Section>
  );
}

/** First what the value holds together now, then the block. */
function Block({ kinds }: { kinds: string[] }) {
  const { t } = useI18n();
  const name = useKindName();
  const client = useQueryClient();
  const [kind, setKind] = useState("email");
  const [value, setValue] = useState("");
  const wanted = { kind, value };
  const look = useMutation({ mutationFn: () => api.post<Rehearsed>("/api/identity/blocked/rehearsals", wanted) });
  const block = useMutation({
    mutationFn: () => api.post<Blocked>("/api/identity/blocked", wanted),
    onSuccess: (done) => {
      toast({ text: t("settings.identity.isBlocked", { value: done.value }) });
      setValue("");
      look.reset();
      void client.invalidateQueries({ queryKey: ["blocked"] });
    },
  });
  const again = () => {
    look.reset();
    block.reset();
  };
  const error = look.error ?? block.error;
  return (
    <form
      className="form settings-block"
      onSubmit={(event) => {
        event.preventDefault();
        look.mutate();
      }}
    >
      <div className="form-row">
        <SelectField
          label={t("settings.identity.kind")}
          value={kind}
          choices={[ANY, ...kinds].map((each) => ({ value: each, label: name(each) }))}
          onChange={(next) => {
            setKind(next);
            again();
          }}
        />
        <TextField
          label={t("settings.identity.value")}
          value={value}
          maxLength={512}
          spellCheck={false}
          autoComplete="off"
          onChange={(next) => {
            setValue(next);
            again();
          }}
          error={error ? problemText(error, t).title : undefined}
        />
      </div>
      {look.data && <Held found={look.data} />}
      <div className="form-actions">
        {look.data ? (
          <Button kind="primary" disabled={block.isPending} onClick={() => block.mutate()}>
            {t("settings.identity.block")}
          </Button>
        ) : (
          <Button type="submit" disabled={look.isPending || !value.trim()}>
            {t("settings.identity.look")}
          </Button>
        )}
      </div>
    </form>
  );
}

function Held({ found }: { found: Rehearsed }) {
  const { t } = useI18n();
  const name = useKindName();
  if (found.held.length === 0) return <p role="status">{t("settings.identity.heldByNobody", { value: found.value })}</p>;
  return (
    <div role="status">
      <p>{t("settings.identity.held", { value: found.value })}</p>
      <ul className="settings-held">
        {found.held.map((each) => (
          <li key={`${each.kind} ${each.profile_id}`}>
            {name(each.kind)}: {t("settings.identity.ties", { n: each.tied })}{" "}
            <Link to="/customers/$ref" params={{ ref: `profile:${each.profile_id}` }}>
              {t("settings.identity.profile", { n: each.members })}
            </Link>
          </li>
        ))}
      </ul>
      <p className="quiet">{t("settings.identity.stays")}</p>
    </div>
  );
}
