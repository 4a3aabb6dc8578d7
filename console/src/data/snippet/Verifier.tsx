import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";

import { api, type JsonObject, type LiveEvent, type LivePage } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Icon, ProblemBox, TextField } from "~/ui";

const LISTEN_MS = 1_000;
/** After so long we say what may be wrong. */
const PATIENCE_MS = 15_000;

interface Listening {
  since: number;
  host: string;
}

/** Opens the page of the shop and listens for what it sends: the only proof is an event that came. */
export function Verifier({ writeKey }: { writeKey: string }) {
  const { t } = useI18n();
  const [address, setAddress] = useState("https://");
  const [listening, setListening] = useState<Listening | null>(null);
  const url = hostOf(address);
  const begin = () => {
    if (!url) return;
    setListening({ since: Date.now(), host: url.host });
    window.open(url.href, "_blank", "noopener,noreferrer");
  };
  return (
    <div className="form snippet-wide">
      <form
        className="snippet-make"
        onSubmit={(event) => {
          event.preventDefault();
          begin();
        }}
      >
        <TextField className="snippet-address" label={t("data.snippet.address")} hint={t("data.snippet.addressHint")} value={address} onChange={setAddress} inputMode="url" autoComplete="url" maxLength={1000} />
        <Button kind="primary" type="submit" disabled={!url}>
          {t("data.snippet.open")}
        </Button>
      </form>
      {listening && <Result key={listening.since} listening={listening} writeKey={writeKey} />}
    </div>
  );
}

function hostOf(address: string): URL | null {
  try {
    const url = new URL(address);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

function Result({ listening, writeKey }: { listening: Listening; writeKey: string }) {
  const { t, fmt } = useI18n();
  const { data, error, refetch, dataUpdatedAt } = useQuery({
    queryKey: ["verify", listening.since],
    queryFn: () => api.get<LivePage>("/api/live", { params: { limit: 50, q: listening.host } }),
    refetchInterval: ({ state }) => (found(state.data, listening) ? false : LISTEN_MS),
  });
  if (error && !data) return <ProblemBox error={error} onRetry={() => void refetch()} />;
  const event = found(data, listening);
  if (event) {
    const consent = part(event.context, "consent");
    return (
      <div role="status">
        <Check good>{t("data.snippet.came", { event: event.event ?? event.type, time: fmt.timeSeconds(event.received_at) })}</Check>
        <Check good>{t("data.snippet.source", { source: event.source })}</Check>
        <Check good={String(part(event.context, "library")?.["name"] ?? "").startsWith("onevoice")}>
          {t("data.snippet.library", { name: String(part(event.context, "library")?.["name"] ?? "—") })}
        </Check>
        <Check good>{consent ? t("data.snippet.consented", { what: agreed(consent, t) }) : t("data.snippet.noConsent")}</Check>
        {event.who?.profile_id && (
          <p>
            <Link to="/customers/$ref" params={{ ref: `profile:${event.who.profile_id}` }}>
              {t("data.snippet.visitor")}
            </Link>
          </p>
        )}
      </div>
    );
  }
  const late = dataUpdatedAt - listening.since > PATIENCE_MS;
  return (
    <div role="status">
      <p>{t("data.snippet.listening", { host: listening.host })}</p>
      {late && (
        <>
          <p>{t("data.snippet.late")}</p>
          <ul className="snippet-why">
            <li>{t("data.snippet.why1", { url: `${location.origin}/onevoice.js` })}</li>
            <li>{t("data.snippet.why2")}</li>
            <li>{t("data.snippet.why3")}</li>
            <li>{t("data.snippet.why4")}</li>
            {!writeKey && <li>{t("data.snippet.why5")}</li>}
          </ul>
        </>
      )}
    </div>
  );
}

function Check({ good, children }: { good: boolean; children: React.ReactNode }) {
  return (
    <p className="snippet-check">
      <Icon name={good ? "check" : "warn"} size={16} />
      <span>{children}</span>
    </p>
  );
}

function part(context: JsonObject, name: string): JsonObject | null {
  const value = context[name];
  return value && typeof value === "object" && !Array.isArray(value) ? value : null;
}

function agreed(consent: JsonObject, t: ReturnType<typeof useI18n>["t"]): string {
  return (["analytics", "marketing"] as const).map((what) => t(`data.snippet.${what}`, { yes: t(consent[what] === true ? "data.snippet.yes" : "data.snippet.no") })).join(", ");
}

/** The first event since we listen whose page is of that host. */
function found(page: LivePage | undefined, { since, host }: Listening): LiveEvent | undefined {
  return page?.data.find((event) => {
    const url = part(event.context, "page")?.["url"];
    return Date.parse(event.received_at) >= since - 2_000 && typeof url === "string" && hostOf(url)?.host === host;
  });
}
