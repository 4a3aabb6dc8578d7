/** The piece of the line that lies in one row. Drawn per row, so that a thread of any length costs only what is seen. */

import { asChannel, channelColour } from "~/channels";

import { KNOT_CLEAR, KNOT_Y, type Measures } from "./geometry";
import type { Door, LanePiece } from "./rows";

interface LinesProps {
  pieces: LanePiece[];
  place: Measures;
  /** The lane where something is tied in this row; null when the lines only pass. */
  knot: number | null;
  knotY?: number;
  /** The other strand of a join. */
  from?: { lane: number; door: Door } | null;
  /** The line ends here at the top: the past stops at the chosen moment. */
  capped?: boolean;
}

function colour(door: Door): string {
  return channelColour(asChannel(door));
}

export function Lines({ pieces, place, knot, knotY = KNOT_Y, from = null, capped = false }: LinesProps) {
  const x = (lane: number) => place.laneX + lane * place.gap;
  return (
    <svg className="cu-lines" aria-hidden="true">
      {pieces.map(({ lane, up, down }) => {
        if (from && lane === from.lane && up === null) return null;
        if (lane !== knot) {
          const door = up ?? down;
          return door && <line key={lane} x1={x(lane)} x2={x(lane)} y1="0" y2="100%" stroke={colour(door)} />;
        }
        return (
          <g key={lane}>
            {up && <line x1={x(lane)} x2={x(lane)} y1="0" y2={knotY - KNOT_CLEAR} stroke={colour(up)} />}
            {down && <line x1={x(lane)} x2={x(lane)} y1={knotY + KNOT_CLEAR} y2="100%" stroke={colour(down)} />}
          </g>
        );
      })}
      {from && knot !== null && <Branch x0={x(knot)} x1={x(from.lane)} y={knotY} door={from.door} />}
      {capped && pieces.map(({ lane }) => <line key={`cap${lane}`} className="cu-cap" x1={x(lane) - 7} x2={x(lane) + 7} y1="1" y2="1" />)}
    </svg>
  );
}

/** From the foot of the diamond over to the strand that comes in. */
function Branch({ x0, x1, y, door }: { x0: number; x1: number; y: number; door: Door }) {
  const way = Math.sign(x1 - x0);
  const path = `M${x0 + way * 6} ${y + 8.5}L${x0 + way * 13} ${y + 12}Q${x1} ${y + 16} ${x1} ${y + 28}`;
  return (
    <g stroke={colour(door)}>
      <path d={path} />
      <line x1={x1} x2={x1} y1={y + 28} y2="100%" />
    </g>
  );
}
