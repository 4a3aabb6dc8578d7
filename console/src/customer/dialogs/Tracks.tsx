/** Two threads that become one, one that becomes two, or one that stays one: the drawing over a rehearsal. */

import type { Channel } from "~/channels";

import { colourOf } from "./Rehearsal";

interface TracksProps {
  kind: "join" | "part" | "stay";
  a: string;
  b: string;
  doors: { a: Channel | null; b: Channel | null };
  fate: string;
}

export function Tracks({ kind, a, b, doors, fate }: TracksProps) {
  const join = kind === "join";
  return (
    <div className="cu-tracks">
      <div className="cu-tracks-names">
        <bdi>{a}</bdi>
        {kind !== "stay" && <bdi>{b}</bdi>}
      </div>
      <svg viewBox="0 0 680 56" preserveAspectRatio="xMinYMid meet" aria-hidden="true">
        {join ? (
          <>
            <path d="M0 10H264" stroke={colourOf(doors.a)} />
            <path d="M0 46H206C240 46 240 14 262 11" stroke={colourOf(doors.b)} />
            <path className="cu-tracks-after" d="M288 10H680" />
          </>
        ) : kind === "stay" ? (
          <>
            <path className="cu-tracks-after" d="M0 10H264" />
            <path className="cu-tracks-after" d="M288 10H680" />
          </>
        ) : (
          <>
            <path className="cu-tracks-after" d="M0 10H264" />
            <path d="M288 10H680" stroke={colourOf(doors.a)} />
            <path d="M290 11C312 14 312 46 346 46H680" stroke={colourOf(doors.b)} />
          </>
        )}
        <path className="cu-diamond" d="M276 2l8 8-8 8-8-8z" />
      </svg>
      <p className={join ? "cu-tracks-fate" : "cu-tracks-fate cu-tracks-fate-low"}>{fate}</p>
    </div>
  );
}
