/* SPDX-License-Identifier: Apache-2.0 */
/* The handlers of what happened: reports of a range, and the post-mortems that are kept. */
#ifndef HTTP_REPORTS_H
#define HTTP_REPORTS_H

struct call;

void resource_report(struct call *c);
void resource_reports(struct call *c);
void resource_kept_report(struct call *c);

#endif
