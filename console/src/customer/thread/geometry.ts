/** Measures of the thread, px. */

export const LANE_X = 108;
export const LANE_GAP = 24;
/** From the centre of a knot to where the line starts again. */
export const KNOT_CLEAR = 11;
export const KNOT_Y = 14;

export const ROW = { day: 28, firstDay: 36, act: 28, actTall: 48, join: 48, end: 64 };

export interface Measures {
  laneX: number;
  gap: number;
  textX: number;
}

/** Two lanes fit beside the text; each further one moves it to the right, and on a phone they move closer together. */
export function measures(laneCount: number, phone: boolean): Measures {
  if (phone) {
    const gap = laneCount > 2 ? 15 : 20;
    return { laneX: 68, gap, textX: 92 + Math.max(1, laneCount - 1) * gap };
  }
  return { laneX: LANE_X, gap: LANE_GAP, textX: 160 + Math.max(0, laneCount - 2) * LANE_GAP };
}
