// SPDX-License-Identifier: Apache-2.0
// Which steps a range of time is asked for in. All are multiples that days and hours are made of, so that a step begins where people expect it.

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10800, 21600, 43200, 86400];
const FIRST_POINTS = 300;

// 1.25: a chart is drawn with at most so many points more than it has pixels; what falls into one is in the band from the lowest to the highest.
const fitting = (ms, points) => STEPS.find((s) => ms / 1000 / s <= points * 1.25) || Math.ceil(ms / 1000 / points / 86400) * 86400;

/** firstStep(ms): seconds of a step for a first look at a range; small answers, no spike is lost. */
export const firstStep = (ms) => fitting(ms, FIRST_POINTS / 1.25);

/** fineStep(ms, pixels): seconds of a step beyond which a chart of that width shows no more. */
export const fineStep = (ms, pixels) => Math.min(firstStep(ms), fitting(ms, Math.max(100, pixels)));
