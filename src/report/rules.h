/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules, one for each verdict. Each looks for its evidence in a report and writes an opinion; it leaves the weight 0 if it has found nothing. What
 * the weights mean is at the head of verdict.c.
 */
#ifndef REPORT_RULES_H
#define REPORT_RULES_H

#include "report/opinion.h"

#define LEAST 0.3 /* a lighter opinion explains nothing */

typedef void rule(const struct report *r, struct opinion *o);

rule rule_link_lost;
rule rule_stopped;
rule rule_crashed;
rule rule_gave_up;
rule rule_storm;
rule rule_queue;
rule rule_memory;
rule rule_memory_limit;
rule rule_table_full;
rule rule_overload;
rule rule_hung;
rule rule_killed;
rule rule_calm;
rule rule_not_clear;

#endif
