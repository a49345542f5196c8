// The decoders speak of trouble through the console only. This catches every line, so that silence can be demanded.

const LONGEST = 400;
const MOST = 20;

const original = console.error.bind(console);
let lines;

for (const level of ['log', 'info', 'debug', 'warn', 'error', 'trace']) {
  console[level] = (...values) => {
    if (lines === undefined) original(...values);
    else if (lines.length < MOST) lines.push(values.map(brief).join(' ').slice(0, LONGEST));
  };
}

/** Runs `work` and returns `{ result | error, warnings }`; never throws. */
export function listen(work) {
  lines = [];
  try {
    const result = work();
    return { result, warnings: lines };
  } catch (error) {
    return { error: brief(error), warnings: lines };
  } finally {
    lines = undefined;
  }
}

/** Objects are named, not printed: a decoder likes to hand over whole trees. */
function brief(value) {
  if (value instanceof Error) return `${value.name}: ${value.message}`;
  if (typeof value === 'object' && value !== null) return `[${value.constructor?.name ?? 'object'}]`;
  return String(value);
}
