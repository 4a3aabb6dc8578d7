/** The one line through all devices, measured and drawn anew whenever anything moves. */
import { useLayoutEffect, useRef, useState } from "react";

import { measure, route, spine, type Segment } from "./lanes";
import { doorOf, type Knot } from "./model";

const STACKED = "(max-width: 1099px)";

export function Lines({ knots, upTo }: { knots: Knot[]; upTo: number | null }) {
  const svg = useRef<SVGSVGElement>(null);
  const [segments, setSegments] = useState<Segment[]>([]);
  useLayoutEffect(() => {
    const element = svg.current?.parentElement;
    if (!element) return;
    let frame = 0;
    const draw = () => {
      const measured = measure(element);
      setSegments(!measured ? [] : matchMedia(STACKED).matches ? spine(knots, measured) : route(knots, measured));
    };
    const later = () => {
      cancelAnimationFrame(frame);
      frame = requestAnimationFrame(draw);
    };
    draw();
    const watch = new ResizeObserver(later);
    for (const each of [element, ...element.querySelectorAll("[data-part], [data-device], [data-desk], [data-scroll]")]) watch.observe(each);
    // The right side stays in sight while the page scrolls, so what leads to it moves.
    addEventListener("scroll", later, { capture: true, passive: true });
    // What has just come slides into its place.
    element.addEventListener("animationend", later);
    void document.fonts.ready.then(later);
    return () => {
      watch.disconnect();
      removeEventListener("scroll", later, { capture: true });
      element.removeEventListener("animationend", later);
      cancelAnimationFrame(frame);
    };
  }, [knots]);
  return (
    <svg ref={svg} className="pk-lines" aria-hidden="true">
      {segments.map(({ n, path, device, dotted }, index) => (
        <path key={`${n}-${index}`} d={path} data-door={device ? doorOf[device] : undefined} className={`${dotted ? "pk-dotted" : ""} ${upTo !== null && n > upTo ? "pk-later" : ""}`} pathLength={dotted ? undefined : 1} />
      ))}
    </svg>
  );
}
