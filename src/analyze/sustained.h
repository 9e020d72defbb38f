/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level of a series: the running median of its last samples (J. Tukey, "Exploratory Data Analysis", 1977), which one or two wild
 * ones do not move.
 */
#ifndef ANALYZE_SUSTAINED_H
#define ANALYZE_SUSTAINED_H

#define SUSTAINED_SAMPLES 5

struct sustained { /* private; all zero at first */
	double recent[SUSTAINED_SAMPLES];
	unsigned count, next;
};

void sustained_add(struct sustained *l, double value);
/* sustained_sample is the last sample (age 0), or one before it; age < SUSTAINED_SAMPLES. 0 where there was none. */
double sustained_sample(const struct sustained *l, unsigned age);
/* sustained_median is 0 before the first sample; of an even number the upper one of the two in the middle. */
double sustained_median(const struct sustained *l);
/* sustained_forget keeps the last so many samples only: the level is theirs. */
void sustained_forget(struct sustained *l, unsigned keep);

#endif
