import { useI18n } from "~/i18n";

export function CustomersPage() {
  const { t } = useI18n();
  return <h1>{t("customers.title")}</h1>;
}
