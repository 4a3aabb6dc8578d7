/** The tracking plan: alarms on top, then who sends, then what. */
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { useRef, useState } from "react";

import { useMay, usePages } from "~/api";
import { useI18n } from "~/i18n";
import { useKeys } from "~/keys";
import { PartHead } from "~/shell/Parts";
import { Button, Chip, DataTable, Empty, PagedList, SearchField, Section, Skeleton, TextLink, useDebounced, useNow, type Column } from "~/ui";

import { Alarms, useAlarms } from "./Alarms";
import { EventEditor } from "./EventEditor";
import "./plan.css";
import { Sources, usePlanSources } from "./Sources";
import { Spark } from "./Spark";
import { states, type PlanEvent } from "./types";
import { useEventName } from "./words";

export function PlanPart() {
  const { t } = useI18n();
  const may = useMay("plan.edit");
  const [declaring, setDeclaring] = useState(false);
  // All at once, or what comes last pushes the rest of the page down; later each list waits for itself.
  const waiting = [useAlarms("open"), usePlanSources(), useEvents().list].some(({ loading }) => loading);
  const stood = useRef(false);
  stood.current ||= !waiting;
  useKeys(t("plan.title"), may ? [{ keys: "n", label: t("plan.declare"), run: () => setDeclaring(true) }] : []);
  return (
    <div className="part plan">
      <PartHead
        title={t("plan.title")}
        lead={t("plan.lead")}
        actions={
          may && (
            <Button kind="primary" k="n" onClick={() => setDeclaring(true)}>
              {t("plan.declare")}
            </Button>
          )
        }
      />
      {stood.current ? (
        <>
          <Alarms />
          <Sources />
          <Events />
        </>
      ) : (
        <Skeleton rows={20} height={40} />
      )}
      {declaring && <EventEditor onClose={() => setDeclaring(false)} />}
    </div>
  );
}

function useEvents() {
  const search = useSearch({ strict: false }) as { q?: string; source?: string; state?: string };
  const text = useDebounced(search.q ?? "", 200);
  const list = usePages<PlanEvent>(["plan", "events"], "/api/plan/events", { text, source: search.source, state: search.state });
  return { search, list };
}

function Events() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const { search, list } = useEvents();
  const { sources } = usePlanSources();
  const filtered = Boolean(search.q || search.source || search.state);
  // Where there is nothing there is nothing to filter.
  const bare = !filtered && !list.loading && !list.error && list.rows.length === 0;
  const go = (change: Record<string, string | undefined>) => void navigate({ to: "/data/plan", search: { ...search, ...change }, replace: true });
  return (
    <Section title={t("plan.events.title")}>
      {!bare && (
        <div className="plan-filters">
          <SearchField label={t("plan.events.search")} placeholder={t("plan.events.search")} value={search.q ?? ""} onChange={(q) => go({ q })} />
          <select className="field-input plan-select" aria-label={t("plan.events.source")} value={search.source ?? ""} onChange={(event) => go({ source: event.currentTarget.value })}>
            <option value="">{t("plan.events.anySource")}</option>
            {sources.map(({ source }) => (
              <option key={source} value={source}>
                {source}
              </option>
            ))}
          </select>
          {states.map((state) => (
            <Chip key={state} on={search.state === state} onClick={() => go({ state: search.state === state ? undefined : state })}>
              {t(`plan.events.states.${state}`)}
            </Chip>
          ))}
        </div>
      )}
      <PagedList
        list={list}
        empty={
          filtered ? (
            <Empty title={t("plan.events.nothing")} actions={<Button onClick={() => go({ q: undefined, source: undefined, state: undefined })}>{t("plan.events.clear")}</Button>}>
              {t("plan.events.nothingText")}
            </Empty>
          ) : (
            <Empty title={t("plan.events.none")} actions={<TextLink to="/data/keys">{t("plan.events.noneConnect")}</TextLink>}>
              {t("plan.events.noneText")}
            </Empty>
          )
        }
      >
        {(rows) => <EventTable rows={rows} />}
      </PagedList>
    </Section>
  );
}

function EventTable({ rows }: { rows: PlanEvent[] }) {
  const { t, fmt } = useI18n();
  const nameOf = useEventName();
  const now = useNow(60_000);
  const columns: Column<PlanEvent>[] = [
    {
      key: "event",
      head: t("plan.events.event"),
      phone: "title",
      cell: (event) => (
        <>
          <Link className="plan-link" to="/data/plan/$event" params={{ event: event.id }}>
            {nameOf(event)}
          </Link>
          {event.alarms > 0 && <span className="plan-alarm-count">{t("plan.events.alarms", { n: event.alarms })}</span>}
          <span className="table-second">{event.flows.length > 0 ? fmt.list(event.flows.map(({ source }) => source)) : fmt.list(event.sources)}</span>
        </>
      ),
    },
    { key: "volume", head: t("plan.events.volume"), width: "136px", cell: (event) => <Spark days={event.days} /> },
    { key: "last", head: t("plan.events.last"), width: "132px", cell: (event) => (event.last_at ? fmt.ago(event.last_at, now) : t("plan.events.never")) },
    { key: "properties", head: t("plan.events.properties"), numeric: true, width: "96px", cell: (event) => fmt.number(event.properties) },
    { key: "state", head: t("plan.events.state"), width: "128px", cell: (event) => t(`plan.events.states.${event.state}`) },
  ];
  return <DataTable label={t("plan.events.title")} columns={columns} rows={rows} keyOf={(event) => event.id} />;
}
