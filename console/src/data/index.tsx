/** Data: how events come in. Each part is a page of its own; this lists them. */
import { useI18n } from "~/i18n";
import { Parts } from "~/shell/Parts";

export function DataSection() {
  const { t } = useI18n();
  return (
    <Parts
      title={t("data.title")}
      parts={[
        { to: "/data/setup", name: t("data.nav.setup") },
        { to: "/data/keys", name: t("data.nav.keys"), needs: "keys.manage" },
        { to: "/data/snippet", name: t("data.nav.snippet") },
        { to: "/data/plan", name: t("data.nav.plan") },
        { to: "/data/webhooks", name: t("data.nav.webhooks"), needs: "events.read" },
      ]}
    />
  );
}
