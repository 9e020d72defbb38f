/* SPDX-License-Identifier: Apache-2.0 */
/* Included by unit tests only: cmocka with what it wants included before it, and what it lacks. */
#ifndef BASE_TESTING_H
#define BASE_TESTING_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
/* cmocka.h wants those four first. */
#include <cmocka.h>
#include <math.h>

#define ASSERT_NEAR(a, b, eps) assert_true(fabs((double)(a) - (double)(b)) <= (eps))

#endif
