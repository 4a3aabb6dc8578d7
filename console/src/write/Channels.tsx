/** Which channel: each with what would come of it, what it costs and what would turn it. The policy is the choice. */
import type { Account } from "~/api";
import { channelColour, Glyph } from "~/channels";
import type { Candidate, Decision } from "~/messages/model";
import { doorOf, flipText, reasonText, whenText, type Says } from "~/messages/words";

import { ofCandidate } from "./foreseen";

interface ChannelsProps {
  decision: Decision | undefined;
  accounts: Account[];
  site: string;
  value: string;
  due: string | null;
  /** In one line that opens. */
  folded: boolean;
  onChange: (channel: string) => void;
  says: Says;
}

export function Channels({ decision, accounts, site, value, due, folded, onChange, says }: ChannelsProps) {
  const { t } = says.i18n;
  const best = decision?.outcome.channel;
  const chosen = decision?.outcome.action === "suppress" ? undefined : decision?.candidates.find((each) => each.channel === best);
  const accountOf = (candidate: Candidate) => accounts.find((each) => each.site === site && each.channel === candidate.channel && each.name === candidate.account);
  const choice = (
    <fieldset className="wr-channels">
      <legend className={folded ? "seen-by-readers" : undefined}>{t("write.channel")}</legend>
      <label className="wr-channel">
        <input type="radio" name="channel" checked={value === ""} onChange={() => onChange("")} />
        <span className="wr-channel-name">
          <b>{t("write.best")}</b>
        </span>
        <span className="wr-channel-told quiet">{best && decision && decision.outcome.action !== "suppress" ? becauseOf(decision, says) : t("write.bestHint")}</span>
        <span className="quiet">{chosen && priceOf(chosen, accountOf(chosen), says)}</span>
      </label>
      {decision?.candidates.map((candidate) => (
        <One key={candidate.channel} candidate={candidate} account={accountOf(candidate)} checked={value === candidate.channel} due={due} onChange={onChange} says={says} />
      ))}
    </fieldset>
  );
  if (!folded) return choice;
  return (
    <details className="wr-by">
      <summary>
        {t("write.channel")} <b>{[value ? says.channel(value) : t("write.best"), !value && chosen && says.channel(chosen.channel)].filter(Boolean).join(": ")}</b>
      </summary>
      {choice}
    </details>
  );
}

function becauseOf({ outcome: { channel, chosen_by } }: Decision, says: Says): string {
  const { t, has } = says.i18n;
  const key = `write.reasons.${chosen_by}`;
  return `${says.channel(channel ?? "")}. ${has(key) ? t(key) : ""}`.trim();
}

function priceOf({ cost_minor }: Candidate, account: Account | undefined, { i18n: { t, fmt } }: Says): string {
  if (!account) return "";
  return cost_minor > 0 ? fmt.money(cost_minor, account.currency) : t("write.free_of_charge");
}

interface OneProps {
  candidate: Candidate;
  account: Account | undefined;
  checked: boolean;
  due: string | null;
  onChange: (channel: string) => void;
  says: Says;
}

function One({ candidate, account, checked, due, onChange, says }: OneProps) {
  const { i18n } = says;
  const { t } = i18n;
  const door = doorOf(candidate.channel);
  const told = ofCandidate(candidate);
  const why = reasonText(told, says);
  const text =
    told.action === "suppress" ? t("write.not", { why }) : told.action === "defer" && told.until ? t("write.waits", { when: whenText(told.until, i18n), why }) : due ? t("write.goesAt", { when: whenText(due, i18n) }) : t("write.goesNow");
  return (
    <label className={`wr-channel ${told.action === "suppress" ? "wr-shut" : ""}`}>
      <input type="radio" name="channel" checked={checked} onChange={() => onChange(candidate.channel)} />
      <span className="wr-channel-name cut" style={told.action === "suppress" ? undefined : { color: channelColour(door) }}>
        <Glyph channel={door} size={14} coloured={told.action !== "suppress"} /> <b>{says.channel(candidate.channel)}</b>
      </span>
      <span className="wr-channel-told">
        {text}
        {told.action !== "send" && told.flip && told.flip.length > 0 && <span className="table-second">{t("write.flip", { change: flipText(told.flip, says) })}</span>}
      </span>
      <span className="quiet">{told.action !== "suppress" && priceOf(candidate, account, says)}</span>
    </label>
  );
}
