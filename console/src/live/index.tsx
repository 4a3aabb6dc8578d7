/** Live: every event as it arrives, by any door, and how it travelled. */
import { useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect, useRef, useState } from "react";

import { api, Problem, type DeadLetter } from "~/api";
import { FirstRun } from "~/customers/FirstRun";
import { useI18n } from "~/i18n";
import { KeyBar, useKeys } from "~/keys";
import { useSocketState } from "~/socket";
import { Button, Empty, Icon, ProblemBox, Skeleton, toast, useNow, usePhone } from "~/ui";

import { Filters, useDoors } from "./Filters";
import { Inspector } from "./Inspector";
import { List } from "./List";
import type { Item } from "./model";
import { RateChart } from "./Rate";
import { usePlace } from "./usePlace";
import { useStream, type Stream } from "./useStream";
import "./live.css";

const QUIET_MS = 10_000;

function Status({ stream, reading }: { stream: Stream; reading: boolean }) {
  const { t, fmt } = useI18n();
  const now = useNow(1000);
  const socket = useSocketState();
  if (stream.heldSince !== null) {
    const held = now - stream.heldSince;
    if (held < 1000) return t("live.state.heldNow");
    return t(reading ? "live.state.reading" : "live.state.paused", { time: fmt.duration(held) });
  }
  if (socket.kind === "waiting") return t("live.state.lost");
  const age = stream.newest === null ? 0 : now - Date.parse(stream.newest);
  return age > QUIET_MS ? t("live.state.quiet", { time: fmt.duration(age) }) : t("live.state.flowing");
}

/** The selected event stays in hand even when the list no longer holds it. */
function useSelected(items: Item[], row: string | null): { at: number; item: Item | null } {
  const kept = useRef<Item | null>(null);
  const at = row === null ? -1 : items.findIndex((item) => item.key === row);
  if (row === null) kept.current = null;
  else if (at >= 0) kept.current = items[at] ?? null;
  return { at, item: kept.current?.key === row ? kept.current : null };
}

function useReplay(stream: Stream) {
  const { t } = useI18n();
  return useCallback(
    (letter: DeadLetter) => {
      api
        .post(`/api/dead-letters/${letter.id}/replay`)
        .then(() => {
          toast({ text: t("live.replayed") });
          stream.refresh();
        })
        .catch((error: unknown) => toast({ kind: "alarm", text: error instanceof Problem ? error.message : String(error) }));
    },
    [t, stream.refresh],
  );
}

function Nothing({ rejected, stream, clear }: { rejected: boolean; stream: Stream; clear: () => void }) {
  const { t } = useI18n();
  const actions = (
    <>
      {stream.stopped && <Button onClick={stream.further}>{t("live.none.further")}</Button>}
      <Button onClick={clear}>{t("live.none.clear")}</Button>
    </>
  );
  return (
    <div className="live-nothing">
      <Empty title={t(rejected ? "live.none.rejectedTitle" : "live.none.title")} actions={actions}>
        {rejected ? t("live.none.rejectedText") : t("live.none.text", { n: stream.looked })}
      </Empty>
    </div>
  );
}

/** Under a list that ends because enough was looked through, not because there is no more. */
function Stopped({ stream }: { stream: Stream }) {
  const { t } = useI18n();
  return (
    <p className="live-stopped" role="status">
      {t("live.none.looked", { n: stream.looked })}{" "}
      <Button kind="text" onClick={stream.further}>
        {t("live.none.further")}
      </Button>
    </p>
  );
}

export function LivePage() {
  const { t } = useI18n();
  const navigate = useNavigate();
  const phone = usePhone();
  const field = useRef<HTMLInputElement>(null);
  const place = usePlace();
  const stream = useStream(place.filter);
  const doors = useDoors(stream, place.doors);
  const numbered = doors ?? [];
  const { at, item } = useSelected(stream.items, place.row);
  const [raw, setRaw] = useState(false);
  const [paused, setPaused] = useState(false);
  const [away, setAway] = useState(false);
  const [toTop, setToTop] = useState(0);
  const replay = useReplay(stream);
  const { setRow } = place;
  const { hold, resume } = stream;

  const held = paused || away || item !== null;
  useEffect(() => {
    if (held) hold();
    else resume();
    // The stream follows this one fact.
  }, [held]);

  const letGo = () => {
    setRow(null);
    setPaused(false);
    setAway(false);
    setToTop((count) => count + 1);
  };
  const toggleHold = () => (held ? letGo() : setPaused(true));
  const move = (step: number) => {
    const next = stream.items[at < 0 ? 0 : Math.max(0, Math.min(stream.items.length - 1, at + step))];
    if (next) setRow(next.key);
  };
  const point = useCallback((key: string) => setRow((before) => (before === key ? null : key)), [setRow]);
  const event = item?.kind === "event" ? item.event : null;
  const open = () => {
    if (event?.who?.profile_id) void navigate({ to: "/customers/$ref", params: { ref: `profile:${event.who.profile_id}` }, search: { event: event.message_id } });
  };
  const only = () => event && place.setText(event.event ?? event.type);
  const clear = () => {
    place.setDoors([]);
    place.setText("");
    place.setRejected(false);
  };
  const leave = () => {
    if (document.activeElement === field.current) field.current?.blur();
    else if (item) setRow(null);
    else if (place.text) place.setText("");
  };
  useKeys(t("live.title"), [
    { keys: "j", label: t("live.keys.next"), run: () => move(1) },
    { keys: "k", label: t("live.keys.previous"), run: () => move(-1) },
    { keys: "ArrowDown", label: t("live.keys.next"), quiet: true, run: () => move(1) },
    { keys: "ArrowUp", label: t("live.keys.previous"), quiet: true, run: () => move(-1) },
    { keys: "Space", label: t("live.keys.holdLong"), run: toggleHold },
    { keys: "Enter", label: t("live.keys.openLong"), off: !event?.who?.profile_id, run: open },
    { keys: "f", label: t("live.keys.onlyLong"), off: !event, run: only },
    { keys: "r", label: t("live.keys.raw"), off: !event, run: () => setRaw(!raw) },
    { keys: "/", label: t("live.keys.filter"), run: () => field.current?.select() },
    { keys: "0", label: t("live.keys.all"), run: () => place.setDoors([]) },
    { keys: numbered.map((_, index) => String(index + 1)), shown: `1 – ${numbered.length}`, off: numbered.length === 0, label: t("live.keys.door"), run: (key) => doorOf(key) },
    { keys: "Escape", label: t("live.keys.close"), typing: true, run: leave },
  ]);
  function doorOf(key: KeyboardEvent | undefined) {
    const door = numbered[Number(key?.code.replace(/\D/g, "")) - 1];
    if (door) place.setDoors(place.doors.length === 1 && place.doors[0] === door ? [] : [door]);
  }
  const actions = { raw, onRaw: () => setRaw(!raw), onOnly: only, onClose: () => setRow(null), onReplay: replay };
  const filtered = place.filter.doors.length > 0 || place.filter.text.trim() !== "" || place.filter.rejected;
  return (
    <>
      <header className="live-top">
        <div className="live-title">
          <h1>{t("live.title")}</h1>
          <p>
            <Status stream={stream} reading={item !== null || away} />
          </p>
        </div>
        <RateChart rate={stream.rate} />
      </header>
      <Filters
        stream={stream}
        filter={place.filter}
        text={place.text}
        doors={doors}
        field={field}
        setDoors={place.setDoors}
        setText={place.setText}
        setRejected={place.setRejected}
        toggleHold={toggleHold}
      />
      <div className={`live-main ${item ? "live-open" : ""}`}>
        {stream.error && stream.items.length === 0 ? (
          <div className="live-nothing">
            <ProblemBox error={stream.error} onRetry={stream.retry} />
          </div>
        ) : stream.loading ? (
          <div className="live-waiting">
            <Skeleton rows={22} height={32} />
          </div>
        ) : stream.items.length > 0 ? (
          <List items={stream.items} at={at} toTop={toTop} onPoint={point} onReplay={replay} onScrolled={setAway} loadOlder={stream.loadOlder} foot={stream.stopped && <Stopped stream={stream} />} />
        ) : filtered ? (
          <Nothing rejected={place.filter.rejected} stream={stream} clear={clear} />
        ) : (
          <FirstRun retry={stream.retry} />
        )}
        {item && <Inspector item={item} actions={actions} />}
      </div>
      {item && phone && (
        <button type="button" className="live-back" onClick={() => setRow(null)}>
          <Icon name="back" /> {t("live.inspect.back")}
        </button>
      )}
      <KeyBar
        hints={[
          { keys: ["j", "k"], label: t("live.keys.nextPrevious"), labels: [t("live.keys.next"), t("live.keys.previous")] },
          { keys: ["Space"], label: t("live.keys.hold") },
          { keys: ["Enter"], label: t("live.keys.open") },
          { keys: ["f"], label: t("live.keys.only") },
        ]}
      />
    </>
  );
}
