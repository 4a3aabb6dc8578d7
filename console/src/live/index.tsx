import { useI18n } from "~/i18n";

export function LivePage() {
  const { t } = useI18n();
  return <h1>{t("live.title")}</h1>;
}
