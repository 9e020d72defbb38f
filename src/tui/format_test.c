/* SPDX-License-Identifier: Apache-2.0 */
#include "tui/format.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/testing.h"

#define UNKNOWN "\xE2\x80\x93"

static char buf[FORMAT_SIZE];

static void
test_counts(void **state)
{
	(void)state;
	assert_string_equal(format_count(buf, 0), "0");
	assert_string_equal(format_count(buf, 0.52), "0.5");
	assert_string_equal(format_count(buf, 999), "999");
	assert_string_equal(format_count(buf, 1000), "1,000");
	assert_string_equal(format_count(buf, 37176), "37,176");
	assert_string_equal(format_count(buf, 99999), "99,999");
	assert_string_equal(format_count(buf, 100000), "100k");
	assert_string_equal(format_count(buf, 1234567), "1.2M");
	assert_string_equal(format_count(buf, -1500), "-1,500");
	assert_string_equal(format_count(buf, (double)NAN), UNKNOWN);
	assert_string_equal(format_count(buf, (double)INFINITY), UNKNOWN);
	/* Whatever a peer says, it is a short text. */
	assert_true(strlen(format_count(buf, 1e300)) < FORMAT_SIZE);
}

static void
test_bytes_and_percent(void **state)
{
	(void)state;
	assert_string_equal(format_bytes(buf, 512), "512 B");
	assert_string_equal(format_bytes(buf, 1536), "1.5 KiB");
	assert_string_equal(format_bytes(buf, 627.0 * 1024 * 1024), "627 MiB");
	assert_string_equal(format_bytes(buf, (double)NAN), UNKNOWN);
	assert_true(strlen(format_bytes(buf, -1e308)) < FORMAT_SIZE);
	assert_string_equal(format_percent(buf, 3.46), "3.5 %");
	assert_string_equal(format_percent(buf, 97.4), "97 %");
	assert_string_equal(format_percent(buf, (double)NAN), UNKNOWN);
	assert_string_equal(format_quantity(buf, 2048, "bytes"), "2.0 KiB");
	assert_string_equal(format_quantity(buf, 5, "%"), "5.0 %");
	assert_string_equal(format_quantity(buf, 90000, "ms"), "90 s");
	assert_string_equal(format_quantity(buf, 12, "messages"), "12");
}

static void
test_times(void **state)
{
	(void)state;
	assert_string_equal(format_span(buf, -1), UNKNOWN);
	assert_string_equal(format_span(buf, 0), "now");
	assert_string_equal(format_span(buf, 45000), "45 s");
	assert_string_equal(format_span(buf, 180000), "3 min");
	assert_string_equal(format_span(buf, 7500000), "2 h 05 min");
	assert_string_equal(format_span(buf, INT64_C(4) * 86400000 + 3 * 3600000), "4 d 3 h");
	assert_string_equal(format_clock(buf, 1705573800000, 1705580000000), "10:30:00");
	assert_string_equal(format_clock(buf, 1705573800000, 1705680000000), "2024-01-18 10:30");
	assert_string_equal(format_clock(buf, 0, 1705680000000), UNKNOWN);
}

static void
test_words(void **state)
{
	(void)state;
	assert_string_equal(format_words(buf, "message_queue"), "Message queue");
	assert_string_equal(format_words(buf, "cpu"), "CPU");
	assert_string_equal(format_words(buf, ""), "");
	assert_int_equal(
	    strlen(format_words(buf, "a name that is far longer than any that there is among the metrics")),
	    FORMAT_SIZE - 1);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_bytes_and_percent),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_words),
	};

	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
