/** The ink bar over a page that shows the past. */

import { useI18n } from "~/i18n";
import { Button } from "~/ui";

interface PastBarProps {
  at: string;
  later: boolean;
  onMode: (later: boolean) => void;
  onBack: () => void;
}

export default function PastBar({ at, later, onMode, onBack }: PastBarProps) {
  const { t, fmt } = useI18n();
  const when = fmt.dateTime(at, 0).replace(/ (?=\d\d:\d\d$)/, ", ");
  return (
    <div className="cu-past-bar" role="status">
      <svg className="cu-past-clock" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
        <circle cx="8" cy="8" r="6.5" />
        <path d="M8 4.500V8H5.200" />
      </svg>
      <p>
        <b>{t("customer.past.looking")}</b> <span>{t(later ? "customer.past.later" : "customer.past.then", { when })}</span>{" "}
        <span className="cu-past-locked">{t("customer.past.locked")}</span>
      </p>
      <div className="cu-past-modes" role="group" aria-label={t("customer.past.mode")}>
        <button type="button" aria-pressed={!later} onClick={() => onMode(false)}>
          {t("customer.past.modeThen")}
        </button>
        <button type="button" aria-pressed={later} onClick={() => onMode(true)}>
          {t("customer.past.modeLater")}
        </button>
      </div>
      <Button k="Escape" className="cu-past-back" onClick={onBack}>
        {t("customer.past.back")}
      </Button>
    </div>
  );
}
