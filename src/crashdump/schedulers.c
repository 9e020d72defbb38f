/* SPDX-License-Identifier: Apache-2.0 */
/* What each scheduler ran when the VM stopped. */
#include <stdio.h>
#include <string.h>

#include "crashdump/state.h"

static void
begin(struct crashdump *c, const char *kind, const char *argument, size_t len)
{
	memset(&c->scheduler, 0, sizeof(c->scheduler));
	snprintf(c->scheduler.name, sizeof(c->scheduler.name), "%s:%.*s", kind, (int)(len < 12 ? len : 12), argument);
}

void
begin_scheduler(struct crashdump *c, const char *argument, size_t len)
{
	c->s.schedulers++;
	begin(c, "scheduler", argument, len);
}

void
begin_dirty_cpu(struct crashdump *c, const char *argument, size_t len)
{
	c->s.dirty_schedulers++;
	begin(c, "dirty_cpu_scheduler", argument, len);
}

void
begin_dirty_io(struct crashdump *c, const char *argument, size_t len)
{
	c->s.dirty_schedulers++;
	begin(c, "dirty_io_scheduler", argument, len);
}

/* "0x00007f40722381c8:SReturn addr 0xB8E73864 (erlang:halt/1 + 140)" */
void
stack_line(struct crash_stack *s, const char *line, size_t len)
{
	const char *address = memmem(line, len, ":SReturn addr ", 14);

	if (address == NULL ||
	    !field_function(s->outermost, sizeof(s->outermost), address, (size_t)(line + len - address)))
		return;
	if (s->count < CRASH_FRAMES)
		memcpy(s->frame[s->count++], s->outermost, sizeof(s->outermost));
}

static const struct field_row SCHEDULER[] = {
	FIELD_TEXT(struct crash_scheduler, "Current Process", process),
	FIELD_TEXT(struct crash_scheduler, "Current Process State", state),
	FIELD_TEXT(struct crash_scheduler, "Current Port", port),
};

/* "Run Queue Normal Length: 7" */
void
run_queue_line(struct crashdump *c, const char *line, size_t len)
{
	const char *length = memmem(line, len, " Length: ", 9);

	if (length && len > 10 && memcmp(line, "Run Queue ", 10) == 0)
		c->s.run_queue =
		    saturated_sum(c->s.run_queue, field_number(length + 9, (size_t)(line + len - length) - 9));
}

void
scheduler_line(struct crashdump *c, const char *line, size_t len)
{
	struct crash_scheduler *s = &c->scheduler;
	size_t n;
	const char *value = field_value(line, len, "Current Process Program counter", &n);

	if (value)
		(void)field_function(s->current, sizeof(s->current), value, n);
	else if (!fields_take(SCHEDULER, ARRAY_LEN(SCHEDULER), s, line, len)) {
		stack_line(&s->stack, line, len);
		run_queue_line(c, line, len);
	}
}

void
scheduler_end(struct crashdump *c)
{
	if ((*c->scheduler.process || *c->scheduler.port) && c->s.busy_count < CRASH_BUSY_MAX)
		c->s.busy[c->s.busy_count++] = c->scheduler;
}
