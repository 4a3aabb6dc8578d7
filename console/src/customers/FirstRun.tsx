/** Before the first customer: how one comes to be. Customers and Live both show it. */
import { Link } from "@tanstack/react-router";
import { useEffect, useRef } from "react";

import { useI18n } from "~/i18n";
import { useTopic } from "~/socket";
import { Button, Empty, Icon, useCopy } from "~/ui";

import "./first.css";

function Command({ text }: { text: string }) {
  const { t } = useI18n();
  const shown = useRef<HTMLPreElement>(null);
  const copy = useCopy();
  return (
    <div className="customers-command">
      <pre ref={shown} tabIndex={0}>
        {text}
      </pre>
      <Button dense onClick={() => void copy(text, t("customers.first.copied"), shown.current)}>
        <Icon name="copy" size={14} />
        {t("common.copy")}
      </Button>
    </div>
  );
}

/** No customers at all: how the first one comes to be. */
export function FirstRun({ retry, toLive = false }: { retry: () => void; toLive?: boolean }) {
  const { t } = useI18n();
  useTopic("live", retry);
  useEffect(() => {
    const timer = setInterval(retry, 5000);
    return () => clearInterval(timer);
  }, [retry]);
  const event = `curl ${location.origin}/v1/identify -u "$WRITE_KEY:" \\
  -H "Content-Type: application/json" \\
  -d '{"userId": "20817", "traits": {"name": "Anna Kowalska", "email": "anna@mail.example"}}'`;
  return (
    <div className="customers-first">
      <Empty title={t("customers.first.title")}>
        <p>{t("customers.first.text")}</p>
        <p className="quiet" role="status">
          {t("customers.first.listening")}
        </p>
        {toLive && (
          <Link to="/live" className="button-text">
            {t("customers.first.live")}
          </Link>
        )}
      </Empty>
      <section>
        <h2>{t("customers.first.step1")}</h2>
        <Command text="onevoice keys create write --name shop" />
        <h2>{t("customers.first.step2")}</h2>
        <Command text={event} />
        <p className="quiet">{t("customers.first.step3")}</p>
      </section>
    </div>
  );
}
