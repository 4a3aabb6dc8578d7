/** Arcs beside the list of identifiers: each joins the two rows that a piece of evidence names. */

export interface Tie {
  /** Row numbers, from the top. */
  a: number;
  b: number;
  /** A join by hand or of two former persons is drawn in ink. */
  strong: boolean;
  key: string;
  /** A row between them that the arc also touches: the line which tells of the join. */
  tee?: number;
}

export interface Arc extends Tie {
  top: number;
  bottom: number;
  /** 0 lies next to the rows. */
  lane: number;
}

export const MAX_ARC_LANES = 4;

/** Short arcs go inside, long ones outside; two arcs share a lane only if at most their ends meet. */
export function layArcs(ties: Tie[]): Arc[] {
  const arcs = ties
    .filter((tie) => tie.a !== tie.b)
    .map((tie) => {
      const ends = tie.tee === undefined ? [tie.a, tie.b] : [tie.a, tie.b, tie.tee];
      return { ...tie, top: Math.min(...ends), bottom: Math.max(...ends), lane: 0 };
    });
  arcs.sort((x, y) => x.bottom - x.top - (y.bottom - y.top) || x.top - y.top);
  const lanes: Arc[][] = [];
  for (const arc of arcs) {
    let lane = 0;
    while (lane < MAX_ARC_LANES - 1 && lanes[lane]?.some((other) => other.top < arc.bottom && arc.top < other.bottom)) lane += 1;
    (lanes[lane] ??= []).push(arc);
    arc.lane = lane;
  }
  return arcs;
}

/** The path of one arc between two heights, px; it ends at `x` beside the rows and swings out to the left by its lane. */
export function arcPath(y1: number, y2: number, x: number, lane: number, spacing: number): string {
  const left = x - 10 - lane * spacing;
  const r = Math.min(6, Math.abs(y2 - y1) / 2, x - left);
  return `M${x} ${y1}H${left + r}Q${left} ${y1} ${left} ${y1 + r}V${y2 - r}Q${left} ${y2} ${left + r} ${y2}H${x}`;
}
