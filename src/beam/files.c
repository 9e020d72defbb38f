/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/files.h"

#include <stdio.h>
#include <string.h>

#include "etf/etf_write.h"

static void
add_file(struct batch *b, const char *path)
{
	struct strbuf *out = batch_add(b, "file", "read_file");

	etf_put_list(out, 1);
	etf_put_string(out, path, strlen(path));
	etf_put_nil(out);
}

static void
add_group_files(struct batch *b, const struct procfs_group *g)
{
	static const char *const files[2][3] = { { "memory.max", "memory.current", "memory.stat" },
		{ "memory.limit_in_bytes", "memory.usage_in_bytes", "memory.stat" } };
	char path[PROCFS_PATH_SIZE + 32];

	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "%s/%s", g->folder, files[g->v1][i]);
		add_file(b, path);
	}
}

/* {ok, Binary}, or an empty span for {error, _}. */
static struct etf_span
read_file(struct etf *e)
{
	struct etf_span text = { NULL, 0 };

	etf_tuple_of(e, 2);
	if (etf_atom_is(e, "ok"))
		text = etf_binary(e);
	else
		etf_skip(e);
	return text;
}

static void
set_or_clear(struct sample *s, enum metric_id id, bool known, double value)
{
	s->present[id] = false;
	if (known)
		sample_set(s, id, value);
}

static void
read_loadavg(struct sample *s, struct etf_span text)
{
	double load[3];
	bool known = procfs_loadavg(text, load);

	for (int i = 0; i < 3; i++)
		set_or_clear(s, (enum metric_id)(METRIC_LOAD1 + i), known, known ? load[i] : 0);
}

static void
read_field(struct sample *s, struct etf_span text, const char *key, enum metric_id id)
{
	double value = 0;
	bool known = procfs_field(text, key, &value);

	set_or_clear(s, id, known, value);
}

/* A group's limit may be lower than the host's memory. Page cache that nobody has used lately counts as free. */
static void
read_group(struct sample *s, struct etf *e, bool v1)
{
	struct etf_span limit_text = read_file(e);
	struct etf_span usage_text = read_file(e);
	struct etf_span stat_text = read_file(e);
	double limit;
	double usage;
	double inactive;
	double left;

	if (!procfs_number(limit_text, &limit) || !procfs_number(usage_text, &usage) ||
	    !procfs_field(stat_text, v1 ? "total_inactive_file" : "inactive_file", &inactive) ||
	    !s->present[METRIC_MEMORY_LIMIT] || limit >= s->value[METRIC_MEMORY_LIMIT])
		return;
	left = limit - (usage > inactive ? usage - inactive : 0);
	s->value[METRIC_MEMORY_LIMIT] = limit;
	if (s->present[METRIC_MEMORY_AVAILABLE] && left < s->value[METRIC_MEMORY_AVAILABLE])
		s->value[METRIC_MEMORY_AVAILABLE] = left > 0 ? left : 0;
}

bool
files_read(struct files *files, struct etf *results, struct sample *s)
{
	struct etf_span text;
	double value = 0;
	bool known;

	etf_list(results);
	read_loadavg(s, read_file(results));
	text = read_file(results);
	read_field(s, text, "MemTotal:", METRIC_MEMORY_LIMIT);
	read_field(s, text, "MemAvailable:", METRIC_MEMORY_AVAILABLE);
	read_field(s, read_file(results), "VmRSS:", METRIC_RSS);
	known = procfs_max_fds(read_file(results), &value);
	set_or_clear(s, METRIC_MAX_FDS, known, value);
	if (files->grouped) {
		for (unsigned i = 0; i < files->group_count; i++)
			read_group(s, results, files->groups[i].v1);
		return false;
	}
	text = read_file(results);
	files->grouped = etf_ok(results);
	if (files->grouped)
		files->group_count = procfs_groups(text, files->groups);
	return files->grouped;
}

void
files_add(const struct files *files, struct batch *b)
{
	add_file(b, "/proc/loadavg");
	add_file(b, "/proc/meminfo");
	add_file(b, "/proc/self/status");
	add_file(b, "/proc/self/limits");
	if (!files->grouped)
		add_file(b, "/proc/self/cgroup");
	else
		for (unsigned i = 0; i < files->group_count; i++)
			add_group_files(b, &files->groups[i]);
}
