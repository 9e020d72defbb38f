/* SPDX-License-Identifier: Apache-2.0 */
/* Names of the model's tables, and lists, inside what the store keeps. A name that this release does not know makes the cursor fail, unless said otherwise. */
#ifndef STORE_TABLE_CODE_H
#define STORE_TABLE_CODE_H

#include "etf/etf.h"
#include "etf/etf_write.h"
#include "model/anomaly.h"
#include "model/health.h"

/* table_code_read reads an atom and returns its index in a table of count names. */
int table_code_read(struct etf *e, const char *(*name)(int index), int count);

enum severity severity_code_read(struct etf *e);
enum level level_code_read(struct etf *e);
enum anomaly_type anomaly_code_read(struct etf *e);
enum culprit_kind culprit_code_read(struct etf *e);
/* criterion_code_read: CRITERION_COUNT for one that is not known, which is left out; the cursor goes on. */
enum criterion criterion_code_read(struct etf *e);
/* metric_code_read: METRIC_NONE likewise, and for nil. */
enum metric_id metric_code_read(struct etf *e);

/* list_code_write opens a list of n elements; etf_put_nil ends it, and is all of an empty one. */
void list_code_write(struct strbuf *out, unsigned n);
/* list_code_read opens a list and returns how many elements it has; of more than max the cursor fails. */
unsigned list_code_read(struct etf *e, unsigned max);

#endif
