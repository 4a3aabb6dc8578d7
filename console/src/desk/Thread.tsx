/** One line through all doors: what they said (solid), what we said (ring), notes (square), what became of it. */
import { useInfiniteQuery } from "@tanstack/react-query";
import { useLayoutEffect, useRef, useState } from "react";

import { channelColour, Glyph } from "~/channels";
import { becameText, doorOf, reasonText, type Says } from "~/messages/words";
import { Button, Empty, ProblemBox, Skeleton, TextLink, useNow } from "~/ui";
import type { Message } from "~/messages/model";

import { Files } from "./Files";
import { threadQuery, type Item, type Mark, type Note, type Said, type Unsent } from "./model";
import { inOrder } from "./told";
import { markText } from "./words";

type Row = { at: string; key: string; day?: string } & ({ item: Item } | { unsent: Unsent });

/** So many rows stand in the page at once, however long the thread is; near an edge some more come there and as many go. */
const SHOWN = 120;
const STEP = 40;
const NEAR_PX = 600;

/** Of what it says: the day above it may go. */
const topOf = (row: Element) => (row.lastElementChild ?? row).getBoundingClientRect().top;

/** Oldest first. What waits or was not sent stands where it was asked for. */
function rowsOf(items: Item[], unsent: Unsent[], told: Set<string>): Row[] {
  // Of one second, as messengers count, in the order in which the server has them.
  const rows: Row[] = items.toReversed().map((item) => ({ at: item.at, key: `${item.kind}${item.id}`, item }));
  for (const each of unsent) if (!told.has(each.message_id)) rows.push({ at: each.at, key: `unsent${each.message_id}`, unsent: each });
  return rows.toSorted((a, b) => inOrder(a.at, b.at));
}

export function Thread({ person, name, writes, says, note }: { person: string; name: string; writes: boolean; says: Says; note: { me: string | null; drop: (id: string) => void } }) {
  const { t, fmt } = says.i18n;
  const now = useNow(30_000);
  const found = useInfiniteQuery(threadQuery(person));
  const box = useRef<HTMLDivElement>(null);
  const bottom = useRef(true);
  const anchor = useRef<{ key: string; top: number } | null>(null);
  /** The first row that stands in the page, of those that are here; null: the newest ones do. */
  const [first, setFirst] = useState<string | null>(null);
  const pages = found.data?.pages ?? [];
  const items = pages.flatMap((page) => page.data);
  const told = new Set(items.flatMap((each) => (each.kind === "said" && each.message_id ? [each.message_id] : [])));
  const oldest = items.at(-1)?.at ?? "";
  const rows = rowsOf(items, (pages[0]?.unsent ?? []).filter(({ at }) => !found.hasNextPage || inOrder(at, oldest) >= 0), told);
  const newest = Math.max(0, rows.length - SHOWN);
  const place = first === null ? -1 : rows.findIndex(({ key }) => key === first);
  const start = place < 0 ? newest : Math.min(place, newest);
  const end = Math.min(rows.length, start + SHOWN);
  const show = (from: number) => setFirst(rows[Math.max(0, Math.min(newest, from))]?.key ?? null);
  /** Near an edge there is more, from here or from the server. */
  const fill = (element: HTMLElement) => {
    if (bottom.current) return;
    if (element.scrollTop < NEAR_PX) {
      if (start > 0) show(start - STEP);
      else if (found.hasNextPage && !found.isFetchingNextPage && !found.isFetchNextPageError) void found.fetchNextPage();
    } else if (element.scrollHeight - element.scrollTop - element.clientHeight < NEAR_PX && end < rows.length) show(start + STEP);
  };
  /** What is read stays where it is, whatever comes above or goes below. New ones are followed by whoever is at the end. */
  const keep = (element: HTMLElement) => {
    if (bottom.current) element.scrollTop = element.scrollHeight;
    else if (anchor.current) {
      const row = element.querySelector(`li[data-row="${anchor.current.key}"]`);
      if (row) element.scrollTop += topOf(row) + element.scrollTop - anchor.current.top; // by its place in the whole: it may have been scrolled meanwhile
    }
    hold(element);
  };
  const hold = (element: HTMLElement) => {
    const edge = element.getBoundingClientRect().top;
    const row = [...element.querySelectorAll<HTMLElement>("li[data-row]")].find((each) => each.getBoundingClientRect().bottom > edge);
    anchor.current = row ? { key: row.dataset["row"] ?? "", top: topOf(row) + element.scrollTop } : null;
  };
  useLayoutEffect(() => {
    const element = box.current;
    if (!element) return;
    keep(element);
    fill(element);
    // What was being fetched may have been left for something newer: whoever waits at the top is not left there.
  }, [rows.length, rows.at(-1)?.key, start, end, found.isFetching]);
  useLayoutEffect(() => {
    // A picture that came, letters of another font: nobody sees that a row above has another height now.
    const element = box.current;
    const list = element?.querySelector("ol");
    if (!element || !list) return;
    const watch = new ResizeObserver(() => bottom.current || keep(element));
    watch.observe(list);
    // What stands below grows: the newest word is not covered by it.
    const low = new ResizeObserver(() => void (bottom.current && (element.scrollTop = element.scrollHeight)));
    low.observe(element);
    return () => [watch, low].forEach((each) => each.disconnect());
  }, [person, pages.length > 0]);
  useLayoutEffect(() => {
    bottom.current = true;
    anchor.current = null;
    setFirst(null);
  }, [person]);
  if (found.isPending) return <div className="dk-thread"><Skeleton rows={8} height={56} /></div>;
  if (found.isError && items.length === 0) return <div className="dk-thread"><ProblemBox error={found.error} onRetry={() => void found.refetch()} /></div>;
  const onScroll = ({ currentTarget: element }: React.UIEvent<HTMLDivElement>) => {
    bottom.current = end === rows.length && element.scrollHeight - element.scrollTop - element.clientHeight < 40;
    // Whoever reads further up keeps the rows that they read, whatever comes below.
    if (bottom.current) setFirst(null);
    else if (first === null) show(start);
    hold(element);
    fill(element);
  };
  const older = found.hasNextPage || start > 0;
  let day = ""; // said above the first row that stands there, whatever comes above it: else that row would rise when it comes
  return (
    <div ref={box} className="dk-thread" onScroll={onScroll} onKeyDown={(event) => event.key === "End" && ((bottom.current = true), setFirst(null))} tabIndex={0} role="log" aria-label={t("desk.thread", { name })}>
      {(older || pages.length > 1) && (
        // Its place stays where there is nothing earlier any more.
        <Button kind="text" className={older ? "dk-older" : "dk-older dk-gone"} onClick={() => (start > 0 ? show(start - STEP) : void found.fetchNextPage())}>
          {t("desk.older")}
        </Button>
      )}
      {rows.length === 0 && <Empty title={t("desk.silent")}>{t("desk.silentText")}</Empty>}
      <ol>
        {rows.slice(start, end).map((row) => {
          const heading = fmt.dayHeading(row.at, now);
          const first = heading !== day;
          day = heading;
          return (
            <li key={row.key} data-row={row.key}>
              {first && <p className="dk-day">{heading}</p>}
              {"unsent" in row ? (
                <UnsentRow unsent={row.unsent} says={says} now={now} />
              ) : row.item.kind === "said" ? (
                <SaidRow said={row.item} name={name} says={says} />
              ) : row.item.kind === "note" ? (
                <NoteRow note={row.item} says={says} mine={row.item.author.id === note.me} drop={note.drop} />
              ) : (
                <MarkRow mark={row.item} says={says} />
              )}
            </li>
          );
        })}
      </ol>
      <p className="dk-typing quiet" aria-live="off">{writes && <bdi>{t("desk.present.writing", { n: 1, who: name })}</bdi>}</p>
    </div>
  );
}

function SaidRow({ said, name, says }: { said: Said; name: string; says: Says }) {
  const { t, tx, fmt } = says.i18n;
  const door = doorOf(said.channel);
  const theirs = said.author === "customer";
  const who = theirs ? name : (said.colleague ?? (said.template ? t("desk.template", { name: said.template }) : t("desk.program")));
  const beside = [
    said.assurance && t(`desk.assurance.${said.assurance}`),
    theirs && said.address_kind !== "chat" && said.address,
    said.automatic && t("desk.automatic"),
    said.blocked && t("desk.block.said"),
    said.edited && t("desk.edited"),
    said.state && t(`messages.states.${said.state}` as "messages.states.sent"),
  ].filter(Boolean);
  return (
    <article className={`dk-item ${theirs ? "dk-theirs" : "dk-ours"}`} style={{ ["--door" as string]: channelColour(door) }}>
      <span className="dk-knot" aria-hidden="true" />
      <header>
        <b><bdi>{who}</bdi></b> <span className="quiet dk-beside">{beside.join(", ")}</span>
        <span className="dk-door" style={{ color: channelColour(door) }}>
          <Glyph channel={door} size={13} /> {says.channel(said.channel)}
        </span>
        <time className="quiet" dateTime={said.at}>{fmt.time(said.at)}</time>
      </header>
      {said.subject && <p className="dk-subject"><bdi>{said.subject}</bdi></p>}
      {said.text && <p className="dk-text"><bdi>{said.text}</bdi></p>}
      {said.page?.url && (
        <p className="quiet dk-page">
          {tx("desk.onPage", { page: <a href={said.page.url} target="_blank" rel="noopener noreferrer nofollow"><bdi>{said.page.title ?? said.page.url}</bdi></a> })}
        </p>
      )}
      {said.pressed && <p className="dk-text">{t("desk.pressed", { what: said.pressed })}</p>}
      <Files files={said.files} />
      {(said.quoted || said.signature) && (
        <details className="dk-quoted">
          <summary>{t("desk.quoted")}</summary>
          <p className="dk-text quiet"><bdi>{[said.quoted, said.signature].filter(Boolean).join("\n\n")}</bdi></p>
        </details>
      )}
      {said.message_id && <TextLink to="/messages/$message" params={{ message: said.message_id }}>{t("desk.why")}</TextLink>}
    </article>
  );
}

function NoteRow({ note, says, mine, drop }: { note: Note; says: Says; mine: boolean; drop: (id: string) => void }) {
  const { t, fmt } = says.i18n;
  return (
    <article className="dk-item dk-note">
      <span className="dk-knot" aria-hidden="true" />
      <header>
        <b>{note.author.name}</b> <span className="quiet dk-beside">{[t("desk.noteFor"), note.edited_at && t("desk.edited")].filter(Boolean).join(", ")}</span>
        <time className="quiet" dateTime={note.at}>{fmt.time(note.at)}</time>
      </header>
      {note.deleted ? <p className="quiet">{t("desk.noteGone")}</p> : <p className="dk-text"><bdi>{note.text}</bdi></p>}
      {mine && !note.deleted && (
        <Button kind="text" className="dk-drop" onClick={() => drop(note.id)}>
          {t("desk.noteDrop")}
        </Button>
      )}
    </article>
  );
}

function MarkRow({ mark, says }: { mark: Mark; says: Says }) {
  const { fmt } = says.i18n;
  return (
    <div className="dk-item dk-mark quiet">
      <span className="dk-knot" aria-hidden="true" />
      <span>{markText(mark, says.i18n)}</span>
      <time dateTime={mark.at}>{fmt.time(mark.at)}</time>
    </div>
  );
}

function UnsentRow({ unsent, says, now }: { unsent: Unsent; says: Says; now: number }) {
  const { t, fmt } = says.i18n;
  const door = doorOf(unsent.channel ?? "api");
  const silent = ["suppressed", "failed", "bounced", "cancelled"].includes(unsent.state);
  const told = unsent.state === "suppressed" ? reasonText({ rule: unsent.rule, why: unsent.why, channel: unsent.channel }, says) : "";
  const became = becameText({ ...unsent, ended_at: null, sent_at: null, class: "conversational" } as unknown as Message, says, now);
  return (
    <article className={`dk-item dk-ours ${silent ? "dk-silent" : "dk-way"}`} style={{ ["--door" as string]: channelColour(door) }}>
      <span className="dk-knot" aria-hidden="true" />
      <header>
        <b>{silent ? t("desk.notSent") : t("desk.onItsWay")}</b> <span className="quiet dk-beside">{told || became}</span>
        {unsent.channel && (
          <span className="dk-door" style={{ color: channelColour(door) }}>
            <Glyph channel={door} size={13} /> {says.channel(unsent.channel)}
          </span>
        )}
        <time className="quiet" dateTime={unsent.at}>{fmt.time(unsent.at)}</time>
      </header>
      {unsent.text && <p className="dk-text"><bdi>{unsent.text}</bdi></p>}
      <Files files={unsent.files} />
      <TextLink to="/messages/$message" params={{ message: unsent.message_id }}>{t("desk.why")}</TextLink>
    </article>
  );
}
