/* SPDX-License-Identifier: Apache-2.0 */
#ifndef OS_CLOCK_H
#define OS_CLOCK_H

#include <stdint.h>

/*
 * clock_now_ms is engine time: milliseconds since the epoch as the wall clock said when the program first asked, going
 * on by the monotonic clock. It never runs backwards and never jumps when somebody sets the clock. Threads may call it.
 */
int64_t clock_now_ms(void);
/* clock_mono_us: microseconds of the monotonic clock, for durations. */
int64_t clock_mono_us(void);

#endif
