/** One sentence: what will happen, when, what it costs, and what would turn it. */
import type { Account } from "~/api";
import { flipText, reasonText, whenText, type Says } from "~/messages/words";

import type { Foretold } from "./foreseen";
import { sameClock, timeIn } from "./zones";

interface PolicyProps {
  told: Foretold | undefined;
  /** What has to be chosen before the gate can be asked. */
  wants: string | null;
  due: string | null;
  zone: string | undefined;
  cost: { minor: number; account: Account } | null;
  /** That it was given: of marketing that would go. */
  consent: string | null;
  says: Says;
}

export function Policy({ told, wants, due, zone, cost, consent, says }: PolicyProps) {
  const { i18n } = says;
  const { t, fmt } = i18n;
  if (!told) return <p className="quiet" role="status">{wants ?? t("write.considering")}</p>;
  const channel = told.channel ? says.channel(told.channel) : "";
  const why = reasonText(told, says);
  const moment = told.action === "defer" ? told.until : told.action === "send" ? due : null;
  const when = moment ? whenText(moment, i18n) : "";
  const sentence = told.action === "suppress" ? t("write.outcome.suppress", { why }) : told.action === "defer" ? t("write.outcome.defer", { when, why, channel }) : moment ? t("write.outcome.sendAt", { when, channel }) : t("write.outcome.send", { channel });
  return (
    <div className={`wr-policy wr-policy-${told.action}`} role="status">
      <Sign action={told.action} />
      <p>
        <b>{sentence}</b> {moment && zone && !sameClock(moment, zone, fmt) && t("write.outcome.there", { when: timeIn(moment, zone, fmt) })}{" "}
        {told.action !== "suppress" && cost && (cost.minor > 0 ? t("write.outcome.cost", { cost: fmt.money(cost.minor, cost.account.currency) }) : t("write.outcome.free"))}
        {consent && <span className="table-second">{consent}</span>}
        {told.action !== "send" && told.flip && told.flip.length > 0 && <span className="table-second">{t("write.flip", { change: flipText(told.flip, says) })}</span>}
        {told.action === "suppress" && <span className="table-second">{t("write.silentHint")}</span>}
      </p>
    </div>
  );
}

/** A ring: we act. Dotted: not yet. A stub with a cross: nothing goes. */
export function Sign({ action }: { action: Foretold["action"] }) {
  return (
    <svg className="wr-sign" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true">
      {action === "suppress" ? (
        <path d="M1 10h8m2-3 6 6m0-6-6 6" />
      ) : (
        <>
          <path d="M10 0v4m0 12v4" strokeDasharray={action === "defer" ? "1.5 2" : undefined} />
          <circle cx="10" cy="10" r="5.2" strokeDasharray={action === "defer" ? "2 2.2" : undefined} />
        </>
      )}
    </svg>
  );
}
