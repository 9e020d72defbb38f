/* SPDX-License-Identifier: Apache-2.0 */
/* What the engine's files share: its state, and the functions between them. Nobody else includes this. */
#ifndef ENGINE_STATE_H
#define ENGINE_STATE_H

#include "analyze/anomaly.h"
#include "analyze/drift.h"
#include "analyze/grouping.h"
#include "analyze/health.h"
#include "analyze/restarts.h"
#include "analyze/series_detector.h"
#include "base/ring.h"
#include "engine/engine.h"
#include "engine/growths.h"
#include "engine/history.h"
#include "engine/input.h"
#include "engine/patterns.h"
#include "engine/rollup.h"

#define RECENT_ANOMALIES 100
#define STALE_INTERVALS 12 /* without a sample, so that what was seen is no longer so */
#define STALE_MIN_MS 30000
#define TREE_KEPT_MS 10000

#define SCORES_RECENT 3 /* as many samples as what is sudden takes */

struct scores {
	struct series_detector *detector;
	double recent[SCORES_RECENT]; /* the newest first */
	unsigned count;               /* samples scored, up to SERIES_WARM_UP */
};

/* A counter's last value. */
struct counted {
	double before;
	int64_t before_ms;
	bool known;
};

/* A metric that is watched for anomalies. */
struct watched {
	enum metric_id metric;
	struct detector detector;
	struct scores scores;
	struct drift drift;     /* of metrics that have a limit */
	bool drifting;          /* that is why an anomaly holds */
	struct counted counted; /* for WATCH_RATE */
	int64_t seen_ms;        /* last judged */
	bool raised;            /* an anomaly holds */
	bool unreported;        /* and waits until it is at its height */
};

/* An anomaly that holds at present. It ends by its metric, by its child's calm, by the node's return, or at until_ms. */
struct standing {
	struct node_event *event;
	struct child *child; /* held; NULL: not a rapid cycle */
	int64_t until_ms;    /* 0: does not end by time */
};

/* All rankings of one moment; those of one sample's anomalies are the same. */
struct rankings {
	unsigned refs;
	unsigned count[TOP_KIND_COUNT];
	struct top_process rows[]; /* one ranking after the other */
};

/* One of the recent anomalies. At most 3 MB of rankings stay with them, if none were found in the same sample. */
struct recent_anomaly {
	struct node_event *event;
	struct rankings *top; /* NULL: none were known */
};

/* A restart of the list, and its waiting for the other report of it. */
struct kept_restart {
	struct restart restart;
	struct pairing_report report;
};

/* The overall level, and since when it is that. */
struct overall {
	enum level level;
	int64_t since_ms;
	int64_t seen_ms; /* when it was looked at last; 0: never */
};

/* The recommendations of the last check that is kept. */
struct past_advice {
	int64_t time_ms;
	enum level levels[CRITERION_COUNT];
	char text[HEALTH_MAX_RECOMMENDATIONS * 257];
};

#define RECORDS_MAX 4096
#define BLOCKS_MAX 4096

/* What is kept for reports, each a ring of the last ones. */
struct recall {
	struct past_ranking *rankings; /* PAST_RANKINGS; NULL before the first */
	size_t ranking_count;          /* since the start */
	struct past_link links[PAST_LINKS];
	size_t link_count;
	struct past_deploy deploys[PAST_DEPLOYS];
	size_t deploy_count;
	char applications[sizeof(((struct node_info *)0)->applications)]; /* the last list that was told; "": none */
};

struct engine {
	char *node;
	struct engine_options options;
	engine_tap_fn *tap; /* NULL: nobody */
	void *tap_arg;
	int64_t now_ms;
	/* samples: last points to one of the two, NULL before the first */
	struct sample samples[2];
	struct sample *last;
	struct top_process top[TOP_KIND_COUNT][SAMPLE_TOP];
	unsigned top_count[TOP_KIND_COUNT];
	unsigned top_at_end[TOP_KIND_COUNT]; /* of e->top, as the link was lost */
	struct recall recall;
	struct growths growths;
	struct rankings *top_kept;                /* a copy of them, once an anomaly needed it; NULL: none */
	struct survey surveys[SURVEY_KIND_COUNT]; /* time_ms 0: none yet */
	struct tree tree;                         /* time_ms 0: none */
	bool ranks; /* the node sends rankings: message queues are new only in samples that have one */
	double wallclock_ms;
	/* anomalies */
	struct watched watched[METRIC_COUNT];
	unsigned watched_count;
	struct excursions excursions;
	unsigned starved; /* samples for which what the host's lack of CPU did is still seen */
	struct standing standing[HEALTH_MAX_ANOMALIES];
	unsigned standing_count;
	struct ring recent; /* struct recent_anomaly */
	struct grouping grouping;
	/* restarts */
	struct restarts restarts;
	int64_t capture_since_ms; /* since when restarts are seen without a gap; 0: they are not */
	struct patterns patterns;
	struct health_judge health;
	struct overall overall;
	/* link */
	enum node_state state;
	char detail[256];
	int64_t since_ms;
	bool was_up;
	bool lost; /* the link was lost, and nothing came since */
	struct node_info info;
	struct ring events;
	/* the past */
	struct history *history;
	struct rollup minutes, hours;
	int64_t kept_ms;    /* when the last sample came */
	struct ring blocks; /* struct past_block, for engine_next_block */
	struct past_advice advice;
	struct ring restart_list; /* struct kept_restart, by time */
	struct ring past_events;  /* by time */
	struct ring records;      /* struct restart, for engine_next_record */
	bool restoring;
	struct engine_counts counts;
};

/* engine.c */
void engine_advance(struct engine *e, int64_t now_ms);
/* engine_relive judges a sample of an earlier run as it was kept, and keeps nothing. */
void engine_relive(struct engine *e, const struct sample *s);
/* engine_publish takes the caller's reference. */
void engine_publish(struct engine *e, struct node_event *ev);

/* input.c */
/* input_tell tells whoever taps. */
void input_tell(const struct engine *e, const struct engine_input *in);

/* observe.c */
/* observe_metric is what is judged of the last sample; NaN: nothing. Once for each sample. */
double observe_metric(struct engine *e, struct watched *w);
/* observe_rate is the counter's change per second; NaN at first, and when it fell because the node was restarted. */
double observe_rate(struct counted *c, double value, int64_t time_ms);
/* observe_cpu is the node's own load: a scheduler that waits for a processor of the host counts as busy, but had no time of it (NaN: not known). */
double observe_cpu(double busy, double had);
/* observe_starvation notes in e->starved whether the host is short of CPU. */
void observe_starvation(struct engine *e);

/* scores.c */
void scores_init(struct watched *w, double threshold);
void scores_release(struct watched *w);
void scores_feed(struct engine *e, struct watched *w, double value);
/* scores_gap: samples are missing, or the node began anew. */
void scores_gap(struct watched *w);
/* scores_highest is the highest of the last SCORES_RECENT. */
double scores_highest(const struct watched *w);
/* scores_surprised: the series was beyond the default's limit within the last samples, whatever the threshold; or its detector is not warm. */
bool scores_surprised(const struct engine *e, const struct watched *w);

/* anomalies.c */
void anomalies_init(struct engine *e);
void anomalies_release(struct engine *e);
/* anomalies_feed judges the last sample. */
void anomalies_feed(struct engine *e);
/* anomalies_interrupt drops excursions under way; reboot: the node began anew. */
void anomalies_interrupt(struct engine *e, bool reboot);
/* anomalies_expire ends what ends by time. */
void anomalies_expire(struct engine *e);
/* anomalies_keep puts one among the recent ones, with the rankings of now. */
void anomalies_keep(struct engine *e, struct node_event *ev);
/* anomalies_forget_top: the rankings change. */
void anomalies_forget_top(struct engine *e);
void anomalies_node_down(struct engine *e);
void anomalies_node_up(struct engine *e);
/* anomalies_restart reports a rapid cycle of the child (not NULL), anomalies_gave_up a supervisor that ended. */
void anomalies_restart(struct engine *e, struct child *c);
void anomalies_gave_up(struct engine *e, const struct restart *r, const struct child *c);

/* culprits.c */
/* culprits_name writes into the anomaly, which has its type and its values, the processes behind it, as far as they are known. */
void culprits_name(const struct engine *e, struct anomaly *a);

/* anomalies_hold: the finding holds still. */
bool anomalies_hold(const struct engine *e, const struct incident_member *m);
/* anomalies_settle: the finding, after it was judged again, is of that incident. It is listed among those that hold only if it was told. */
void anomalies_settle(struct engine *e, const struct incident_member *m, const char *incident, bool root);

/* incidents.c */
struct taken {
	bool tell;   /* it is an anomaly of its own, to be published */
	bool stands; /* it is listed among those that hold */
};
/*
 * incidents_take puts a finding into its incident, which is written into it, and publishes what became of that. since_ms is when it began;
 * `promised`: it is published whatever explains it.
 */
struct taken incidents_take(struct engine *e, struct node_event *ev, int64_t since_ms, bool promised);
/* incidents_time ends what has ended. */
void incidents_time(struct engine *e);
void incidents_restart(struct engine *e, const struct restart *r);
/* incidents_level: a criterion rose to a level above healthy. */
void incidents_level(struct engine *e, enum criterion c, enum level level);
/* incidents_restore takes an incident as it was told in an earlier run; incidents_restored goes on with those that are open. */
void incidents_restore(struct engine *e, const struct incident *i);
void incidents_restored(struct engine *e);
/* incidents_kinds_beyond counts the causes of which some metric is beyond its limit. */
unsigned incidents_kinds_beyond(const struct engine *e);

/* past.c */
void past_init(struct engine *e);
void past_release(struct engine *e);
/* past_expire lets go what is older than the retention period. */
void past_expire(struct engine *e);
/* past_sample keeps the last sample and the check of it. */
void past_sample(struct engine *e);
/* past_restart keeps a copy. */
struct kept_restart *past_restart(struct engine *e, const struct restart *r);
/* past_event keeps a reference, unless it is an EVENT_NODE or EVENT_INCIDENT. */
void past_event(struct engine *e, struct node_event *ev);

/* past_samples.c */
void past_samples_init(struct engine *e);
void past_samples_release(struct engine *e);
void past_samples_add(struct engine *e, const struct sample *s, const struct past_check *check);
void past_samples_expire(struct engine *e);
/* past_samples_restored goes on after what was restored, as of e->now_ms. */
void past_samples_restored(struct engine *e);

/* recall.c */
/* recall_rankings keeps the rankings of now if it is time for that; `urgent`: something has happened. */
void recall_rankings(struct engine *e, bool urgent);
/* recall_last_rankings keeps those of now whenever the last ones were kept: there will be no more. */
void recall_last_rankings(struct engine *e);
/* recall_deploy keeps what differs in the applications of a node that was told of, if anything does. */
void recall_deploy(struct engine *e, const struct node_info *info);
/* recall_link keeps the link's state. */
void recall_link(struct engine *e);
void recall_release(struct engine *e);

/* checkup.c */
/* checkup_sample observes the criteria of the last sample, checkup_time those that change without one. */
void checkup_sample(struct engine *e);
void checkup_time(struct engine *e);
/* checkup_health is engine_health without recommendations, checkup_recommend adds them. */
void checkup_health(const struct engine *e, int64_t now_ms, struct health *out);
void checkup_recommend(const struct engine *e, int64_t now_ms, struct health *out);
bool checkup_sample_is_fresh(const struct engine *e, int64_t now_ms);

/* supervision.c */
void supervision_init(struct engine *e);
void supervision_release(struct engine *e);
/* supervision_restarted counts, and writes into r, whom a restart restarted along. */
void supervision_restarted(struct engine *e, struct child *c, struct restart *r);
/* supervision_spend takes a report from the supervisor's budget. */
void supervision_spend(struct supervisor *s, const struct restart *r);
/* supervision_budget puts it among the budgets of the answer, if it is known. */
void supervision_budget(const struct supervisor *s, int64_t now_ms, struct restart_stats *out);
/* supervision_gave_up: if the report says so, the restart before it is taken back. */
void supervision_gave_up(struct engine *e, const struct supervisor *s, const struct restart *r);
/* supervision_restore takes a record; false if r is a report. */
void supervision_mark_undone(struct engine *e, const struct restart *undone);
bool supervision_restore(struct engine *e, const struct restart *r);

/* patterns.c */
void patterns_init(struct engine *e);
/* patterns_release comes after the children's: they hold tracks. */
void patterns_release(struct engine *e);
/* patterns_restart takes a restart of that child, patterns_undo takes one back that was none. */
void patterns_restart(struct engine *e, struct child *c, const struct restart *r);
void patterns_undo(struct engine *e, struct child *c, int64_t time_ms);
/* patterns_sample looks at the last sample's resources. */
void patterns_sample(struct engine *e);
/* patterns_tick looks at what has settled. */
void patterns_tick(struct engine *e);
/* patterns_restored goes on as of e->now_ms. If something is of a time that has not come, the clock was set back: then all is forgotten. */
void patterns_restored(struct engine *e);

/* pattern_list.c */
/* patterns_of is engine_patterns for those that concern one supervisor (by its identity); NULL: all. */
size_t patterns_of(
    const struct engine *e, int64_t now_ms, const struct term *supervisor, struct pattern *out, size_t max);

/* pattern_ahead.c */
#define PATTERNS_AHEAD 100
/*
 * patterns_ahead gives those of a type, PATTERN_PERIODIC or PATTERN_RESOURCE, that go on as of now_ms: those whose next beat comes first, or whose last
 * restart was latest; at most max and PATTERNS_AHEAD. Their terms stay the engine's.
 */
size_t patterns_ahead(const struct engine *e, int64_t now_ms, enum pattern_type type, struct pattern *out, size_t max);

/* capture.c */
/* capture_publish makes the restart an event. */
void capture_publish(struct engine *e, const struct restart *r);
/* capture_update notes whether restarts are seen on the node at present. */
void capture_update(struct engine *e);
bool capture_is_on(const struct engine *e);

#endif
