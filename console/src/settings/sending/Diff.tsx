/** What is otherwise between two policies, a line for each rule. */
import { useI18n } from "~/i18n";

import { differences, type Policy, type Tells } from "./model";

export function Diff({ was, now, tells, none }: { was: Policy; now: Policy; tells: Tells; none: string }) {
  const { t, tx } = useI18n();
  const found = differences(was, now, tells);
  if (found.length === 0) return <p className="quiet">{none}</p>;
  return (
    <ul className="po-diff">
      {found.map((each) => (
        <li key={each.rule}>{tx("sending.versions.change", { rule: <b>{t(`sending.rules.${each.rule}`)}</b>, was: <del>{each.was}</del>, now: <ins>{each.now}</ins> })}</li>
      ))}
    </ul>
  );
}
