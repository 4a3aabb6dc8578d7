import { useI18n } from "~/i18n";
import { socket, useSocketState } from "~/socket";
import { Button, useNow } from "~/ui";

/** Shown only while the line to the server is down; what is on the page stays. */
export function SocketBar() {
  const { t } = useI18n();
  const state = useSocketState();
  if (state.kind === "idle" || state.kind === "open") return null;
  if (state.kind === "connecting" && state.attempt === 0) return null;
  return (
    <div className="socket-bar" role="status">
      {state.kind === "waiting" ? <Countdown until={state.until} /> : t("common.socket.connecting")}
      {state.kind === "waiting" && (
        <Button kind="text" onClick={() => socket.retryNow()}>
          {t("common.socket.retry")}
        </Button>
      )}
    </div>
  );
}

function Countdown({ until }: { until: number }) {
  const { t } = useI18n();
  const now = useNow(500);
  return <span>{t("common.socket.waiting", { n: Math.max(1, Math.ceil((until - now) / 1000)) })}</span>;
}
