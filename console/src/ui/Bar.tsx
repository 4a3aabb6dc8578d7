/** Progress that can be read as a number, too. */
export function Bar({ label, share, note }: { label: string; share: number; note?: string }) {
  const percent = Math.min(100, Math.floor(share * 100));
  return (
    <div className="fill-bar">
      <div className="fill-bar-text">
        <span>{label}</span>
        <span className="quiet">{note ? `${percent} % · ${note}` : `${percent} %`}</span>
      </div>
      <progress aria-label={label} max={100} value={percent} />
    </div>
  );
}
