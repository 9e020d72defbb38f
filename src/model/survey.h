/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the probe finds out about a node beside samples and restarts, at a pace of its own: lists of things, each of which takes the place of the last
 * one of its kind. A kind is one row here, a struct of its rows, its reader in beam/probe_survey.c, and its lines in the probe.
 */
#ifndef MODEL_SURVEY_H
#define MODEL_SURVEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/sample.h"

/* id, name (the probe's atom), struct of a row, most rows that are kept */
#define SURVEY_TABLE(X) X(TABLES, "tables", survey_table, 50)

enum survey_kind {
#define SURVEY_ENUM(id, ...) SURVEY_##id,
	SURVEY_TABLE(SURVEY_ENUM)
#undef SURVEY_ENUM
	    SURVEY_KIND_COUNT
};

/* An ETS table; unnamed ones go by their owner and name, and count together. */
struct survey_table {
	char name[SAMPLE_TEXT];
	bool named;
	char owner[SAMPLE_TEXT]; /* registered name or label, else the pid */
	double count;            /* tables that this row stands for */
	double size;             /* objects */
	double memory;           /* bytes */
};

struct survey {
	enum survey_kind kind;
	int64_t time_ms; /* engine time */
	unsigned count;
	double total; /* rows that there are on the node; those given are the largest */
	void *rows;   /* an array of the kind's struct; NULL if empty */
};

struct survey_row {
	const char *name;
	size_t size; /* of the kind's struct */
	unsigned max;
};

extern const struct survey_row SURVEYS[SURVEY_KIND_COUNT];

/* survey_release gives up the rows. */
void survey_release(struct survey *s);

/* survey_tables(s)[i], and so on: the rows of a survey of that kind. */
#define SURVEY_ROWS(id, name, type, max)                                 \
	static inline const struct type *type##s(const struct survey *s) \
	{                                                                \
		return (const struct type *)s->rows;                     \
	}
SURVEY_TABLE(SURVEY_ROWS)
#undef SURVEY_ROWS

#endif
