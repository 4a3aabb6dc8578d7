/** The thread lying down, and the handle that turns the page back to a moment. */

import { useEffect, useMemo, useRef, useState, type KeyboardEvent, type PointerEvent } from "react";

import { asChannel, channelColour, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";

import type { Ruler as Data } from "../model/types";
import { layTracks, type Track } from "./layout";
import { DAY_MS, makeScale, type Scale, type Tick } from "./scale";

interface RulerProps {
  /** All that is known now: it sets the axis. */
  present: Data;
  /** What the page shows; the same, unless the page shows the past. */
  shown: Data;
  /** The first moment of this person, ms. */
  from: number | null;
  at: string | null;
  now: number;
  hidden: string;
  onMove: (at: string | null) => void;
  onStep: (direction: "earlier" | "later") => void;
}

const LABELS = 108;
const END = 36;
const HEIGHT = 76;
const AXIS_Y = 46;
const NOW_SNAP_PX = 6;

function noon(day: string): number {
  return new Date(`${day}T12:00`).getTime();
}

export function Ruler({ present, shown, from, at, now, hidden, onMove, onStep }: RulerProps) {
  const { t, fmt } = useI18n();
  const [box, width] = useWidth();
  const [drag, setDrag] = useState<number | null>(null);
  const room = Math.max(120, width - LABELS - END);
  const scale = useMemo(() => {
    return makeScale(from ?? now - DAY_MS, now, present.days.map((day) => noon(day.day)), room);
  }, [present, room, now, from]);
  const end = at === null ? scale.to : Date.parse(at);
  const tracks = useMemo(() => layTracks(shown, scale, (day) => Math.min(noon(day), end), end), [shown, scale, end]);
  const handle = drag ?? scale.x(end);
  const moment = drag === null ? end : scale.ms(drag);
  const isNow = drag === null ? at === null : drag >= room - NOW_SNAP_PX;

  const place = (event: PointerEvent<HTMLDivElement>) => {
    const left = event.currentTarget.getBoundingClientRect().left + LABELS;
    return Math.min(room, Math.max(0, event.clientX - left));
  };
  const drop = () => {
    if (drag === null) return;
    onMove(drag >= room - NOW_SNAP_PX ? null : new Date(Math.round(scale.ms(drag) / 60_000) * 60_000).toISOString());
    setDrag(null);
  };
  const move = (ms: number) => onMove(ms >= now - 60_000 ? null : new Date(Math.max(scale.from, ms)).toISOString());
  const onKey = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -DAY_MS, ArrowDown: -DAY_MS, ArrowRight: DAY_MS, ArrowUp: DAY_MS, PageDown: -30 * DAY_MS, PageUp: 30 * DAY_MS }[event.key];
    if (step !== undefined) move(end + step);
    else if (event.key === "Home") move(scale.from);
    else if (event.key === "End") onMove(null);
    else if (event.key === "[") onStep("earlier");
    else if (event.key === "]") onStep("later");
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const said = isNow ? t("customer.ruler.now", { time: fmt.time(now) }) : `${fmt.dateTime(moment, now)}`;
  return (
    <div className="cu-ruler" ref={box}
      onPointerDown={(event) => {
        if (event.button !== 0 || width === 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        setDrag(place(event));
      }}
      onPointerMove={(event) => drag !== null && setDrag(place(event))}
      onPointerUp={drop}
      onPointerCancel={() => setDrag(null)}
    >
      {width > 0 && (
        <>
          <TrackLabels tracks={tracks} />
          <svg className="cu-ruler-drawing" width={room + END} height={HEIGHT} style={{ left: LABELS }} aria-hidden="true">
            <defs>
              <pattern id="cu-hatch" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
                <line x1="0" x2="0" y1="0" y2="6" />
              </pattern>
            </defs>
            <Axis scale={scale} now={now} past={at !== null} />
            {tracks.map((track) => (
              <Line key={track.strands.join()} track={track} tracks={tracks} main={track === tracks[0]} />
            ))}
            {at !== null && <rect className="cu-future" x={scale.x(end)} y="0" width={Math.max(0, room - scale.x(end))} height={AXIS_Y + 2} fill="url(#cu-hatch)" />}
            <line className="cu-handle-line" x1={handle} x2={handle} y1="0" y2="52" />
          </svg>
          {at !== null && room - scale.x(end) > 200 && (
            <p className="cu-hidden" style={{ left: LABELS + scale.x(end) + 12, width: room - scale.x(end) - 24 }}>
              <span>{hidden}</span>
            </p>
          )}
          <div className="cu-handle" role="slider" tabIndex={0} aria-label={t("customer.ruler.handle")} aria-valuemin={Math.round(scale.from / 60_000)}
            aria-valuemax={Math.round(scale.to / 60_000)} aria-valuenow={Math.round(moment / 60_000)} aria-valuetext={said} title={t("customer.ruler.hint")}
            style={{ left: LABELS + handle }} onKeyDown={onKey}
          >
            <span>{said}</span>
          </div>
        </>
      )}
    </div>
  );
}

function useWidth(): [React.RefObject<HTMLDivElement | null>, number] {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const watch = new ResizeObserver(([entry]) => setWidth(Math.round(entry?.contentRect.width ?? 0)));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return [box, width];
}

function TrackLabels({ tracks }: { tracks: Track[] }) {
  const { t } = useI18n();
  const names = useChannelNames();
  return tracks.map((track) => {
    const onlyCard = track.doors.length === 1 && track.doors[0] === "shop";
    const doors = track.doors.slice(0, 2).map((door) => names.name(asChannel(door))).join(", ");
    const text = onlyCard ? t("customer.ruler.card") : doors.charAt(0).toLocaleUpperCase() + doors.slice(1);
    return (
      <span key={track.strands.join()} className="cu-track-label" style={{ top: track.y - 8 }} title={text}>
        {track.others > 0 ? t("customer.ruler.others", { n: track.others }) : text}
      </span>
    );
  });
}

function Line({ track, tracks, main }: { track: Track; tracks: Track[]; main: boolean }) {
  const colour = (door: string) => channelColour(asChannel(door));
  const last = track.stretches.at(-1);
  return (
    <g>
      {track.stretches.map((one) => (
        <line key={one.x1} className="cu-track" x1={one.x1} x2={main ? one.x2 : Math.min(one.x2, (track.joins[0]?.x ?? Infinity) - 24)} y1={track.y} y2={track.y} stroke={colour(one.door)} />
      ))}
      {track.joins.map((join) => {
        const into = tracks[join.into]?.y ?? track.y;
        const x = join.x;
        return (
          last && (
            <path key={join.ms} className="cu-track" stroke={colour(last.door)}
              d={`M${Math.max(last.x1, x - 26)} ${track.y}H${x - 24}C${x - 12} ${track.y} ${x - 16} ${into} ${x - 4} ${into}`}
            />
          )
        );
      })}
      {track.knots.map((knot) => (
        <circle key={`${knot.door}${knot.x}`} cx={knot.x} cy={track.y} r="3.5" fill={colour(knot.door)} />
      ))}
      {track.marks.map((x) => (
        <path key={`mark${x}`} className="cu-diamond" d={`M${x} ${track.y - 7}l7 7-7 7-7-7z`} />
      ))}
      {tracks.flatMap((from) =>
        from.joins.filter((join) => tracks[join.into] === track).map((join) => (
          <path key={join.ms} className="cu-diamond" d={`M${join.x} ${track.y - 7}l7 7-7 7-7-7z`} />
        )),
      )}
    </g>
  );
}

function Axis({ scale, now, past }: { scale: Scale; now: number; past: boolean }) {
  const { t, fmt } = useI18n();
  const text = (tick: Tick): string => {
    const date = new Date(tick.ms);
    if (tick.unit === "year") return String(date.getFullYear());
    if (tick.unit === "month") return date.getMonth() === 0 ? String(date.getFullYear()) : fmt.month(tick.ms);
    if (tick.unit === "hour") return fmt.time(tick.ms);
    return date.getDate() === 1 || tick === first ? fmt.shortDay(tick.ms, now) : String(date.getDate());
  };
  const labelled = scale.ticks.filter((tick) => tick.label && tick.x < scale.width - 44);
  const first = labelled.find((tick) => tick.unit === "day");
  return (
    <g className="cu-axis">
      {scale.ticks.map((tick) => (tick.unit === "day" || tick.label) && <line key={`${tick.ms}${tick.label}`} x1={tick.x} x2={tick.x} y1={AXIS_Y} y2={AXIS_Y + (tick.label ? 6 : 4)} />)}
      {labelled.map((tick) => (
        <text key={tick.ms} x={tick.x} y="64" textAnchor={tick.x < 16 ? "start" : "middle"}>
          {text(tick)}
        </text>
      ))}
      {past && (
        <text x={scale.width + END} y="64" textAnchor="end">
          {t("customer.ruler.end")}
        </text>
      )}
      {scale.breakX !== null && (
        <g className="cu-break">
          <rect x={scale.breakX - 8} y="0" width="16" height={AXIS_Y} />
          <path d={`M${scale.breakX - 6} ${AXIS_Y + 4}l5-10M${scale.breakX + 1} ${AXIS_Y + 4}l5-10`} />
        </g>
      )}
    </g>
  );
}
