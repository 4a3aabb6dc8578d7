/** One's own account: how the console speaks and looks, the password, the second factor, where one is signed in. */
import { useMe } from "~/api";
import { languageNames, languages, useI18n } from "~/i18n";
import { useSingleKeys } from "~/keys";
import { useChangeSettings } from "~/shell/account";
import { PartHead } from "~/shell/Parts";
import { themes, useTheme } from "~/theme";
import { CheckField, Chip, Section, Skeleton } from "~/ui";

import "../settings.css";
import { Password } from "./Password";
import { SecondFactor } from "./SecondFactor";
import { Sessions } from "./Sessions";

export function MePart() {
  const { t } = useI18n();
  const me = useMe();
  if (!me) return <Skeleton rows={8} height={44} />;
  return (
    <div className="part">
      <PartHead title={me.name} lead={t("settings.me.lead", { login: me.login, role: t(`common.account.roles.${me.role}`) })} />
      <Looks />
      <Section title={t("settings.me.password")}>
        <Password />
      </Section>
      <Section title={t("settings.me.second")} aside={t(me.second_factor ? "settings.me.secondOn" : "settings.me.secondOff")}>
        <SecondFactor on={me.second_factor} left={me.recovery_codes_left} />
      </Section>
      <Sessions />
    </div>
  );
}

function Looks() {
  const { t, language } = useI18n();
  const { theme } = useTheme();
  const single = useSingleKeys();
  const { changeLanguage, changeTheme, changeSingle } = useChangeSettings();
  return (
    <Section title={t("settings.me.looks")}>
      <div className="form">
        <div role="group" aria-label={t("common.account.language")} className="settings-chips">
          <span>{t("common.account.language")}</span>
          {languages.map((known) => (
            <Chip key={known} on={known === language} lang={known} onClick={() => changeLanguage(known)}>
              {languageNames[known]}
            </Chip>
          ))}
        </div>
        <div role="group" aria-label={t("common.account.theme")} className="settings-chips">
          <span>{t("common.account.theme")}</span>
          {themes.map((known) => (
            <Chip key={known} on={known === theme} onClick={() => changeTheme(known)}>
              {t(`common.account.themes.${known}`)}
            </Chip>
          ))}
        </div>
        <CheckField role="switch" label={t("common.account.single")} hint={t("common.account.singleHint")} checked={single} onChange={changeSingle} />
      </div>
    </Section>
  );
}
