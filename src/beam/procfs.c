/* SPDX-License-Identifier: Apache-2.0 */
#include "beam/procfs.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MOUNT_V2 "/sys/fs/cgroup"
#define MOUNT_V1 "/sys/fs/cgroup/memory"

/* The next line of the text, without its end; false when there is none. */
static bool
next_line(struct etf_span *text, struct etf_span *line)
{
	const uint8_t *end;

	if (text->len == 0)
		return false;
	end = memchr(text->data, '\n', text->len);
	*line = (struct etf_span) { text->data, end ? (size_t)(end - text->data) : text->len };
	text->data += line->len + (end != NULL);
	text->len -= line->len + (end != NULL);
	return true;
}

static bool
starts_with(struct etf_span s, const char *prefix)
{
	size_t len = strlen(prefix);

	return s.len >= len && memcmp(s.data, prefix, len) == 0;
}

static struct etf_span
behind(struct etf_span s, size_t n)
{
	return (struct etf_span) { s.data + n, s.len - n };
}

/* A number after blanks; *rest gets what follows it. Digits and a point only: no signs, no hexadecimal, no infinity. */
static bool
number(struct etf_span s, double *value, struct etf_span *rest)
{
	char digits[32];
	size_t n = 0;

	while (s.len > 0 && (s.data[0] == ' ' || s.data[0] == '\t'))
		s = behind(s, 1);
	while (n < s.len && n < sizeof(digits) - 1 && ((s.data[n] >= '0' && s.data[n] <= '9') || s.data[n] == '.'))
		n++;
	if (n == 0)
		return false;
	memcpy(digits, s.data, n);
	digits[n] = '\0';
	*value = strtod(digits, NULL);
	*rest = behind(s, n);
	return true;
}

bool
procfs_loadavg(struct etf_span text, double load[3])
{
	for (int i = 0; i < 3; i++)
		if (!number(text, &load[i], &text))
			return false;
	return true;
}

bool
procfs_field(struct etf_span text, const char *key, double *value)
{
	struct etf_span line;

	while (next_line(&text, &line)) {
		size_t len = strlen(key);

		if (!starts_with(line, key) || line.len == len || (line.data[len] != ' ' && line.data[len] != '\t'))
			continue;
		if (!number(behind(line, len), value, &line))
			return false;
		if (starts_with(line, " kB"))
			*value *= 1024;
		return true;
	}
	return false;
}

bool
procfs_max_fds(struct etf_span text, double *value)
{
	return procfs_field(text, "Max open files", value);
}

bool
procfs_number(struct etf_span text, double *value)
{
	return number(text, value, &text);
}

/* ---- control groups -------------------------------------------------------------------------------------------------- */

static bool
is_path(struct etf_span s)
{
	return s.len > 0 && s.len < PROCFS_PATH_SIZE - 64 && s.data[0] == '/' && memchr(s.data, 0, s.len) == NULL;
}

/* A group's folder and its parents' up to the mount point. */
static unsigned
add_folders(struct etf_span path, bool v1, struct procfs_group groups[PROCFS_GROUPS_MAX])
{
	unsigned n = 0;

	while (n < PROCFS_GROUPS_MAX) {
		while (path.len > 0 && path.data[path.len - 1] == '/')
			path.len--;
		groups[n].v1 = v1;
		snprintf(groups[n].folder, sizeof(groups[n].folder), "%s%.*s", v1 ? MOUNT_V1 : MOUNT_V2, (int)path.len,
		    (const char *)path.data);
		n++;
		if (path.len == 0)
			break;
		while (path.len > 0 && path.data[path.len - 1] != '/')
			path.len--;
	}
	return n;
}

/* "12:cpu,memory:/path" → whether memory is among the controllers, and the path. */
static bool
is_memory_v1(struct etf_span line, struct etf_span *path)
{
	const uint8_t *first = memchr(line.data, ':', line.len);
	const uint8_t *second;
	size_t left;

	if (first == NULL)
		return false;
	left = line.len - (size_t)(first + 1 - line.data);
	second = memchr(first + 1, ':', left);
	if (second == NULL)
		return false;
	*path = behind(line, (size_t)(second + 1 - line.data));
	for (const uint8_t *p = first + 1; p < second;) {
		const uint8_t *comma = memchr(p, ',', (size_t)(second - p));
		const uint8_t *end = comma ? comma : second;

		if (end - p == 6 && memcmp(p, "memory", 6) == 0)
			return true;
		p = end + 1;
	}
	return false;
}

unsigned
procfs_groups(struct etf_span text, struct procfs_group groups[PROCFS_GROUPS_MAX])
{
	struct etf_span v1 = { NULL, 0 };
	struct etf_span v2 = { NULL, 0 };
	struct etf_span line;
	struct etf_span path;

	while (next_line(&text, &line)) {
		if (starts_with(line, "0::") && is_path(behind(line, 3)))
			v2 = behind(line, 3);
		else if (is_memory_v1(line, &path) && is_path(path))
			v1 = path;
	}
	/* In a hybrid setup the memory controller is where it is named. */
	if (v1.len > 0)
		return add_folders(v1, true, groups);
	return v2.len > 0 ? add_folders(v2, false, groups) : 0;
}
