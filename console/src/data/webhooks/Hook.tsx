/** One webhook: where and how to send, what came, and the mapping that makes events of it. */
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useParams, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { actorText } from "~/actors";
import { api, useMay, usePages, type Page } from "~/api";
import { Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { Button, Chip, CodeBlock, DataTable, Dialog, Empty, Menu, PagedList, problemText, ProblemBox, Section, Skeleton, TextLink, toast, type Column } from "~/ui";

import { Editor } from "./Editor";
import { pythonExample, shellExample } from "./examples";
import { Remove, Rename, Rotate } from "./HookDialogs";
import type { Delivery, Retried, Version, Webhook } from "./model";
import { useTroubleText } from "./troubles";
import "./webhooks.css";

type Window = "rename" | "rotate" | "remove" | "versions";

export function WebhookPage() {
  const { hook: id } = useParams({ strict: false }) as { hook: string };
  const { d } = useSearch({ strict: false }) as { d?: string };
  const { t } = useI18n();
  const go = useNavigate();
  const [window, setWindow] = useState<Window | null>(null);
  /** A version that was taken up again; counted, so that the same one twice is taken twice. */
  const [taken, setTaken] = useState<{ version: Version; times: number } | null>(null);
  const hook = useQuery({ queryKey: ["webhook", id], queryFn: () => api.get<Webhook>(`/api/webhooks/${id}`) });
  const latest = useQuery({
    queryKey: ["webhook", id, "deliveries", "latest"],
    queryFn: () => api.get<Page<Delivery>>(`/api/webhooks/${id}/deliveries`, { params: { limit: 30 } }),
    refetchInterval: (query) => (query.state.data?.data.length === 0 ? 3000 : false),
  });
  const versions = useQuery({ queryKey: ["webhook", id, "mappings"], queryFn: () => api.get<Page<Version>>(`/api/webhooks/${id}/mappings`) });
  const may = useMay("webhooks.edit");
  const { name } = useChannelNames();
  const fault = hook.error ?? latest.error ?? versions.error;
  if (fault) return <ProblemBox error={fault} onRetry={() => void Promise.all([hook.refetch(), latest.refetch(), versions.refetch()])} />;
  if (!hook.data || !latest.data || !versions.data) return <Skeleton rows={8} height={40} />;
  const one = hook.data;
  const version = versions.data.data[0] ?? null;
  const choose = (delivery: string) => void go({ to: "/data/webhooks/$hook", params: { hook: id }, search: { d: delivery }, replace: true });
  return (
    <div className="part hook">
      <TextLink to="/data/webhooks">{t("webhooks.back")}</TextLink>
      <PartHead
        title={one.name}
        lead={
          <>
            <Glyph channel={one.channel} size={14} /> {t("webhooks.comesBy", { channel: name(one.channel), site: one.site })}
          </>
        }
        actions={
          <Menu
            label={t("webhooks.actionsOf", { name: one.name })}
            items={[
              { label: t("webhooks.versions.title"), run: () => setWindow("versions") },
              ...(may
                ? [
                    { label: t("webhooks.rotate.action"), run: () => setWindow("rotate") },
                    { label: t("webhooks.rename"), run: () => setWindow("rename") },
                    { label: t("webhooks.remove.action"), run: () => setWindow("remove"), danger: true },
                  ]
                : []),
            ]}
          />
        }
      />
      <Waiting hook={one} may={may} />
      <Address hook={one} open={one.last_at === null} />
      <Editor
        key={taken?.times ?? 0}
        hook={one}
        version={version}
        start={taken && taken.version.version !== version?.version ? taken.version.mapping : null}
        latest={latest.data.data}
        chosen={d ?? null}
        onChoose={choose}
      />
      <Deliveries hook={one} chosen={d ?? null} onChoose={choose} />
      {window === "rename" && <Rename hook={one} onClose={() => setWindow(null)} />}
      {window === "rotate" && <Rotate hook={one} onClose={() => setWindow(null)} />}
      {window === "remove" && <Remove hook={one} onClose={() => setWindow(null)} onGone={() => void go({ to: "/data/webhooks" })} />}
      {window === "versions" && (
        <Versions
          id={id}
          onClose={() => setWindow(null)}
          onTake={(chosen) => {
            setTaken({ version: chosen, times: (taken?.times ?? 0) + 1 });
            setWindow(null);
          }}
        />
      )}
    </div>
  );
}

/** Deliveries that no rule could read so far, and the press that sends them through again. */
function Waiting({ hook, may }: { hook: Webhook; may: boolean }) {
  const { t } = useI18n();
  const client = useQueryClient();
  const stopped = useRef(false);
  const [done, setDone] = useState<number | null>(null);
  const total = useRef(0);
  async function run() {
    stopped.current = false;
    total.current = hook.unmapped;
    let after: string | null = "0";
    let tried = 0;
    let taken = 0;
    setDone(0);
    try {
      while (after !== null && !stopped.current) {
        const step: Retried = await api.post<Retried>(`/api/webhooks/${hook.id}/retry`, { after });
        [tried, taken, after] = [tried + step.tried, taken + step.taken, step.next_after];
        setDone(tried);
      }
      toast({ text: t("webhooks.retry.done", { taken, left: tried - taken }) });
    } catch (error) {
      toast({ kind: "alarm", text: problemText(error, t).title });
    }
    setDone(null);
    void client.invalidateQueries({ queryKey: ["webhook", hook.id] });
  }
  if (hook.unmapped === 0 && done === null) return null;
  return (
    <div className="hook-waiting" role="status">
      <p>
        <b>{t("webhooks.retry.waiting", { n: hook.unmapped })}</b> {t("webhooks.retry.text")}
      </p>
      {may && hook.version > 0 && done === null && <Button onClick={() => void run()}>{t("webhooks.retry.action")}</Button>}
      {done !== null && (
        <>
          <progress max={Math.max(total.current, 1)} value={done} aria-label={t("webhooks.retry.action")} />
          <span>{t("webhooks.retry.progress", { done, total: total.current })}</span>
          <Button onClick={() => (stopped.current = true)}>{t("common.cancel")}</Button>
        </>
      )}
    </div>
  );
}

function Address({ hook, open }: { hook: Webhook; open: boolean }) {
  const { t, fmt } = useI18n();
  const [how, setHow] = useState<"shell" | "python" | null>(open ? "shell" : null);
  return (
    <Section
      title={t("webhooks.address.title")}
      actions={(["shell", "python"] as const).map((each) => (
        <Chip key={each} on={how === each} onClick={() => setHow(how === each ? null : each)}>
          {t(`webhooks.address.${each}`)}
        </Chip>
      ))}
    >
      <div className="hook-address">
        <CodeBlock text={hook.address} label={t("webhooks.address.label")} />
        {how && <CodeBlock text={how === "shell" ? shellExample(hook.address) : pythonExample(hook.address)} label={t("webhooks.address.example")} />}
        <p className="field-hint">
          {t("webhooks.address.text")}
          {hook.old_secret_until && new Date(hook.old_secret_until) > new Date() && ` ${t("webhooks.secret.old", { when: fmt.dateTime(hook.old_secret_until) })}`}
        </p>
      </div>
    </Section>
  );
}

function Deliveries({ hook, chosen, onChoose }: { hook: Webhook; chosen: string | null; onChoose: (delivery: string) => void }) {
  const { t, fmt } = useI18n();
  const text = useTroubleText();
  const [waiting, setWaiting] = useState(false);
  const list = usePages<Delivery>(["webhook", hook.id, "deliveries", "all"], `/api/webhooks/${hook.id}/deliveries`, { verdict: waiting ? "not_mapped" : undefined });
  const columns: Column<Delivery>[] = [
    {
      key: "at",
      head: t("webhooks.deliveries.at"),
      phone: "title",
      cell: (each) => (
        <button type="button" className="button-text" aria-current={each.id === chosen} onClick={() => onChoose(each.id)} title={t("webhooks.deliveries.open")}>
          {fmt.dateTime(each.received_at)}
        </button>
      ),
    },
    { key: "id", head: "webhook-id", cell: (each) => each.webhook_id },
    {
      key: "verdict",
      head: t("webhooks.deliveries.verdict"),
      cell: (each) => (
        <span>
          <span className={each.verdict === "not_mapped" ? "alarm" : undefined}>{t(`webhooks.verdicts.${each.verdict}`)}</span>
          {each.problems[0] && <span className="table-second">{text(each.problems[0])}</span>}
        </span>
      ),
    },
    { key: "events", head: t("webhooks.deliveries.events"), numeric: true, cell: (each) => fmt.number(each.events) },
    { key: "version", head: t("webhooks.deliveries.version"), numeric: true, cell: (each) => (each.version ? fmt.number(each.version) : "–") },
  ];
  return (
    <Section
      title={t("webhooks.deliveries.title")}
      aside={t("webhooks.deliveries.kept")}
      actions={
        <Chip on={waiting} onClick={() => setWaiting(!waiting)}>
          {t("webhooks.deliveries.waiting")}
        </Chip>
      }
    >
      <PagedList
        list={list}
        empty={<Empty title={t(waiting ? "webhooks.deliveries.noneWaiting" : "webhooks.deliveries.none")}>{!waiting && t("webhooks.deliveries.noneText")}</Empty>}
      >
        {(rows) => <DataTable label={t("webhooks.deliveries.title")} columns={columns} rows={rows} keyOf={(each) => each.id} />}
      </PagedList>
    </Section>
  );
}

function Versions({ id, onClose, onTake }: { id: string; onClose: () => void; onTake: (version: Version) => void }) {
  const { t, fmt } = useI18n();
  const list = usePages<Version>(["webhook", id, "versions"], `/api/webhooks/${id}/mappings`);
  const columns: Column<Version>[] = [
    { key: "n", head: t("webhooks.deliveries.version"), phone: "title", cell: (each) => fmt.number(each.version) },
    { key: "at", head: t("webhooks.versions.made"), cell: (each) => fmt.dateTime(each.made_at) },
    { key: "by", head: t("webhooks.versions.by"), cell: (each) => actorText(each.made_by, t) },
    {
      key: "take",
      head: t("webhooks.versions.use"),
      phone: "bare",
      cell: (each) => (
        <Button dense onClick={() => onTake(each)}>
          {t("webhooks.versions.take")}
          <span className="seen-by-readers"> {each.version}</span>
        </Button>
      ),
    },
  ];
  return (
    <Dialog title={t("webhooks.versions.title")} onClose={onClose} width={640}>
      <p className="quiet">{t("webhooks.versions.text")}</p>
      <PagedList list={list} empty={<p>{t("webhooks.mapping.none")}</p>}>
        {(rows) => <DataTable label={t("webhooks.versions.title")} columns={columns} rows={rows} keyOf={(each) => String(each.version)} />}
      </PagedList>
    </Dialog>
  );
}
