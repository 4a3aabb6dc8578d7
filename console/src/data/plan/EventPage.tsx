/** One event of the plan: what is said of it, what is wrong with it, and its properties, seen beside declared. */
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";

import { api, useMay } from "~/api";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, DataTable, Dialog, Menu, ProblemBox, problemText, Section, Skeleton, TextLink, toast, useNow, type Column } from "~/ui";

import { Alarms } from "./Alarms";
import { EventEditor } from "./EventEditor";
import "./plan.css";
import { PropertyEditor } from "./PropertyEditor";
import { Spark } from "./Spark";
import type { PlanEventDetail, Property } from "./types";
import { shortPath, useEventName } from "./words";

export function PlanEventPart() {
  const { t } = useI18n();
  const { event: id } = useParams({ strict: false }) as { event: string };
  const { data, error, refetch } = useQuery({ queryKey: ["plan", "event", id], queryFn: () => api.get<PlanEventDetail>(`/api/plan/events/${encodeURIComponent(id)}`) });
  return (
    <div className="part plan">
      <nav className="plan-back">
        <TextLink to="/data/plan">← {t("plan.back")}</TextLink>
      </nav>
      {data ? <Event event={data} /> : error ? <ProblemBox error={error} onRetry={() => void refetch()} /> : <Skeleton rows={6} height={40} />}
    </div>
  );
}

function Event({ event }: { event: PlanEventDetail }) {
  const { t, fmt } = useI18n();
  const nameOf = useEventName();
  const may = useMay("plan.edit");
  const [editing, setEditing] = useState(false);
  const [archiving, setArchiving] = useState(false);
  const name = nameOf(event);
  const accept = useSend(`/api/plan/events/${event.id}/accept`, t("plan.event.accepted", { name }));
  useKeys(t("plan.title"), may ? [{ keys: "e", label: t("plan.event.edit"), run: () => setEditing(true) }] : []);
  const from = event.state === "declared" ? event.sources : event.flows.map(({ source }) => source);
  return (
    <>
      <PartHead
        title={name}
        lead={event.description || t("plan.event.noDescription")}
        actions={
          may && (
            <>
              {event.state !== "declared" && (
                <Button kind="primary" disabled={accept.isPending} onClick={() => accept.mutate()}>
                  {t("plan.event.accept")}
                </Button>
              )}
              <Button k="e" onClick={() => setEditing(true)}>
                {t("plan.event.edit")}
              </Button>
              {event.state !== "archived" && <Menu label={t("plan.event.more")} items={[{ label: t("plan.event.archive"), run: () => setArchiving(true) }]} />}
            </>
          )
        }
      />
      <div className="plan-facts">
        <Spark days={event.days} large />
        <ul>
          <li>
            {t(`plan.events.states.${event.state}`)} · {t(`plan.types.${event.type}`)}
          </li>
          <li>{event.first_at ? t("plan.event.count", { n: event.events, date: fmt.shortDay(event.first_at) }) : t("plan.event.notYet")}</li>
          {from.length > 0 && (
            <li>
              {t("plan.event.comesFrom")}: {fmt.list(from)}
            </li>
          )}
          <li>{t(event.expected ? "plan.event.expected" : "plan.event.unexpected")}</li>
          {event.changed_at && <li className="quiet">{t("plan.event.changed", { who: event.changed_by ?? "", when: fmt.ago(event.changed_at) })}</li>}
        </ul>
      </div>
      {event.alarms > 0 && <Alarms event={event.id} />}
      <Properties event={event} may={may} />
      {editing && <EventEditor event={event} onClose={() => setEditing(false)} />}
      {archiving && <Archive event={event} name={name} onClose={() => setArchiving(false)} />}
    </>
  );
}

function useSend(path: string, done: string, onDone?: () => void) {
  const { t } = useI18n();
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => api.post<PlanEventDetail>(path),
    onSuccess: () => {
      toast({ text: done });
      void client.invalidateQueries({ queryKey: ["plan"] });
      onDone?.();
    },
    onError: (error) => toast({ kind: "alarm", text: problemText(error, t).title }),
  });
}

function Archive({ event, name, onClose }: { event: PlanEventDetail; name: string; onClose: () => void }) {
  const { t } = useI18n();
  const archive = useSend(`/api/plan/events/${event.id}/archive`, t("plan.event.archived", { name }), onClose);
  return (
    <Dialog
      title={t("plan.event.archiveTitle", { name })}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>{t("common.cancel")}</Button>
          <Button kind="primary" disabled={archive.isPending} onClick={() => archive.mutate()}>
            {t("plan.event.archive")}
          </Button>
        </>
      }
    >
      <p>{t("plan.event.archiveText")}</p>
    </Dialog>
  );
}

function Properties({ event, may }: { event: PlanEventDetail; may: boolean }) {
  const { t } = useI18n();
  const [editing, setEditing] = useState<Property | "new" | null>(null);
  return (
    <Section
      title={t("plan.event.properties")}
      actions={
        may && (
          <Button dense onClick={() => setEditing("new")}>
            {t("plan.event.addProperty")}
          </Button>
        )
      }
    >
      {event.learnt.length > 0 ? <PropertyTable rows={event.learnt} onEdit={may ? setEditing : null} /> : <p className="plan-quiet">{t("plan.event.noProperties")}</p>}
      {editing && <PropertyEditor event={event} {...(editing === "new" ? {} : { property: editing })} onClose={() => setEditing(null)} />}
    </Section>
  );
}

function PropertyTable({ rows, onEdit }: { rows: Property[]; onEdit: ((property: Property) => void) | null }) {
  const { t, fmt } = useI18n();
  const now = useNow(60_000);
  const columns: Column<Property>[] = [
    {
      key: "path",
      head: t("plan.event.property"),
      phone: "title",
      cell: (row) => (
        <>
          {shortPath(row.path)}
          {row.declared?.description && <span className="table-second">{row.declared.description}</span>}
        </>
      ),
    },
    { key: "seen", head: t("plan.event.seen"), width: "24%", cell: (row) => <Kinds row={row} /> },
    {
      key: "share",
      head: t("plan.event.share"),
      width: "148px",
      cell: (row) =>
        row.last_at ? (
          <>
            <span className="plan-share">
              <span className="plan-share-bar" aria-hidden="true">
                <span style={{ width: `${Math.max(row.share * 100, 1)}%` }} />
              </span>
              {percent(row.share, fmt)}
            </span>
            <span className="table-second">{t("plan.event.last", { when: fmt.ago(row.last_at, now) })}</span>
          </>
        ) : null,
    },
    { key: "plan", head: t("plan.event.plan"), width: "24%", cell: (row) => <DeclaredWords row={row} /> },
    {
      key: "edit",
      head: "",
      width: "96px",
      phone: "bare",
      cell: (row) =>
        onEdit && (
          <Button dense className="plan-edit" aria-label={t("plan.event.editProperty", { path: shortPath(row.path) })} onClick={() => onEdit(row)}>
            {t("plan.event.edit")}
          </Button>
        ),
    },
  ];
  return <DataTable label={t("plan.event.properties")} columns={columns} rows={rows} keyOf={({ path }) => path} />;
}

/** Nearly all and nearly none are neither all nor none. */
function percent(share: number, fmt: { number: (value: number, digits?: number) => string }): string {
  const value = share * 100;
  if (share < 1 && value > 99) return `> 99 %`;
  if (share > 0 && value < 1) return `< 1 %`;
  return `${fmt.number(Math.round(value))} %`;
}

function Kinds({ row }: { row: Property }) {
  const { t, fmt } = useI18n();
  if (row.kinds.length === 0) return <span className="quiet">{t("plan.event.unseen")}</span>;
  const alone = row.kinds.length === 1;
  return (
    <ul className="table-lines">
      {row.kinds.map(({ kind, events }) => (
        <li key={kind}>
          {t(`plan.kinds.${kind}`)}
          {!alone && <span className="quiet"> · {fmt.number(events)}</span>}
        </li>
      ))}
    </ul>
  );
}

function DeclaredWords({ row }: { row: Property }) {
  const { t, fmt } = useI18n();
  const declared = row.declared;
  const lines = declared
    ? [
        `${declared.type ? t(`plan.kinds.${declared.type}`) : t("plan.event.anyType")}, ${t(declared.required ? "plan.event.required" : "plan.event.optional")}`,
        declared.allowed ? t("plan.event.allowed", { list: fmt.list(declared.allowed.map(String)) }) : "",
        declared.personal ? t("plan.event.personal") : "",
      ]
    : [];
  if (row.always_personal) lines.push(t("plan.event.always"));
  const told = lines.filter(Boolean);
  if (told.length === 0) return <span className="quiet">{t("plan.event.undeclared")}</span>;
  return (
    <ul className="table-lines">
      {told.map((line) => (
        <li key={line}>{line}</li>
      ))}
    </ul>
  );
}
