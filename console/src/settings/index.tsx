/** Settings: oneself, and for those who may, everybody else. Each part is a page of its own; this lists them. */
import { useI18n } from "~/i18n";
import { Parts } from "~/shell/Parts";

export function SettingsSection() {
  const { t } = useI18n();
  return (
    <Parts
      title={t("settings.title")}
      parts={[
        { to: "/settings/roles", name: t("settings.nav.roles") },
      ]}
    />
  );
}
