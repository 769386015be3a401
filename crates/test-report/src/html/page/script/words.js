// @ts-check

const NUMBERS = new Intl.NumberFormat("en");

/**
 * `1,402`.
 * @param {number} number
 */
export function grouped(number) {
  return NUMBERS.format(number);
}

/**
 * `1 test`, `1,402 tests`.
 * @param {number} number
 * @param {string} one
 * @param {string} [many]
 */
export function counted(number, one, many = `${one}s`) {
  return `${grouped(number)} ${number === 1 ? one : many}`;
}

/**
 * `9 %`, `<1 %`.
 * @param {number} part
 * @param {number} whole
 */
export function percent(part, whole) {
  if (whole === 0) return "0 %";
  const share = (100 * part) / whole;
  if (part > 0 && share < 1) return "<1 %";
  if (part < whole && share > 99) return ">99 %";
  return `${Math.round(share)} %`;
}

/**
 * How many tests something runs and how many more it may run: `12`, `12–17`.
 * @param {number} runs
 * @param {number} mayRun
 */
export function range(runs, mayRun) {
  return mayRun === 0 ? grouped(runs) : `${grouped(runs)}–${grouped(runs + mayRun)}`;
}

/**
 * What was measured: `0.31 s`, `12.5 s`, `1 min 30 s`, `2 h 5 min`.
 * @param {number} milliseconds
 */
export function seconds(milliseconds) {
  const whole = milliseconds / 1000;
  if (whole < 10) return `${whole.toFixed(2)} s`;
  if (whole < 60) return `${whole.toFixed(1)} s`;
  const round = Math.round(whole);
  if (round >= 3600 || round % 60 === 0) return duration(round);
  return `${Math.floor(round / 60)} min ${round % 60} s`;
}

/**
 * `45 min`, `2 h 5 min`.
 * @param {number} seconds
 */
export function duration(seconds) {
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  const hours = Math.floor(minutes / 60);
  if (hours === 0) return `${minutes} min`;
  return minutes % 60 === 0 ? `${hours} h` : `${hours} h ${minutes % 60} min`;
}
