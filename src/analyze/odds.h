/* SPDX-License-Identifier: Apache-2.0 */
/* How well chance explains a count, and how sure that leaves one. All in natural logarithms. */
#ifndef ANALYZE_ODDS_H
#define ANALYZE_ODDS_H

#include <stdint.h>

/* odds_log_tail is log P(X >= count) of a Poisson variable with that mean (>= 0): 0 if the count is not above the mean. */
double odds_log_tail(uint64_t count, double mean);
/*
 * odds_confidence turns a p-value (its logarithm, after it was multiplied by the number of trials) into the probability that it is not chance, were
 * both as likely before: 1 / (1 + B) with the Bayes factor's bound B = -e p log p for p < 1/e (T. Sellke, M. Bayarri, J. Berger, "Calibration of p
 * values for testing precise null hypotheses", 2001); 0 for larger ones.
 */
double odds_confidence(double log_p);
/*
 * odds_belief is the same for an evidence that is a likelihood ratio (its logarithm, less that of the number of trials): 1 / (1 + e^-evidence).
 */
double odds_belief(double evidence);

#endif
