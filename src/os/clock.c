/* SPDX-License-Identifier: Apache-2.0 */
#include "os/clock.h"

#include <pthread.h>
#include <time.h>

static int64_t wall_minus_mono_ms;
static pthread_once_t anchored = PTHREAD_ONCE_INIT;

static int64_t
read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

static void
anchor(void)
{
	wall_minus_mono_ms = (read_us(CLOCK_REALTIME) - read_us(CLOCK_MONOTONIC)) / 1000;
}

int64_t
clock_mono_us(void)
{
	return read_us(CLOCK_MONOTONIC);
}

int64_t
clock_now_ms(void)
{
	pthread_once(&anchored, anchor);
	return clock_mono_us() / 1000 + wall_minus_mono_ms;
}
