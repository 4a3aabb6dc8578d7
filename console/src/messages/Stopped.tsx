/** A line above the list while something is stopped by hand, so that nobody looks for a fault where there is none. */
import { useQuery } from "@tanstack/react-query";

import { api, useMay, type Page } from "~/api";
import { useI18n } from "~/i18n";
import { Icon, TextLink } from "~/ui";

import { plainReason, useSays } from "./words";

export function Stopped() {
  const { t, fmt } = useI18n();
  const says = useSays();
  const may = useMay("messages.read");
  const { data } = useQuery({ queryKey: ["switches"], queryFn: () => api.get<Page<{ scope: string }>>("/api/switches"), enabled: may, refetchInterval: 30_000 });
  const scopes = data?.data.map(({ scope }) => scope) ?? [];
  if (scopes.length === 0) return null;
  const shown = scopes.includes("all") ? ["all"] : scopes;
  const text = fmt.list([...new Set(shown.map((scope) => plainReason("kill_switch", scope, says)))]);
  return (
    <p className="msg-stopped" role="status">
      <Icon name="warn" size={16} /> <span>{`${text.charAt(0).toLocaleUpperCase(fmt.locale)}${text.slice(1)}.`}</span> <TextLink to="/settings/sending">{t("messages.stopped")}</TextLink>
    </p>
  );
}
