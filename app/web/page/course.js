/** What a run has found against time. */

/** @typedef {{seconds: number, incumbent_nok: number | null, bound_nok: number | null, gap: number | null}} Standing */

/** @param {Standing | undefined} one @param {Standing} other */
const same = (one, other) => one?.incumbent_nok === other.incumbent_nok && one.bound_nok === other.bound_nok;

/**
 * Add how it stands now. Of what did not change only the first and the last are kept, so that a run
 * of hours is drawn as fast as one of seconds.
 * @param {Standing[]} course in order of time, changed
 * @param {Standing} now
 */
export function add(course, now) {
  if (same(course.at(-1), now) && same(course.at(-2), now)) course.pop();
  course.push(now);
  course.sort((a, b) => a.seconds - b.seconds); // a line that was taken up again may tell of earlier
}
