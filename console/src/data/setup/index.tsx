/** Setup: what is still to do until the shop is connected, and whether events come, as it happens. */
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";

import { api, useMay, useMe, type LiveEvent, type LivePage, type Setup } from "~/api";
import { Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { PartHead } from "~/shell/Parts";
import { DataTable, Empty, ProblemBox, Section, Skeleton, useNow, type Column } from "~/ui";
import "./setup.css";

/** Once a second while nothing has come; then now and then. */
const EAGER_MS = 1_000;
const CALM_MS = 10_000;

export function SetupPart() {
  const { t } = useI18n();
  const { data, error, refetch } = useQuery({
    queryKey: ["setup"],
    queryFn: () => api.get<Setup>("/api/setup"),
    refetchInterval: ({ state }) => (state.data?.sources.some((source) => source.last_at) ? CALM_MS : EAGER_MS),
  });
  return (
    <div className="part">
      <PartHead title={t("data.setup.title")} lead={t("data.setup.lead")} />
      {error && !data ? <ProblemBox error={error} onRetry={() => void refetch()} /> : data ? <Steps setup={data} /> : <Skeleton rows={6} height={64} />}
    </div>
  );
}

function Steps({ setup }: { setup: Setup }) {
  const { t } = useI18n();
  const me = useMe();
  const may = { keys: useMay("keys.manage"), people: useMay("users.manage"), imports: useMay("events.import") };
  const heard = setup.sources.filter((source) => source.last_at);
  return (
    <>
      <ol className="setup">
        <Step done={setup.write_keys > 0} title={t("data.setup.key")} action={may.keys && <Link to="/data/keys">{t("data.setup.toKeys")}</Link>}>
          {setup.write_keys > 0 ? t("data.setup.keys", { n: setup.write_keys }) : t("data.setup.keyText")}
        </Step>
        <Step done={heard.length > 0} waiting={setup.write_keys > 0} title={t("data.setup.first")} action={heard.length === 0 && <Link to="/data/snippet">{t("data.setup.toSnippet")}</Link>}>
          {heard.length > 0 ? <Newest /> : t(setup.write_keys > 0 ? "data.setup.listening" : "data.setup.firstText")}
        </Step>
        <Step done={setup.people > 1} title={t("data.setup.people")} action={may.people && <Link to="/settings/people">{t("data.setup.toPeople")}</Link>}>
          {setup.people > 1 ? t("data.setup.peopleDone", { n: setup.people }) : t("data.setup.peopleText")}
        </Step>
        <Step done={me?.second_factor ?? false} title={t("data.setup.code")} action={<Link to="/settings/me">{t("data.setup.toMe")}</Link>}>
          {t(me?.second_factor ? "data.setup.codeDone" : "data.setup.codeText")}
        </Step>
        <Step done={setup.public_url?.startsWith("https://") ?? false} title={t("data.setup.address")}>
          {setup.public_url ? t(setup.public_url.startsWith("https://") ? "data.setup.addressDone" : "data.setup.addressPlain", { url: setup.public_url }) : t("data.setup.addressText")}
        </Step>
      </ol>
      <Doors sources={setup.sources} />
    </>
  );
}

/** One knot of the thread: solid when it is done, a ring while it is not; the line below a ring is dotted. */
function Step({ done, waiting = false, title, children, action }: { done: boolean; waiting?: boolean; title: string; children: ReactNode; action?: ReactNode }) {
  const { t } = useI18n();
  return (
    <li className={`setup-step ${done ? "setup-done" : ""} ${waiting && !done ? "setup-waiting" : ""}`}>
      <span className="setup-knot" aria-hidden="true" />
      <h2>
        {title}
        <span className="seen-by-readers">: {t(done ? "data.setup.done" : "data.setup.open")}</span>
      </h2>
      <div className="setup-text" role={waiting ? "status" : undefined}>
        {children}
      </div>
      {action && !done && <div className="setup-action">{action}</div>}
    </li>
  );
}

/** The newest event, so that one sees whose it is and what it said. */
function Newest() {
  const { t, tx, fmt } = useI18n();
  const now = useNow(5_000);
  const see = useMay("customers.read");
  const { data } = useQuery({ queryKey: ["setup", "newest"], queryFn: () => api.get<LivePage>("/api/live", { params: { limit: 1 } }), refetchInterval: CALM_MS, enabled: see });
  const event: LiveEvent | undefined = data?.data[0];
  if (!event) return t("data.setup.firstDone");
  return (
    <>
      {tx("data.setup.newest", { event: <b>{event.event ?? event.type}</b>, source: event.source, ago: fmt.ago(event.received_at, now) })}{" "}
      {event.who?.profile_id && (
        <Link to="/customers/$ref" params={{ ref: `profile:${event.who.profile_id}` }}>
          {event.who.name ?? t("data.setup.whose")}
        </Link>
      )}
    </>
  );
}

function Doors({ sources }: { sources: Setup["sources"] }) {
  const { t, fmt } = useI18n();
  const { title } = useChannelNames();
  const now = useNow(5_000);
  const columns: Column<Setup["sources"][number]>[] = [
    {
      key: "name",
      head: t("data.setup.source"),
      phone: "title",
      cell: (source) => (
        <>
          <Glyph channel={source.channel} size={14} /> {source.name}
        </>
      ),
    },
    { key: "door", head: t("data.setup.door"), cell: (source) => `${title(source.channel)}, ${source.site}` },
    { key: "keys", head: t("data.setup.livingKeys"), numeric: true, width: "120px", cell: (source) => fmt.number(source.write_keys) },
    { key: "events", head: t("data.setup.events"), numeric: true, width: "140px", cell: (source) => fmt.number(source.events) },
    {
      key: "last",
      head: t("data.setup.last"),
      width: "200px",
      cell: (source) => (source.last_at ? <time dateTime={source.last_at}>{fmt.ago(source.last_at, now)}</time> : <span className="quiet">{t("data.setup.nothing")}</span>),
    },
  ];
  return (
    <Section title={t("data.setup.doors")}>
      {sources.length > 0 ? <DataTable label={t("data.setup.doors")} columns={columns} rows={sources} keyOf={(source) => source.id} /> : <Empty title={t("data.setup.noDoors")}>{t("data.setup.keyText")}</Empty>}
    </Section>
  );
}
