import { lazy, Suspense, useRef, useState } from "react";

import { channelColour, Glyph } from "~/channels";
import { doorOf, type Says } from "~/messages/words";
import { Button, Empty, Menu, ProblemBox, SearchField, Skeleton, useNow, usePhone } from "~/ui";
import { useFollow, useVirtualRows } from "~/ui/rows";

import { inAddress, views, type Agent, type Counted, type Hit, type KeptView, type Line } from "./model";
import type { Inbox } from "./useInbox";
import { sinceText, whoText } from "./words";

const Views = lazy(() => import("./Views"));
const Switch = lazy(() => import("./Notices").then((found) => ({ default: found.Switch })));
const ROW = 76;
/** The others stand in a list beside. */
const FIRST = ["mine", "unassigned", "open"] as const;

export function List({ inbox, field, team, may, says }: { inbox: Inbox; field: React.RefObject<HTMLInputElement | null>; team: Agent[]; may: boolean; says: Says }) {
  const { t, fmt } = says.i18n;
  const [edited, setEdited] = useState<KeptView | "new" | null>(null);
  const [notices, setNotices] = useState(false);
  const countOf = (view: string) => inbox.counts.find((each) => each.view === view);
  const open = countOf("open");
  const first = FIRST.some((each) => each === inbox.view);
  const shown = (found: Counted | undefined) => found && (found.exact ? fmt.number(found.count) : t("desk.more", { n: found.count }));
  const number = (view: string) => shown(countOf(view));
  const kept = inbox.kept.find((each) => each.on);
  const { channel, tag, assignee } = inbox.by;
  const narrowed = [
    channel && { name: says.channel(channel), off: { channel: undefined } },
    tag && { name: tag, off: { tag: undefined } },
    assignee && { name: team.find(({ id }) => id === assignee)?.name ?? assignee, off: { assignee: undefined } },
  ].filter((each) => typeof each === "object");
  return (
    <section className="dk-list" aria-label={t("desk.title")}>
      <header className="dk-list-head">
        <div className="dk-title">
          <h1>{t("desk.title")}</h1>
          <span className="quiet">{open && t("desk.openCount", { n: open.count })}</span>
          <Menu
            label={t("desk.list.menu")}
            items={[
              ...(may ? [{ label: t("desk.list.new"), run: () => setEdited("new") }] : []),
              ...(kept ? [{ label: t("desk.list.changeOne", { name: kept.name }), run: () => setEdited(kept) }] : []),
              { label: t("desk.notices.title"), run: () => setNotices(true) },
            ]}
          />
        </div>
        <SearchField label={t("desk.search")} placeholder={t("desk.search")} value={inbox.text} onChange={inbox.setText} k="/" ref={field} />
        <div className="dk-views" role="group" aria-label={t("desk.viewsLabel")}>
          {FIRST.map((view) => (
            <button key={view} type="button" className="dk-view" aria-pressed={inbox.view === view && !kept} onClick={() => inbox.list({ view })}>
              {t(`desk.views.${view}`)} <span className="quiet">{number(view)}</span>
            </button>
          ))}
          {inbox.kept.map((each) => (
            <button key={`kept${each.id}`} type="button" className="dk-view" aria-pressed={each.on} onClick={() => inbox.list(inAddress(each))}>
              <span className="cut">{each.name}</span> <span className="quiet">{shown(each.counted)}</span>
            </button>
          ))}
        </div>
        {narrowed.length > 0 && !kept && (
          <div className="dk-narrowed" role="group" aria-label={t("desk.list.narrowed")}>
            {narrowed.map((each) => (
              <Button key={each.name} dense aria-label={t("desk.list.without", { what: each.name })} onClick={() => inbox.change(each.off)}>
                <span className="cut">{each.name}</span> ×
              </Button>
            ))}
            {may && <Button kind="text" onClick={() => setEdited("new")}>{t("desk.list.keep")}</Button>}
          </div>
        )}
        <div className="dk-selects">
          <label>
            <span className="seen-by-readers">{t("desk.others")}</span>
            <select value={first || kept ? "" : inbox.view} onChange={(event) => inbox.list({ view: event.currentTarget.value || "open" })}>
              <option value="">{t("desk.others")}</option>
              {views.filter((view) => !FIRST.some((each) => each === view)).map((view) => (
                <option key={view} value={view}>{[t(`desk.views.${view}`), number(view)].filter(Boolean).join(" ")}</option>
              ))}
            </select>
          </label>
          {first && !kept && (
            <label>
              <span className="seen-by-readers">{t("desk.sort.label")}</span>
              <select value={inbox.by.sort ?? "newest"} onChange={(event) => inbox.change({ sort: event.currentTarget.value === "waiting" ? "waiting" : undefined })}>
                <option value="newest">{t("desk.sort.newest")}</option>
                <option value="waiting">{t("desk.sort.waiting")}</option>
              </select>
            </label>
          )}
        </div>
      </header>
      {inbox.waiting > 0 && (
        <Button kind="waiting" dense className="dk-new" onClick={inbox.take}>
          {t("desk.waiting", { n: inbox.waiting })}
        </Button>
      )}
      <Rows inbox={inbox} says={says} />
      <Suspense fallback={null}>
        {edited && <Views kept={edited === "new" ? null : edited} now={{ view: inbox.view, ...inbox.by }} team={team} says={says} onKeep={(view) => inbox.list(inAddress(view))} onClose={() => setEdited(null)} />}
        {notices && <Switch says={says} onClose={() => setNotices(false)} />}
      </Suspense>
    </section>
  );
}

function Rows({ inbox, says }: { inbox: Inbox; says: Says }) {
  const { t } = says.i18n;
  const now = useNow(30_000);
  const phone = usePhone();
  const body = useRef<HTMLDivElement>(null);
  const rows = (inbox.searching ? inbox.hits.map((hit) => ({ id: hit.id, hit })) : inbox.rows.map((line) => ({ id: line.profile_id, line }))) as ({ id: string } & ({ hit: Hit } | { line: Line }))[];
  const virtual = useVirtualRows({ rows, hasMore: inbox.hasMore, loadMore: inbox.loadMore }, ROW, body);
  const at = inbox.searching ? inbox.hits.findIndex((hit) => hit.profile_id === inbox.read) : inbox.at;
  useFollow({ at, current: rows[at] ?? null }, body, (index) => virtual.scrollToIndex(index, { align: "auto" }));
  if (inbox.error && rows.length === 0) return <div className="dk-state"><ProblemBox error={inbox.error} onRetry={inbox.retry} /></div>;
  if (inbox.loading && rows.length === 0) return <div className="dk-state"><Skeleton rows={9} height={ROW} /></div>;
  if (rows.length === 0) return <div className="dk-state">{inbox.searching ? <Empty title={t("desk.noHits")}>{t("desk.noHitsText")}</Empty> : <Nothing inbox={inbox} says={says} />}</div>;
  return (
    <div ref={body} className="dk-rows" role="list" aria-label={t(inbox.searching ? "desk.found" : `desk.views.${inbox.view}`)} tabIndex={-1} onPointerEnter={() => inbox.free(false)} onPointerLeave={() => inbox.free(true)}>
      <div role="presentation" className="dk-run" style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <div key={row.id} role="listitem" data-row={row.id} className={`dk-row ${"line" in row && row.line.unread ? "dk-unread" : ""}`} aria-current={("line" in row ? row.id : row.hit.profile_id) === inbox.read || undefined} style={{ transform: `translateY(${start}px)` }}>
                {"line" in row ? <LineRow line={row.line} inbox={inbox} says={says} now={now} /> : <HitRow hit={row.hit} inbox={inbox} says={says} phone={phone} />}
              </div>
            )
          );
        })}
      </div>
    </div>
  );
}

/** The customer's thread, as far as it fits: the last channels, the oldest on top. */
function Edge({ channels }: { channels: string[] }) {
  return (
    <span className="dk-edge" aria-hidden="true">
      {channels.map((channel, at) => (
        <span key={at} style={{ background: channelColour(doorOf(channel)) }} />
      ))}
    </span>
  );
}

function press(inbox: Inbox, person: string) {
  return (event: React.MouseEvent) => {
    event.preventDefault();
    inbox.open(person);
  };
}

function LineRow({ line, inbox, says, now }: { line: Line; inbox: Inbox; says: Says; now: number }) {
  const { t, fmt } = says.i18n;
  const { episode, last } = line;
  const door = doorOf(episode.channel);
  return (
    <>
      <Edge channels={line.channels.length > 0 ? line.channels : [episode.channel]} />
      <a href={`?c=${line.profile_id}`} className="dk-name cut" onClick={press(inbox, line.profile_id)}>
        {whoText(line.name, line.profile_id, t)}
      </a>
      <time className="dk-when quiet" dateTime={episode.last_at}>{fmt.ago(episode.last_at, now)}</time>
      <span className="dk-said cut">
        {last && last.author !== "customer" && <span className="quiet">{t(last.author === "colleague" ? "desk.weSaid" : "desk.programSaid")} </span>}
        <bdi>{last?.preview}</bdi>
      </span>
      <span className="dk-below cut">
        <Glyph channel={door} size={13} /> <span style={{ color: channelColour(door) }}>{says.channel(episode.channel)}</span>
        <span className={episode.waiting_since ? "dk-waits" : "quiet"}>{sinceText(episode, says.i18n, now)}</span>
        {episode.assignee && <span className="quiet cut">{episode.assignee.name}</span>}
      </span>
      {line.unread && <span className="dk-dot" role="img" aria-label={t("desk.unread")} />}
    </>
  );
}

function HitRow({ hit, inbox, says, phone }: { hit: Hit; inbox: Inbox; says: Says; phone: boolean }) {
  const { t, fmt } = says.i18n;
  return (
    <>
      <Edge channels={[hit.channel]} />
      <a href={`?c=${hit.profile_id}`} className="dk-name cut" onClick={press(inbox, hit.profile_id)}>
        {whoText(hit.name, hit.profile_id, t)}
      </a>
      <time className="dk-when quiet" dateTime={hit.at}>{fmt.shortDay(hit.at)}</time>
      <span className={`dk-excerpt ${phone ? "" : "dk-two"}`}>
        <bdi>{marked(hit)}</bdi>
      </span>
    </>
  );
}

/** Positions count characters, as Python does: a pair of surrogates is one. */
function marked({ excerpt, marks }: Hit): React.ReactNode[] {
  const letters = [...excerpt];
  const parts: React.ReactNode[] = [];
  let from = 0;
  for (const [start, end] of marks) {
    parts.push(letters.slice(from, start).join(""), <mark key={start}>{letters.slice(start, end).join("")}</mark>);
    from = end;
  }
  return [...parts, letters.slice(from).join("")];
}

function Nothing({ inbox, says }: { inbox: Inbox; says: Says }) {
  const { t } = says.i18n;
  const first = inbox.view === "open" || inbox.view === "mine" || inbox.view === "unassigned";
  return <Empty title={t(first ? "desk.clear" : "desk.none")}>{t(first ? "desk.clearText" : "desk.noneText")}</Empty>;
}
