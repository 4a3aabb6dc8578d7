/** Signs of the console itself (doors have theirs in channels). A grid of 20, a line of 1.7. */
import type { ReactNode } from "react";

const drawings = {
  live: (
    <>
      <path d="M2 5h9M2 10h16M2 15h6" />
      <circle cx="16" cy="5" r="1.2" className="icon-full" />
    </>
  ),
  person: (
    <>
      <circle cx="10" cy="6.5" r="4" />
      <path d="M3 18c.4-4.3 3-6.5 7-6.5s6.6 2.2 7 6.5" />
    </>
  ),
  data: (
    <>
      <path d="M3 5c0-1.4 3.1-2.5 7-2.5S17 3.6 17 5s-3.1 2.5-7 2.5S3 6.4 3 5z" />
      <path d="M3 5v10c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5V5M3 10c0 1.4 3.1 2.5 7 2.5s7-1.1 7-2.5" />
    </>
  ),
  settings: (
    <>
      <path d="M2 6h8M15 6h3M2 14h3M10 14h8" />
      <circle cx="12.5" cy="6" r="2.3" />
      <circle cx="7.5" cy="14" r="2.3" />
    </>
  ),
  inbox: <path d="M3 11.5 5.5 3h9l2.5 8.5V17H3zM3 11.5h4.5l1 2h3l1-2H17" />,
  message: <path d="M3 4h14v10H9l-4 3.5V14H3z" />,
  content: <path d="M4 2.5h8.5L16 6v11.5H4zM12 2.5V6.5h4M7 10h6M7 13.5h6" />,
  search: (
    <>
      <circle cx="8.7" cy="8.7" r="6.2" />
      <path d="m13.3 13.3 5 5" />
    </>
  ),
  back: <path d="M12.5 4 6.5 10l6 6" />,
  close: <path d="m5 5 10 10M15 5 5 15" />,
  tour: <path d="M5 17V3M5 4h10l-2.5 3.5L15 11H5" />,
  check: <path d="m4 10.5 4 4 8-9" />,
  more: (
    <>
      <circle cx="4.5" cy="10" r="1.2" className="icon-full" />
      <circle cx="10" cy="10" r="1.2" className="icon-full" />
      <circle cx="15.5" cy="10" r="1.2" className="icon-full" />
    </>
  ),
  up: <path d="M10 16V4M5 9l5-5 5 5" />,
  down: <path d="M10 4v12M5 11l5 5 5-5" />,
  copy: <path d="M7 7h9v10H7zM4 13V3h9" />,
  pause: <path d="M7 4v12M13 4v12" />,
  play: <path d="M6 4l10 6-10 6z" />,
  warn: <path d="M10 3 18 17H2zM10 8v4M10 14.5v.1" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof drawings;

export function Icon({ name, size = 20 }: { name: IconName; size?: number }) {
  return (
    <svg className="icon" viewBox="0 0 20 20" width={size} height={size} aria-hidden="true">
      {drawings[name]}
    </svg>
  );
}

/** The mark of the house: threads that become one. */
export function Mark({ size = 32 }: { size?: number }) {
  return (
    <svg className="mark" viewBox="0 0 32 32" width={size} height={size} aria-hidden="true">
      <path d="M16 2.5v27M16 14c0 5.5-7.5 6-7.5 15.5M16 14c0 5.5 7.5 6 7.5 15.5" />
    </svg>
  );
}
