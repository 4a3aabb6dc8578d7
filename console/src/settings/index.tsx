/** Settings: oneself, and for those who may, everybody else. Each part is a page of its own; this lists them. */
import { useI18n } from "~/i18n";
import { Parts } from "~/shell/Parts";

export function SettingsSection() {
  const { t } = useI18n();
  return (
    <Parts
      title={t("settings.title")}
      parts={[
        { to: "/settings/me", name: t("settings.nav.me") },
        { to: "/settings/people", name: t("settings.nav.people"), needs: "users.manage" },
        { to: "/settings/roles", name: t("settings.nav.roles") },
        { to: "/settings/identity", name: t("settings.nav.identity"), needs: "identity.edit" },
        { to: "/settings/sites", name: t("settings.nav.sites"), needs: "sites.edit" },
        { to: "/settings/consent", name: t("settings.nav.consent") },
        { to: "/settings/channels", name: t("settings.nav.channels"), needs: "messages.read" },
        { to: "/settings/sending", name: t("settings.nav.sending"), needs: "messages.read" },
        { to: "/settings/audit", name: t("settings.nav.audit"), needs: "audit.read" },
      ]}
    />
  );
}
