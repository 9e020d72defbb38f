/* SPDX-License-Identifier: Apache-2.0 */
/* Figures as people read them. What was not observed is "–", never 0. */
#ifndef TUI_FORMAT_H
#define TUI_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define FORMAT_SIZE 48

/* Each writes into buf (FORMAT_SIZE) and returns it. Numbers may be NAN. */

/* format_count: "12", "4,096", "1.2M"; fractions below 100: "0.5". */
char *format_count(char *buf, double v);
/* format_bytes: "512 B", "1.5 MiB". */
char *format_bytes(char *buf, double v);
/* format_percent: "3.5 %", "97 %". */
char *format_percent(char *buf, double v);
/* format_quantity goes by the API's word for the unit: "bytes", "percent" or "%", "ms"; others are counts. */
char *format_quantity(char *buf, double v, const char *unit);
/* format_span: "now", "45 s", "3 min", "2 h 05 min", "4 d 3 h"; a negative time is "–". */
char *format_span(char *buf, int64_t ms);
/* format_clock: the local time of day, with the date if it is not of the same day as now; a time of 0 or less is "–". */
char *format_clock(char *buf, int64_t time_ms, int64_t now_ms);
/* format_words copies a name of the API for people, with its first letter large: "message_queue" is "Message queue". */
char *format_words(char *buf, const char *name);

#endif
