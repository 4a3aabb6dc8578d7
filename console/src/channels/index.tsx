/** Doors: their signs, colours and words. Colour never stands alone, so a glyph that stands without a word gets `label`. */
import type { ReactNode } from "react";

import { useI18n } from "~/i18n";

import { glyphs } from "./glyphs";
import { channelColour, type Channel } from "./names";
import "./channels.css";

export { handleSpans, handleText, type Span } from "./handles";
export { asChannel, channelColour, channelOfKind, channels, isChannel, type Channel } from "./names";
export { sourceText } from "./sources";

export function useChannelNames(): { name: (channel: Channel) => string; short: (channel: Channel) => string; title: (channel: Channel) => string } {
  const { t } = useI18n();
  const name = (channel: Channel) => t(`channels.name.${channel}`);
  return {
    name,
    short: (channel) => t(`channels.short.${channel}`),
    title: (channel) => name(channel).charAt(0).toLocaleUpperCase() + name(channel).slice(1),
  };
}

/** The bare sign. Inherits its colour unless `coloured`. */
export function Glyph({ channel, size = 16, coloured = true, label }: { channel: Channel; size?: number; coloured?: boolean; label?: string }) {
  return (
    <svg
      className="glyph"
      viewBox="0 0 16 16"
      width={size}
      height={size}
      style={coloured ? { color: channelColour(channel) } : undefined}
      role={label ? "img" : undefined}
      aria-label={label}
      aria-hidden={label ? undefined : true}
    >
      {glyphs[channel]}
    </svg>
  );
}

/** acted: the customer did it (solid). ours: we did it (ring). held: nothing was sent (dashed). rejected: not stored. */
export type KnotKind = "acted" | "ours" | "held" | "rejected";

/** A knot on a thread, 18 px across with a rim in the colour of the ground, so that the line stops short of it. */
export function Knot({ channel, kind = "acted" }: { channel: Channel; kind?: KnotKind }): ReactNode {
  if (kind === "rejected") {
    return (
      <svg className="knot knot-rejected" viewBox="0 0 18 18" width="18" height="18" aria-hidden="true">
        <circle cx="9" cy="9" r="8.25" />
        <path d="m6.5 6.5 5 5m0-5-5 5" />
      </svg>
    );
  }
  return (
    <svg className={`knot knot-${kind}`} viewBox="0 0 18 18" width="18" height="18" style={{ color: channelColour(channel) }} aria-hidden="true">
      <circle cx="9" cy="9" r={kind === "acted" ? 9 : 8.25} />
      <g transform="translate(4 4) scale(.625)">{glyphs[channel]}</g>
    </svg>
  );
}

/** A join: the ink diamond. */
export function Diamond({ size = 18 }: { size?: number }) {
  return (
    <svg className="diamond" viewBox="0 0 18 18" width={size} height={size} aria-hidden="true">
      <path className="diamond-body" d="M9 0l9 9-9 9-9-9z" />
      <path className="diamond-sign" d="M9 4.5v4.2M9 8.7c0 2.3-2.4 2-2.4 4.3M9 8.7c0 2.3 2.4 2 2.4 4.3" />
    </svg>
  );
}
