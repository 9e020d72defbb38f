/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the decision over a node is worth: false anomalies in days of healthy nodes, simulated (engine/world.h) and recorded (resample.h), and how soon
 * faults on top of the same loads are found. The engine is at its defaults. Two sets of seeds: parameters were chosen on the first, what
 * counts is the second.
 *
 *	healthy [SEEDS]    days of each load, and a fifth as many of each fault on it (20)
 *
 * HEALTHY_LOAD=name and HEALTHY_VERBOSE=1 look at one load, anomaly by anomaly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/engine.h"
#include "resample.h"

#define SEEDS 20
#define HELD_OUT 1000  /* seeds of the second set are that much larger */
#define LEAST_LEAD 240 /* samples of healthy load before a fault: 20 minutes to 3 hours 40 */
#define MOST_LEAD 2640
#define RUNS_MAX 4096

struct tried {
	const char *name;
	const struct load *simulated;
	const struct recording *recorded; /* NULL: simulated */
};

struct node {
	const struct tried *load;
	struct world world;
	struct resampler resampler;
	struct sample sample;
	struct engine *engine;
};

static const char *const RECORDINGS[][2] = {
	{ "RabbitMQ, recorded", "bench/recordings/rabbitmq.csv.gz" },
	{ "ejabberd, recorded", "bench/recordings/ejabberd.csv.gz" },
};

static struct recording recordings[ARRAY_LEN(RECORDINGS)];
static struct tried tried[ARRAY_LEN(LOADS) + ARRAY_LEN(RECORDINGS)];
static unsigned tried_count;
static bool verbose;

static void
find_loads(void)
{
	const char *only = getenv("HEALTHY_LOAD");

	for (size_t i = 0; i < ARRAY_LEN(LOADS); i++)
		if (only == NULL || strcmp(only, LOADS[i].name) == 0)
			tried[tried_count++] = (struct tried) { LOADS[i].name, &LOADS[i], NULL };
	for (size_t i = 0; i < ARRAY_LEN(RECORDINGS); i++) {
		if (only && strcmp(only, RECORDINGS[i][0]) != 0)
			continue;
		if (access(RECORDINGS[i][1], R_OK) != 0) {
			fprintf(stderr, "healthy: there is no %s: skipped\n", RECORDINGS[i][1]);
			continue;
		}
		recordings[i] = read_recording(RECORDINGS[i][1]);
		tried[tried_count++] = (struct tried) { RECORDINGS[i][0], NULL, &recordings[i] };
	}
}

/* ---- one node ---- */

static void
node_init(struct node *n, const struct tried *load, uint64_t seed)
{
	struct engine_options o = engine_defaults();

	n->load = load;
	n->engine = engine_new("healthy@host", &o);
	if (load->recorded)
		resampler_init(&n->resampler, load->recorded, seed);
	else
		world_init(&n->world, load->simulated, seed);
}

static void
node_sample(struct node *n, const struct effect *effects, int lasting)
{
	if (n->load->recorded)
		resampler_sample(&n->resampler, &n->sample, effects, lasting);
	else
		world_sample(&n->world, &n->sample, effects, lasting);
	engine_feed(n->engine, n->sample.time_ms, &n->sample);
}

static void
tell(const struct node *n, const struct anomaly *a, int64_t time_ms)
{
	fprintf(stderr, "    %s %.3f h %s %.4g usually %.4g +- %.3g score %.2f\n", n->load->name,
	    (double)(time_ms - WORLD_START_MS) / 3.6e6, METRICS[a->metric].name, a->current_value, a->baseline_value,
	    a->deviation, a->score);
}

/* drain takes the events; counts anomalies of the types wanted, by metric if `metrics` is there. */
static unsigned
drain(struct node *n, unsigned types, unsigned metrics[METRIC_COUNT + 1])
{
	struct node_event *ev;
	unsigned found = 0;

	while ((ev = engine_next_event(n->engine)) != NULL) {
		const struct anomaly *a = &ev->u.anomaly;

		if (ev->type == EVENT_ANOMALY && (types & 1u << a->type)) {
			found++;
			if (metrics)
				metrics[a->metric]++;
			if (verbose)
				tell(n, a, ev->time_ms);
		}
		node_event_unref(ev);
	}
	return found;
}

/* ---- false anomalies ---- */

/* at_most is the mean of which seeing no more than k has a probability of 5 % (Poisson), by bisection. */
static double
at_most(unsigned k)
{
	double low = 0, high = 2.0 * k + 20;

	for (int i = 0; i < 60; i++) {
		double mean = (low + high) / 2, term = exp(-mean), sum = term;

		for (unsigned j = 1; j <= k; j++)
			sum += term *= mean / j;
		*(sum > 0.05 ? &low : &high) = mean;
	}
	return high;
}

static unsigned
false_anomalies(const struct tried *load, uint64_t first, unsigned days, unsigned metrics[METRIC_COUNT + 1])
{
	static struct node n;
	unsigned found = 0;

	for (uint64_t seed = first; seed < first + days; seed++) {
		node_init(&n, load, seed);
		do {
			node_sample(&n, NULL, 0);
			found += drain(&n, ~0u, metrics);
		} while (n.sample.time_ms < WORLD_START_MS + (int64_t)WORLD_DAY * WORLD_INTERVAL_MS);
		engine_free(n.engine);
	}
	return found;
}

static void
print_metrics(const unsigned metrics[METRIC_COUNT + 1])
{
	const char *between = " ";

	for (int m = 0; m < METRIC_COUNT; m++) {
		if (metrics[m] == 0)
			continue;
		printf("%s%s %u", between, METRICS[m].name, metrics[m]);
		between = ", ";
	}
	printf(" |\n");
}

static void
print_rates(unsigned found, unsigned days)
{
	printf(" %.2f | %.2f |", (double)found / days, at_most(found) / days);
}

static void
measure_false_anomalies(unsigned days)
{
	unsigned all[2] = { 0, 0 }, everywhere[METRIC_COUNT + 1] = { 0 };

	printf("False anomalies per node and day, from the first sample on: %u days of 5 s of each load and set of "
	       "seeds.\n\n",
	    days);
	printf("| load | seeds tuned on | 95 %% at most | seeds held out | 95 %% at most | by metric, both |\n");
	printf("| --- | ---: | ---: | ---: | ---: | --- |\n");
	for (unsigned i = 0; i < tried_count; i++) {
		unsigned metrics[METRIC_COUNT + 1] = { 0 };

		printf("| %s |", tried[i].name);
		for (unsigned set = 0; set < 2; set++) {
			unsigned found = false_anomalies(&tried[i], 1 + set * HELD_OUT, days, metrics);

			print_rates(found, days);
			all[set] += found;
		}
		print_metrics(metrics);
		for (int m = 0; m < METRIC_COUNT; m++)
			everywhere[m] += metrics[m];
		fflush(stdout);
	}
	printf("| **all** |");
	print_rates(all[0], days * tried_count);
	print_rates(all[1], days * tried_count);
	print_metrics(everywhere);
}

/* ---- faults ---- */

/* The delays of some runs, in samples; those that were not found have the longest. */
struct delays {
	int samples[RUNS_MAX];
	unsigned count, in_time;
};

static int
longest_of(const struct fault *f)
{
	const struct effect *eaten = &f->effects[0];

	return f->fast ? 10 * f->fast + 60 : (int)(f->limit / 10 / fabs(eaten->per_sample)) + 1;
}

static bool
is_in_time(const struct fault *f, int delay)
{
	return f->fast ? delay <= f->fast : fault_eaten(f, delay) < 0.1;
}

static int
delay_of(const struct fault *f, const struct tried *load, uint64_t seed)
{
	static struct node n;
	struct chance c = { seed * 31 };
	size_t lead = draw(&c, LEAST_LEAD, MOST_LEAD);
	int delay = 0, longest = longest_of(f);
	bool found = false;

	node_init(&n, load, seed);
	for (size_t i = 0; i < lead; i++) {
		node_sample(&n, NULL, 0);
		drain(&n, 0, NULL);
	}
	while (!found && delay < longest) {
		node_sample(&n, f->effects, ++delay);
		found = drain(&n, f->types, NULL) > 0;
	}
	engine_free(n.engine);
	return found ? delay : longest + 1;
}

static void
try_fault(const struct fault *f, const struct tried *load, uint64_t first, unsigned runs, struct delays *d)
{
	for (uint64_t seed = first; seed < first + runs && d->count < RUNS_MAX; seed++) {
		int delay = delay_of(f, load, seed);

		d->samples[d->count++] = delay;
		d->in_time += is_in_time(f, delay);
	}
}

static int
compare_ints(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* quantile sorts. */
static int
quantile(struct delays *d, double share)
{
	qsort(d->samples, d->count, sizeof(d->samples[0]), compare_ints);
	return d->samples[(size_t)(share * (d->count - 1) + 0.5)];
}

static void
print_delays(struct delays *d)
{
	printf(" %u %% %d %d |", 100 * d->in_time / d->count, quantile(d, 0.5), quantile(d, 0.95));
}

static void
print_bound(const struct fault *f)
{
	if (f->fast)
		printf("| %s | %d samples |", f->name, f->fast);
	else
		printf("| %s | 10 %% eaten: %d |", f->name, longest_of(f) - 1);
}

static void
add_delays(struct delays *to, const struct delays *d)
{
	for (unsigned i = 0; i < d->count && to->count < RUNS_MAX; i++)
		to->samples[to->count++] = d->samples[i];
	to->in_time += d->in_time;
}

static void
print_fault(const struct fault *f, unsigned runs)
{
	static struct delays sets[2], one, cells[ARRAY_LEN(tried)];

	memset(sets, 0, sizeof(sets));
	memset(cells, 0, sizeof(cells));
	for (unsigned set = 0; set < 2; set++)
		for (unsigned i = 0; i < tried_count; i++) {
			one.count = one.in_time = 0;
			try_fault(f, &tried[i], 1 + set * HELD_OUT, runs, &one);
			add_delays(&sets[set], &one);
			add_delays(&cells[i], &one);
		}
	print_bound(f);
	print_delays(&sets[0]);
	print_delays(&sets[1]);
	for (unsigned i = 0; i < tried_count; i++)
		print_delays(&cells[i]);
	printf("\n");
	fflush(stdout);
}

static void
measure_faults(unsigned runs)
{
	printf("\nFaults on top of the loads, after 20 minutes to 3 hours 40 of health: share found in time, samples "
	       "of 5 s "
	       "until found (median and 95 %%).\n%u runs of each fault, load, and set of seeds; the loads' columns "
	       "have both sets.\n\n",
	    runs);
	printf("| fault | in time | seeds tuned on | seeds held out |");
	for (unsigned i = 0; i < tried_count; i++)
		printf(" %s |", tried[i].name);
	printf("\n| --- | ---: |");
	for (unsigned i = 0; i < tried_count + 2; i++)
		printf(" ---: |");
	printf("\n");
	for (size_t f = 0; f < ARRAY_LEN(FAULTS); f++)
		print_fault(&FAULTS[f], runs);
}

int
main(int argc, char **argv)
{
	unsigned days = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : SEEDS;

	if (days == 0 || days > HELD_OUT) {
		fprintf(stderr, "healthy: SEEDS is a number from 1 to %d\n", HELD_OUT);
		return 2;
	}
	verbose = getenv("HEALTHY_VERBOSE") != NULL;
	find_loads();
	measure_false_anomalies(days);
	measure_faults((days + 4) / 5);
	for (size_t i = 0; i < ARRAY_LEN(RECORDINGS); i++)
		free_recording(&recordings[i]);
	return 0;
}
