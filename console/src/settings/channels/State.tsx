/** What an account is up to, and where it stands still: why, and what to do. */
import { useMay, type Account, type ChannelKind } from "~/api";
import { useI18n } from "~/i18n";
import { Button, useNow } from "~/ui";

import type { Switch } from "./model";
import { troubleOf } from "./troubles";
import { usePause } from "./usePause";

export function State({ account, manifest, switches }: { account: Account; manifest: ChannelKind | undefined; switches: Switch[] }) {
  const i18n = useI18n();
  const { t, fmt } = i18n;
  const now = useNow(15_000);
  const may = useMay("channels.edit");
  const pause = usePause(account);
  const scopes = new Set(["all", `channel:${account.channel}`, `account:${account.id}`]);
  const thrown = switches.find(({ scope }) => scopes.has(scope));
  const rests = account.rests_until && Date.parse(account.rests_until) > now ? account.rests_until : null;
  if (!manifest) return <Told title={t("accounts.states.missing")} alarm />;
  if (account.trouble) {
    const trouble = troubleOf(account.trouble, manifest.settings, i18n);
    return (
      <div className="acc-trouble">
        <Told title={t("accounts.states.trouble", { when: account.trouble_at ? fmt.dateTime(account.trouble_at) : "" })} alarm>
          {trouble.text}
        </Told>
        {trouble.said && <p className="table-second">“{trouble.said}”</p>}
        {account.paused && <p className="table-second">{t("accounts.states.paused")}</p>}
        {may && !account.paused && (
          <Button dense disabled={pause.isPending} onClick={() => pause.mutate(false)}>
            {t("accounts.again")}
          </Button>
        )}
      </div>
    );
  }
  if (account.paused) return <Told title={t("accounts.states.paused")}>{t("accounts.states.pausedText")}</Told>;
  if (thrown) return <Told title={t("accounts.states.stopped")}>{thrown.reason}</Told>;
  if (rests) return <Told title={t("accounts.states.rests", { when: fmt.time(rests) })}>{t("accounts.states.restsText")}</Told>;
  return <Told title={t("accounts.states.works")}>{account.used_at ? t("accounts.used", { ago: fmt.ago(account.used_at, now) }) : undefined}</Told>;
}

function Told({ title, alarm = false, children }: { title: string; alarm?: boolean; children?: string | undefined }) {
  return (
    <span>
      <span className={alarm ? "alarm acc-alarm" : undefined}>{title}</span>
      {children && <span className={alarm ? "acc-do" : "table-second"}>{children}</span>}
    </span>
  );
}
