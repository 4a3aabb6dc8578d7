/** Where there is no room for lines beside each other: one candidate below the other, its line as the left spine. */
import type { Verdict } from "../model";
import { reasonText, ruleName, whenText, type Says } from "../words";
import { colourOf, Knot, Name, Outcome } from "./Drawing";
import { spoken, type Line } from "./judged";

export function Spine({ lines, says, messageClass }: { lines: Line[]; says: Says; messageClass: string }) {
  return (
    <ol className="why-spines">
      {lines.map((line) => (
        <li
          key={line.channel ?? ""}
          className={`why-spine ${line.winner ? "why-winner" : ""} ${line.channel === null ? "why-nothing" : ""}`}
          style={colourOf(line.channel)}
        >
          <Name line={line} />
          <ul>
            <Passed line={line} says={says} messageClass={messageClass} />
            {line.verdicts.filter(({ result }) => result === "stop" || result === "defer").map((verdict) => (
              <li key={verdict.rule}>
                <Knot verdict={verdict} winner={line.winner} />
                <span>
                  <b>{ruleName(verdict.rule, says.i18n)}</b> {shut(verdict, says)}
                </span>
              </li>
            ))}
          </ul>
          <Outcome line={line} labelled />
        </li>
      ))}
    </ol>
  );
}

function Passed({ line, says, messageClass }: { line: Line; says: Says; messageClass: string }) {
  const text = spoken(line, says, messageClass);
  const first = line.verdicts.find(({ result }) => result === "pass" || result === "exempt");
  if (!text || !first) return null;
  return (
    <li className="quiet">
      <Knot verdict={first} winner={line.winner} />
      <span>{text}</span>
    </li>
  );
}

function shut(verdict: Verdict, says: Says): string {
  const why = reasonText(verdict, says);
  return verdict.result === "defer" && verdict.until ? says.i18n.t("messages.why.waits", { when: whenText(verdict.until, says.i18n), why }) : why;
}
