/** What stands where data should be: loading, nothing, or a fault with a way on. */
import type { ReactNode } from "react";

import { Problem, toLogin } from "~/api";
import { useI18n } from "~/i18n";

import { Button } from "./Button";

/** Grey bars in the place of rows. Widths vary by place, not by chance, so that nothing jumps. */
export function Skeleton({ rows = 8, height = 32, label }: { rows?: number; height?: number; label?: string }) {
  const { t } = useI18n();
  return (
    <div className="skeleton" role="status" aria-label={label ?? t("common.loading")}>
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="skeleton-row" style={{ height }}>
          {[18, 30, 12].map((width, column) => (
            <span key={column} className="skeleton-bar" style={{ width: `${width + ((row * 7 + column * 11) % 9)}%` }} />
          ))}
        </div>
      ))}
    </div>
  );
}

/** Nothing here, and why. The thread that leads nowhere yet is the drawing. */
export function Empty({ title, children, actions }: { title: string; children?: ReactNode; actions?: ReactNode }) {
  return (
    <div className="empty">
      <svg className="empty-thread" viewBox="0 0 480 24" aria-hidden="true" preserveAspectRatio="xMinYMid meet">
        <path className="empty-line" d="M0 12h291" />
        <circle cx="300" cy="12" r="9" />
        <path className="empty-dots" d="M318 12h162" />
      </svg>
      <h2>{title}</h2>
      {children && <div className="empty-text">{children}</div>}
      {actions && <div className="empty-actions">{actions}</div>}
    </div>
  );
}

export function problemText(error: unknown, t: ReturnType<typeof useI18n>["t"]): { title: string; text: string; code: string } {
  if (!(error instanceof Problem)) return { title: t("common.problem.title"), text: String(error), code: "" };
  if (error.status === 0) return { title: t("common.problem.title"), text: t("common.problem.network"), code: "" };
  if (error.status === 401) return { title: t("common.problem.unauthenticated"), text: "", code: "" };
  if (error.status === 403) return { title: t("common.problem.forbidden"), text: error.detail, code: error.code };
  if (error.status === 404) return { title: t("common.problem.notFound"), text: t("common.problem.notFoundText"), code: error.code };
  if (isRefusal(error.code)) return { title: t(`common.refusal.${error.code}`), text: "", code: "" };
  return { title: error.title || t("common.problem.title"), text: error.detail, code: error.code };
}

/** Of these the server's own words, which are English, say no more. The compiler asks for each that the catalogue has. */
const REFUSALS: Record<keyof typeof import("../i18n/en/common").common.refusal, true> = {
  invalid_limits: true,
  limit_change_open: true,
  limit_change_not_ready: true,
  invalid_site: true,
  site_taken: true,
  site_in_use: true,
  already_blocked: true,
  unblockable: true,
  already_undone: true,
  same_profile: true,
  nothing_to_split: true,
  mapping_changed: true,
  unusable_secret: true,
  import_closed: true,
};

const isRefusal = (code: string): code is keyof typeof REFUSALS => Object.hasOwn(REFUSALS, code);

/** A fault, in words, with the code for whoever asks and a button that tries again. */
export function ProblemBox({ error, onRetry }: { error: unknown; onRetry?: () => void }) {
  const { t } = useI18n();
  const { title, text, code } = problemText(error, t);
  return (
    <div className="problem" role="alert">
      <h2>{title}</h2>
      {text && <p>{text}</p>}
      {code && <p className="quiet">{t("common.problem.code", { code })}</p>}
      <div className="problem-actions">
        {error instanceof Problem && error.status === 401 ? (
          <Button kind="primary" onClick={toLogin}>
            {t("common.problem.signIn")}
          </Button>
        ) : (
          onRetry && <Button onClick={onRetry}>{t("common.problem.retry")}</Button>
        )}
      </div>
    </div>
  );
}
