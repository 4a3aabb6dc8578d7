/** Whether a judgement's record holds, and what it is. */
import { useI18n } from "~/i18n";
import { Button, Icon } from "~/ui";

import type { Moment } from "../model";

export function Verified({ moment, at, busy, onAgain }: { moment: Moment; at: number; busy: boolean; onAgain: () => void }) {
  const { t, fmt } = useI18n();
  const holds = moment.finding === "verified";
  return (
    <div className="why-verified">
      <span className="quiet" title={moment.hash}>
        {t("messages.why.record")} {moment.hash.slice(0, 4)} {moment.hash.slice(4, 8)}
      </span>
      <span role="status" className={holds ? "why-holds" : "alarm why-holds"}>
        <Icon name={holds ? "check" : "warn"} size={16} />
        {t(`messages.why.findings.${moment.finding}`, { when: fmt.timeSeconds(at) })}
      </span>
      <Button disabled={busy} onClick={onAgain}>
        {t(busy ? "messages.why.verifying" : "messages.why.again")}
      </Button>
    </div>
  );
}
