/** The keys of the page, each a button, and what the knots mean. */

import { useI18n } from "~/i18n";
import { KeyBar, type Hint } from "~/keys";

/** `undo`: a join by hand is there, which U takes back. */
export function Foot({ past, doors, undo, write, messages }: { past: boolean; doors: number; undo: boolean; write: boolean; messages: boolean }) {
  const { t } = useI18n();
  const last = Math.min(doors, 9);
  const hints: Hint[] = [
    { keys: ["j", "k"], label: t("customer.keys.nextPrevious"), labels: [t("customer.keys.next"), t("customer.keys.previous")] },
    { keys: ["Enter"], label: t("customer.keys.open") },
    ...(doors > 0 ? [{ keys: ["0", String(last)], range: true, label: t("customer.keys.channel"), labels: [`0, ${t("customer.keys.all")}`, t("customer.keys.nth", { n: last })] }] : []),
    ...(past ? [{ keys: ["[", "]"], label: t("customer.keys.step"), labels: [t("customer.keys.earlier"), t("customer.keys.later")] }] : [{ keys: ["s"], label: t("customer.keys.splitOff") }]),
    ...(undo ? [{ keys: ["u"], label: t("customer.keys.undo") }] : []),
    ...(write ? [{ keys: ["r"], label: t("customer.keys.write") }] : []),
    ...(messages ? [{ keys: ["o"], label: t("customer.keys.messages") }] : []),
    { keys: ["/"], label: t("customer.keys.find") },
  ];
  return (
    <KeyBar hints={hints}>
      <span className="cu-legend" aria-hidden="true">
        <span><svg viewBox="0 0 10 10" width="10" height="10"><circle className="cu-legend-full" cx="5" cy="5" r="5" /></svg>{t("customer.thread.theirs")}</span>
        <span><svg viewBox="0 0 10 10" width="10" height="10"><circle className="cu-legend-ring" cx="5" cy="5" r="4.2" /></svg>{t("customer.thread.ours")}</span>
        <span><svg viewBox="0 0 10 10" width="10" height="10"><path className="cu-diamond" d="M5 0l5 5-5 5-5-5z" /></svg>{t("customer.thread.joined")}</span>
      </span>
    </KeyBar>
  );
}
