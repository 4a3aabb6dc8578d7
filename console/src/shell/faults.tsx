import { Link, type ErrorComponentProps } from "@tanstack/react-router";

import { Problem } from "~/api";
import { useI18n } from "~/i18n";
import { Button, Empty, ProblemBox } from "~/ui";

export function NotFound() {
  const { t } = useI18n();
  return (
    <div className="fault">
      <Empty title={t("common.problem.notFound")} actions={<Link to="/customers" className="button-text">{t("common.palette.goCustomers")}</Link>}>
        {t("common.problem.notFoundText")}
      </Empty>
    </div>
  );
}

/** A page's own program failed. Says what to do and what to report. */
export function PageFault({ error, reset }: ErrorComponentProps) {
  const { t } = useI18n();
  if (error instanceof Problem) {
    return (
      <div className="fault">
        <ProblemBox error={error} onRetry={reset} />
      </div>
    );
  }
  return (
    <div className="fault">
      <div className="problem" role="alert">
        <h2>{t("common.problem.page")}</h2>
        <p>{t("common.problem.pageText")}</p>
        <pre className="fault-text">{String(error)}</pre>
        <div className="problem-actions">
          <Button onClick={() => location.reload()}>{t("common.problem.reload")}</Button>
        </div>
      </div>
    </div>
  );
}
