import { useMe } from "~/api";
import { languageNames, languages, useI18n } from "~/i18n";
import { useSingleKeys } from "~/keys";
import { themes, useTheme } from "~/theme";
import { Button, Chip, Dialog } from "~/ui";

import { signOut, useChangeSettings } from "./account";

/** Who is signed in, and how the console shall speak, look and listen to keys for them. */
export default function AccountMenu({ onClose, openKeys }: { onClose: () => void; openKeys: () => void }) {
  const { t, language } = useI18n();
  const me = useMe();
  const { theme } = useTheme();
  const single = useSingleKeys();
  const { changeLanguage, changeTheme, changeSingle } = useChangeSettings();
  return (
    <Dialog
      title={me ? t("common.account.signed", { name: me.name, role: t(`common.account.roles.${me.role}`) }) : t("common.nav.account")}
      onClose={onClose}
      width={440}
      footer={
        <>
          <Button k="?" onClick={openKeys}>
            {t("common.account.keys")}
          </Button>
          <Button onClick={signOut}>{t("common.account.out")}</Button>
        </>
      }
    >
      <div className="account">
        <p className="quiet">{me?.login}</p>
        <Choice title={t("common.account.language")}>
          {languages.map((known) => (
            <Chip key={known} on={known === language} lang={known} onClick={() => changeLanguage(known)}>
              {languageNames[known]}
            </Chip>
          ))}
        </Choice>
        <Choice title={t("common.account.theme")}>
          {themes.map((known) => (
            <Chip key={known} on={known === theme} onClick={() => changeTheme(known)}>
              {t(`common.account.themes.${known}`)}
            </Chip>
          ))}
        </Choice>
        <label className="account-switch">
          <input type="checkbox" role="switch" checked={single} onChange={(event) => changeSingle(event.currentTarget.checked)} />
          <span>
            <b>{t("common.account.single")}</b>
            <span className="quiet">{t("common.account.singleHint")}</span>
          </span>
        </label>
      </div>
    </Dialog>
  );
}

function Choice({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <div role="group" aria-label={title} className="account-choice">
      <h3>{title}</h3>
      <div>{children}</div>
    </div>
  );
}
