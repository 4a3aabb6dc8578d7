/** Events of each day as bars: the same height means the same share of this event's busiest day. */
import { useI18n } from "~/i18n";

const HEIGHT = 24;

export function Spark({ days, large = false }: { days: number[]; large?: boolean }) {
  const { t, fmt } = useI18n();
  const most = Math.max(...days, 1);
  const width = large ? 10 : 4;
  const height = large ? HEIGHT * 2.5 : HEIGHT;
  const total = days.reduce((sum, each) => sum + each, 0);
  const told = t("plan.events.days", { n: total, today: fmt.number(days.at(-1) ?? 0) });
  return (
    <svg className="plan-spark" role="img" aria-label={told} width={days.length * width} height={height} viewBox={`0 0 ${days.length * width} ${height}`}>
      <title>{told}</title>
      <path className="plan-spark-ground" d={`M0 ${height - 0.5}H${days.length * width}`} />
      {days.map((n, day) => {
        const tall = n === 0 ? 0 : Math.max(2, (n / most) * (height - 2));
        return <rect key={day} x={day * width} y={height - tall} width={width - 1} height={tall} />;
      })}
    </svg>
  );
}
