/** Providers that misbehave on request, and the account of what they were asked and what they took. */
import type { ReactNode } from "react";

import { useWords, type Words } from "./i18n";
import { modes, providers, waitingOf, type Mode, type Pocket, type Provider } from "./model";
import { Glyph, useWork } from "./parts";
import type { Act } from "./usePocket";

const BUSY: Record<Provider, string> = { telegram: "429", email: "450" };

export function Trouble({ pocket, act, children }: { pocket: Pocket; act: Act; children: ReactNode }) {
  const { t } = useWords();
  const waits = waitingOf(pocket).length;
  return (
    <section id="pk-at-trouble" className="pk-make" aria-labelledby="pk-make">
      <div className="pk-make-about">
        <h2 id="pk-make">{t("trouble.title")}</h2>
        <p className="pk-quiet">{t("trouble.text")}</p>
        <p className="pk-sum">
          <b>{t("trouble.lost", pocket.reckoned)}</b>
          {waits > 0 && `, ${t("trouble.waits", { n: waits })}`}
        </p>
      </div>
      {providers.map((provider) => (
        <Switches key={provider} provider={provider} pocket={pocket} act={act} />
      ))}
      {children}
    </section>
  );
}

function Switches({ provider, pocket, act }: { provider: Provider; pocket: Pocket; act: Act }) {
  const { t } = useWords();
  const work = useWork();
  const { mode, asked, took } = pocket.providers[provider];
  const name = t(`write.channels.${provider}`);
  return (
    <div className="pk-provider">
      <p className="pk-door" data-door={provider}>
        <Glyph door={provider} /> <b>{name}</b>
      </p>
      <div className="pk-modes" role="group" aria-label={t("trouble.of", { provider: name })}>
        {modes.map((each) => (
          <button key={each} type="button" aria-pressed={each === mode} className={each === "ok" ? "" : "pk-bad"} onClick={() => void work.run(() => act("trouble", { provider, mode: each }))}>
            {t(`trouble.modes.${each}`)}
            {each === "busy" && <small> {BUSY[provider]}</small>}
          </button>
        ))}
      </div>
      <p className="pk-does" role="status">
        {doesText(provider, mode, t)}
      </p>
      <p className="pk-count">{t("trouble.count", { asked, took })}</p>
      {work.error && (
        <p className="pk-error" role="alert">
          {work.error}
        </p>
      )}
    </div>
  );
}

function doesText(provider: Provider, mode: Mode, t: Words["t"]): string {
  if (mode === "ok" || mode === "slow") return t(`trouble.does.${mode}`);
  return t(`trouble.does.${mode}${provider === "telegram" ? "Telegram" : "Email"}`);
}
