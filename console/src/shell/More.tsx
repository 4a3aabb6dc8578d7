/** On a phone: the pages and windows that the bar has no room for. */
import { Link } from "@tanstack/react-router";

import { useI18n } from "~/i18n";
import { Dialog, Icon, type IconName } from "~/ui";

export interface Place {
  to: "/desk" | "/live" | "/customers" | "/messages" | "/content/templates" | "/data" | "/settings";
  icon: IconName;
  name: string;
}

interface Props {
  pages: readonly Place[];
  /** Whether this page is the one that is shown. */
  here: (place: Place) => boolean;
  /** Null where there is no tour. */
  onTour: (() => void) | null;
  onAccount: () => void;
  onClose: () => void;
}

export default function More({ pages, here, onTour, onAccount, onClose }: Props) {
  const { t } = useI18n();
  return (
    <Dialog title={t("common.nav.more")} onClose={onClose} width={440}>
      <ul className="more">
        {pages.map((place) => (
          <li key={place.to}>
            <Link to={place.to} aria-current={here(place) ? "page" : undefined} onClick={onClose}>
              <Icon name={place.icon} /> {place.name}
            </Link>
          </li>
        ))}
        {onTour && (
          <li>
            <button type="button" onClick={onTour}>
              <Icon name="tour" /> {t("common.tour.name")}
            </button>
          </li>
        )}
        <li>
          <button type="button" aria-haspopup="dialog" onClick={onAccount}>
            <Icon name="person" /> {t("common.nav.account")}
          </button>
        </li>
      </ul>
    </Dialog>
  );
}
