/** Draws the arcs at the heights where the rows really stand. */

import { useEffect, useState, type RefObject } from "react";

import { arcPath, type Arc } from "./arcs";

const SPACING = 8;
export const ARCS_WIDTH = 40;

/** Centres of the rows' first lines, px from the top of the list; measured again whenever the list changes its size. */
export function useCentres(list: RefObject<HTMLElement | null>, version: unknown): number[] {
  const [centres, setCentres] = useState<number[]>([]);
  useEffect(() => {
    const element = list.current;
    if (!element) return;
    const measure = () => {
      const top = element.getBoundingClientRect().top;
      const heads = [...element.querySelectorAll<HTMLElement>("[data-line]")];
      setCentres(heads.map((head) => Math.round(head.getBoundingClientRect().top - top + Math.min(head.offsetHeight, 28) / 2)));
    };
    measure();
    const watch = new ResizeObserver(measure);
    watch.observe(element);
    return () => watch.disconnect();
  }, [list, version]);
  return centres;
}

export function Arcs({ arcs, centres, height }: { arcs: Arc[]; centres: number[]; height: number }) {
  const drawn = arcs.toSorted((a, b) => Number(a.strong) - Number(b.strong));
  const y = (row: number) => centres[row] ?? 0;
  if (centres.length === 0) return null;
  return (
    <svg className="cu-arcs" width={ARCS_WIDTH} height={height} aria-hidden="true">
      {drawn.map((arc) => {
        const middle = [arc.a, arc.b, arc.tee].filter((row): row is number => row !== undefined && row !== arc.top && row !== arc.bottom);
        return (
          <g key={arc.key} className={arc.strong ? "cu-arc-strong" : ""}>
            <path d={arcPath(y(arc.top), y(arc.bottom), ARCS_WIDTH - 4, arc.lane, SPACING)} />
            {middle.map((row) => (
              <path key={row} d={`M${ARCS_WIDTH - 14 - arc.lane * SPACING} ${y(row)}H${ARCS_WIDTH - 4}`} />
            ))}
          </g>
        );
      })}
    </svg>
  );
}
