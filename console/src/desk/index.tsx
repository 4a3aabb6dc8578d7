/** The desk: who waits, what was said, and the answer. */
import { useQuery, useQueryClient, type InfiniteData } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useRef, useState, useSyncExternalStore } from "react";

import { api, useMay, useMe, type Page } from "~/api";
import { KeyBar, useKeys } from "~/keys";
import { useTold } from "~/messages/useTold";
import { useSays } from "~/messages/words";
import { Button, Empty, IconButton, Icon, Menu, problemText, ProblemBox, Skeleton, toast, useMedia, usePhone, useNow } from "~/ui";

import { Card, languageOf, profileQuery } from "./Card";
import { Composer } from "./Composer";
import { List } from "./List";
import { conversationQuery, freshenThread, lastSaid, pathOf, takeNews, teamQuery, threadQuery, type Agent, type Conversation, type Line, type News } from "./model";
import { Thread } from "./Thread";
import { seenUpto } from "./told";
import { useWish } from "./notices";
import { useComposer } from "./useComposer";
import { useInbox, type Inbox } from "./useInbox";
import { usePresence, watchVisibility, type Present } from "./usePresence";
import { presentText, sinceText, whoText } from "./words";
import "./desk.css";

const Watch = lazy(() => import("./Notices").then((found) => ({ default: found.Watch })));
const Windows = {
  Snooze: lazy(() => import("./Windows").then((found) => ({ default: found.Snooze }))),
  Tags: lazy(() => import("./Windows").then((found) => ({ default: found.Tags }))),
};
type Open = "snooze" | "tags" | "canned" | null;
const NO_TEAM: Agent[] = [];

export function DeskPage() {
  const says = useSays();
  const { t } = says.i18n;
  const phone = usePhone();
  const wide = useMedia("(min-width: 1240px)");
  const inbox = useInbox();
  const client = useQueryClient();
  const me = useMe();
  const may = useMay("conversations.answer");
  const { person } = inbox;
  const found = useQuery({ ...conversationQuery(person ?? ""), enabled: person !== null });
  const conversation = person === null ? undefined : found.data;
  const team = useQuery(teamQuery).data?.data ?? NO_TEAM;
  const mine = team.find((each) => each.login === me?.login) ?? null;
  const composing = useComposer(person, conversation, team, says);
  const [open, setOpen] = useState<Open>(null);
  const search = useRef<HTMLInputElement>(null);
  const field = useRef<HTMLTextAreaElement>(null);
  const assignee = useRef<HTMLSelectElement>(null);
  const [wish] = useWish();
  const live = useFollowed(person, me?.id, found);
  useSeen(person, conversation, live, may);
  const present = usePresence(person, may && composing.typing, composing.goes, me?.id);

  const act = async (work: () => Promise<unknown>, told?: string, back?: () => Promise<unknown>, leaves?: string) => {
    try {
      await work();
      if (leaves) inbox.drop(leaves);
      if (told) toast({ text: told, ...(back ? { undo: () => void back().then(() => inbox.fresh()) } : {}) });
    } catch (error) {
      const fault = problemText(error, t);
      toast({ text: fault.text || fault.title, kind: "alarm" });
    }
    void client.invalidateQueries({ queryKey: ["desk"] });
    if (person) freshenThread(client, person).catch(() => undefined);
  };
  const of = (rest: string) => pathOf(person ?? "", rest);
  const name = whoText(conversation?.name ?? null, person ?? "", t);
  const state = conversation?.current?.state;
  const close = () => {
    if (!person || state !== "open") return;
    const path = of("/reopen");
    void act(() => api.post(of("/close")), t("desk.closed", { name }), () => api.post(path), person);
    const next = inbox.ids[inbox.at + 1] ?? inbox.ids[inbox.at - 1];
    inbox.open(phone ? undefined : next);
  };
  const assign = (to: string) => act(() => api.put(of("/assignee"), { to: to ? Number(to) : null }));
  const snooze = (until: string) => {
    const path = of("/reopen");
    setOpen(null);
    void act(() => api.put(of("/snooze"), { until }), t("desk.snoozed", { name }), () => api.post(path), inbox.view === "snoozed" ? undefined : (person ?? undefined));
  };
  const reopen = () => void act(() => api.post(of("/reopen")));
  const spam = (yes: boolean) => void act(() => api.put(of("/spam"), { spam: yes }));
  const write = (kind: "reply" | "note") => {
    composing.setKind(kind);
    field.current?.focus(); // at once: the very next letter is a word's, not a key
  };
  const ready = may && conversation !== undefined;
  useKeys(t("desk.title"), [
    { keys: "j", label: t("desk.keys.next"), run: () => inbox.move(1) },
    { keys: "k", label: t("desk.keys.previous"), run: () => inbox.move(-1) },
    { keys: "/", label: t("desk.keys.search"), run: () => search.current?.focus() },
    // Also while it is still being read: what is typed then must not be taken for keys.
    { keys: "r", label: t("desk.keys.reply"), off: !may || person === null, run: () => write("reply") },
    { keys: "n", label: t("desk.keys.note"), off: !may || person === null, run: () => write("note") },
    { keys: "e", label: t("desk.keys.close"), off: !ready || state !== "open", run: close },
    { keys: "h", label: t("desk.keys.snooze"), off: !ready, run: () => setOpen("snooze") },
    { keys: "a", label: t("desk.keys.assign"), off: !ready, run: () => assignee.current?.focus() },
    { keys: "i", label: t("desk.keys.take"), off: !ready || !mine, run: () => mine && void assign(mine.id) },
    { keys: "l", label: t("desk.keys.tags"), off: !ready, run: () => setOpen("tags") },
    { keys: "#", label: t("desk.keys.canned"), off: !ready, run: () => (composing.setKind("reply"), setOpen("canned")) },
    { keys: [], label: t("desk.reopen"), quiet: true, palette: true, off: !ready || !conversation.current || state === "open", run: reopen },
    { keys: [], label: t(conversation?.current?.spam ? "desk.noSpam" : "desk.keys.spam"), quiet: true, palette: true, off: !ready || !conversation.current, run: () => spam(!conversation?.current?.spam) },
    { keys: "z", label: t("desk.keys.undo"), off: composing.sent === null, run: () => void composing.undo() },
    { keys: "Escape", label: t("desk.keys.leave"), quiet: true, typing: true, run: () => (document.activeElement instanceof HTMLElement && document.activeElement !== document.body ? document.activeElement.blur() : phone && inbox.open(undefined)) },
  ]);
  const dropNote = (id: string) => void act(() => api.delete(`/api/desk/notes/${id}`));
  const reading = person !== null;
  return (
    <>
      <div className={`dk ${reading ? "dk-reading" : ""}`}>
        {(!phone || !reading) && <List inbox={inbox} field={search} team={team} may={may} says={says} />}
        {(!phone || reading) && (
          <section className="dk-conversation" aria-label={reading ? t("desk.with", { name }) : t("desk.nobody")}>
            {reading ? (
              <>
                <Head conversation={conversation} name={name} team={team} mine={mine} may={may} inbox={inbox} phone={phone} assignee={assignee} present={present} says={says}
                  act={{ assign: (to) => void assign(to), close, snooze: () => setOpen("snooze"), tags: () => setOpen("tags"), reopen, spam }}
                />
                {found.isError && !conversation ? <div className="dk-state"><ProblemBox error={found.error} onRetry={() => void found.refetch()} /></div> : <Thread person={person} name={name} writes={present.customer} says={says} note={{ me: mine?.id ?? null, drop: dropNote }} />}
                {may && <Composer person={person} composing={composing} writing={present.writing} name={name} team={team} field={field} canned={open === "canned"} setCanned={(yes) => setOpen(yes ? "canned" : null)} says={says} language={languageOf(client.getQueryData(profileQuery(person).queryKey))} />}
              </>
            ) : (
              <div className="dk-state"><Empty title={t("desk.pick")}>{t("desk.pickText")}</Empty></div>
            )}
          </section>
        )}
        {wide && person && conversation && <Card person={person} conversation={conversation} may={may} act={act} says={says} />}
      </div>
      <KeyBar
        hints={[
          { keys: ["j", "k"], label: t("desk.keys.nextPrevious"), labels: [t("desk.keys.next"), t("desk.keys.previous")] },
          { keys: ["r"], label: t("desk.keys.replyShort") },
          { keys: ["n"], label: t("desk.keys.noteShort") },
          { keys: ["e"], label: t("desk.keys.closeShort") },
          { keys: ["/"], label: t("desk.keys.searchShort") },
        ]}
      />
      <Suspense fallback={null}>
        {wish !== "off" && <Watch hide={wish === "hidden"} me={mine?.id ?? null} says={says} onOpen={inbox.open} />}
        {open === "snooze" && person && <Windows.Snooze onClose={() => setOpen(null)} onPick={snooze} />}
        {open === "tags" && conversation?.current && <Windows.Tags episode={conversation.current} onClose={() => setOpen(null)} onChange={(add, remove) => void act(() => api.post(of("/tags"), { add, remove }))} />}
      </Suspense>
    </>
  );
}

/** What the socket tells of the thread and the head is put there; where it cannot be, they are asked again. Gives the newest
 * thing that was said.
 */
function useFollowed(person: string | null, me: string | undefined, found: { isFetching: boolean; refetch: (options: { cancelRefetch: boolean }) => Promise<unknown> }): string | null {
  const client = useQueryClient();
  const reached = () => {
    // By a word from another door they are reached there too, and may be known by more.
    for (const what of ["channels", "profile"]) void client.invalidateQueries({ queryKey: ["desk", what, person] });
  };
  const both = {
    isFetching: found.isFetching,
    refetch: (options: { cancelRefetch: boolean }) => {
      reached();
      return Promise.all([found.refetch(options), person && freshenThread(client, person).catch(() => undefined)]);
    },
  };
  const pages = person ? client.getQueryData(threadQuery(person).queryKey)?.pages : undefined;
  useTold(person && `conversation:${person}`, both, (message) => {
    const news = message as unknown as Partial<News>;
    if (!person || !news.items || !news.current) return false;
    const doors = new Set(pages?.flatMap(({ data }) => data.flatMap((each) => (each.kind === "said" ? [each.address] : []))));
    if (!takeNews(client, person, me, news as News)) return false;
    if (news.items.some((each) => each.kind === "said" && !doors.has(each.address))) reached();
    return true;
  });
  useTold(person && `messages:${person}`, both);
  return pages ? lastSaid(pages) : null;
}

/** What stands on the screen has been seen, where anybody looks at it. */
function useSeen(person: string | null, conversation: Conversation | undefined, last: string | null, may: boolean): void {
  const client = useQueryClient();
  const unread = conversation?.unread ?? false;
  const looking = useSyncExternalStore(watchVisibility, () => !document.hidden);
  useEffect(() => {
    if (!person || !unread || !last || !may || !looking) return;
    const queryKey = ["desk", "inbox"];
    const read = () => {
      seenUpto.set(person, Number(last));
      if (client.isFetching({ queryKey }) > 0) return client.invalidateQueries({ queryKey });
      client.setQueriesData<InfiniteData<Page<Line>>>({ queryKey }, (was) => was && { ...was, pages: was.pages.map((page) => ({ ...page, data: page.data.map((line) => (line.profile_id === person ? { ...line, unread: false } : line)) })) });
      client.setQueryData(conversationQuery(person).queryKey, (was) => was && { ...was, unread: false });
    };
    api.put(pathOf(person, "/seen"), { upto: Number(last) }).then(read, () => undefined);
  }, [person, unread, last, may, looking, client]);
}

interface HeadProps {
  conversation: Conversation | undefined;
  name: string;
  team: Agent[];
  mine: Agent | null;
  may: boolean;
  inbox: Inbox;
  phone: boolean;
  assignee: React.RefObject<HTMLSelectElement | null>;
  present: Present;
  says: ReturnType<typeof useSays>;
  act: { assign: (to: string) => void; close: () => void; snooze: () => void; tags: () => void; reopen: () => void; spam: (spam: boolean) => void };
}

function Head({ conversation, name, team, mine, may, inbox, phone, assignee, present, says, act }: HeadProps) {
  const { t } = says.i18n;
  const now = useNow(30_000);
  const current = conversation?.current;
  const there = current?.assignee;
  const others = presentText(present, says.i18n);
  const Title = phone ? "h1" : "h2"; // beside a list that has the page's heading it is the second
  const known = there && !team.some((each) => each.id === there.id) ? [there] : [];
  return (
    <header className="dk-head">
      {phone && (
        <IconButton label={t("desk.back")} onClick={() => inbox.open(undefined)}>
          <Icon name="back" size={18} />
        </IconButton>
      )}
      <div className="dk-who">
        <Title><bdi>{conversation ? name : <Skeleton rows={1} height={20} />}</bdi></Title>
        <p className="quiet cut">
          <span className="dk-present" aria-live="polite">{others}</span>
          {current && !(phone && others) && <span>{[sinceText(current, says.i18n, now), phone && there?.name].filter(Boolean).join(", ")}</span>}
        </p>
      </div>
      {may && current && (
        <div className="dk-head-actions">
          {!phone && <label className="dk-assign">
            <span className="seen-by-readers">{t("desk.assignee")}</span>
            <select ref={assignee} value={there?.id ?? ""} onChange={(event) => act.assign(event.currentTarget.value)}>
              <option value="">{t("desk.unassigned")}</option>
              {[...known, ...team].map((each) => (
                <option key={each.id} value={each.id}>
                  {each.id === mine?.id ? t("desk.me", { name: each.name }) : each.name}
                </option>
              ))}
            </select>
          </label>}
          {!phone && <Button k="h" onClick={act.snooze}>{t("desk.snooze.short")}</Button>}
          {current.state === "open" ? (
            <Button k={phone ? undefined : "e"} onClick={act.close}>{t("desk.close")}</Button>
          ) : (
            <Button onClick={act.reopen}>{t("desk.reopen")}</Button>
          )}
          <Menu
            label={t("desk.moreActions")}
            items={[
              ...(phone && mine ? [there?.id === mine.id ? { label: t("desk.leave"), run: () => act.assign("") } : { label: t("desk.keys.take"), run: () => act.assign(mine.id) }] : []),
              ...(phone ? [{ label: t("desk.snooze.short"), run: act.snooze }] : []),
              { label: t("desk.tags.title"), run: act.tags },
              current.spam ? { label: t("desk.noSpam"), run: () => act.spam(false) } : { label: t("desk.spam"), run: () => act.spam(true), danger: true },
            ]}
          />
        </div>
      )}
    </header>
  );
}
