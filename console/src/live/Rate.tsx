import { memo } from "react";

import type { Rate } from "~/api";
import { channelColour, Glyph, useChannelNames } from "~/channels";
import { useI18n } from "~/i18n";
import { useNow } from "~/ui";

import { bars } from "./model";

const WIDTH = 360;
const HEIGHT = 40;
const STEP = 6;
/** The least a bar is drawn high, so that one event among many is still seen: 2 px where the chart is pressed to 28 px. */
const LEAST = 3;

/** Two minutes as bars, newest at the right, and in words beside them. */
export const RateChart = memo(function RateChart({ rate }: { rate: Rate | null }) {
  const { t, tx, fmt } = useI18n();
  const { name } = useChannelNames();
  const { bars: made, most, total, doors } = bars(rate, useNow(1000));
  const exact = rate?.per_second ?? 0;
  const now = exact < 10 ? Math.round(exact * 10) / 10 : Math.round(exact);
  const left = WIDTH - made.length * STEP;
  return (
    <div className="live-rate">
      <div className="live-rate-words">
        <p>
          {tx("live.rate", { n: now })} <span className="live-rate-window">{t("live.rateWindow")}</span>
        </p>
        <p className="live-rate-doors" aria-hidden="true">
          {doors.length > 0 && <span>{t("live.lastMinutes")}</span>}
          {doors.slice(0, 5).map((door) => (
            <span key={door} className="live-rate-door">
              <Glyph channel={door} size={14} /> {name(door)}
            </span>
          ))}
        </p>
      </div>
      <div className="live-rate-figure">
        <svg
          className="live-rate-chart"
          viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
          preserveAspectRatio="none"
          role="img"
          aria-label={t("live.rateSpoken", { n: fmt.number(total), now: fmt.number(now), most: fmt.number(Math.ceil(most / 2)) })}
        >
          <path className="live-rate-base" d={`M0 ${HEIGHT - 0.5}H${WIDTH}`} />
          {made.map((bar, index) => {
            const each = Math.max(LEAST / bar.total, HEIGHT / most);
            return bar.parts.map((part) => (
              <rect
                key={`${index}${part.channel}`}
                x={left + index * STEP}
                width={STEP - 1}
                y={HEIGHT - part.to * each}
                height={(part.to - part.from) * each}
                style={{ fill: channelColour(part.channel) }}
              />
            ));
          })}
        </svg>
        <p className="live-rate-ends" aria-hidden="true">
          <span>{t("live.rateFrom")}</span>
          <span>{t("common.now")}</span>
        </p>
      </div>
    </div>
  );
});
