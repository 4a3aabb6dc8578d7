/** The candidates as lines running into the gates. What is drawn is also said; the drawing itself is hidden from readers. */
import type { CSSProperties } from "react";

import { channelColour, Glyph } from "~/channels";
import { useI18n } from "~/i18n";

import type { Verdict } from "../model";
import { doorOf, ruleName, type Says } from "../words";
import { spoken, type Line } from "./judged";

/** Labels of gates further right than this stand below their line: there is no room beside it. */
const BESIDE = 4;

export function Drawing({ lines, says, messageClass }: { lines: Line[]; says: Says; messageClass: string }) {
  const { t } = useI18n();
  const gates = lines[0]?.verdicts.map(({ rule }) => rule) ?? [];
  return (
    <div className="why-drawing" style={{ "--gates": gates.length } as CSSProperties}>
      <div className="why-heads" aria-hidden="true">
        <span>{t("messages.why.gates")}</span>
        <div className="why-gates">
          {gates.map((rule) => (
            <span key={rule}>{ruleName(rule, says.i18n)}</span>
          ))}
        </div>
        <span>{t("messages.why.outcome")}</span>
        <span>{t("messages.why.flip")}</span>
      </div>
      <ol className="why-lines">
        {lines.map((line) => (
          <li key={line.channel ?? ""} className={`why-line ${line.winner ? "why-winner" : ""} ${line.channel === null ? "why-nothing" : ""}`}>
            <Name line={line} />
            <div className="why-gates">
              <Track line={line} />
              <span className="seen-by-readers">{spoken(line, says, messageClass)}. </span>
              {line.label && (
                <p className={`why-label ${line.label.at > BESIDE ? "why-label-below" : ""}`} style={{ "--at": line.label.at } as CSSProperties}>
                  <span>
                    {line.label.text}
                    {line.label.also && <small>{line.label.also}</small>}
                  </span>
                </p>
              )}
            </div>
            <Outcome line={line} />
          </li>
        ))}
      </ol>
      <Marks lines={lines} />
    </div>
  );
}

const MARKS = ["pass", "exempt", "defer", "stop"] as const;

/** What the signs at the gates mean, of those that stand here. Readers are told in words at each line. */
export function Marks({ lines }: { lines: Line[] }) {
  const { t } = useI18n();
  const seen = new Set(lines.flatMap(({ verdicts }) => verdicts.map(({ result }) => result)));
  return (
    <p className="why-marks" aria-hidden="true">
      {MARKS.filter((result) => seen.has(result)).map((result) => (
        <span key={result}>
          <Knot verdict={{ result }} winner={false} /> {t(`messages.why.marks.${result}`)}
        </span>
      ))}
    </p>
  );
}

/** What came of it, and what would have turned that. labelled: no column says what the second is. */
export function Outcome({ line, labelled = false }: { line: Line; labelled?: boolean }) {
  const { t } = useI18n();
  return (
    <>
      <p className="why-outcome">
        <span className="seen-by-readers">{t("messages.why.outcome")}: </span>
        {line.outcome}
      </p>
      <p className="why-flip">
        <span className={labelled ? undefined : "seen-by-readers"}>{t("messages.why.flip")}: </span>
        {line.flip}
      </p>
    </>
  );
}

export function colourOf(channel: string | null): CSSProperties {
  return { "--colour": channel === null ? "var(--quiet)" : channelColour(doorOf(channel)) } as CSSProperties;
}

export function Name({ line }: { line: Line }) {
  return (
    <div className="why-name" style={colourOf(line.channel)}>
      {line.channel === null ? <span aria-hidden="true">—</span> : <Glyph channel={doorOf(line.channel)} size={16} coloured={false} />}
      <span>{line.name}</span>
    </div>
  );
}

function Track({ line }: { line: Line }) {
  const many = line.verdicts.length;
  const stop = line.stopped ? (line.end + 0.5) / many : 1;
  const wait = line.waits && line.label ? (line.label.at + 0.5) / many : stop;
  return (
    <div className="why-track" aria-hidden="true" style={colourOf(line.channel)}>
      <i className="why-stroke" style={{ width: `${wait * 100}%` }} />
      {wait < stop && <i className="why-stroke why-stroke-later" style={{ left: `${wait * 100}%`, width: `${(stop - wait) * 100}%` }} />}
      {line.verdicts.map((verdict, at) => (
        <span key={verdict.rule} style={{ left: `${((at + 0.5) / many) * 100}%` }}>
          {at <= line.end ? <Knot verdict={verdict} winner={line.winner} /> : verdict.result === "stop" && <Knot verdict={verdict} winner={false} beyond />}
        </span>
      ))}
    </div>
  );
}

/** A ring with a tick: let through. With a dash: not asked of this class. With hands: later. Full, with a cross: stopped. */
export function Knot({ verdict: { result }, winner, beyond = false }: { verdict: Pick<Verdict, "result">; winner: boolean; beyond?: boolean }) {
  return (
    <svg className={`why-knot why-knot-${result} ${beyond ? "why-knot-beyond" : ""}`} viewBox="0 0 18 18" width="18" height="18" strokeWidth={winner ? 2 : 1.4} aria-hidden="true">
      <circle cx="9" cy="9" r="8" />
      {result === "pass" && <path d="m5.5 9.3 2.4 2.4 4.6-5" />}
      {result === "exempt" && <path d="M6 9h6" />}
      {result === "defer" && <path d="M9 5v4.3l2.8 1.7" />}
      {result === "stop" && <path d="m6.2 6.2 5.6 5.6m0-5.6-5.6 5.6" />}
    </svg>
  );
}
