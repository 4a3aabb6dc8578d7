/** Everything that was said to this person and everything that was not, newest first. Loaded when it is looked at. */
import { keepPreviousData, useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, memo, Suspense, useState } from "react";

import { api, useMay, type Page } from "~/api";
import { channelColour, Glyph } from "~/channels";
import { groups } from "~/messages/groups";
import { alarms, moves, silent, waits, type Message } from "~/messages/model";
import { useTold } from "~/messages/useTold";
import { becameText, doorOf, useSays, wordsOf, type Says } from "~/messages/words";
import { useSocketState } from "~/socket";
import { Button, Chip, Empty, Icon, PagedList, TextLink, useNow } from "~/ui";
import "./said.css";

const CancelDialog = lazy(() => import("~/messages/Cancel"));

const PAGE = 25;
/** Without a socket, which tells at once: the sooner while something is on its way. */
const FOLLOW_MS = 2_000;
const LOOK_MS = 15_000;
type Group = keyof typeof groups;

interface SaidProps {
  person: string;
  /** The moment that the page shows; null for now. */
  until: string | null;
  onWrite: (() => void) | null;
}

export function Said({ person, until, onWrite }: SaidProps) {
  const says = useSays();
  const { t } = says.i18n;
  const now = useNow(15_000);
  const maySend = useMay("messages.send");
  const [group, setGroup] = useState<Group | null>(null);
  const [cancels, setCancels] = useState<Message | null>(null);
  const params = { to: `profile:${person}`, state: group && groups[group], until };
  const away = useSocketState().kind !== "open";
  const found = useInfiniteQuery({
    queryKey: ["messages", "of", params],
    queryFn: ({ pageParam, signal }) => api.get<Page<Message>>("/api/messages", { params: { ...params, limit: PAGE, cursor: pageParam }, signal }),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    placeholderData: keepPreviousData,
    refetchInterval: ({ state: { data } }) => (!away || (data?.pages.length ?? 0) > 2 ? false : data?.pages.some((page) => page.data.some(moves)) ? FOLLOW_MS : LOOK_MS),
  });
  useTold(`messages:${person}`, found);
  const list = {
    rows: found.data?.pages.flatMap((page) => page.data) ?? [],
    loading: found.isPending,
    fetching: found.isFetchingNextPage,
    error: found.error as unknown,
    retry: () => void found.refetch(),
    more: found.hasNextPage ? () => void found.fetchNextPage() : null,
  };
  const empty = group ? (
    <Empty title={t("messages.none")} actions={<Button onClick={() => setGroup(null)}>{t("messages.find.clear")}</Button>} />
  ) : (
    <Empty title={t("messages.section.none")} actions={onWrite && <Button kind="primary" onClick={onWrite}>{t("customer.header.write")}</Button>} />
  );
  return (
    <section className="sa" aria-label={t("messages.section.title")}>
      <div className="sa-top">
        <div className="sa-chips" role="group" aria-label={t("messages.section.chips")}>
          <Chip on={group === null} onClick={() => setGroup(null)}>
            {t("messages.find.any")}
          </Chip>
          {(Object.keys(groups) as Group[]).map((each) => (
            <Chip key={each} on={group === each} onClick={() => setGroup(group === each ? null : each)}>
              {t(`messages.find.${each}`)}
            </Chip>
          ))}
        </div>
        <TextLink to="/messages" search={{ to: `profile:${person}` }}>
          {t("messages.section.all")}
        </TextLink>
      </div>
      {until && <p className="quiet sa-then">{t("messages.section.then")}</p>}
      <PagedList list={list} empty={empty}>
        {(rows) => (
          <ul className="sa-list" aria-busy={found.isPlaceholderData}>
            {rows.map((message) => (
              <Row key={message.id} message={message} now={now} says={says} onCancel={maySend && !until && waits(message) ? setCancels : null} />
            ))}
          </ul>
        )}
      </PagedList>
      {cancels && (
        <Suspense fallback={null}>
          <CancelDialog message={cancels} onClose={() => setCancels(null)} />
        </Suspense>
      )}
    </section>
  );
}

interface RowProps {
  message: Message;
  now: number;
  says: Says;
  onCancel: ((message: Message) => void) | null;
}

const Row = memo(function Row({ message, now, says, onCancel }: RowProps) {
  const { t, fmt } = says.i18n;
  const not = silent(message);
  const door = message.channel ? doorOf(message.channel) : null;
  return (
    <li className={`sa-row ${not ? "sa-silent" : ""}`} data-message={message.id}>
      <span className="sa-sign" style={door && !not ? { color: channelColour(door) } : undefined}>
        {not || !door ? <Stub /> : <Glyph channel={door} size={14} coloured={false} />}
      </span>
      <Link to="/messages/$message" params={{ message: message.id }} preload={false} className={`sa-words ${message.erased ? "quiet" : ""}`} aria-description={t("messages.section.why")}>
        {wordsOf(message, says.i18n)}
      </Link>
      <span className="sa-why" aria-hidden="true">
        {t("messages.keys.open")}
        <Icon name="back" size={12} />
      </span>
      <time className="sa-when quiet" dateTime={message.asked_at}>
        {fmt.shortDay(message.asked_at)} {fmt.time(message.asked_at)}
      </time>
      <span className={`sa-became ${alarms(message) ? "alarm" : ""}`}>{becameText(message, says, now)}</span>
      <span className="sa-about quiet cut">
        {[message.channel && says.channel(message.channel), says.purpose(message.purpose), t(`messages.classes.${message.class}`)].filter(Boolean).join(", ")}
      </span>
      <span className="sa-cost">
        {message.cost_minor !== null && message.currency && fmt.money(message.cost_minor, message.currency)}
        {onCancel && (
          <Button dense onClick={() => onCancel(message)}>
            {t("messages.cancel.action")}
          </Button>
        )}
      </span>
    </li>
  );
});

/** What was not sent touches no line. */
function Stub() {
  return (
    <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d="M0 8h7m2-3 6 6m0-6-6 6" fill="none" stroke="currentColor" strokeWidth="1.6" />
    </svg>
  );
}
