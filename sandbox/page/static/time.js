// Slack's date tokens, each reader in their own zone; and what pickers need to turn wall time into an instant.

const part = (at, tz, options) => new Intl.DateTimeFormat("en-US", { timeZone: tz, ...options }).format(at);

function ordinal(day) {
  if (day % 100 >= 11 && day % 100 <= 13) return `${day}th`;
  return `${day}${{ 1: "st", 2: "nd", 3: "rd" }[day % 10] || "th"}`;
}

function isFar(at, now) {
  return Math.abs(at - now) > 183 * 86400e3;
}

function date(at, ctx, { weekday, month }) {
  const [name, day, year] = [month, "numeric", "numeric"].map((value, i) =>
    part(at, ctx.tz, { [["month", "day", "year"][i]]: value }),
  );
  const said = `${name} ${month === "short" ? day : ordinal(Number(day))}`;
  return `${weekday ? `${part(at, ctx.tz, { weekday: "long" })}, ` : ""}${said}${isFar(at, ctx.now) ? `, ${year}` : ""}`;
}

export const dayKey = (at, tz) => new Intl.DateTimeFormat("en-CA", { timeZone: tz }).format(at);

function pretty(at, ctx, otherwise) {
  const day = dayKey(at, ctx.tz);
  const near = { "-1": "yesterday", 0: "today", 1: "tomorrow" };
  for (const [step, word] of Object.entries(near)) {
    if (dayKey(ctx.now + Number(step) * 86400e3, ctx.tz) === day) return word;
  }
  return otherwise;
}

export function clock(at, ctx, withSeconds = false) {
  const options = { hour: "numeric", minute: "2-digit", hourCycle: ctx.hour12 ? "h12" : "h23" };
  if (withSeconds) options.second = "2-digit";
  if (!ctx.hour12) options.hour = "2-digit";
  return part(at, ctx.tz, options);
}

export function ago(at, now) {
  const [span, later] = [Math.abs(now - at) / 1000, at > now];
  const [size, unit] = [
    [86400, "day"],
    [3600, "hour"],
    [60, "minute"],
    [1, "second"],
  ].find(([n]) => span >= n) || [1, "second"];
  const count = Math.round(span / size);
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return later ? `in ${words}` : `${words} ago`;
}

const FORMS = {
  date_num: (at, ctx) => dayKey(at, ctx.tz),
  date: (at, ctx) => date(at, ctx, { month: "long" }),
  date_short: (at, ctx) => date(at, ctx, { month: "short" }),
  date_long: (at, ctx) => date(at, ctx, { month: "long", weekday: true }),
  date_pretty: (at, ctx) => pretty(at, ctx, FORMS.date(at, ctx)),
  date_short_pretty: (at, ctx) => pretty(at, ctx, FORMS.date_short(at, ctx)),
  date_long_pretty: (at, ctx) => pretty(at, ctx, FORMS.date_long(at, ctx)),
  time: (at, ctx) => clock(at, ctx),
  time_secs: (at, ctx) => clock(at, ctx, true),
  ago: (at, ctx) => ago(at, ctx.now),
};

export function token(seconds, format, fallback, ctx) {
  const at = Number(seconds) * 1000;
  if (!Number.isFinite(at)) return fallback;
  return format.replace(/\{(\w+)\}/g, (whole, name) => (FORMS[name] ? FORMS[name](at, ctx) : whole));
}

export function exact(at, ctx) {
  return part(at, ctx.tz, {
    weekday: "long",
    day: "numeric",
    month: "long",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: ctx.hour12 ? "h12" : "h23",
    timeZoneName: "short",
  });
}

// The site's clock: what hangs on the machine room's wall.
export function wallClock(at, ctx) {
  const day = part(at, ctx.tz, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
  const zone = part(at, ctx.tz, { timeZoneName: "short" }).split(", ").pop();
  return `${day}, ${clock(at, ctx, true)} ${zone}`;
}

export function dayName(at, ctx) {
  const word = pretty(at, ctx, null);
  return word ? word[0].toUpperCase() + word.slice(1) : FORMS.date_long(at, ctx);
}

// "2026-11-27T18:00" on a person's wall, as Unix seconds; and back.
export function fromWall(text, tz) {
  const asUtc = Date.parse(`${text}Z`);
  const guess = asUtc - offset(asUtc, tz);
  return Math.round((asUtc - offset(guess, tz)) / 1000);
}

export function toWall(seconds, tz) {
  return new Date(seconds * 1000 + offset(seconds * 1000, tz)).toISOString().slice(0, 16);
}

function offset(at, tz) {
  const parts = Object.fromEntries(
    new Intl.DateTimeFormat("en-US", {
      timeZone: tz,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    })
      .formatToParts(at)
      .map((p) => [p.type, p.value]),
  );
  return (
    Date.UTC(parts.year, parts.month - 1, parts.day, parts.hour, parts.minute, parts.second) -
    Math.floor(at / 1000) * 1000
  );
}
