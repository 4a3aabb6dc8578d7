/** The page of a person who is known: header, ruler, thread, and what stands beside it. */

import { useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useMemo, useRef, useState } from "react";

import { useMay } from "~/api";
import { useI18n, withWords } from "~/i18n";
import { useKeys, type KeyBinding } from "~/keys";
import { Button, Dialog, Empty, problemText, Skeleton, toast, useDebounced, useMedia, useNow, usePhone } from "~/ui";

import { Header } from "./header/Header";
import { Foot } from "./Foot";
import { devicesByNode } from "./model/labels";
import { changes, neighbourMoment } from "./model/queries";
import { joinKey, type Join } from "./model/types";
import type { ChangeSearch, CustomerSearch } from "./model/url";
import { timesOf } from "./model/url";
import { useDoorCounts, useFresh, type Customer } from "./model/useCustomer";
import { Ruler } from "./ruler/Ruler";
import { Side } from "./Side";
import { Tabs, tabs, type Tab } from "./Tabs";
import { Chips, toggleDoor } from "./thread/Chips";
import { Thread } from "./thread/Thread";
import { useThread, visibleJoins } from "./thread/useThread";
import { useLive } from "./useLive";
import { useSelection } from "./useSelection";
import { useSplitting } from "./useSplitting";
import type { OpenWindow } from "./Windows";

const Inspector = lazy(() => import("./inspector/Inspector").then((found) => ({ default: found.Inspector })));
const Windows = lazy(() => import("./Windows"));
const PastBar = lazy(() => import("./header/PastBar"));
const Said = lazy(() => withWords(["messages", "customer"], import("./said/Said")).then((found) => ({ default: found.Said })));

interface PageProps {
  profileRef: string;
  customer: Customer;
  search: CustomerSearch;
  change: ChangeSearch;
}

export function Page({ profileRef, customer, search, change }: PageProps) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const phone = usePhone();
  const narrow = useMedia("(max-width: 1099px)");
  const now = useNow(30_000);
  const past = search.at !== undefined;
  const { present, profile, identity } = customer;
  const navigate = useNavigate();
  const [window, setWindow] = useState<OpenWindow | null>(null);
  const [mine, setMine] = useState<Tab>("thread");
  const mayRead = useMay("messages.read");
  const maySend = useMay("messages.send");
  const said = search.tab === "messages" && mayRead;
  const tab = said ? "messages" : mine;
  const setTab = (next: Tab) => {
    change({ tab: next === "messages" ? next : undefined, event: undefined });
    if (next !== "messages") setMine(next);
  };
  const [finding, setFinding] = useState(Boolean(search.q));
  const [text, setText] = useState(search.q ?? "");
  const wanted = useDebounced(text.trim(), 200);
  const [scrolled, setScrolled] = useState(false);

  const at = search.at;
  const mode = search.mode;
  const times = useMemo(() => timesOf({ ...(at ? { at } : {}), ...(mode ? { mode } : {}) }), [at, mode]);
  const filter = useMemo(() => ({ channel: search.door, q: wanted || undefined }), [search.door, wanted]);
  const thread = useThread({ ref: profileRef, times, filter, onlyJoins: search.only === "joins", identity, ruler: customer.ruler });
  const devices = useMemo(() => devicesByNode(thread.events), [thread.events]);
  const joins = useMemo(() => visibleJoins(identity, times.as_of).toSorted((a, b) => b.at.localeCompare(a.at)), [identity, times.as_of]);
  const doors = useDoorCounts(profile);
  const selection = useSelection(thread, search, change);
  const splitting = useSplitting(() => setWindow("split"));
  const fresh = useFresh(profileRef);
  const live = useLive({ id: present?.id ?? null, profileRef, times, filter, hold: scrolled, past, fresh });
  const firstName = profile?.name?.trim().split(/\s+/)[0] ?? null;

  const told = profile?.traits["language"]?.value ?? profile?.traits["locale"]?.value;
  const speaks = typeof told === "string" ? told.slice(0, 2).toLowerCase() : null;

  const scroll = useRef(0);
  const toMoment = useCallback((moment: string | null) => change({ at: moment ?? undefined, ...(moment === null ? { mode: undefined } : {}) }), [change]);
  const step = useCallback(
    async (direction: "earlier" | "later") => {
      const mine = (scroll.current += 1);
      const from = at ? Date.parse(at) : Date.now() + 1000;
      const next = await neighbourMoment(profileRef, from, direction, {});
      if (mine !== scroll.current) return;
      if (next !== null) toMoment(new Date(next).toISOString());
      else if (direction === "later") toMoment(null);
    },
    [at, profileRef, toMoment],
  );

  const undo = (join: Join) => setWindow({ undo: join });
  const splitJoin = (join: Join) => {
    setTab("identifiers");
    splitting.startWith(identity?.strands[join.strand]?.node_ids ?? [join.b.node_id], identity);
  };
  const write = maySend && !past && present ? () => setWindow("write") : null;
  const undoable = selection.join?.undoable ? selection.join : joins.find((join) => join.undoable);
  const actions = { undo, split: splitJoin, locked: past, next: undoable ? joinKey(undoable) : null };
  const splitSelected = () => {
    setTab("identifiers");
    splitting.startWith(selection.nodes, identity);
  };
  const done = (message: string, undoId?: string | null, stays?: string) => {
    setWindow(null);
    if (stays && stays !== present?.id) void navigate({ to: "/customers/$ref", params: { ref: `profile:${stays}` } });
    else change({ join: undefined });
    splitting.cancel();
    void fresh("all");
    toast({
      text: message,
      ...(undoId
        ? {
            undo: () =>
              void changes.undo(undoId, false).then(
                () => fresh("all"),
                (fault: unknown) => {
                  const { title, text: why } = problemText(fault, t);
                  toast({ text: why || title, kind: "alarm" });
                  return fresh("all");
                },
              ),
          }
        : {}),
    });
  };
  const clear = () => {
    setText("");
    setFinding(false);
    change({ door: undefined, q: undefined, only: undefined });
  };
  const escape = () => {
    if (search.event) change({ event: undefined });
    else if (splitting.on) splitting.cancel();
    else if (finding) clear();
    else if (past) toMoment(null);
    else selection.select(null);
  };
  const bindings: KeyBinding[] = [
    { keys: "j", label: t("customer.keys.next"), run: () => selection.move(1) },
    { keys: "k", label: t("customer.keys.previous"), run: () => selection.move(-1) },
    { keys: "Enter", label: t("customer.keys.open"), run: selection.open, off: selection.selected === null },
    { keys: "0", label: t("customer.keys.all"), run: () => change({ door: undefined, only: undefined }) },
    ...doors.slice(0, 9).map(({ door }, index) => ({
      keys: String(index + 1),
      label: t("customer.keys.nth", { n: index + 1 }),
      run: () => change({ door: toggleDoor(search.door, door, false), only: undefined }),
      quiet: index > 3,
    })),
    { keys: "t", label: t("customer.keys.date"), run: () => setWindow("date") },
    { keys: "[", label: t("customer.keys.earlier"), run: () => void step("earlier") },
    { keys: "]", label: t("customer.keys.later"), run: () => void step("later"), off: !past },
    { keys: "s", label: t("customer.keys.splitOff"), run: splitSelected, off: past || (identity?.identifiers.length ?? 0) < 2 },
    { keys: "m", label: t("customer.keys.join"), run: () => change({ join: "?" }), off: past },
    { keys: "u", label: t("customer.keys.undo"), run: () => undoable && undo(undoable), off: past || !undoable },
    { keys: "r", label: t("customer.keys.write"), run: write ?? (() => undefined), off: write === null },
    { keys: "o", label: t("customer.keys.messages"), run: () => setTab(said ? mine : "messages"), off: !mayRead },
    { keys: "/", label: t("customer.keys.find"), run: () => setFinding(true) },
    { keys: "Escape", label: past ? t("customer.keys.back") : t("common.close"), run: escape, quiet: !past },
  ];
  useKeys(t("customer.keysTitle"), bindings);

  const hidden = hiddenText(customer, search.mode === "later", i18n);
  const nothing = <Nothing past={past} search={search} text={wanted} customer={customer} clear={clear} back={() => toMoment(null)} later={() => change({ mode: "later" })} />;
  const inspected = selection.event;
  const threadColumn = (
    <div className="cu-column cu-thread">
      <Chips doors={doors} total={profile?.event_count ?? 0} joins={joins.length} search={search} change={change} phone={phone} finding={finding} setFinding={setFinding} text={text} setText={setText} />
      {live.waiting > 0 && (
        <Button kind="waiting" dense className="cu-newer" onClick={live.take}>
          {t("customer.thread.newer", { n: live.waiting })}
        </Button>
      )}
      {customer.before ? (
        <div className="cu-nothing">{nothing}</div>
      ) : (
        <Thread thread={thread} name={profile?.name ?? t("customer.unnamed")} firstName={firstName} speaks={speaks} devices={devices} phone={phone} past={past} now={now}
          selected={selection.selected} reveal={selection.reveal + live.taken} onSelect={selection.select} onOpen={selection.openKey} onScrolled={setScrolled} actions={actions}
          nothing={nothing} beginning={beginningText(customer, past, i18n)}
        />
      )}
    </div>
  );
  const inspector = inspected && (
    <Suspense fallback={null}>
      <Inspector event={inspected} group={selection.group} firstName={firstName} speaks={speaks} onClose={() => change({ event: undefined })} onPick={(id) => change({ event: id })}
        onAsOf={past ? null : (moment) => change({ at: moment, event: undefined })}
      />
    </Suspense>
  );
  const missing = search.event && !inspected && thread.complete && (
    <p className="cu-missing" role="status">
      {t("customer.inspector.missing")}{" "}
      <Button kind="text" onClick={() => change({ event: undefined })}>
        {t("common.close")}
      </Button>
    </p>
  );
  const side = (parts: Tab[]) => (
    <Side parts={parts} customer={customer} joins={joins} devices={devices} past={past} until={at ? Date.parse(at) : Infinity} splitting={splitting} actions={actions} selectedJoin={selection.join ? joinKey(selection.join) : null}
      onHistory={() => setWindow("history")} onConsents={() => setWindow("consents")} onOpenEvent={(id) => change({ event: id })} bare={narrow}
    />
  );
  const messages = present && (
    <Suspense fallback={<Skeleton rows={8} height={48} />}>
      <Said key={present.id} person={present.id} until={at ?? null} onWrite={write} />
    </Suspense>
  );
  const counts: Partial<Record<Tab, number>> = { identifiers: identity?.identifiers.length ?? 0, traits: customer.traits?.length ?? 0, contacts: profile?.addresses.length ?? 0 };
  return (
    <div className={`cu-page ${past ? "cu-past" : ""}`}>
      {past && (
        <Suspense fallback={<div className="cu-past-bar" />}>
          <PastBar at={search.at as string} later={search.mode === "later"} onMode={(later) => change({ mode: later ? "later" : undefined })} onBack={() => toMoment(null)} />
        </Suspense>
      )}
      <Header profile={profile} present={present} at={search.at ?? null} phone={phone} onDate={() => setWindow("date")} onJoin={() => change({ join: "?" })} onRaw={() => setWindow("raw")} onWrite={write} />
      <Redirected profileRef={profileRef} id={present?.id ?? null} />
      {!phone && <Ruler present={customer.presentRuler} shown={customer.ruler} from={present?.first_seen_at ? Date.parse(present.first_seen_at) : null} at={search.at ?? null} now={now} hidden={hidden} onMove={toMoment} onStep={(direction) => void step(direction)} />}
      {narrow ? (
        <>
          {missing}
          <Tabs label={t("customer.tabs.label")} tab={tab} setTab={setTab} choices={tabs.filter((one) => one !== "messages" || mayRead).map((value) => ({ value, label: t(`customer.tabs.${value}`), count: counts[value] }))} />
          <div className="cu-body cu-body-narrow" role="tabpanel" aria-label={t(`customer.tabs.${tab}`)}>
            {tab === "thread" ? threadColumn : tab === "messages" ? messages : side([tab])}
          </div>
          {inspector && (
            <Dialog title={t("customer.inspector.title")} onClose={() => change({ event: undefined })} bare width={640}>
              {inspector}
            </Dialog>
          )}
        </>
      ) : (
        <div className="cu-body">
          {threadColumn}
          <aside className="cu-column cu-side">
            {missing}
            {inspector || (
              <>
                {mayRead && <Tabs label={t("customer.tabs.beside")} tab={said ? "messages" : "known"} setTab={(next) => setTab(next === "messages" ? next : mine)} choices={[{ value: "known", label: t("customer.tabs.known") }, { value: "messages", label: t("customer.tabs.messages") }]} />}
                {said ? messages : side(["identifiers", "traits", "contacts"])}
              </>
            )}
          </aside>
        </div>
      )}
      <Foot past={past} doors={doors.length} undo={!past && undoable !== undefined} write={write !== null} messages={mayRead} />
      {(window !== null || search.join) && (
        <Suspense fallback={null}>
          <Windows open={window} close={() => setWindow(null)} profileRef={profileRef} customer={customer} times={times} search={search} change={change} lastJoin={joins[0]?.at ?? null} chosen={splitting.chosen} done={done} />
        </Suspense>
      )}
      <span className="seen-by-readers" role="status">
        {live.changed ? t("customer.states.changed") : ""} {past ? fmt.dateTime(search.at as string) : ""}
      </span>
    </div>
  );
}

type Voice = ReturnType<typeof useI18n>;

/** What the chosen moment did not know, or what had not happened by then: told over the hatched part of the ruler. */
function hiddenText({ present, profile, presentIdentity, identity, before }: Customer, later: boolean, { t }: Voice): string {
  const events = (present?.event_count ?? 0) - (before ? 0 : (profile?.event_count ?? 0));
  const identifiers = (presentIdentity?.identifiers.length ?? 0) - (identity?.identifiers.length ?? 0);
  const what = [
    events > 0 ? t("customer.ruler.hiddenEvents", { n: events }) : "",
    identifiers > 0 ? t("customer.ruler.hiddenIdentifiers", { n: identifiers }) : "",
  ].filter(Boolean);
  return what.length > 0 ? t(later ? "customer.ruler.ahead" : "customer.ruler.hidden", { what: what.join(", ") }) : t("customer.ruler.hiddenNothing");
}

function beginningText({ present, profile, presentIdentity }: Customer, past: boolean, { t, fmt }: Voice): string {
  const earlier = past && present?.first_seen_at && profile?.first_seen_at && present.first_seen_at < profile.first_seen_at;
  const join = presentIdentity?.joins.toSorted((a, b) => a.at.localeCompare(b.at)).find((one) => one.at > (profile?.last_seen_at ?? ""));
  if (earlier && join) return `${t("customer.thread.begins")} ${t("customer.thread.beginsOther", { day: fmt.shortDay(join.at) })}`;
  return t("customer.thread.begins");
}

function Redirected({ profileRef, id }: { profileRef: string; id: string | null }) {
  const { t } = useI18n();
  if (id === null || !profileRef.startsWith("profile:") || profileRef === `profile:${id}`) return null;
  return (
    <p className="cu-notice" role="status">
      {t("customer.states.redirected", { ref: profileRef })}
    </p>
  );
}

interface NothingProps {
  past: boolean;
  search: CustomerSearch;
  text: string;
  customer: Customer;
  clear: () => void;
  back: () => void;
  later: () => void;
}

/** Why the thread is empty, and the way on. */
function Nothing({ past, search, text, customer, clear, back, later }: NothingProps) {
  const { t, fmt } = useI18n();
  if (text) return <Empty title={t("customer.thread.nothingFound", { query: text })} actions={<Button onClick={clear}>{t("customer.thread.clear")}</Button>} />;
  if (search.door) return <Empty title={t(past ? "customer.thread.nothingThroughThen" : "customer.thread.nothingThrough")} actions={<Button onClick={clear}>{t("customer.thread.clear")}</Button>} />;
  if (customer.before) {
    const first = customer.present?.first_seen_at;
    const learntLater = first !== undefined && first !== null && first <= (search.at ?? "");
    const actions = (
      <>
        {learntLater && <Button onClick={later}>{t("customer.past.modeLater")}</Button>}
        <Button k="Escape" onClick={back}>
          {t("customer.past.back")}
        </Button>
      </>
    );
    return (
      <Empty title={t("customer.past.unknown")} actions={actions}>
        {learntLater ? t("customer.past.unknownLearnt") : first ? t("customer.past.unknownText", { when: fmt.dateTime(first) }) : t("customer.past.unknownTextPlain")}
      </Empty>
    );
  }
  return <Empty title={t("customer.thread.empty")}>{t("customer.thread.emptyText")}</Empty>;
}
