/* SPDX-License-Identifier: Apache-2.0 */
/* Included by unit tests only: a model with the answers of a node in trouble, at 2024-01-18 10:30:00 UTC. */
#ifndef TUI_FIXTURE_H
#define TUI_FIXTURE_H

#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/testing.h"
#include "tui/model.h"

#define FIXTURE_NOW INT64_C(1705573800000)
#define FIXTURE_NODE "shop@host"
/* Markup, escapes, marks that turn text round. */
#define FIXTURE_HOSTILE "<b>evil</b>\\u001b[31m\\u202e\\u0000hidden"

static const char FIXTURE_NODES[] =
    "[{\"name\":\"shop@host\",\"state\":\"up\",\"detail\":\"linked\",\"since\":\"2024-01-18T09:00:00.000Z\",\"last_"
    "sample\":\"2024-01-18T10:29:58.000Z\","
    "\"overall_status\":\"critical\",\"overall_since\":\"2024-01-18T10:18:00.000Z\",\"worst\":{\"criterion\":"
    "\"restarts\",\"value\":86,\"unit\":\"in 5 min\","
    "\"warning\":5,\"critical\":10},\"open_incidents\":1,\"incident\":{\"id\":\"i1\",\"title\":\"Message queue of "
    "mailer grows\",\"severity\":\"high\",\"opened\":\"2024-01-18T10:20:00.000Z\"},"
    "\"restarts_5m\":86,\"cpu_utilization\":12.3,\"memory_utilization\":3.5,\"process_count\":61,\"longest_queue\":"
    "37176,"
    "\"info\":{\"otp_release\":\"25\",\"schedulers_online\":2,\"injected\":true,\"note\":null}},"
    "{\"name\":\"gone@host\",\"state\":\"unreachable\",\"detail\":\"nobody "
    "listens\",\"since\":\"2024-01-18T10:29:00.000Z\",\"overall_status\":\"unknown\",\"info\":{}},"
    "{\"name\":\"fine@host\",\"state\":\"up\",\"overall_status\":\"healthy\",\"overall_since\":\"2024-01-17T10:30:00."
    "000Z\",\"cpu_utilization\":1,\"info\":{}},"
    "{\"name\":\"" FIXTURE_HOSTILE
    "\",\"state\":\"up\",\"overall_status\":\"unknown\",\"cpu_utilization\":null,\"info\":null}]";

static const char FIXTURE_HEALTH[] =
    "{\"overall_status\":\"critical\",\"criteria\":{\"memory\":{\"level\":\"healthy\",\"value\":3.5,\"unit\":\"%\","
    "\"warning\":75,\"critical\":90},"
    "\"restarts\":{\"level\":\"critical\",\"value\":86,\"unit\":\"in 5 min\",\"warning\":5,\"critical\":10},"
    "\"message_queue\":{\"level\":\"warning\",\"value\":37176,\"unit\":\"messages\",\"warning\":10000,\"critical\":"
    "100000}},"
    "\"anomalies\":[{\"type\":\"message_queue_anomaly\",\"culprits\":[{\"kind\":\"process\",\"pid\":\"<0.102.0>\","
    "\"name\":\"mailer\"}]},"
    "{\"type\":\"restart_anomaly\",\"child_id\":\"connector\",\"supervisor\":\"payments_sup\",\"culprits\":[]}],"
    "\"recommendations\":[\"Message queue: bound its senders.\",\"Restarts: read the exit reasons.\"],"
    "\"observed\":{\"restarts\":true,\"restarts_since\":\"2024-01-18T09:00:00.000Z\",\"missing\":[\"file_descriptors\"]"
    "}}";

static const char FIXTURE_RESTARTS[] =
    "{\"total_restarts\":86,\"observed\":true,\"most_restarted_children\":[{\"child_id\":\"connector\",\"supervisor\":"
    "\"payments_sup\",\"count\":80},"
    "{\"child_id\":\"reporter\",\"supervisor\":\"catalog_sup\",\"count\":5}],"
    "\"patterns\":[{\"type\":\"restart_storm\",\"active\":true,\"child_id\":\"connector\",\"supervisor\":\"payments_"
    "sup\",\"pattern\":\"80 restarts in 60 s: connector\"},"
    "{\"type\":\"periodic_restart\",\"active\":true,\"child_id\":\"reporter\",\"supervisor\":\"catalog_sup\","
    "\"pattern\":\"every 15 s\"}],"
    "\"budgets\":[{\"supervisor\":\"payments_sup\",\"strategy\":\"one_for_one\",\"intensity\":100,\"period\":5000,"
    "\"used\":4,\"left\":96}],"
    "\"recent\":[{\"child_id\":\"connector\",\"supervisor\":\"payments_sup\",\"reason\":\"{connect_failed,econnrefused}"
    "\",\"timestamp\":\"2024-01-18T10:29:55.000Z\","
    "\"restart_count\":80,\"kind\":\"restart\",\"restart_type\":\"permanent\",\"child_pid\":\"<0.151.0>\"},"
    "{\"child_id\":\"" FIXTURE_HOSTILE "\",\"supervisor\":\"sup\",\"reason\":\"" FIXTURE_HOSTILE
    "\",\"timestamp\":\"2024-01-18T10:29:00.000Z\",\"restart_count\":1,\"kind\":\"start_error\"}]}";

static const char FIXTURE_TOP_QUEUE[] =
    "{\"by\":\"message_queue\",\"processes\":[{\"pid\":\"<0.102.0>\",\"name\":\"mailer\",\"value\":37176,\"initial_"
    "call\":\"worker:init/1\",\"current_function\":\"timer:sleep/1\","
    "\"message_queue_len\":37176,\"message_queue_fill_rate\":3750,\"memory\":null,\"binary_memory\":null,\"reductions_"
    "per_second\":2997,\"application\":\"shop\","
    "\"ancestors\":[\"orders_sup\",\"shop_sup\"]}]}";

static const char FIXTURE_TOP_MEMORY[] =
    "{\"by\":\"memory\",\"processes\":[{\"pid\":\"<0.102.0>\",\"name\":\"mailer\",\"value\":1573200,\"message_queue_"
    "len\":37176,\"memory\":null,\"reductions_per_second\":2997},"
    "{\"pid\":\"<0.50.0>\",\"name\":\"code_server\",\"value\":284592,\"message_queue_len\":0,\"memory\":284592,"
    "\"binary_memory\":211608,\"reductions_per_second\":4},"
    "{\"pid\":\"<0.9.0>\",\"name\":\"" FIXTURE_HOSTILE
    "\",\"value\":1000,\"message_queue_len\":0,\"memory\":1000,\"reductions_per_second\":1}]}";

static const char FIXTURE_INCIDENTS[] =
    "[{\"id\":\"i0\",\"title\":\"Memory "
    "rises\",\"severity\":\"medium\",\"open\":false,\"opened\":\"2024-01-18T10:25:00.000Z\",\"ended\":\"2024-01-18T10:"
    "26:00.000Z\"},"
    "{\"id\":\"i1\",\"title\":\"Message queue of mailer "
    "grows\",\"severity\":\"high\",\"open\":true,\"opened\":\"2024-01-18T10:20:00.000Z\",\"ended\":null,"
    "\"next_step\":\"Bound its "
    "senders.\",\"restarts\":14,\"health\":{\"restarts\":\"critical\"},\"node_down\":false,\"members_left_out\":0,"
    "\"root\":{\"culprits\":[{\"kind\":\"process\",\"pid\":\"<0.102.0>\",\"name\":\"mailer\"}]},"
    "\"members\":[{\"type\":\"message_queue_anomaly\",\"root\":true,\"description\":\"Queue of mailer "
    "grows\",\"severity\":\"high\",\"timestamp\":\"2024-01-18T10:20:00.000Z\","
    "\"ended\":null,\"metric\":\"mq_max\",\"current_value\":29509,\"baseline_value\":0,\"unit\":\"count\",\"culprits\":"
    "[{\"kind\":\"process\",\"name\":\"mailer\"}]}],"
    "\"patterns\":[{\"type\":\"restart_storm\",\"pattern\":\"17 restarts\"}]}]";

static const char FIXTURE_TREE[] =
    "{\"node\":\"shop@host\",\"complete\":true,\"processes\":["
    "{\"index\":0,\"parent\":null,\"depth\":0,\"application\":\"shop\",\"type\":\"supervisor\",\"pid\":\"<0.98.0>\","
    "\"name\":\"shop_sup\",\"status\":\"running\",\"listing\":\"listed\","
    "\"children\":1,\"branch\":{\"level\":\"critical\",\"processes\":3,\"restarts\":86,\"heap_bytes\":320968,\"message_"
    "queue_len\":42929}},"
    "{\"index\":1,\"parent\":0,\"depth\":1,\"type\":\"supervisor\",\"pid\":\"<0.99.0>\",\"name\":\"orders_sup\","
    "\"status\":\"running\",\"listing\":\"no_answer\","
    "\"strategy\":\"one_for_one\",\"budget\":{\"intensity\":3,\"period\":5000,\"used\":1,\"left\":2},\"branch\":{"
    "\"level\":\"healthy\",\"restarts\":17}},"
    "{\"index\":2,\"parent\":1,\"depth\":2,\"type\":\"worker\",\"id\":\"mailer\",\"pid\":\"<0.102.0>\",\"name\":null,"
    "\"status\":\"restarting\",\"restarts\":null,\"message_queue_len\":37176,\"heap_bytes\":1864,\"level\":"
    "\"critical\"},"
    "{\"index\":3,\"parent\":0,\"depth\":1,\"type\":\"worker\",\"id\":\"" FIXTURE_HOSTILE
    "\",\"status\":\"running\",\"restarts\":0}]}";

static const char FIXTURE_PREDICTIONS[] =
    "[{\"type\":\"periodic_restart\",\"text\":\"reporter fails "
    "again\",\"child_id\":\"reporter\",\"supervisor\":\"catalog_sup\",\"next_failure\":\"2024-01-18T10:30:12.000Z\","
    "\"earliest\":\"2024-01-18T10:30:11.000Z\",\"latest\":\"2024-01-18T10:30:13.000Z\",\"confidence\":0.8}]";

static const char FIXTURE_CAPACITY[] =
    "{\"memory\":{\"current\":1e9,\"limit\":4e9,\"unit\":\"bytes\",\"utilization\":25,\"trend\":true,\"growth_per_"
    "hour\":1e8,\"growth_range\":{\"low\":9e7,\"high\":1.1e8},"
    "\"span\":7200000,\"full_at\":\"2024-01-19T16:30:00.000Z\",\"earliest\":\"2024-01-19T10:00:00.000Z\",\"latest\":"
    "null,\"confidence\":0.8,\"text\":\"memory: full in 30 h\"},"
    "\"atoms\":{\"current\":10521,\"limit\":1048576,\"unit\":\"count\",\"utilization\":1,\"trend\":false,\"full_at\":"
    "null,\"text\":\"atoms: no trend\"}}";

static const char FIXTURE_MEMORY[] =
    "{\"timestamp\":\"2024-01-18T10:29:58.000Z\",\"levels\":[{\"name\":\"limit\",\"bytes\":4000000000,\"share\":null,"
    "\"help\":\"What it may use\",\"excess\":0,\"parts\":["
    "{\"name\":\"resident\",\"bytes\":1000000000,\"share\":25,\"help\":\"Held\",\"owners\":[{\"allocator\":\"eheap_"
    "alloc\",\"bytes\":500000000,\"growth_per_hour\":1048576}]}]}]}";

static const char FIXTURE_HISTORY[] =
    "{\"time_range\":{\"start\":\"2024-01-18T10:20:00.000Z\",\"end\":\"2024-01-18T10:30:00.000Z\"},\"step\":5,"
    "\"metrics\":{"
    "\"cpu_utilization\":{\"unit\":\"percent\",\"time\":[1705573790000,1705573795000],\"max\":[50,12.3]},"
    "\"mq_max\":{\"unit\":\"count\",\"time\":[1705573795000],\"max\":[37176]}}}";

static const char *const FIXTURE_EVENTS[] = {
	"{\"id\":1,\"type\":\"node\",\"severity\":\"low\",\"node\":\"shop@host\",\"timestamp\":\"2024-01-18T10:29:50."
	"000Z\",\"data\":{\"state\":\"up\",\"detail\":\"linked\"}}",
	"{\"id\":2,\"type\":\"restart\",\"severity\":\"low\",\"node\":\"shop@host\",\"timestamp\":\"2024-01-18T10:29:"
	"51.000Z\",\"data\":{\"supervisor\":\"payments_sup\","
	"\"child_id\":\"connector\",\"reason\":\"" FIXTURE_HOSTILE "\",\"kind\":\"restart\"}}",
	"{\"id\":3,\"type\":\"health_alert\",\"severity\":\"high\",\"node\":\"shop@host\",\"timestamp\":\"2024-01-"
	"18T10:29:52.000Z\",\"data\":{\"overall_status\":\"critical\","
	"\"changed\":\"restarts\",\"criteria\":{\"restarts\":{\"level\":\"critical\",\"value\":11,\"unit\":\"in 5 "
	"min\",\"warning\":5,\"critical\":10}}}}",
	"{\"id\":4,\"type\":\"incident\",\"severity\":\"high\",\"node\":\"shop@host\",\"timestamp\":\"2024-01-18T10:29:"
	"53.000Z\",\"data\":{\"change\":\"opened\",\"title\":\"Message queue of mailer grows\"}}",
	"{\"id\":5,\"type\":\"incident\",\"severity\":\"high\",\"node\":\"shop@host\",\"timestamp\":\"2024-01-18T10:29:"
	"54.000Z\",\"data\":{\"change\":\"joined\",\"title\":\"not told\"}}",
	"{\"id\":6,\"type\":\"anomaly\",\"severity\":\"medium\",\"node\":\"fine@host\",\"timestamp\":\"2024-01-18T10:"
	"29:55.000Z\",\"data\":{\"description\":\"of another node\"}}",
};

static void
fixture_answer(struct model *m, enum ask ask, const char *body)
{
	model_answer(m, ask, 200, body, strlen(body), FIXTURE_NOW);
}

/* fixture_fill gives the model all there is; the node is selected. */
static void
fixture_fill(struct model *m)
{
	model_init(m);
	model_select(m, FIXTURE_NODE);
	fixture_answer(m, ASK_NODES, FIXTURE_NODES);
	fixture_answer(m, ASK_HEALTH, FIXTURE_HEALTH);
	fixture_answer(m, ASK_RESTARTS, FIXTURE_RESTARTS);
	fixture_answer(m, ASK_HISTORY, FIXTURE_HISTORY);
	fixture_answer(m, ASK_TOP_QUEUE, FIXTURE_TOP_QUEUE);
	fixture_answer(m, ASK_TOP_MEMORY, FIXTURE_TOP_MEMORY);
	fixture_answer(m, ASK_INCIDENTS, FIXTURE_INCIDENTS);
	fixture_answer(m, ASK_TREE, FIXTURE_TREE);
	fixture_answer(m, ASK_PREDICTIONS, FIXTURE_PREDICTIONS);
	fixture_answer(m, ASK_CAPACITY, FIXTURE_CAPACITY);
	fixture_answer(m, ASK_MEMORY, FIXTURE_MEMORY);
	for (size_t i = 0; i < sizeof(FIXTURE_EVENTS) / sizeof(FIXTURE_EVENTS[0]); i++)
		model_event(m, FIXTURE_EVENTS[i], strlen(FIXTURE_EVENTS[i]));
}

static int
fixture_locale(void)
{
	setenv("TZ", "UTC", 1);
	tzset();
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

#endif
